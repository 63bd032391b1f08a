/** Starts the demo site that the measurements use, the same way a user does, and ends it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SetupError } from '../scripts/setup/steps.mjs';

const PASSWORD = 'bench-of-the-summit';

/** @returns a running site: { url, stateDir, user, password, stop() } */
export async function startSite(root) {
  const stateDir = join(root, '.local/bench-site');
  const child = spawn(
    process.execPath,
    ['scripts/start.mjs', '--port', '0', '--state', stateDir, '--fresh', '--no-open'],
    {
      cwd: root,
      env: { ...process.env, SUMMIT_NOTEBOOK_PASSWORD: PASSWORD },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // A bench that is ended does not leave its site running.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(name, () => {
      child.kill('SIGTERM');
      child.once('exit', () => process.exit(130));
    });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new SetupError(`The demo site ended with code ${code} before it was ready.`)),
    );
    lines.on('line', (line) => {
      const ready = /^Summit Notebook is ready: (\S+)$/.exec(line);
      if (ready) resolve(ready[1]);
    });
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    url,
    stateDir,
    user: 'observer',
    password: PASSWORD,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
