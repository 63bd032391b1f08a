/**
 * A page whose network nobody follows. Playwright follows that of its own pages, for which the renderer keeps the bodies of
 * the answers, raws among them, up to some 190 MB: more than what a page that leaks would lose.
 */
const LOOK_EVERY_MS = 200;

/**
 * In a browser context of its own that Playwright does not know.
 * @param {import('@playwright/test').Browser} browser
 * @param {{ url: string, cookies: object[], width: number, height: number }} options
 */
export async function openQuietPage(browser, { url, cookies, width, height }) {
  const cdp = await browser.newBrowserCDPSession();
  const { browserContextId } = await cdp.send('Target.createBrowserContext');
  await cdp.send('Storage.setCookies', { browserContextId, cookies });
  const { targetId } = await cdp.send('Target.createTarget', { url, browserContextId, width, height });
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
  const evaluate = async (run, argument) => {
    const expression = `(${run})(${JSON.stringify(argument)})`;
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return {
    evaluate,
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
