/**
 * Draws detector planes with WebGL2 into one private OffscreenCanvas. Textures are made when a view needs them: a
 * whole detector is mostly looked at from a distance, and the 4x4-binned level uploads in a sixteenth of the time.
 */
import type { Engine, Plane } from 'astro-fits-wasm';
import type { View } from '../../../core/camera/view.ts';
import { AppError } from '../../../core/errors.ts';
import type { RenderRequest } from '../contract.ts';
import { COLOUR_MAP_ROWS, colourTables } from './colourMaps.ts';
import { FRAGMENT_SHADER, VERTEX_SHADER } from './shaders.ts';
import { STRETCHES, usableLimits } from './stretch.ts';

const UNIFORMS = [
  'level',
  'colours',
  'centre',
  'pane',
  'imageSize',
  'limits',
  'scale',
  'binning',
  'stretch',
  'colourRow',
  'inverted',
  'averaged',
] as const;
type UniformName = (typeof UNIFORMS)[number];

/**
 * The binning that a scale is drawn from: as coarse as can be without more than a quarter of blur. Finer levels than
 * that would alias, since the shader averages four texels only.
 */
export function binningFor(devicePixelsPerPixel: number): number {
  return [8, 4, 2].find((binning) => devicePixelsPerPixel * binning <= 1.25) ?? 1;
}

export class Renderer {
  readonly #canvas: OffscreenCanvas;
  readonly #gl: WebGL2RenderingContext;
  readonly #uniforms: ReadonlyMap<UniformName, WebGLUniformLocation | null>;
  /** Levels of `#plane` that are on the graphics card, by binning. */
  readonly #levels = new Map<number, WebGLTexture>();
  #plane: Plane | undefined;

  constructor() {
    if (typeof OffscreenCanvas === 'undefined') {
      throw new AppError(
        'WasmFailed',
        'This browser has no OffscreenCanvas, which drawing images needs. Update it.',
      );
    }
    this.#canvas = new OffscreenCanvas(1, 1);
    const gl = this.#canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false });
    if (!gl) {
      throw new AppError(
        'WasmFailed',
        'This browser offers no WebGL2, which drawing images needs. Turn on hardware acceleration or update it.',
      );
    }
    this.#gl = gl;
    const program = linkedProgram(gl);
    gl.useProgram(program);
    this.#uniforms = new Map(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    unfiltered(gl);
    const rows = COLOUR_MAP_ROWS.length;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, colourTables());
    gl.uniform1i(this.#at('colours'), 1);
    gl.uniform1i(this.#at('level'), 0);
    gl.activeTexture(gl.TEXTURE0);
  }

  /** A lost context takes all textures with it; the owner makes a new Renderer, which fills itself from the planes. */
  get lost(): boolean {
    return this.#gl.isContextLost();
  }

  draw(engine: Engine, plane: Plane, request: RenderRequest, view: View): ImageBitmap {
    const gl = this.#gl;
    const { paneWidth, paneHeight } = request;
    if (this.#canvas.width !== paneWidth || this.#canvas.height !== paneHeight) {
      this.#canvas.width = paneWidth;
      this.#canvas.height = paneHeight;
    }
    const scale = view.devicePixelsPerPixel;
    const binning = binningFor(scale);
    this.#bindLevel(engine, plane, binning);
    const [low, high] = usableLimits(request.limits);
    gl.viewport(0, 0, paneWidth, paneHeight);
    gl.uniform2f(this.#at('centre'), view.centre.x, view.centre.y);
    gl.uniform2f(this.#at('pane'), paneWidth, paneHeight);
    gl.uniform2f(this.#at('imageSize'), plane.width, plane.height);
    gl.uniform2f(this.#at('limits'), low, high);
    gl.uniform1f(this.#at('scale'), scale);
    gl.uniform1f(this.#at('binning'), binning);
    gl.uniform1i(this.#at('stretch'), STRETCHES.indexOf(request.stretch));
    gl.uniform1i(this.#at('colourRow'), COLOUR_MAP_ROWS.indexOf(request.colourMap));
    gl.uniform1i(this.#at('inverted'), Number(request.invert));
    gl.uniform1i(this.#at('averaged'), Number(scale < 1));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return this.#canvas.transferToImageBitmap();
  }

  /** Lets go of the textures of a plane that is about to be freed. */
  forget(plane: Plane): void {
    if (this.#plane !== plane) return;
    for (const texture of this.#levels.values()) this.#gl.deleteTexture(texture);
    this.#levels.clear();
    this.#plane = undefined;
  }

  #at(name: UniformName): WebGLUniformLocation | null {
    return this.#uniforms.get(name) ?? null;
  }

  #bindLevel(engine: Engine, plane: Plane, binning: number): void {
    const gl = this.#gl;
    if (this.#plane && this.#plane !== plane) this.forget(this.#plane);
    this.#plane = plane;
    const known = this.#levels.get(binning);
    if (known) {
      gl.bindTexture(gl.TEXTURE_2D, known);
      return;
    }
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    unfiltered(gl);
    const source = binning === 1 ? plane : engine.bin(plane, binning);
    try {
      const { width, height } = source;
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, height, 0, gl.RED, gl.FLOAT, source.view());
    } finally {
      if (source !== plane) engine.free(source);
    }
    this.#levels.set(binning, texture);
  }
}

function unfiltered(gl: WebGL2RenderingContext): void {
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  }
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  }
}

function linkedProgram(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
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
