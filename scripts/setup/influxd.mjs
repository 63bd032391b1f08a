/** InfluxDB 1.x, the EFD of a simulated site: on PATH, else the Debian package unpacked into .local. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptUnpack } from './apt.mjs';
import { LOCAL } from './paths.mjs';
import { SetupError, capture, step } from './steps.mjs';

const UNPACKED = join(LOCAL, 'influxdb');
const UNPACKED_BINARY = join(UNPACKED, 'usr/bin/influxd');

/** Whether this is an InfluxDB of the 1.x line, the only one that speaks the EFD's InfluxQL with users. */
async function isInfluxd1(/** @type {string} */ path) {
  const { code, output } = await capture(path, ['version']);
  return code === 0 && /InfluxDB (v?1\.|unknown)/.test(output);
}

/** @returns {Promise<string>} the binary's path; throws SetupError with the reason where it cannot be had */
export async function ensureInfluxd() {
  const named = process.env['SUMMIT_NOTEBOOK_INFLUXD'];
  if (named) {
    if (await isInfluxd1(named)) return named;
    throw new SetupError(`SUMMIT_NOTEBOOK_INFLUXD names ${named}, which is no InfluxDB 1.x server`);
  }
  for (const folder of (process.env['PATH'] ?? '').split(':').filter(Boolean)) {
    const path = join(folder, 'influxd');
    if (existsSync(path) && (await isInfluxd1(path))) return path;
  }
  if (existsSync(UNPACKED_BINARY)) return UNPACKED_BINARY;
  await step(`Unpacking Debian's influxdb into .local`, async () => {
    const scratch = `${UNPACKED}.new`;
    rmSync(scratch, { recursive: true, force: true });
    await aptUnpack('influxdb', scratch);
    rmSync(UNPACKED, { recursive: true, force: true });
    renameSync(scratch, UNPACKED);
  });
  return UNPACKED_BINARY;
}

/**
 * Writes the server's configuration: everything below the site's state, loopback only, users required.
 * @param {string} stateDir
 * @param {number} port
 * @returns {string} the file
 */
export function writeInfluxdConfig(stateDir, port) {
  const home = join(stateDir, 'influxdb');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const text = `# Written by the launcher at each start.
reporting-disabled = true
# The back-up service has no users: an address that nobody knows, on loopback.
bind-address = "127.0.0.1:0"

[meta]
  dir = "${join(home, 'meta')}"
  retention-autocreate = true

[data]
  dir = "${join(home, 'data')}"
  wal-dir = "${join(home, 'wal')}"
  query-log-enabled = false

[monitor]
  store-enabled = false

[http]
  enabled = true
  bind-address = "127.0.0.1:${port}"
  auth-enabled = true
  log-enabled = false

[logging]
  format = "logfmt"
  level = "warn"
  suppress-logo = true
`;
  const path = join(home, 'influxd.conf');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
