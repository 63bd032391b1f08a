/** Master calibs, decoded and kept in the engine's memory, the least recently used given up first. */
import type { Calib, Engine } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import type { CalibRef } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { runInBands } from '../shared/yielding.ts';
import { Download } from './download.ts';

/** One LATISS plane is 65 MB: bias, dark and the flats of four pairs of filter and grating, with room for their tables. */
const DEFAULT_LIMIT_BYTES = 6.5 * 4072 * 4000 * 4;

export interface HeldCalib {
  readonly calib: Calib;
  /** It may be given up once nobody holds it. */
  release(): void;
}

interface Entry {
  readonly calib: Promise<Calib>;
  holders: number;
  /** Set when it has been decoded. */
  ready: Calib | undefined;
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
      entry = { calib: this.#load(ref, url, geometry), holders: 0, ready: undefined };
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.holders += 1;
    try {
      const calib = await entry.calib;
      entry.ready = calib;
      this.#shrink();
      let held = true;
      return {
        calib,
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
    return [...this.#entries.values()].reduce((sum, { ready }) => sum + (ready?.bytes ?? 0), 0);
  }

  #shrink(): void {
    let bytes = this.bytes;
    for (const [key, entry] of this.#entries) {
      if (bytes <= this.#limitBytes) return;
      if (entry.holders > 0 || !entry.ready) continue;
      this.#entries.delete(key);
      bytes -= entry.ready.bytes;
      entry.ready.free();
    }
  }

  #load(ref: CalibRef, url: string, geometry: DetectorGeometry): Promise<Calib> {
    const download = new Download(url, `The ${ref.datasetType} of ${ref.collection}`, this.#fetch);
    const decoded = this.#decoding.then(() => decodeCalib(this.#engine, download, ref, geometry));
    this.#decoding = decoded.catch(() => undefined);
    return decoded.finally(() => download.cancel());
  }
}

async function decodeCalib(
  engine: Engine,
  download: Download,
  ref: CalibRef,
  geometry: DetectorGeometry,
): Promise<Calib> {
  await download.opened();
  const { totalBytes } = download;
  const stream = engine.openStream(totalBytes === null ? {} : { expectedBytes: totalBytes });
  try {
    for (;;) {
      const chunk = await download.read();
      if (!chunk) break;
      stream.push(chunk);
    }
    stream.end();
    const reading = engine.readCalib(stream, ref.datasetType, ref.collection);
    await runInBands(reading);
    const { calib } = reading;
    const { width, height } = calib.plane ?? { width: 0, height: 0 };
    if (width === geometry.width && height === geometry.height) return calib;
    calib.free();
    throw new AppError(
      'UnsupportedFits',
      `The ${ref.datasetType} is ${width} x ${height}, the detector ${geometry.width} x ${geometry.height}.`,
    );
  } finally {
    stream.free();
  }
}
