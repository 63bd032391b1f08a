/** Draws detector planes with WebGL2 into one private OffscreenCanvas. */
import type { Engine, Plane } from 'astro-fits-wasm';
import type { Size } from '../../../core/camera/view.ts';
import { detectorFromScreen, visibleBox } from '../../../core/camera/view.ts';
import { COLOUR_MAPS } from '../../../core/display/colourMapNames.ts';
import { colourTables } from '../../../core/display/colourMaps.ts';
import type { Limits } from '../../../core/display/stretch.ts';
import { usableLimits } from '../../../core/display/stretch.ts';
import { AppError } from '../../../core/errors.ts';
import type { AmplifierPlace, RenderRequest } from '../contract.ts';
import { equalizing } from '../sampled.ts';
import { PlaneLevels, setFilter } from './levels.ts';
import type { SmoothedBox } from './smoothedBox.ts';
import { type Drawing, EQUALIZING_SIZE, fragmentShader, MASK_BITS, VERTEX_SHADER } from './shaders.ts';

const UNIFORMS = [
  'level',
  'colours',
  'equalizing',
  'cellLimits',
  'centre',
  'pane',
  'imageSize',
  'fromScreen',
  'limits',
  'cellSize',
  'binning',
  'origin',
  'ramp',
  'colourRow',
  'maskLevel',
  'maskColours',
  'maskBits',
] as const;
type UniformName = (typeof UNIFORMS)[number];

/** Texture units. */
const LEVEL = 0;
const COLOURS = 1;
const EQUALIZING = 2;
const CELL_LIMITS = 3;
const MASK_LEVEL = 4;
const MASK_COLOURS = 5;

/** What is drawn: a plane and what drawing has to know of it. */
export interface Drawable {
  readonly plane: Plane;
  /** Pixels of the detector a side of one of the plane's; with more than 1 there is no mask. */
  readonly binPx: number;
  /** Of the detector, in its pixels. */
  readonly width: number;
  readonly height: number;
  readonly mask: Plane | undefined;
  /** Bit numbers of the mask's planes by name. */
  readonly maskPlanes: Readonly<Record<string, number>>;
  /** A sample of its pixels, sorted. */
  readonly sorted: Float32Array;
  readonly amplifiers: readonly AmplifierPlace[];
}

/**
 * The binning that a scale is drawn from: as coarse as can be without more than a quarter of blur. Finer levels than
 * that would alias, since the shader averages four texels only.
 */
export function binningFor(devicePixelsPerPixel: number): number {
  return [8, 4, 2].find((binning) => devicePixelsPerPixel * binning <= 1.25) ?? 1;
}

interface Program {
  readonly program: WebGLProgram;
  readonly uniforms: ReadonlyMap<UniformName, WebGLUniformLocation | null>;
}

export class Renderer {
  readonly #canvas: OffscreenCanvas;
  readonly #gl: WebGL2RenderingContext;
  /** One for each way of drawing that was asked for. */
  readonly #programs = new Map<string, Program>();
  /** What an image's texels are mixed by, where the machine can. */
  readonly #filter: number;
  #uniforms: Program['uniforms'] = new Map();
  readonly #planes = new Map<Plane, PlaneLevels>();
  readonly #smoothed = new Map<Plane, SmoothedBox>();
  readonly #largest: number;
  readonly #noMask: WebGLTexture;

  constructor() {
    if (typeof OffscreenCanvas === 'undefined') {
      throw new AppError(
        'UnsupportedBrowser',
        'This browser has no OffscreenCanvas, which drawing images needs. Update it and load this page again.',
      );
    }
    this.#canvas = new OffscreenCanvas(1, 1);
    const gl = this.#canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false });
    if (!gl) {
      throw new AppError(
        'UnsupportedBrowser',
        'This browser offers no WebGL2, which drawing images needs. Turn on hardware acceleration in its settings, or update it, and load this page again.',
      );
    }
    this.#gl = gl;
    this.#largest = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.#filter = gl.getExtension('OES_texture_float_linear') ? gl.LINEAR : gl.NEAREST;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    for (const unit of [COLOURS, EQUALIZING, CELL_LIMITS, MASK_COLOURS]) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      setFilter(gl, gl.NEAREST);
    }
    // A sampler wants a texture of its type, also where no mask is drawn.
    gl.activeTexture(gl.TEXTURE0 + MASK_LEVEL);
    this.#noMask = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#noMask);
    setFilter(gl, gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32I, 1, 1, 0, gl.RED_INTEGER, gl.INT, new Int32Array(1));
    gl.activeTexture(gl.TEXTURE0 + COLOURS);
    const rows = COLOUR_MAPS.length;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, colourTables());
  }

  /** A lost context takes all textures with it; the owner makes a new Renderer, which fills itself from the planes. */
  get lost(): boolean {
    return this.#gl.isContextLost();
  }

  get textureBytes(): number {
    return [...this.#planes.values(), ...this.#smoothed.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** `Smoothing` where the request wants it: it is loaded then. */
  draw(
    engine: Engine,
    drawable: Drawable,
    request: RenderRequest,
    Smoothing?: typeof SmoothedBox,
  ): ImageBitmap {
    const gl = this.#gl;
    const { plane, binPx } = drawable;
    const { view } = request;
    const pane = { width: request.paneWidth, height: request.paneHeight };
    if (this.#canvas.width !== pane.width || this.#canvas.height !== pane.height) {
      this.#canvas.width = pane.width;
      this.#canvas.height = pane.height;
    }
    // What no texture of this machine can hold is drawn from a coarser level.
    const least = Math.ceil(Math.max(plane.width, plane.height) / this.#largest);
    const binning = Math.max(least, request.bin, binningFor(view.devicePixelsPerPixel), binPx);
    const whole = { x0: 0, y0: 0, x1: plane.width, y1: plane.height };
    const shown = binPx > 1 ? whole : visibleBox(view, plane, pane);
    gl.activeTexture(gl.TEXTURE0 + LEVEL);
    const part =
      Smoothing &&
      this.#smooth(Smoothing, drawable).bind(engine, binning / binPx, request.smoothSigmaPx / binPx, shown);
    const { holes } = part ?? this.#levels(plane).bind(engine, binning / binPx, shown);
    const { limits } = request;
    const cells = isPair(limits) ? undefined : cellGrid(drawable.amplifiers, limits);
    const mask = request.mask.length > 0 ? drawable.mask : undefined;
    // Pixels that are binned by hand are seen as such.
    const averaged = view.devicePixelsPerPixel * request.bin < 1;
    this.#use({
      stretch: request.stretch,
      texels: !averaged ? 'one' : holes || this.#filter === gl.NEAREST ? 'fourWithValue' : 'four',
      holes,
      inCells: cells !== undefined,
      masked: mask !== undefined,
      part: part !== undefined,
    });
    gl.activeTexture(gl.TEXTURE0 + MASK_LEVEL);
    if (mask) this.#setMask(engine, mask, request, binning, pane);
    else gl.bindTexture(gl.TEXTURE_2D, this.#noMask);
    gl.viewport(0, 0, pane.width, pane.height);
    gl.uniform2f(this.#at('centre'), view.centre.x, view.centre.y);
    gl.uniform2f(this.#at('pane'), pane.width, pane.height);
    gl.uniform2f(this.#at('imageSize'), drawable.width, drawable.height);
    gl.uniformMatrix2fv(this.#at('fromScreen'), false, detectorFromScreen(view));
    this.#setLimits(drawable, request, cells);
    gl.uniform1f(this.#at('binning'), binning);
    if (part) gl.uniform2f(this.#at('origin'), ...part.origin);
    const { bias, contrast } = request.contrast;
    const ramp = [contrast, 0.5 - bias * contrast] as const;
    gl.uniform2f(
      this.#at('ramp'),
      request.invert ? -ramp[0] : ramp[0],
      request.invert ? 1 - ramp[1] : ramp[1],
    );
    gl.uniform1i(this.#at('colourRow'), COLOUR_MAPS.indexOf(request.colourMap));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return this.#canvas.transferToImageBitmap();
  }

  /** The program that draws so is the current one from now on. */
  #use(drawing: Drawing): void {
    const gl = this.#gl;
    const key = Object.values(drawing).join();
    const known = this.#programs.get(key);
    if (known) {
      gl.useProgram(known.program);
      this.#uniforms = known.uniforms;
      return;
    }
    const program = linkedProgram(gl, fragmentShader(drawing));
    gl.useProgram(program);
    this.#uniforms = new Map(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
    this.#programs.set(key, { program, uniforms: this.#uniforms });
    for (const [unit, name] of [
      [LEVEL, 'level'],
      [COLOURS, 'colours'],
      [EQUALIZING, 'equalizing'],
      [CELL_LIMITS, 'cellLimits'],
      [MASK_LEVEL, 'maskLevel'],
      [MASK_COLOURS, 'maskColours'],
    ] as const) {
      gl.uniform1i(this.#at(name), unit);
    }
  }

  /** To the active texture unit. */
  #setMask(engine: Engine, mask: Plane, request: RenderRequest, binning: number, pane: Size): void {
    const gl = this.#gl;
    gl.uniform1i(
      this.#at('maskBits'),
      request.mask.reduce((bits, { bit }) => bits | (1 << bit), 0),
    );
    this.#levels(mask).bind(engine, binning, visibleBox(request.view, mask, pane));
    const colours = new Uint8Array(4 * MASK_BITS);
    for (const { bit, rgba } of request.mask) colours.set(rgba, 4 * bit);
    gl.activeTexture(gl.TEXTURE0 + MASK_COLOURS);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, MASK_BITS, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
  }

  /** Lets go of the textures of a plane that is about to be freed. */
  forget(plane: Plane): void {
    this.#planes.get(plane)?.free();
    this.#planes.delete(plane);
    this.#smoothed.get(plane)?.free();
    this.#smoothed.delete(plane);
  }

  #at(name: UniformName): WebGLUniformLocation | null {
    return this.#uniforms.get(name) ?? null;
  }

  #levels(plane: Plane): PlaneLevels {
    const known = this.#planes.get(plane);
    if (known) return known;
    const levels = new PlaneLevels(this.#gl, plane, this.#filter);
    this.#planes.set(plane, levels);
    return levels;
  }

  #smooth(Smoothing: typeof SmoothedBox, image: Drawable): SmoothedBox {
    const known = this.#smoothed.get(image.plane);
    if (known) return known;
    const box = new Smoothing(this.#gl, this.#filter, image);
    this.#smoothed.set(image.plane, box);
    return box;
  }

  #setLimits({ sorted }: Drawable, request: RenderRequest, grid: CellGrid | undefined): void {
    const gl = this.#gl;
    const { limits } = request;
    const [low, high] = usableLimits(isPair(limits) ? limits : (limits[0] ?? [0, 1]));
    gl.uniform2f(this.#at('limits'), low, high);
    if (grid) {
      gl.uniform2f(this.#at('cellSize'), grid.cellWidth, grid.cellHeight);
      gl.activeTexture(gl.TEXTURE0 + CELL_LIMITS);
      const { columns, rows, cells } = grid;
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, columns, rows, 0, gl.RG, gl.FLOAT, cells);
    }
    if (request.stretch === 'equalize') {
      gl.activeTexture(gl.TEXTURE0 + EQUALIZING);
      const table = equalizing(sorted, [low, high], EQUALIZING_SIZE);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, EQUALIZING_SIZE, 1, 0, gl.RED, gl.FLOAT, table);
    }
  }
}

function isPair(limits: RenderRequest['limits']): limits is Limits {
  return typeof limits[0] === 'number';
}

interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Low and high of each cell, row by row from the lowest y. */
  readonly cells: Float32Array<ArrayBuffer>;
}

/** The amplifiers of every Rubin CCD are cells of one size; undefined for a detector whose are not. */
export function cellGrid(
  amplifiers: readonly AmplifierPlace[],
  limits: readonly Limits[],
): CellGrid | undefined {
  const [first] = amplifiers;
  if (!first) return undefined;
  const [cellWidth, cellHeight] = [first.box.x1 - first.box.x0, first.box.y1 - first.box.y0];
  const columns = Math.max(...amplifiers.map(({ box }) => box.x1)) / cellWidth;
  const rows = Math.max(...amplifiers.map(({ box }) => box.y1)) / cellHeight;
  if (columns * rows !== amplifiers.length) return undefined;
  const cells = new Float32Array(2 * amplifiers.length);
  for (const [i, { box }] of amplifiers.entries()) {
    const [column, row] = [box.x0 / cellWidth, box.y0 / cellHeight];
    if (!Number.isInteger(column) || !Number.isInteger(row)) return undefined;
    cells.set(usableLimits(limits[i] ?? [0, 1]), 2 * (row * columns + column));
  }
  return { columns, rows, cellWidth, cellHeight, cells };
}

function linkedProgram(gl: WebGL2RenderingContext, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) continue; // Only on a lost context, which linking reports.
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new AppError('Bug', `A shader does not compile here: ${gl.getShaderInfoLog(shader) ?? ''}`);
    }
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new AppError('Bug', `The shaders do not link here: ${gl.getProgramInfoLog(program) ?? ''}`);
  }
  return program;
}
