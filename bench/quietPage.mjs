/**
 * A page whose network nobody follows. Playwright follows that of its own pages, for which the browser keeps the bodies of
 * the answers, raws among them, up to some 190 MB: more than what a page that leaks would lose, and time that no user's page
 * takes.
 */
const LOOK_EVERY_MS = 200;

/** @typedef {Awaited<ReturnType<typeof openQuietPage>>} QuietPage */

/**
 * In a browser context of its own that Playwright does not know.
 * @param {import('@playwright/test').Browser} browser
 * @param {{ url: string, width: number, height: number, cookies?: object[], before?: readonly [Function, unknown] }} options
 *   `before`: a function that runs in the page before its own scripts, and its argument
 */
export async function openQuietPage(browser, { url, width, height, cookies = [], before }) {
  const cdp = await browser.newBrowserCDPSession();
  const { browserContextId } = await cdp.send('Target.createBrowserContext');
  await cdp.send('Storage.setCookies', { browserContextId, cookies });
  const { targetId } = await cdp.send('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: false });
  const waiting = new Map();
  const workers = new Set();
  cdp.on('Target.receivedMessageFromTarget', ({ sessionId: of, message }) => {
    if (of !== sessionId) return;
    const { id, result, error, method, params: told } = JSON.parse(message);
    if (method === 'Target.attachedToTarget') workers.add(told.sessionId);
    if (method === 'Target.detachedFromTarget') workers.delete(told.sessionId);
    if (!waiting.has(id)) return;
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  });
  let sent = 0;
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++sent;
      waiting.set(id, { resolve, reject });
      const message = JSON.stringify({ id, method, params });
      cdp.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
  const expressionOf = (run, argument) => `(${run})(${JSON.stringify(argument)})`;
  const evaluate = async (run, argument) => {
    const expression = expressionOf(run, argument);
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const resize = (w, h) =>
    send('Emulation.setDeviceMetricsOverride', { width: w, height: h, deviceScaleFactor: 1, mobile: false });
  await send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  await resize(width, height);
  await send('Page.enable');
  if (before) await send('Page.addScriptToEvaluateOnNewDocument', { source: expressionOf(...before) });
  await send('Page.navigate', { url });
  return {
    evaluate,
    resize,
    toFront: () => send('Page.bringToFront'),
    close: () => cdp.send('Target.disposeBrowserContext', { browserContextId }),
    /** Of the page and of its workers, each of which has a heap of its own; those take a moment more. */
    async collectGarbage() {
      const message = JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage', params: {} });
      for (const worker of workers) await send('Target.sendMessageToTarget', { sessionId: worker, message });
      await send('HeapProfiler.collectGarbage');
    },
    /** Until `holds`, which runs in the page, answers with something; the page may be on its way to another address. */
    async until(holds, argument, timeoutMs = 120_000) {
      const end = Date.now() + timeoutMs;
      while (!(await evaluate(holds, argument).catch(() => false))) {
        if (Date.now() > end) throw new Error(`It did not come within ${timeoutMs} ms: ${holds}`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    },
  };
}
