/** The exposures' shutter intervals as bands of the strip. The registry says them in TAI, the strip's axis is UTC. */
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import { unixMsFromTai, type UnixMs } from '../../core/time.ts';

export interface Band {
  readonly exposure: ExposureId;
  readonly seqNum: number;
  readonly beginUnixMs: UnixMs;
  readonly endUnixMs: UnixMs;
}

export interface Bands {
  /** Wide enough to be told apart. */
  readonly single: readonly Band[];
  /** Runs of exposures that are narrower than the eye can part. */
  readonly merged: readonly { readonly beginUnixMs: UnixMs; readonly endUnixMs: UnixMs }[];
}

const NARROWEST_PX = 2;

export function bandOf(exposure: Exposure): Band {
  return {
    exposure: exposure.exposure,
    seqNum: exposure.seqNum,
    beginUnixMs: unixMsFromTai(exposure.shutterOpenTai),
    endUnixMs: unixMsFromTai(exposure.shutterCloseTai),
  };
}

/** The selected exposure is always a band of its own. */
export function bandsIn(
  exposures: readonly Exposure[],
  begin: UnixMs,
  end: UnixMs,
  widthPx: number,
  selected: ExposureId | null,
): Bands {
  const msPerPx = (end - begin) / Math.max(1, widthPx);
  const single: Band[] = [];
  const narrow: Band[] = [];
  for (const exposure of exposures) {
    const band = bandOf(exposure);
    if (band.endUnixMs < begin || band.beginUnixMs > end) continue;
    const wide = band.endUnixMs - band.beginUnixMs >= NARROWEST_PX * msPerPx;
    (wide || band.exposure === selected ? single : narrow).push(band);
  }
  narrow.sort((a, b) => a.beginUnixMs - b.beginUnixMs);
  const merged: { beginUnixMs: UnixMs; endUnixMs: UnixMs }[] = [];
  for (const band of narrow) {
    const last = merged.at(-1);
    if (last && band.beginUnixMs - last.endUnixMs < NARROWEST_PX * msPerPx) {
      last.endUnixMs = Math.max(last.endUnixMs, band.endUnixMs);
    } else merged.push({ beginUnixMs: band.beginUnixMs, endUnixMs: band.endUnixMs });
  }
  return { single, merged };
}

/** What a number of four digits is wide, with a gap. */
const LABEL_PX = 28;
const NUMBER_STEPS = [1, 2, 5, 10, 20, 50, 100];

/**
 * Which bands carry their number: the selected one always, of the others each second, fifth … as there is room. By round
 * numbers, so that a label stays with its band while the strip moves on.
 */
export function labelledBands(
  bands: readonly Band[],
  selected: ExposureId | null,
  middleOf: (band: Band) => number,
): ReadonlySet<ExposureId> {
  const inTime = bands.toSorted((a, b) => a.beginUnixMs - b.beginUnixMs);
  const [first, last] = [inTime[0], inTime.at(-1)];
  if (!first || !last) return new Set();
  const pitch = (middleOf(last) - middleOf(first)) / Math.max(1, inTime.length - 1);
  const step = NUMBER_STEPS.find((n) => n * pitch >= LABEL_PX) ?? 100;
  const chosen = inTime.find((band) => band.exposure === selected);
  const labelled = new Set<ExposureId>(chosen ? [chosen.exposure] : []);
  let lastMiddle = -Infinity;
  for (const band of inTime) {
    const middle = middleOf(band);
    if (band.seqNum % step !== 0 || middle - lastMiddle < LABEL_PX) continue;
    if (chosen && Math.abs(middle - middleOf(chosen)) < LABEL_PX) continue;
    labelled.add(band.exposure);
    lastMiddle = middle;
  }
  return labelled;
}

/** The exposure whose shutter was open then, or the nearest one within `slackMs`. */
export function exposureAt(
  exposures: readonly Exposure[],
  at: UnixMs,
  slackMs: number,
): Exposure | undefined {
  let best: Exposure | undefined;
  let bestDistance = slackMs;
  for (const exposure of exposures) {
    const { beginUnixMs, endUnixMs } = bandOf(exposure);
    const distance = Math.max(beginUnixMs - at, at - endUnixMs, 0);
    if (distance === 0) return exposure;
    if (distance < bestDistance) {
      best = exposure;
      bestDistance = distance;
    }
  }
  return best;
}
