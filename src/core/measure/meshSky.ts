/** The sky of a whole image: levels and noise of a mesh of boxes, from pixels that no source reaches, and between them. */
import type { Plane } from './plane.ts';
import { medianOf } from './plane.ts';
import { SIGMA_PER_MAD } from './statistics.ts';

/** NaN where no box near has pixels with values. */
export interface MeshSky {
  levelAt(x: number, y: number): number;
  /** Of one pixel, from the median absolute deviation. */
  sigmaAt(x: number, y: number): number;
}

const CLIP_SIGMA = 3;
const ROUNDS = 4;

/** Less of a box than this has no sky to tell: its neighbours do. */
const LEAST_SHARE = 0.5;

/** Boxes of about `boxPx` that part the plane evenly. Places are those of the plane's pixels. */
export function meshSky(plane: Plane, boxPx: number): MeshSky {
  const [columns, rows] = [plane.width, plane.height].map((side) =>
    Math.max(1, Math.round(side / boxPx)),
  ) as [number, number];
  const [stepX, stepY] = [plane.width / columns, plane.height / rows];
  const level: Grid = { width: columns, height: rows, values: new Float64Array(columns * rows) };
  const sigma: Grid = { width: columns, height: rows, values: new Float64Array(columns * rows) };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x0, x1] = [Math.round(column * stepX), Math.round((column + 1) * stepX)];
      const [y0, y1] = [Math.round(row * stepY), Math.round((row + 1) * stepY)];
      const told = clipped(valuesOf(plane, x0, x1, y0, y1));
      const enough = told.kept >= LEAST_SHARE * (x1 - x0) * (y1 - y0);
      level.values[row * columns + column] = enough ? told.level : NaN;
      sigma.values[row * columns + column] = enough ? told.sigma : NaN;
    }
  }
  // The middle of a box is where its number holds.
  const between = (grid: Grid) => {
    const filled = withoutHoles(grid);
    return (x: number, y: number) => interpolated(filled, (x + 0.5) / stepX - 0.5, (y + 0.5) / stepY - 0.5);
  };
  return { levelAt: between(level), sigmaAt: between(sigma) };
}

type Grid = Plane & { readonly values: Float64Array };

function valuesOf({ width, values }: Plane, x0: number, x1: number, y0: number, y1: number): Float64Array {
  const taken = new Float64Array((x1 - x0) * (y1 - y0));
  let n = 0;
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const value = values[y * width + x] as number;
      if (Number.isFinite(value)) taken[n++] = value;
    }
  }
  return taken.subarray(0, n);
}

/** Median and robust sigma of what is left after clipping. */
function clipped(values: Float64Array): { level: number; sigma: number; kept: number } {
  let kept = values.sort();
  let [level, sigma] = [NaN, NaN];
  for (let round = 0; round < ROUNDS && kept.length > 0; round++) {
    level = middle(kept);
    sigma = SIGMA_PER_MAD * middle(kept.map((value) => Math.abs(value - level)).sort());
    const next = kept.filter((value) => Math.abs(value - level) <= CLIP_SIGMA * sigma);
    if (next.length === kept.length) break;
    kept = next;
  }
  return { level, sigma, kept: kept.length };
}

function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** A box without a number takes the median of the nearest ones that have one. */
function withoutHoles(grid: Grid): Grid {
  const { width, height, values } = grid;
  const filled = values.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      for (let reach = 1; Number.isNaN(filled[i]) && reach <= Math.max(width, height); reach++) {
        const near: number[] = [];
        for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
          for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) {
            const value = values[v * width + u] as number;
            if (!Number.isNaN(value)) near.push(value);
          }
        }
        filled[i] = medianOf(near);
      }
    }
  }
  return { width, height, values: filled };
}

/** Between the four nearest of a grid, and on in their direction beyond its outermost middles. */
function interpolated({ width, height, values }: Grid, x: number, y: number): number {
  const [u0, v0] = [before(x, width), before(y, height)];
  const [u1, v1] = [Math.min(width - 1, u0 + 1), Math.min(height - 1, v0 + 1)];
  const at = (i: number, j: number) => values[j * width + i] as number;
  const lower = at(u0, v0) + (x - u0) * (at(u1, v0) - at(u0, v0));
  const upper = at(u0, v1) + (x - u0) * (at(u1, v1) - at(u0, v1));
  return lower + (y - v0) * (upper - lower);
}

/** The first of the two that a place lies between, or that it lies nearest to. */
function before(place: number, count: number): number {
  return Math.max(0, Math.min(count - 2, Math.floor(place)));
}
