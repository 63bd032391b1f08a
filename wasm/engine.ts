import type {
  Engine,
  EngineSource,
  FitsStream,
  Plane,
  PlaneType,
  Statistics,
  StreamOptions,
  Summary,
} from './api.ts';
import { FitsError } from './api.ts';
import type { CameraDetector } from './camera.ts';
import { readCameraDetector } from './camera.ts';
import type { CalibKind, CalibReading, IsrJob, IsrRequest } from './isr.ts';
import { EngineCalibReading, EngineIsrJob } from './isrJob.ts';
import type { Routines } from './layout.ts';
import { Instance, PLANE_TYPES } from './layout.ts';
import { EnginePlane, ownPlane } from './plane.ts';
import { EngineStream } from './stream.ts';
import type { FitsWriter } from './writer.ts';

class WasmEngine implements Engine {
  readonly version: string;
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.version = instance.text(instance.routines.af_version());
  }

  get memoryBytes(): number {
    return this.#instance.routines.memory.buffer.byteLength;
  }

  openStream(options: StreamOptions = {}): FitsStream {
    return new EngineStream(this.#instance, options);
  }

  readCalib(stream: FitsStream, kind: CalibKind, name: string): CalibReading {
    return new EngineCalibReading(this.#instance, stream, kind, name);
  }

  isr(raw: FitsStream, request: IsrRequest = {}): IsrJob {
    return new EngineIsrJob(this.#instance, raw, request);
  }

  bin(plane: Plane, factor: number): Plane {
    const instance = this.#instance;
    const binned = instance.routines.af_bin(ownPlane(plane, instance).address, factor, instance.error);
    if (binned === 0) instance.fail();
    return new EnginePlane(instance, binned);
  }

  zscale(plane: Plane): readonly [number, number] {
    const instance = this.#instance;
    return instance.withScratch(16, (limits) => {
      instance.check(instance.routines.af_zscale(ownPlane(plane, instance).address, limits, instance.error));
      return [instance.view.getFloat64(limits, true), instance.view.getFloat64(limits + 8, true)];
    });
  }

  statistics(plane: Plane, fractions: readonly number[]): Statistics {
    const instance = this.#instance;
    const count = fractions.length;
    return instance.withScratch(8 * (count + 2 + count), (out) => {
      const list = out + 8 * (count + 2);
      fractions.forEach((fraction, i) => instance.view.setFloat64(list + 8 * i, fraction, true));
      const { address } = ownPlane(plane, instance);
      instance.check(instance.routines.af_statistics(address, list, count, out, instance.error));
      const at = (i: number): number => instance.view.getFloat64(out + 8 * i, true);
      return { min: at(0), max: at(1), percentiles: fractions.map((_, i) => at(2 + i)) };
    });
  }

  camera(instrument: string, detector: number): CameraDetector {
    return readCameraDetector(this.#instance, instrument, detector);
  }

  plane(type: PlaneType, width: number, height: number): Plane {
    const instance = this.#instance;
    const address = instance.routines.af_plane_new(PLANE_TYPES.indexOf(type), width, height);
    if (address === 0) {
      const message = `no plane of ${width} x ${height}: it has no pixels, or memory is short`;
      throw new FitsError('WasmFailed', message, { kind: 'memory' });
    }
    const plane = new EnginePlane(instance, address);
    plane.view().fill(0 as never);
    return plane;
  }

  async write(): Promise<FitsWriter> {
    const { EngineWriter } = await import('./writer.ts');
    return new EngineWriter(this.#instance);
  }

  summary(plane: Plane): Summary {
    const instance = this.#instance;
    return instance.withScratch(32, (out) => {
      instance.routines.af_plane_summary(ownPlane(plane, instance).address, out);
      const at = (i: number): number => instance.view.getFloat64(out + 8 * i, true);
      return { min: at(0), max: at(1), mean: at(2), median: at(3) };
    });
  }

  free(plane: Plane): void {
    const own = ownPlane(plane, this.#instance);
    this.#instance.routines.af_plane_free(own.address);
    own.forget();
  }
}

async function compile(source: EngineSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof Response !== 'undefined' && source instanceof Response) {
    if (!source.ok)
      throw new FitsError('WasmFailed', `the engine could not be fetched (HTTP ${source.status})`);
    // A server that names another content type makes compileStreaming refuse; the bytes are the same.
    if (source.headers.get('content-type') !== 'application/wasm') {
      return WebAssembly.compile(await source.arrayBuffer());
    }
    return WebAssembly.compileStreaming(source);
  }
  return WebAssembly.compile(source as ArrayBuffer | Uint8Array<ArrayBuffer>);
}

/** Compiles and starts one engine. A `Response` is compiled while it streams in. */
export async function createEngine(source: EngineSource | Promise<Response>): Promise<Engine> {
  try {
    const module = await compile(await source);
    const { exports } = await WebAssembly.instantiate(module, {});
    return new WasmEngine(new Instance(exports as unknown as Routines));
  } catch (error) {
    if (error instanceof FitsError) throw error;
    throw new FitsError('WasmFailed', `the engine could not start: ${String(error)}`, {}, { cause: error });
  }
}
