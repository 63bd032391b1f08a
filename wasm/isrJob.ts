/** The classes behind `engine.isr` and `engine.readCalib`. */
import type { FitsStream, Plane } from './api.ts';
import { FitsError } from './api.ts';
import type { Calib, CalibKind, CalibReading, IsrJob, IsrReport, IsrRequest, StepName } from './isr.ts';
import { CALIB_KINDS, GEOMETRY_MODES, OVERSCAN_METHODS, RECIPES, STEP_NAMES } from './isr.ts';
import type { Instance } from './layout.ts';
import { Layout, Status } from './layout.ts';
import { EnginePlane, ownPlane } from './plane.ts';
import { ownStream } from './stream.ts';

const UTF8 = new TextDecoder();

class EngineCalib implements Calib {
  readonly kind: CalibKind;
  readonly name: string;
  readonly bytes: number;
  readonly plane: EnginePlane | undefined;
  readonly instance: Instance;
  #address: number;

  constructor(instance: Instance, address: number, kind: CalibKind, name: string) {
    const plane = instance.routines.af_calib_plane(address);
    this.kind = kind;
    this.name = name;
    this.bytes = instance.routines.af_calib_bytes(address);
    this.plane = plane === 0 ? undefined : new EnginePlane(instance, plane);
    this.instance = instance;
    this.#address = address;
  }

  get address(): number {
    if (this.#address === 0) throw new FitsError('WasmFailed', 'the calibration was freed');
    return this.#address;
  }

  free(): void {
    this.instance.routines.af_calib_free(this.#address);
    this.#address = 0;
    this.plane?.forget();
  }
}

/** Something in the engine's memory; reading the address throws once it was freed. */
interface Held {
  readonly address: number;
}

/** What its owner has freed between two steps could be anyone's memory by now. */
function requireHeld(held: readonly Held[]): void {
  held.forEach(({ address }) => address);
}

export class EngineCalibReading implements CalibReading {
  readonly #instance: Instance;
  readonly #stream: Held;
  readonly #kind: CalibKind;
  readonly #name: string;
  #handle: number;
  #calib: EngineCalib | undefined;

  constructor(instance: Instance, stream: FitsStream, kind: CalibKind, name: string) {
    const bytes = new TextEncoder().encode(name);
    this.#instance = instance;
    this.#stream = ownStream(stream, instance);
    this.#kind = kind;
    this.#name = name;
    this.#handle = instance.withScratch(bytes.length + 1, (text) => {
      instance.bytes.set(bytes, text);
      return instance.routines.af_calib_new(
        this.#stream.address,
        CALIB_KINDS.indexOf(kind),
        text,
        instance.error,
      );
    });
    if (this.#handle === 0) instance.fail();
  }

  step(maxRows: number): boolean {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the reading is over');
    requireHeld([this.#stream]);
    const { routines, error } = this.#instance;
    const status = this.#instance.check(routines.af_calib_step(this.#handle, Math.max(1, maxRows), error));
    if (status === Status.more) return false;
    this.#calib = new EngineCalib(this.#instance, this.#handle, this.#kind, this.#name);
    this.#handle = 0;
    return true;
  }

  get calib(): Calib {
    if (!this.#calib) throw new FitsError('WasmFailed', 'the calibration has not been read to its end');
    return this.#calib;
  }

  free(): void {
    this.#instance.routines.af_calib_free(this.#handle);
    this.#handle = 0;
  }
}

function ownCalib(calib: Calib, instance: Instance): EngineCalib {
  if (!(calib instanceof EngineCalib) || calib.instance !== instance) {
    throw new FitsError('WasmFailed', 'the calibration belongs to another engine');
  }
  return calib;
}

function indexIn<T extends string>(names: readonly T[], name: T, what: string): number {
  const index = names.indexOf(name);
  if (index < 0) throw new FitsError('WasmFailed', `no ${what} ${name}; there are ${names.join(', ')}`);
  return index;
}

function writeOptions(instance: Instance, options: number, request: IsrRequest): void {
  const { isr: layout } = Layout;
  const set = (offset: number, value: number): void => instance.view.setUint32(options + offset, value, true);
  const plane = (given: Plane | undefined): number => (given ? ownPlane(given, instance).address : 0);
  set(layout.recipe, indexIn(RECIPES, request.recipe ?? 'rapid', 'recipe'));
  set(layout.overscan, indexIn(OVERSCAN_METHODS, request.overscan ?? 'median-per-row', 'overscan method'));
  set(layout.geometry, indexIn(GEOMETRY_MODES, request.geometry ?? 'table', 'geometry'));
  const bits = (request.steps ?? []).map((name) => 1 << indexIn(STEP_NAMES, name, 'step'));
  set(
    layout.steps,
    bits.reduce((all, bit) => all | bit, 0),
  );
  (request.serialSkip ?? [-1, -1]).forEach((skip, i) => set(layout.serialSkip + 4 * i, skip));
  (request.parallelSkip ?? [-1, -1]).forEach((skip, i) => set(layout.parallelSkip + 4 * i, skip));
  set(layout.separate, request.separate ? 1 : 0);
  set(layout.statistics, request.statistics ? 1 : 0);
  CALIB_KINDS.forEach((kind, i) => {
    const calib = request.calibs?.[kind];
    set(layout.calibs + 4 * i, calib ? ownCalib(calib, instance).address : 0);
  });
  set(layout.image, plane(request.into?.image));
  set(layout.mask, plane(request.into?.mask));
  set(layout.variance, plane(request.into?.variance));
  set(layout.keepRaws, request.keepRaws ? 1 : 0);
}

interface Finished {
  readonly image: Plane;
  readonly mask: Plane | undefined;
  readonly variance: Plane | undefined;
  readonly report: IsrReport;
}

/** What the engine reads and writes until the job is over. */
function heldBy(instance: Instance, stream: FitsStream, { calibs = {}, into = {} }: IsrRequest): Held[] {
  const planes = [into.image, into.mask, into.variance].filter((plane) => plane !== undefined);
  return [
    ownStream(stream, instance),
    ...Object.values(calibs).map((calib) => ownCalib(calib, instance)),
    ...planes.map((plane) => ownPlane(plane, instance)),
  ];
}

export class EngineIsrJob implements IsrJob {
  readonly #instance: Instance;
  readonly #held: readonly Held[];
  readonly #into: NonNullable<IsrRequest['into']>;
  #handle: number;
  #finished: Finished | undefined;

  constructor(instance: Instance, stream: FitsStream, request: IsrRequest) {
    // No step at all is not the default set.
    if (request.steps?.length === 0) throw new FitsError('WasmFailed', 'the set of steps is empty');
    this.#instance = instance;
    this.#into = request.into ?? {};
    this.#held = heldBy(instance, stream, request);
    this.#handle = instance.withScratch(Layout.isr.size, (options) => {
      writeOptions(instance, options, request);
      return instance.routines.af_isr_new(options, ownStream(stream, instance).address, instance.error);
    });
    if (this.#handle === 0) instance.fail();
  }

  step(maxRows: number): 'more' | 'waiting' | 'done' {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the job is over');
    requireHeld(this.#held);
    const instance = this.#instance;
    const status = instance.routines.af_isr_step(this.#handle, Math.max(1, maxRows), instance.error);
    if (status === Status.waiting) return 'waiting';
    if (instance.check(status) === Status.more) return 'more';
    this.#finish();
    return 'done';
  }

  get currentStep(): StepName | 'read' | undefined {
    if (this.#handle === 0) return undefined;
    const step = this.#instance.routines.af_isr_current_step(this.#handle);
    return step < 0 ? undefined : (STEP_NAMES[step] ?? 'read');
  }

  get unfinished(): Plane | undefined {
    const address = this.#handle === 0 ? 0 : this.#instance.routines.af_isr_image(this.#handle);
    return address === 0 ? undefined : new EnginePlane(this.#instance, address);
  }

  get image(): Plane {
    return this.#result.image;
  }

  get mask(): Plane | undefined {
    return this.#result.mask;
  }

  get variance(): Plane | undefined {
    return this.#result.variance;
  }

  get report(): IsrReport {
    return this.#result.report;
  }

  free(): void {
    this.#instance.routines.af_isr_free(this.#handle);
    this.#handle = 0;
  }

  get #result(): Finished {
    if (!this.#finished) throw new FitsError('WasmFailed', 'the job is not done');
    return this.#finished;
  }

  #finish(): void {
    const instance = this.#instance;
    const { routines } = instance;
    const handle = this.#handle;
    const plane = (address: number, given: Plane | undefined): Plane | undefined => {
      if (address === 0) return undefined;
      return given ?? new EnginePlane(instance, address);
    };
    const text = routines.af_isr_report(handle);
    const json = UTF8.decode(instance.bytes.subarray(text, instance.bytes.indexOf(0, text)));
    const report = JSON.parse(json) as IsrReport;
    this.#finished = {
      image: this.#into.image ?? new EnginePlane(instance, routines.af_isr_image(handle)),
      mask: plane(routines.af_isr_mask(handle), this.#into.mask),
      variance: plane(routines.af_isr_variance(handle), this.#into.variance),
      report,
    };
    this.free();
  }
}
