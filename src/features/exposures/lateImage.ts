/**
 * Which stage stopped when no new image appears. Pure: all times are POSIX ms on the server's clock and are passed in.
 *
 * With camera events the expected end of the readout is known, so an image is late a few seconds after it. Without them
 * (no EFD, or it is down) only the running cadence tells, and the alarm says that it cannot know the camera's part.
 */
import type { Exposure } from '../../core/dataId.ts';
import { formatAge } from '../../core/units.ts';
import { unixMsFromTai, type UnixMs } from '../../core/time.ts';
import type { RefusedFile } from '../../services/butler/butlerClient.ts';

export type StoppedStage =
  'registry' | 'decode' | 'ingest' | 'exposing' | 'readout' | 'landing' | 'camera' | 'unknown';

export interface LateImage {
  readonly stage: StoppedStage;
  /** The same while it is the same fault: what an acknowledgement refers to. */
  readonly key: string;
  readonly sentence: string;
}

/** What the alarm needs of the camera's state. */
export interface CameraView {
  readonly phase: 'idle' | 'exposing' | 'reading' | 'unknown';
  /** Expected end of this phase. */
  readonly endsAtUnixMs: UnixMs | null;
  readonly imageName: string | null;
  /** When this phase began: the time of the camera's last event. */
  readonly sinceUnixMs: UnixMs;
}

/** A readout that ended and whose file has not been seen yet. */
export interface AwaitedReadout {
  readonly imageName: string;
  readonly endedUnixMs: UnixMs;
}

export interface LateImageFacts {
  readonly now: UnixMs;
  readonly camera: CameraView;
  /** Oldest first: see `awaitReadouts`. */
  readonly awaited: readonly AwaitedReadout[];
  /** Newest first; what the registry last said. */
  readonly exposures: readonly Exposure[];
  /** Why the registry's answers stopped and since when; null while they come. */
  readonly registryProblem: { readonly sentence: string; readonly since: UnixMs } | null;
  /** What the ingester would not take, newest first. */
  readonly refused: readonly RefusedFile[];
  /** The newest exposure's image could not be made. */
  readonly imageProblem: { readonly exposure: number; readonly sentence: string } | null;
  /** Alarms about a camera that rests, or about a cadence, are due only if an image came while this page was open. */
  readonly watchedSince: UnixMs;
}

/** From the end of the readout to the file in the registry: a second or two when all is well. */
export const LANDING_ALLOWANCE_MS = 8_000;
/** A registry that is busy for one commit is no alarm. */
export const REGISTRY_ALLOWANCE_MS = 10_000;
const SHORTEST_IDLE_MS = 45_000;

/** Median time between the ends of the last exposures; null with fewer than three. Gaps between sets hardly move it. */
export function runningCadenceMs(exposures: readonly Exposure[]): number | null {
  const ends = exposures.slice(0, 9).map((e) => unixMsFromTai(e.shutterCloseTai));
  const steps = ends.slice(1).map((end, i) => (ends[i] ?? end) - end);
  if (steps.length < 2) return null;
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? null;
}

/**
 * The readouts that are waited for, after one more look at the camera. A busy camera starts the next exposure before an
 * image is late, so what ended must be remembered. Once a newer file has come, an older one holds nothing up.
 */
export function awaitReadouts(
  known: readonly AwaitedReadout[],
  before: CameraView | null,
  camera: CameraView,
  exposures: readonly Exposure[],
): readonly AwaitedReadout[] {
  const awaited = [...known];
  const add = (imageName: string) => {
    if (awaited.some((readout) => readout.imageName === imageName)) return;
    awaited.push({ imageName, endedUnixMs: camera.sinceUnixMs });
  };
  // An idle moment may lie between two looks: the start of another image tells that the one before was read out.
  if (before?.imageName && camera.imageName && before.imageName !== camera.imageName) add(before.imageName);
  if (camera.phase === 'idle' && camera.imageName) add(camera.imageName);
  const newestLanded = exposures.find((exposure) => exposure.raws.length > 0)?.obsId ?? '';
  return awaited.filter((readout) => readout.imageName > newestLanded);
}

export function findLateImage(facts: LateImageFacts): LateImage | null {
  const { now, camera, exposures, registryProblem, imageProblem } = facts;
  if (registryProblem && now - registryProblem.since > REGISTRY_ALLOWANCE_MS) {
    return {
      stage: 'registry',
      key: `registry ${registryProblem.since}`,
      sentence: `No news from the registry for ${formatAge((now - registryProblem.since) / 1000)}: ${registryProblem.sentence}`,
    };
  }
  if (imageProblem) {
    return { stage: 'decode', key: `decode ${imageProblem.exposure}`, sentence: imageProblem.sentence };
  }
  const refusal = lateByRefusal(facts);
  if (refusal) return refusal;
  return camera.phase === 'unknown'
    ? lateByCadence(facts)
    : (lateByLanding(facts) ?? lateByCamera(now, camera, exposures, facts.watchedSince));
}

/** Until a newer file has come: then an older one holds nothing up. */
function lateByRefusal({ refused, exposures }: LateImageFacts): LateImage | null {
  const [newest] = refused;
  const landed = exposures.find((exposure) => exposure.raws.length > 0)?.raws[0]?.landedUnixMs ?? 0;
  if (!newest || newest.refusedUnixMs <= landed) return null;
  return {
    stage: 'ingest',
    key: `ingest ${newest.fileName} ${newest.refusedUnixMs}`,
    sentence: `${newest.obsId ?? newest.fileName} has landed and was refused by the ingester: ${newest.reason}`,
  };
}

function lateByLanding({ now, awaited, exposures }: LateImageFacts): LateImage | null {
  const [oldest] = awaited;
  if (!oldest || now - oldest.endedUnixMs <= LANDING_ALLOWANCE_MS) return null;
  const { imageName, endedUnixMs } = oldest;
  const waited = formatAge((now - endedUnixMs) / 1000);
  const registered = exposures.some((exposure) => exposure.obsId === imageName);
  return {
    stage: 'landing',
    key: `landing ${imageName}`,
    sentence: registered
      ? `${imageName} is in the registry without its file, ${waited} after its readout ended.`
      : `${imageName} is not in the registry ${waited} after its readout ended: its file has not landed or was not ingested.`,
  };
}

function lateByCamera(
  now: UnixMs,
  camera: CameraView,
  exposures: readonly Exposure[],
  watchedSince: UnixMs,
): LateImage | null {
  const name = camera.imageName ?? 'the current exposure';
  if (camera.phase === 'exposing' || camera.phase === 'reading') {
    if (camera.endsAtUnixMs === null) return null;
    const lateMs = now - camera.endsAtUnixMs;
    if (lateMs <= LANDING_ALLOWANCE_MS) return null;
    const late = formatAge(lateMs / 1000);
    return camera.phase === 'exposing'
      ? {
          stage: 'exposing',
          key: `exposing ${name}`,
          sentence: `Readout of ${name} has not started: the exposure should have ended ${late} ago.`,
        }
      : {
          stage: 'readout',
          key: `readout ${name}`,
          sentence: `Readout of ${name} did not end: it was expected ${late} ago.`,
        };
  }
  const idleMs = now - camera.sinceUnixMs;
  const cadence = runningCadenceMs(exposures);
  const newest = exposures[0];
  if (cadence === null || !newest || unixMsFromTai(newest.shutterCloseTai) < watchedSince) return null;
  if (idleMs <= Math.max(SHORTEST_IDLE_MS, 3 * cadence)) return null;
  return {
    stage: 'camera',
    key: `camera ${newest.exposure}`,
    sentence: `The camera is idle: no exposure started for ${formatAge(idleMs / 1000)}.`,
  };
}

function lateByCadence({ now, exposures, watchedSince }: LateImageFacts): LateImage | null {
  const newest = exposures[0];
  const cadence = runningCadenceMs(exposures);
  if (!newest || cadence === null) return null;
  const ended = unixMsFromTai(newest.shutterCloseTai);
  if (ended < watchedSince) return null;
  const silentMs = now - ended;
  if (silentMs <= Math.max(SHORTEST_IDLE_MS, 3 * cadence) + LANDING_ALLOWANCE_MS) return null;
  return {
    stage: 'unknown',
    key: `cadence ${newest.exposure}`,
    sentence: `No image for ${formatAge(silentMs / 1000)}; they came every ${formatAge(cadence / 1000)}. Without camera events the page cannot tell whether the camera or the file's way stopped.`,
  };
}
