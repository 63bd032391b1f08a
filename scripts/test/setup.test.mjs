/** The set-up on machines that lack something, as a newcomer meets it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { complaintAbout } from '../setup/nodeVersion.mjs';
import { ROOT } from '../setup/paths.mjs';
import { identify } from '../site/processTable.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'summit-setup-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/**
 * A program of this Node in the checkout.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function node(args, env) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
    child.once('close', (code) => done({ code, output }));
  });
}

test('Node older than 20.19 is refused with a sentence', () => {
  for (const old of ['12.22.12', '18.20.4', '20.18.3'])
    assert.match(complaintAbout(old) ?? '', new RegExp(`needs Node 20\\.19 or newer; this is v${old}\\.`));
  for (const fit of ['20.19.0', '22.3.0', '24.0.0']) assert.equal(complaintAbout(fit), null);
});

describe('without a fitting Python', () => {
  /** Starts a site where PATH is one folder with, at most, this python3. @param {string | null} python3 */
  async function start(python3) {
    const folder = mkdtempSync(join(scratch, 'path-'));
    if (python3) writeFileSync(join(folder, 'python3'), `#!/bin/sh\n${python3}\n`, { mode: 0o755 });
    const args = ['scripts/start.mjs', '--no-open', '--port', '0', '--state', join(folder, 'site')];
    return node(args, { PATH: folder, HOME: folder });
  }

  test('none: the line that installs it', async () => {
    const { code, output } = await start(null);
    assert.equal(code, 1);
    assert.match(
      output,
      /needs Python 3\.11 or newer and found none: run `sudo apt-get install python3 python3-venv`/,
    );
  });

  test('too old: which one was found', async () => {
    const { code, output } = await start('echo 3 9 2 True');
    assert.equal(code, 1);
    assert.match(output, /needs Python 3\.11 or newer \(python3 is 3\.9\.2\): run /);
  });

  test('without the module venv: the line that installs it', async () => {
    const { code, output } = await start('echo 3 13 99 False');
    assert.equal(code, 1);
    assert.match(output, /Python's venv module is missing: run `sudo apt-get install python3-venv`/);
  });
});

test('a failed start leaves no command behind, not even one that takes no SIGTERM', async () => {
  const file = join(scratch, 'pid');
  const program = `
    import { capture, endCommands } from './scripts/setup/steps.mjs';
    capture('sh', ['-c', 'trap "" TERM; echo $$ > ${file}; exec sleep 60']).then(() => console.log('went on'));
    setTimeout(async () => {
      await endCommands(200);
      capture('sh', ['-c', 'touch ${file}.next']);
      console.log('ended');
    }, 500);`;
  const begin = performance.now();
  const { code, output } = await node(['--input-type=module', '-e', program], process.env);
  assert.equal(output, 'ended\n');
  assert.equal(code, 0);
  assert.ok(performance.now() - begin < 20_000);
  assert.equal(identify(Number(readFileSync(file, 'utf8'))), null);
  assert.ok(!existsSync(`${file}.next`));
});
