/**
 * The textures of one plane, of an image (f32) or its mask (i32). The plane itself (binning 1) is put on the graphics card in blocks, when a view first shows
 * them: a whole detector takes 65 MB and, drawn by software, 130 ms. Coarser levels are whole: the 4x4-binned one of a
 * detector that fits its pane is a sixteenth.
 */
import type { Engine, Plane } from 'astro-fits-wasm';
import type { Box } from '../../../core/frames.ts';

/** A block is this many pixels wide and high. */
const BLOCK = 512;

interface Level {
  readonly texture: WebGLTexture;
  readonly bytes: number;
  /** Blocks that are there, row by row; undefined when all are. */
  readonly blocks: Uint8Array | undefined;
  /** A pixel without a value is among those that are there. */
  holes: boolean;
}

export class PlaneLevels {
  readonly plane: Plane;
  readonly #gl: WebGL2RenderingContext;
  readonly #form: { readonly internal: number; readonly format: number; readonly type: number };
  readonly #filter: number;
  readonly #levels = new Map<number, Level>();

  /** `filter`: gl.LINEAR where the machine can mix texels of an image. */
  constructor(gl: WebGL2RenderingContext, plane: Plane, filter: number) {
    this.#gl = gl;
    this.plane = plane;
    this.#filter = plane.type === 'i32' ? gl.NEAREST : filter;
    this.#form =
      plane.type === 'i32'
        ? { internal: gl.R32I, format: gl.RED_INTEGER, type: gl.INT }
        : { internal: gl.R32F, format: gl.RED, type: gl.FLOAT };
  }

  get bytes(): number {
    return [...this.#levels.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Binds the level to the active texture unit, with what the box (pixels of the plane) shows of it. */
  bind(engine: Engine, binning: number, box: Box<'Detector'>): { readonly holes: boolean } {
    const level = this.#levels.get(binning) ?? this.#made(engine, binning);
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, level.texture);
    if (level.blocks) this.#upload(level, level.blocks, box);
    return level;
  }

  free(): void {
    for (const { texture } of this.#levels.values()) this.#gl.deleteTexture(texture);
    this.#levels.clear();
  }

  #made(engine: Engine, binning: number): Level {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    setFilter(gl, this.#filter);
    const level = binning === 1 ? this.#empty(texture) : this.#binned(engine, texture, binning);
    this.#levels.set(binning, level);
    return level;
  }

  #empty(texture: WebGLTexture): Level {
    const { width, height } = this.plane;
    this.#gl.texStorage2D(this.#gl.TEXTURE_2D, 1, this.#form.internal, width, height);
    const blocks = new Uint8Array(Math.ceil(width / BLOCK) * Math.ceil(height / BLOCK));
    return { texture, bytes: width * height * 4, blocks, holes: false };
  }

  #binned(engine: Engine, texture: WebGLTexture, binning: number): Level {
    const gl = this.#gl;
    const { internal, format, type } = this.#form;
    const [width, height] = [this.plane.width, this.plane.height].map((side) => Math.ceil(side / binning));
    const put = (pixels: Float32Array | Int32Array): Level => {
      gl.texImage2D(gl.TEXTURE_2D, 0, internal, width!, height!, 0, format, type, pixels);
      return {
        texture,
        bytes: pixels.byteLength,
        blocks: undefined,
        holes: anyHole(pixels, 0, pixels.length),
      };
    };
    if (this.plane.type === 'i32') return put(binnedMask(this.plane, binning));
    const source = engine.bin(this.plane, binning);
    const level = put(source.view() as Float32Array);
    engine.free(source);
    return level;
  }

  #upload(level: Level, blocks: Uint8Array, box: Box<'Detector'>): void {
    const gl = this.#gl;
    const { width, height } = this.plane;
    const columns = Math.ceil(width / BLOCK);
    const pixels = this.plane.view() as Float32Array | Int32Array;
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width);
    // One pixel more at each side, because a smaller scale averages with its neighbours.
    const [x0, y0] = [Math.max(0, box.x0 - 1), Math.max(0, box.y0 - 1)];
    const [x1, y1] = [Math.min(width, box.x1 + 1), Math.min(height, box.y1 + 1)];
    for (let by = Math.floor(y0 / BLOCK); by * BLOCK < y1; by++) {
      for (let bx = Math.floor(x0 / BLOCK); bx * BLOCK < x1; bx++) {
        if (blocks[by * columns + bx]) continue;
        blocks[by * columns + bx] = 1;
        const [x, y] = [bx * BLOCK, by * BLOCK];
        gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
        gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
        const [w, h] = [Math.min(BLOCK, width - x), Math.min(BLOCK, height - y)];
        gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, w, h, this.#form.format, this.#form.type, pixels);
        for (let row = y; row < y + h && !level.holes; row++) {
          level.holes = anyHole(pixels, row * width + x, row * width + x + w);
        }
      }
    }
    for (const name of [gl.UNPACK_ROW_LENGTH, gl.UNPACK_SKIP_PIXELS, gl.UNPACK_SKIP_ROWS]) {
      gl.pixelStorei(name, 0);
    }
  }
}

/** The bits that any pixel of a cell has: a flag on one pixel is seen from afar, too. */
export function binnedMask(plane: Plane, factor: number): Int32Array<ArrayBuffer> {
  const { width, height } = plane;
  const columns = Math.ceil(width / factor);
  const cells = new Int32Array(columns * Math.ceil(height / factor));
  const pixels = plane.view() as Int32Array;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / factor) * columns;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const bits = pixels[at]!;
      // Most pixels have none.
      if (bits !== 0) cells[row + Math.floor(x / factor)]! |= bits;
    }
  }
  return cells;
}

/** Of the pixels from..to: NaN minus itself is NaN, and so is an infinity. */
function anyHole(pixels: Float32Array | Int32Array, from: number, to: number): boolean {
  let sum = 0;
  for (let i = from; i < to; i++) sum += pixels[i]! - pixels[i]!;
  return sum !== 0;
}

/** How texels are mixed, gl.NEAREST or gl.LINEAR; nothing is repeated beyond the edges. */
export function setFilter(gl: WebGL2RenderingContext, filter: number): void {
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, name, filter);
  }
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  }
}
