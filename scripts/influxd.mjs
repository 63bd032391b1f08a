/** `node scripts/influxd.mjs --ensure` prints the path of an InfluxDB 1.x server, fetched first when it is missing. */
import { join } from 'node:path';
import { ensureInfluxd } from './setup/influxd.mjs';
import { withLock } from './setup/lock.mjs';
import { LOCAL } from './setup/paths.mjs';
import { exitWith } from './setup/steps.mjs';

// The path alone goes to standard output, for callers that read it.
const print = console.log;
console.log = console.error;
withLock(join(LOCAL, 'influxdb.lock'), ensureInfluxd).then((path) => print(path), exitWith);
