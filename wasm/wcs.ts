/** The celestial coordinates of an image's pixels. */
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import { Layout } from './layout.ts';

/** Points are pairs in one array: x, y or longitude, latitude. Degrees, longitude in [0, 360); pixels 0-based, centres at integers. */
export interface Wcs {
  /** CTYPE of the longitude and of the latitude, for example RA---TAN-SIP. */
  readonly types: readonly [string, string];
  /** ICRS, FK5, FK4, galactic, or as the header has it. */
  readonly frame: string;
  /** Years; undefined where the frame has none. */
  readonly equinox: number | undefined;
  /** 1 when the y axis's CTYPE is the longitude. */
  readonly longitudeAxis: 0 | 1;
  readonly distorted: boolean;
  /** In the frame of the header; NaN, NaN for a point that has no counterpart. */
  toSky(xy: ArrayLike<number>): Float64Array;
  toPixel(lonLat: ArrayLike<number>): Float64Array;
  /** From the frame of the header and back. Throws `UnsupportedFits` for FK4 and frames that are not known. */
  toIcrs(lonLat: ArrayLike<number>): Float64Array;
  fromIcrs(lonLat: ArrayLike<number>): Float64Array;
  /** Harmless the second time; any other call afterwards throws. */
  free(): void;
}

export class EngineWcs implements Wcs {
  readonly types: readonly [string, string];
  readonly frame: string;
  readonly equinox: number | undefined;
  readonly longitudeAxis: 0 | 1;
  readonly distorted: boolean;
  readonly #instance: Instance;
  #handle: number;

  /** `alternate` is empty for the primary description, else a letter. */
  constructor(instance: Instance, stream: number, hdu: number, alternate: string) {
    const { wcsInfo: layout } = Layout;
    const letter = alternate === '' ? 0 : alternate.length === 1 ? (alternate.codePointAt(0) ?? -1) : -1;
    this.#instance = instance;
    this.#handle = instance.routines.af_wcs_new(stream, hdu, letter, instance.error);
    if (this.#handle === 0) instance.fail();
    const info = instance.withScratch(layout.size, (address) => {
      instance.routines.af_wcs_info(this.#handle, address);
      const equinox = instance.view.getFloat64(address + layout.equinox, true);
      const types: [string, string] = [
        instance.text(address + layout.types),
        instance.text(address + layout.types + layout.typeSize),
      ];
      return {
        types,
        frame: instance.text(address + layout.frame),
        equinox: Number.isNaN(equinox) ? undefined : equinox,
        longitudeAxis: instance.u32(address + layout.longitudeAxis),
        distorted: instance.u32(address + layout.distorted) === 1,
      };
    });
    this.types = info.types;
    this.frame = info.frame;
    this.equinox = info.equinox;
    this.longitudeAxis = info.longitudeAxis === 0 ? 0 : 1;
    this.distorted = info.distorted;
  }

  toSky(xy: ArrayLike<number>): Float64Array {
    const { routines } = this.#instance;
    return this.#inPlace(xy, (wcs, points, count) => routines.af_wcs_to_sky(wcs, points, points, count));
  }

  toPixel(lonLat: ArrayLike<number>): Float64Array {
    const { routines } = this.#instance;
    return this.#inPlace(lonLat, (wcs, points, count) =>
      routines.af_wcs_to_pixel(wcs, points, points, count),
    );
  }

  toIcrs(lonLat: ArrayLike<number>): Float64Array {
    const { routines, error } = this.#instance;
    return this.#inPlace(lonLat, (wcs, points, count) => {
      this.#instance.check(routines.af_wcs_to_icrs(wcs, points, count, error));
    });
  }

  fromIcrs(lonLat: ArrayLike<number>): Float64Array {
    const { routines, error } = this.#instance;
    return this.#inPlace(lonLat, (wcs, points, count) => {
      this.#instance.check(routines.af_wcs_from_icrs(wcs, points, count, error));
    });
  }

  free(): void {
    this.#instance.routines.af_wcs_free(this.#handle);
    this.#handle = 0;
  }

  #inPlace(
    points: ArrayLike<number>,
    change: (wcs: number, points: number, count: number) => void,
  ): Float64Array {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the coordinates were freed');
    if (points.length % 2 !== 0) throw new FitsError('WasmFailed', 'points are pairs of numbers');
    const instance = this.#instance;
    const changed = Float64Array.from(points);
    return instance.withScratch(Math.max(8, changed.byteLength), (address) => {
      new Float64Array(instance.bytes.buffer, address, changed.length).set(changed);
      change(this.#handle, address, changed.length / 2);
      changed.set(new Float64Array(instance.bytes.buffer, address, changed.length));
      return changed;
    });
  }
}
