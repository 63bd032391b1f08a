/** Master calibs, decoded and kept in the engine's memory, the least recently used given up first. */
import type { Engine, FitsStream, Hdu, Plane } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import type { CalibRef } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { runInBands } from '../shared/yielding.ts';
import { Download } from './download.ts';

/** One LATISS plane is 65 MB: bias, dark and the flats of two filters. */
const DEFAULT_LIMIT_BYTES = 4 * 4072 * 4000 * 4;

export interface HeldCalib {
  readonly plane: Plane;
  /** It may be given up once nobody holds it. */
  release(): void;
}

interface Entry {
  readonly plane: Promise<Plane>;
  holders: number;
  bytes: number;
  /** Set when it has been decoded. */
  ready: Plane | undefined;
}

export class CalibCache {
  readonly #engine: Engine;
  readonly #fetch: FetchLike;
  readonly #limitBytes: number;
  /** In order of use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  /** Downloads overlap; decoding is one at a time, so that only one file's bytes are in the engine's memory. */
  #decoding: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, fetchLike: FetchLike, limitBytes = DEFAULT_LIMIT_BYTES) {
    this.#engine = engine;
    this.#fetch = fetchLike;
    this.#limitBytes = limitBytes;
  }

  /** Not cancellable: the exposure that superseded this one will want the same calib. A failure is not remembered. */
  async acquire(ref: CalibRef, url: string, geometry: DetectorGeometry): Promise<HeldCalib> {
    const key = ref.datasetId;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { plane: this.#load(ref, url, geometry), holders: 0, bytes: 0, ready: undefined };
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.holders += 1;
    try {
      const plane = await entry.plane;
      entry.ready = plane;
      entry.bytes = plane.width * plane.height * 4;
      this.#shrink();
      let held = true;
      return {
        plane,
        release: () => {
          if (held) entry.holders -= 1;
          held = false;
          this.#shrink();
        },
      };
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  }

  #shrink(): void {
    let bytes = this.bytes;
    for (const [key, entry] of this.#entries) {
      if (bytes <= this.#limitBytes) return;
      if (entry.holders > 0 || !entry.ready) continue;
      this.#entries.delete(key);
      this.#engine.free(entry.ready);
      bytes -= entry.bytes;
    }
  }

  #load(ref: CalibRef, url: string, geometry: DetectorGeometry): Promise<Plane> {
    const download = new Download(url, `The ${ref.datasetType} of ${ref.collection}`, this.#fetch);
    const decoded = this.#decoding.then(() => decodeCalib(this.#engine, download, ref, geometry));
    this.#decoding = decoded.catch(() => undefined);
    return decoded.finally(() => download.cancel());
  }
}

/** The first image of the file (IMAGE); its MASK and VARIANCE are not waited for. */
async function decodeCalib(
  engine: Engine,
  download: Download,
  ref: CalibRef,
  geometry: DetectorGeometry,
): Promise<Plane> {
  await download.opened();
  const { totalBytes } = download;
  const stream = engine.openStream(totalBytes === null ? {} : { expectedBytes: totalBytes });
  try {
    const hdu = await firstImage(stream, download, ref);
    if (hdu.width !== geometry.width || hdu.height !== geometry.height) {
      throw new AppError(
        'UnsupportedFits',
        `The ${ref.datasetType} is ${hdu.width} x ${hdu.height}, the detector ${geometry.width} x ${geometry.height}.`,
        { hduIndex: hdu.index },
      );
    }
    const decoding = stream.decode(hdu);
    await runInBands(decoding);
    const { plane } = decoding;
    decoding.free();
    if (plane.type === 'f32') return plane;
    engine.free(plane);
    throw new AppError('UnsupportedFits', `The ${ref.datasetType} is not in floating point.`, {
      hduIndex: hdu.index,
    });
  } finally {
    stream.free();
  }
}

async function firstImage(stream: FitsStream, download: Download, ref: CalibRef): Promise<Hdu> {
  for (;;) {
    const chunk = await download.read();
    if (chunk) stream.push(chunk);
    else stream.end();
    const found = stream.hdus.find((hdu) => hdu.width > 0 && hdu.kind !== 'bintable' && hdu.complete);
    if (found) return found;
    if (!chunk) throw new AppError('MalformedFits', `The ${ref.datasetType} file has no image.`);
  }
}
