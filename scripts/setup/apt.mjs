/** Debian packages: installed for good when root, unpacked below .local otherwise. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL } from './paths.mjs';
import { SetupError, capture, lastLines, mustRun, networkDown, saysNetworkDown, step } from './steps.mjs';

export const isRoot = () => process.getuid?.() === 0;

/** @returns {Promise<boolean>} */
async function hasApt() {
  return (
    (await capture('apt-get', ['--version'])).code === 0 && (await capture('dpkg', ['--version'])).code === 0
  );
}

/**
 * Installs a package when that needs nobody's password, else says the line to run.
 * @param {string} name
 * @param {string} reason a clause without a full stop
 */
export async function aptInstall(name, reason) {
  if (!isRoot() || !(await hasApt()))
    throw new SetupError(`${reason}: run \`sudo apt-get install ${name}\` and start again.`);
  await step(`Installing Debian's ${name}`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // Without Pattern-Only, apt-get takes a name that its lists do not hold for a regular expression: on a machine without
    // lists, as containers are, "g++" is then every package with a g in it, all installed, and nothing to do.
    const literally = ['-o', 'APT::Cmd::Pattern-Only=true'];
    const install = ['install', '-y', '--no-install-recommends', ...literally, name];
    // Only when the lists are missing or too old for the mirror is an update worth its time.
    if ((await capture('apt-get', install, { env })).code === 0) return;
    // Without a network `update` only warns, and `install` then may not know the package.
    const warnings = await mustRun(`the list of Debian's packages`, 'apt-get', ['update'], { env });
    await mustRun(`Debian's ${name}`, 'apt-get', install, { env, warnings });
  });
}

/**
 * Unpacks one Debian package into a directory without root and without touching the system's apt: own lists, own cache.
 * @param {string} name
 * @param {string} directory
 */
export async function aptUnpack(name, directory) {
  if (!(await hasApt()))
    throw new SetupError(`this is no Debian or Ubuntu system, so its package ${name} cannot be fetched`);
  const apt = join(LOCAL, 'apt');
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'download'])
    mkdirSync(join(apt, folder), { recursive: true });
  const options = [
    ['Dir::State', join(apt, 'state')],
    ['Dir::State::status', '/var/lib/dpkg/status'],
    ['Dir::Cache', join(apt, 'cache')],
    ['Debug::NoLocking', '1'],
    // apt drops its rights to the user _apt, which cannot write below a home directory.
    ['APT::Sandbox::User', isRoot() ? 'root' : ''],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const download = join(apt, 'download');
  try {
    // Without a network `update` only warns, and `download` then does not know the package.
    const update = await mustRun(`the list of Debian's packages`, 'apt-get', [...options, 'update']);
    const { code, output } = await capture('apt-get', [...options, 'download', name], { cwd: download });
    if (code !== 0 && saysNetworkDown(update + output))
      throw networkDown(`Debian's ${name}`, update + output);
    if (code !== 0) throw new SetupError(`Debian's ${name} could not be downloaded: ${lastLines(output, 1)}`);
    const file = readdirSync(download).find(
      (entry) => entry.startsWith(`${name}_`) && entry.endsWith('.deb'),
    );
    if (!file) throw new SetupError(`Debian's ${name} was downloaded but its file is not in ${download}.`);
    mkdirSync(directory, { recursive: true });
    await mustRun(`Debian's ${name}`, 'dpkg', ['-x', join(download, file), directory]);
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
}
