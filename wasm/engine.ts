import type {
  AmplifierRequest,
  BoxLike,
  Engine,
  EngineSource,
  FitsStream,
  Plane,
  Reduction,
  ReductionRequest,
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
import { Instance, Layout, Status } from './layout.ts';
import { EnginePlane, ownPlane } from './plane.ts';
import { EngineStream } from './stream.ts';
import type { FitsWriter } from './writer.ts';
import { EngineWriter } from './writer.ts';

function writeBox(instance: Instance, address: number, box: BoxLike): void {
  [box.x0, box.y0, box.x1, box.y1].forEach((side, i) => instance.view.setInt32(address + 4 * i, side, true));
}

function writeAmplifier(instance: Instance, address: number, amplifier: AmplifierRequest): void {
  const { amplifier: layout } = Layout;
  instance.view.setUint32(address + layout.raw, ownPlane(amplifier.raw, instance).address, true);
  writeBox(instance, address + layout.data, amplifier.data);
  writeBox(instance, address + layout.serialOverscan, amplifier.serialOverscan);
  writeBox(instance, address + layout.detector, amplifier.detector);
  instance.view.setInt32(address + layout.flipX, amplifier.flipX ? 1 : 0, true);
  instance.view.setInt32(address + layout.flipY, amplifier.flipY ? 1 : 0, true);
}

class EngineReduction implements Reduction {
  readonly plane: Plane;
  readonly #instance: Instance;
  readonly #borrowed: boolean;
  #handle: number;

  constructor(instance: Instance, request: ReductionRequest) {
    const { reduction: layout, amplifier } = Layout;
    const { amplifiers } = request;
    this.#instance = instance;
    this.#borrowed = request.into !== undefined;
    this.#handle = instance.withScratch(layout.size + amplifiers.length * amplifier.size, (options) => {
      const list = options + layout.size;
      const set = (offset: number, value: number): void =>
        instance.view.setUint32(options + offset, value, true);
      const address = (plane: Plane | undefined): number => (plane ? ownPlane(plane, instance).address : 0);
      set(layout.width, request.width);
      set(layout.height, request.height);
      set(layout.amplifierCount, amplifiers.length);
      set(layout.overscan, request.overscan ? 1 : 0);
      set(layout.amplifiers, list);
      set(layout.bias, address(request.bias));
      set(layout.dark, address(request.dark));
      set(layout.flat, address(request.flat));
      set(layout.into, address(request.into));
      instance.view.setFloat64(options + layout.darkScale, request.darkScale ?? 1, true);
      amplifiers.forEach((each, i) => writeAmplifier(instance, list + i * amplifier.size, each));
      return instance.routines.af_reduction_new(options, instance.error);
    });
    if (this.#handle === 0) instance.fail();
    this.plane =
      request.into ?? new EnginePlane(instance, instance.routines.af_reduction_plane(this.#handle));
  }

  step(maxRows: number): boolean {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the reduction is over');
    const { routines, error } = this.#instance;
    const status = this.#instance.check(
      routines.af_reduction_step(this.#handle, Math.max(1, maxRows), error),
    );
    if (status === Status.more) return false;
    routines.af_reduction_free(this.#handle);
    this.#handle = 0;
    return true;
  }

  free(): void {
    if (this.#handle === 0) return;
    this.#instance.routines.af_reduction_free(this.#handle);
    this.#handle = 0;
    if (!this.#borrowed) (this.plane as EnginePlane).forget();
  }
}

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

  reduce(request: ReductionRequest): Reduction {
    return new EngineReduction(this.#instance, request);
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

  write(): FitsWriter {
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
