/** When a contestant's picture has changed: a row of its pixels at a fixed point of the pane is looked at. */

/** Left end of the row, off the seams between amplifiers in every contestant. */
export const POINT = { x: 400, y: 400 };
/** Noise makes any two exposures differ in so many pixels, whatever they show. */
export const ROW_PX = 64;
/** The picture is at rest when it stayed as it is for so long. */
export const REST_MS = 300;

/**
 * @typedef {object} Changed
 * @property {number} first_ms from the call to the first change of the row
 * @property {number} ms to the last one: the picture that stays
 */

/**
 * @typedef {object} Exposure
 * @property {number} exposure
 * @property {string} raw path of its raw, 16 RICE_1 segments
 * @property {string} single path of one RICE_1 image of the same pixels, for those who do not join segments
 */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {string} mode what it shows, what it reads and what of that was there before
 * @property {(exposure: Exposure) => Promise<Changed>} load
 * @property {(name: 'linear' | 'asinh') => Promise<Changed>} [stretch] of the whole image in the pane
 * @property {() => Promise<void>} stop
 */

/** What a page runs before its own scripts, with what it is given. */
export const WATCH = /** @type {const} */ ([
  installWatch,
  { point: POINT, row_px: ROW_PX, rest_ms: REST_MS },
]);

/**
 * Runs in a page before all others: `untilPixelsChanged(canvas, call)` answers with a `Changed`. It looks in the first
 * animation frame after anything was drawn on the canvas, and only then: reading pixels back waits for all that the GPU
 * process has to do, so that looking in vain would slow down what is measured. A look ends when the pixels are there to
 * be read, so that what the GPU process has only been asked to draw is waited for. Between two calls the page has no
 * animation frames: one that draws all the time (Aladin Lite) would slow down the others' turns.
 * @param {{ point: { x: number, y: number }, row_px: number, rest_ms: number }} fixed
 */
function installWatch({ point, row_px, rest_ms }) {
  let watched = null;
  let drawn = false;
  let turn = true;
  let lastId = 0;
  /** @type {Map<number, FrameRequestCallback>} */
  const waiting = new Map();
  const nextFrame = globalThis.requestAnimationFrame.bind(globalThis);
  const dropFrame = globalThis.cancelAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) => {
    if (turn) return nextFrame(callback);
    waiting.set(--lastId, callback);
    return lastId;
  };
  globalThis.cancelAnimationFrame = (id) => {
    waiting.delete(id);
    dropFrame(id);
  };
  const beginTurn = () => {
    turn = true;
    for (const callback of waiting.values()) nextFrame(callback);
    waiting.clear();
  };
  for (const [kind, method] of [
    [ImageBitmapRenderingContext, 'transferFromImageBitmap'],
    [CanvasRenderingContext2D, 'putImageData'],
    [CanvasRenderingContext2D, 'drawImage'],
    [WebGL2RenderingContext, 'drawArrays'],
    [WebGL2RenderingContext, 'drawElements'],
    [WebGL2RenderingContext, 'drawElementsInstanced'],
  ]) {
    const original = kind.prototype[method];
    kind.prototype[method] = function (...args) {
      drawn ||= this.canvas === watched;
      return original.apply(this, args);
    };
  }
  const scratch = document.createElement('canvas');
  scratch.width = row_px;
  scratch.height = 1;
  const context = scratch.getContext('2d', { willReadFrequently: true });
  // Cut out where the canvas lives: drawing a canvas of the GPU on one of the processor would read back all of it.
  async function look() {
    const row = await createImageBitmap(watched, point.x, point.y, row_px, 1);
    context.clearRect(0, 0, row_px, 1);
    context.drawImage(row, 0, 0);
    row.close();
    return String(new Uint32Array(context.getImageData(0, 0, row_px, 1).data.buffer));
  }
  globalThis.untilPixelsChanged = async (canvas, call) => {
    watched = canvas;
    beginTurn();
    try {
      return await changeOf(call);
    } finally {
      turn = false;
    }
  };
  async function changeOf(call) {
    const before = await look();
    drawn = false;
    const begin = performance.now();
    let shown = before;
    let first = 0;
    let last = 0;
    let answered = false;
    const answer = Promise.resolve(call()).finally(() => {
      answered = true;
    });
    answer.catch(() => {}); // told below
    for (let rested = begin; !answered || performance.now() - rested < rest_ms;) {
      await new Promise((resolve) => nextFrame(resolve));
      if (!answered) rested = performance.now();
      if (!drawn) continue;
      drawn = false;
      const now = await look();
      const at = performance.now();
      if (now === shown) continue;
      last = rested = at;
      first ||= last;
      shown = now;
    }
    await answer;
    if (shown === before) throw new Error('The picture did not change.');
    if (new Set(shown.split(',')).size === 1) throw new Error('There is no picture: all pixels are alike.');
    return { first_ms: first - begin, ms: last - begin };
  }
}
