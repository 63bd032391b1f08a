/**
 * Smoothed pixels of one plane as a texture: of the box that is shown and no more, at the level that it is shown at. By
 * the processor, which is as fast as a card that is drawn by software, and needs no floats that can be rendered to.
 */
import type { Engine } from 'astro-fits-wasm';
import type { Box } from '../../../core/frames.ts';
import { type Grid, smoothed, smoothingRadius } from '../../../core/display/smoothing.ts';
import { binnedCells, cut, type MaskedImage, pixelsIn } from './cells.ts';
import { setFilter } from './levels.ts';

export interface BoundBox {
  readonly holes: boolean;
  /** The cell that the texture's first texel is. */
  readonly origin: readonly [x: number, y: number];
}

interface Part extends BoundBox {
  readonly binning: number;
  readonly sigmaPx: number;
  readonly box: Box<'Cell'>;
}

export class SmoothedBox {
  readonly #gl: WebGL2RenderingContext;
  readonly #image: MaskedImage;
  readonly #texture: WebGLTexture;
  /** What the texture holds. */
  #part: Part | undefined;
  /** All cells of a binning: made once, while the sigma is changed many times. */
  #cells: { readonly binning: number; readonly grid: Grid } | undefined;

  constructor(gl: WebGL2RenderingContext, filter: number, image: MaskedImage) {
    this.#gl = gl;
    this.#image = image;
    this.#texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    setFilter(gl, filter);
  }

  get bytes(): number {
    if (!this.#part) return 0;
    const { x0, y0, x1, y1 } = this.#part.box;
    return 4 * (x1 - x0) * (y1 - y0);
  }

  /** Binds what the box (pixels of the plane) shows to the active texture unit. */
  bind(engine: Engine, binning: number, sigmaPx: number, box: Box<'Detector'>): BoundBox {
    const { width, height } = this.#image.plane;
    const all = { width: Math.ceil(width / binning), height: Math.ceil(height / binning) };
    // One more at each side, because a smaller scale averages with its neighbours.
    const inner = grown(cellBox(box, binning), 1, all);
    const known = this.#part;
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, this.#texture);
    if (known?.binning === binning && known.sigmaPx === sigmaPx && contains(known.box, inner)) return known;
    const sigmaCells = sigmaPx / binning;
    const outer = grown(inner, smoothingRadius(sigmaCells), all);
    const grid = binning === 1 ? pixelsIn(this.#image, outer) : cut(this.#cellsOf(engine, binning), outer);
    const { values, holes } = smoothed(grid, sigmaCells, {
      x0: inner.x0 - outer.x0,
      y0: inner.y0 - outer.y0,
      x1: inner.x1 - outer.x0,
      y1: inner.y1 - outer.y0,
    });
    this.#put(values, inner);
    this.#part = { binning, sigmaPx, box: inner, holes, origin: [inner.x0, inner.y0] };
    return this.#part;
  }

  free(): void {
    this.#gl.deleteTexture(this.#texture);
  }

  #put(values: Float32Array, { x0, y0, x1, y1 }: Box<'Cell'>): void {
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, x1 - x0, y1 - y0, 0, gl.RED, gl.FLOAT, values);
  }

  #cellsOf(engine: Engine, binning: number): Grid {
    if (this.#cells?.binning !== binning) {
      this.#cells = { binning, grid: binnedCells(engine, this.#image, binning) };
    }
    return this.#cells.grid;
  }
}

function cellBox({ x0, y0, x1, y1 }: Box<'Detector'>, binning: number): Box<'Cell'> {
  return {
    x0: Math.floor(x0 / binning),
    y0: Math.floor(y0 / binning),
    x1: Math.ceil(x1 / binning),
    y1: Math.ceil(y1 / binning),
  };
}

function contains(outer: Box<'Cell'>, inner: Box<'Cell'>): boolean {
  return inner.x0 >= outer.x0 && inner.y0 >= outer.y0 && inner.x1 <= outer.x1 && inner.y1 <= outer.y1;
}

function grown(
  box: Box<'Cell'>,
  by: number,
  { width, height }: { readonly width: number; readonly height: number },
): Box<'Cell'> {
  return {
    x0: Math.max(0, box.x0 - by),
    y0: Math.max(0, box.y0 - by),
    x1: Math.min(width, box.x1 + by),
    y1: Math.min(height, box.y1 + by),
  };
}
