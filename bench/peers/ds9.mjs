/**
 * SAOImageDS9 on an X server of its own, told by XPA what to do. Its picture is read from that server's memory, which
 * `Xvfb -fbdir` keeps in a file (an X window dump, X11/XWDFile.h): a look costs microseconds and DS9 nothing.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PANE_PX } from '../pane.mjs';
import { POINT, REST_MS, ROW_PX } from '../sideBySide/pixels.mjs';
import { median } from '../engine/contest.mjs';

const TITLE = 'summit-bench';
const SCREEN_PX = 1280;
const LOOK_EVERY_MS = 1;
const START_SECONDS = 30;
const EMPTY_CALLS = 20;
/** Nothing but the menu and the image in the window: less for DS9 to draw. */
const BARE = ['info', 'panner', 'magnifier', 'buttons', 'colorbar'].flatMap((part) => ['-view', part, 'no']);

/** Where a pixel of the screen is in the dump: a header of big-endian words, the colours, the pixels of 32 bits. */
function offsetOf(dump, { x, y }) {
  const header = Buffer.alloc(100);
  readSync(dump, header, 0, header.length, 0);
  const word = (index) => header.readUInt32BE(4 * index);
  const [headerBytes, bitsPerPixel, bytesPerLine, colours] = [word(0), word(11), word(12), word(19)];
  if (bitsPerPixel !== 32) throw new Error(`Xvfb draws ${bitsPerPixel} bits a pixel; 32 were expected.`);
  return headerBytes + 12 * colours + y * bytesPerLine + 4 * x;
}

async function startScreen(folder) {
  const size = `${SCREEN_PX}x${SCREEN_PX}x24`;
  const child = spawn(
    'Xvfb',
    ['-displayfd', '1', '-screen', '0', size, '-fbdir', folder, '-nolisten', 'tcp'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const { value, done } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (done) throw new Error('Xvfb does not start.');
  return { child, display: `:${value}` };
}

/** Commands to the DS9 of this environment, each a process as a user's script starts it. */
function xpaOf(env) {
  async function run(command, args) {
    const child = spawn(command, ['-p', TITLE, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let trouble = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (trouble += text));
    await new Promise((resolve) => child.once('close', resolve));
    return { output: output.trim(), trouble: trouble.trim() };
  }
  return {
    get: async (...args) => (await run('xpaget', args)).output,
    async set(...args) {
      const { trouble } = await run('xpaset', args);
      if (trouble) throw new Error(`DS9 refuses "${args.join(' ')}": ${trouble}`);
    },
    /** Milliseconds of a round trip that asks for nothing: DS9 answers that the command is missing. */
    async empty() {
      const begin = performance.now();
      const { trouble } = await run('xpaset', []);
      const ms = performance.now() - begin;
      if (!trouble.includes('missing command'))
        throw new Error(`DS9 answers an empty xpaset with "${trouble}".`);
      return ms;
    },
  };
}

/** Ends it and waits for that. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** A contestant that can also `fit` the whole image into its pane. */
export async function startDs9() {
  const folder = mkdtempSync(join(tmpdir(), 'summit-ds9-'));
  const screen = await startScreen(folder);
  // A home and a name server of its own: nobody's preferences, and no other DS9 that hears what is said to this one.
  const own = { HOME: folder, DISPLAY: screen.display, XPA_METHOD: 'local', XPA_TMPDIR: folder };
  const env = { ...process.env, ...own };
  const size = ['-width', String(PANE_PX), '-height', String(PANE_PX)];
  const program = spawn('ds9', ['-title', TITLE, ...BARE, ...size], { env, stdio: 'ignore' });
  // A bench that is ended does not leave them running.
  const endBoth = () => [program, screen.child].forEach((child) => child.kill('SIGTERM'));
  process.once('exit', endBoth);
  const dump = openSync(join(folder, 'Xvfb_screen0'), 'r');
  async function stop() {
    process.off('exit', endBoth);
    closeSync(dump);
    await end(program);
    await end(screen.child);
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    return { ...(await drive(xpaOf(env), dump)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function drive({ get, set, empty }, dump) {
  for (let seconds = 0; (await get('version')) === ''; seconds++) {
    if (seconds === START_SECONDS) throw new Error(`DS9 does not answer within ${START_SECONDS} s.`);
    await sleep(1000);
  }
  const version = (await get('version')).split(' ').at(-1);
  /** Does at once what waits until DS9 is idle. */
  const drawNow = () => set('update', 'now');
  await set('scale', 'mode', 'zscale');
  await drawNow();
  // The menu shifts the image by some rows; the point is inside of it all the same.
  const offset = offsetOf(dump, POINT);
  function look() {
    const row = Buffer.alloc(4 * ROW_PX);
    readSync(dump, row, 0, row.length, offset);
    return row.toString('hex');
  }

  const roundTrips = [];
  while (roundTrips.length < EMPTY_CALLS) roundTrips.push(await empty());
  const empty_ms = median(roundTrips);

  /** From one xpaset on, less what an empty one takes. */
  async function untilPixelsChanged(...command) {
    const before = look();
    const begin = performance.now();
    let shown = before;
    let first = 0;
    let last = 0;
    let answered = false;
    const answer = set(...command)
      .then(drawNow)
      .finally(() => (answered = true));
    answer.catch(() => {}); // told below
    for (let rested = begin; !answered || performance.now() - rested < REST_MS;) {
      await sleep(LOOK_EVERY_MS);
      const now = look();
      const at = performance.now();
      if (!answered) rested = at;
      if (now === shown) continue;
      last = rested = at;
      first ||= last;
      shown = now;
    }
    await answer;
    if (shown === before) throw new Error('The picture of DS9 did not change.');
    return { first_ms: first - begin - empty_ms, ms: last - begin - empty_ms };
  }

  return {
    name: 'DS9',
    mode: `DS9 ${version} under Xvfb: mosaicimage iraf, zscale, at the 1:1 of its load, no ISR; less an empty xpaset of ${empty_ms.toFixed(1)} ms`,
    async load({ raw }) {
      const changed = await untilPixelsChanged('fits', 'mosaicimage', 'iraf', raw);
      const file = await get('file');
      if (!file.includes(basename(raw))) throw new Error(`DS9 shows ${file}, not ${raw}.`);
      return changed;
    },
    async fit() {
      await set('zoom', 'to', 'fit');
      await drawNow();
    },
    stretch: (name) => untilPixelsChanged('scale', name),
  };
}
