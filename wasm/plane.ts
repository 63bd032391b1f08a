import type { Plane, PlaneArrays, PlaneType } from './api.ts';
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import { Layout, PLANE_TYPES } from './layout.ts';

type View = PlaneArrays[PlaneType];

/** By the type of their numbers. */
export const ARRAYS: {
  readonly [T in PlaneType]: {
    new (count: number): View;
    new (buffer: ArrayBuffer, at: number, count: number): View;
  };
} = {
  i32: Int32Array,
  f32: Float32Array,
  u8: Uint8Array,
  i8: Int8Array,
  i16: Int16Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f64: Float64Array,
};

/** A plane by its address; the address becomes 0 when the plane is freed, and every use then throws. */
export class EnginePlane implements Plane {
  readonly type: PlaneType;
  readonly width: number;
  readonly height: number;
  readonly instance: Instance;
  readonly #data: number;
  #address: number;

  constructor(instance: Instance, address: number) {
    const { plane: layout } = Layout;
    this.instance = instance;
    this.#address = address;
    this.type = PLANE_TYPES[instance.u32(address + layout.type)] ?? 'f32';
    this.width = instance.u32(address + layout.width);
    this.height = instance.u32(address + layout.height);
    this.#data = instance.u32(address + layout.data);
  }

  get address(): number {
    if (this.#address === 0) throw new FitsError('WasmFailed', 'the plane was freed');
    return this.#address;
  }

  view(): View {
    const buffer = (this.address, this.instance.routines.memory.buffer);
    return new ARRAYS[this.type](buffer, this.#data, this.width * this.height);
  }

  at(x: number, y: number): number {
    if (!(x >= 0 && y >= 0 && x < this.width && y < this.height)) return Number.NaN;
    return Number(this.view()[Math.trunc(y) * this.width + Math.trunc(x)]);
  }

  forget(): void {
    this.#address = 0;
  }
}

/** The planes that an engine takes are its own. */
export function ownPlane(plane: Plane, instance: Instance): EnginePlane {
  if (!(plane instanceof EnginePlane) || plane.instance !== instance) {
    throw new FitsError('WasmFailed', 'the plane belongs to another engine');
  }
  return plane;
}
