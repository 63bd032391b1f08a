import type { Plane } from './api.ts';
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import { Layout, PLANE_TYPES } from './layout.ts';

/** A plane by its address; the address becomes 0 when the plane is freed, and every use then throws. */
export class EnginePlane implements Plane {
  readonly type: 'i32' | 'f32';
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

  view(): Int32Array | Float32Array {
    const buffer = (this.address, this.instance.routines.memory.buffer);
    const pixels = this.width * this.height;
    return this.type === 'i32'
      ? new Int32Array(buffer, this.#data, pixels)
      : new Float32Array(buffer, this.#data, pixels);
  }

  at(x: number, y: number): number {
    if (!(x >= 0 && y >= 0 && x < this.width && y < this.height)) return Number.NaN;
    const address = (this.address, this.#data + 4 * (Math.trunc(y) * this.width + Math.trunc(x)));
    const { view } = this.instance;
    return this.type === 'i32' ? view.getInt32(address, true) : view.getFloat32(address, true);
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
