/** The camera table: where the pixels of a detector's raw lie and where they go. */
import type { Instance } from './layout.ts';

/** Half-open: x0 <= x < x1, y0 <= y < y1. */
export interface PixelBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Boxes of the raw HDU, and of the assembled frame (`detector`) that `data` fills after the flips. */
export interface CameraAmplifier {
  /** For example C14. */
  readonly name: string;
  /** EXTNAME of its HDU, for example Segment14. */
  readonly hduName: string;
  /** Raws may be narrower: then there are fewer columns of overscan. */
  readonly rawWidth: number;
  readonly rawHeight: number;
  readonly data: PixelBox;
  readonly serialOverscan: PixelBox;
  readonly parallelOverscan: PixelBox;
  readonly detector: PixelBox;
  readonly flipX: boolean;
  readonly flipY: boolean;
  /** Null where the table has no number. */
  readonly gainElectronPerAdu: number | null;
  readonly readNoiseElectron: number | null;
  readonly saturationAdu: number | null;
}

export interface CameraDetector {
  readonly instrument: string;
  readonly detector: number;
  /** For example R22_S11. */
  readonly name: string;
  /** ITL, E2V, ITL_WF (half a CCD) or ITL_G. */
  readonly type: string;
  readonly width: number;
  readonly height: number;
  /** In the order of the raw's HDUs. */
  readonly amplifiers: readonly CameraAmplifier[];
}

/** `instrument` is the Butler's name. Throws `UnsupportedFits` for a detector that the table does not know. */
export function readCameraDetector(instance: Instance, instrument: string, detector: number): CameraDetector {
  const name = new TextEncoder().encode(instrument);
  // The scratch memory is zeroed: the byte behind the name ends it.
  const text = instance.withScratch(name.length + 1, (address) => {
    instance.bytes.set(name, address);
    return instance.routines.af_camera_geometry(address, detector, instance.error);
  });
  if (text === 0) instance.fail();
  try {
    // The shape that camera_json.cpp writes.
    return JSON.parse(instance.text(text)) as CameraDetector;
  } finally {
    instance.routines.af_free(text);
  }
}
