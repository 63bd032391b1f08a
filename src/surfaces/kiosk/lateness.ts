/** How late the newest image is, as a size and a tone of the number on the wall. Pure. */
import type { Exposure } from '../../core/dataId.ts';
import { runningCadenceMs } from '../../features/exposures/lateImage.ts';

export type Tone = 'good' | 'warn' | 'bad';

export interface Lateness {
  /** In units of a screen 1080 units high. */
  readonly size: number;
  readonly tone: Tone;
}

const SMALLEST = 44;
const LARGEST = 96;
/** Where too few exposures are known to tell how often they come. */
const USUAL_CADENCE_MS = 60_000;
/** Readouts and landings do not all take the same time. */
const ALLOWANCE_MS = 8_000;

/** Amber from one and a half intervals on, red from three; the number grows between the two. */
export function latenessOf(silentMs: number, exposures: readonly Exposure[]): Lateness {
  const longest = Math.max(0, ...exposures.slice(0, 3).map((e) => e.exposureTimeSeconds * 1000));
  const cadence = Math.max(runningCadenceMs(exposures) ?? USUAL_CADENCE_MS, longest);
  const amber = 1.5 * cadence + ALLOWANCE_MS;
  const red = 3 * cadence + ALLOWANCE_MS;
  const grown = Math.min(1, Math.max(0, (silentMs - amber) / (red - amber)));
  return {
    // Whole steps: a number that changes its width each second reads badly.
    size: SMALLEST + Math.round((grown * (LARGEST - SMALLEST)) / 4) * 4,
    tone: silentMs >= red ? 'bad' : silentMs >= amber ? 'warn' : 'good',
  };
}

/** Where the whole picture stands in this hour: 2 px an hour around a square, so that nothing burns in. */
export function pixelShift(unixMs: number): readonly [x: number, y: number] {
  const ring = [
    [0, 0],
    [2, 0],
    [4, 0],
    [4, 2],
    [4, 4],
    [2, 4],
    [0, 4],
    [0, 2],
  ] as const;
  return ring[Math.floor(unixMs / 3_600_000) % ring.length] ?? [0, 0];
}
