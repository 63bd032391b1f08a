/** The processes of a site: what runs, with which arguments and environment. */
import { join } from 'node:path';
import { ROOT } from '../setup/paths.mjs';
import { MARK } from './leftovers.mjs';

/** @typedef {import('./supervisor.mjs').Program} Program */

/**
 * What children inherit: not npm's variables, not another site's or Hub's, never the password.
 * @param {string} stateDir
 * @param {string} siteFile
 */
function baseEnvironment(stateDir, siteFile) {
  const foreign =
    /^(npm_|JUPYTER|JPY_|CONFIGPROXY_|SUMMIT_NOTEBOOK_|PYTHON|VIRTUAL_ENV|INIT_CWD|NODE_TEST|NODE_V8)/;
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(inherited),
    PYTHONPATH: join(ROOT, 'python'),
    PYTHONUNBUFFERED: '1',
    // A user's own site-packages would mix with the pinned ones.
    PYTHONNOUSERSITE: '1',
    SUMMIT_NOTEBOOK_SITE: siteFile,
    [MARK]: stateDir,
  };
}

/**
 * @param {object} site
 * @param {string} site.python
 * @param {string} site.stateDir
 * @param {string} site.siteFile
 * @param {string} site.password
 * @param {string | null} site.influxd
 * @param {string} site.influxdConfig
 * @param {boolean} site.simulated whether the site has our own OODS
 * @param {boolean} site.simulator whether new exposures are taken
 * @returns {Program[]} in the order of starting
 */
export function programsOf({
  python,
  stateDir,
  siteFile,
  password,
  influxd,
  influxdConfig,
  simulated,
  simulator,
}) {
  const env = baseEnvironment(stateDir, siteFile);
  const ours = (/** @type {string} */ name, /** @type {string} */ module) => ({
    name,
    command: python,
    args: ['-m', module, '--site', siteFile],
    env,
    cwd: stateDir,
    // Python's and our own way to say so. Not of influxd: a crash of a Go program has the same code.
    refusal: 2,
  });
  /** @type {Program[]} */
  const programs = [];
  if (influxd)
    programs.push({
      name: 'influxd',
      command: influxd,
      args: ['-config', influxdConfig],
      env,
      cwd: stateDir,
    });
  programs.push({
    name: 'hub',
    command: python,
    args: ['-m', 'jupyterhub', '-f', join(ROOT, 'python/summit_notebook/hub/jupyterhub_config.py')],
    env: { ...env, SUMMIT_NOTEBOOK_PASSWORD: password },
    cwd: stateDir,
  });
  if (simulated) {
    programs.push(ours('ingester', 'summit_notebook.oods.ingester'));
    // The first exposure comes when there is something to reduce it with.
    programs.push({
      ...ours('masters', 'summit_notebook.demo.masters'),
      once: true,
      ...(simulator && { then: ours('simulator', 'summit_notebook.demo.simulator') }),
    });
    if (influxd) programs.push(ours('efd', 'summit_notebook.demo.efd_generator'));
  }
  return programs;
}
