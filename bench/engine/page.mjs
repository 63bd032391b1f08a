/**
 * Real dedicated workers in Chromium, served from memory, and the processor time of their threads as Linux counts it.
 */
import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { CHROMIUM_ARGUMENTS } from '../chromiumArguments.mjs';

const ROOT = join(import.meta.dirname, '../..');
const ENGINE = join(ROOT, 'wasm/dist/astro_fits.wasm');
// What Linux makes of Chromium's name for the thread: at most 15 characters.
const WORKER_THREAD = 'DedicatedWorker';

/** The worker with all that it imports, as one module. */
async function bundleWorker() {
  const [{ output }] = /** @type {import('vite').Rolldown.RolldownOutput[]} */ (
    await build({
      configFile: false,
      logLevel: 'error',
      root: ROOT,
      build: {
        write: false,
        // One file: what it would load later has no address here.
        rolldownOptions: { output: { codeSplitting: false } },
        lib: { entry: join(import.meta.dirname, 'worker.mjs'), formats: ['es'], fileName: 'worker' },
      },
    })
  );
  return output[0].code;
}

/** @param {Record<string, string>} inputs paths by the name under which a worker asks for them */
async function serve(inputs) {
  const fixed = {
    '/': { type: 'text/html', body: '<!doctype html><title>bench</title>' },
    '/worker.js': { type: 'text/javascript', body: await bundleWorker() },
  };
  const files = { 'engine.wasm': ENGINE, ...inputs };
  const server = createServer((request, response) => {
    const path = files[basename(request.url)];
    const { type, body } = fixed[request.url] ?? {
      type: 'application/octet-stream',
      body: path && readFileSync(path),
    };
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return server;
}

/** Seconds of user and system time that a thread has had. */
function threadSeconds(pid, tid) {
  const [nanoseconds] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e9;
}

async function workerThreads(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  const threads = [];
  for (const { id: pid, type } of processInfo) {
    if (type !== 'renderer') continue;
    for (const tid of await readdir(`/proc/${pid}/task`)) {
      // A thread may end while it is looked at.
      const name = await readFile(`/proc/${pid}/task/${tid}/comm`, 'utf8').catch(() => '');
      if (name.trim() === WORKER_THREAD) threads.push({ pid, tid });
    }
  }
  return threads;
}

/**
 * A browser with one page. `newWorker` starts a worker on a job of worker.mjs and gives what asks it.
 * @param {string} executablePath
 * @param {Record<string, string>} inputs
 */
export async function openPage(executablePath, inputs) {
  const server = await serve(inputs);
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(() => {
    globalThis.workers = [];
    globalThis.ask = (number, request) =>
      new Promise((resolve, reject) => {
        const worker = globalThis.workers[number];
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message || 'the worker did not start'));
        worker.postMessage(request);
      });
  });
  let count = 0;
  return {
    async newWorker() {
      const number = count++;
      const before = new Set((await workerThreads(browser)).map(({ tid }) => tid));
      await page.evaluate(() => {
        globalThis.workers.push(new Worker('/worker.js', { type: 'module' }));
      });
      const ask = async (request) => {
        const answer = await page.evaluate(([n, r]) => globalThis.ask(n, r), [number, request]);
        if (answer.error) throw new Error(answer.error);
        return answer;
      };
      await ask({ what: 'hello' });
      const fresh = (await workerThreads(browser)).filter(({ tid }) => !before.has(tid));
      if (fresh.length !== 1)
        throw new Error(`Chromium has ${fresh.length} new threads named ${WORKER_THREAD}; one was expected.`);
      return {
        ask,
        cpuSeconds: () => threadSeconds(fresh[0].pid, fresh[0].tid),
        stop: () => page.evaluate((n) => globalThis.workers[n].terminate(), number),
      };
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
