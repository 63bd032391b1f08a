/** Watches for a late image twice a second, keeps the acknowledgement and sounds the alarm when that is wanted. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { browserNow, type Clock } from '../../services/clock.ts';
import type { CameraState } from '../../services/efd/cameraState.ts';
import type { UnixMs } from '../../core/time.ts';
import type { ExposuresStore } from './exposuresStore.ts';
import {
  awaitReadouts,
  findLateImage,
  type AwaitedReadout,
  type CameraView,
  type LateImage,
  type LateImageFacts,
} from './lateImage.ts';

export type CameraPhase = Pick<CameraState, 'phase' | 'endsAtUnixMs' | 'imageName' | 'lastEventUnixMs'>;

export interface LateImageState {
  readonly late: LateImage | null;
  /** The user has seen this alarm; it is quiet until its cause changes. */
  readonly acknowledged: boolean;
  readonly sound: boolean;
}

export interface LateImageStore extends StoreApi<LateImageState> {
  acknowledge(): void;
  setSound(on: boolean): void;
  /** Watches until the signal aborts. */
  start(signal: AbortSignal): void;
}

export interface LateImageParts {
  readonly exposures: ExposuresStore;
  readonly clock: Clock;
  readonly camera: () => CameraPhase;
  /** Why the newest exposure's image is not on the screen although it was tried. */
  readonly imageProblem: () => LateImageFacts['imageProblem'];
  readonly beep?: () => void;
}

const LOOK_EVERY_MS = 500;
const BEEP_EVERY_MS = 2_000;

export function createLateImageStore(parts: LateImageParts): LateImageStore {
  const { exposures, clock, camera, imageProblem, beep = createBeep() } = parts;
  const store = createStore<LateImageState>(() => ({ late: null, acknowledged: false, sound: false }));
  let view: CameraView | null = null;
  let awaited: readonly AwaitedReadout[] = [];
  let registrySilentSince: UnixMs | null = null;
  let lastBeep = 0;
  const watchedSince = clock.serverNow();

  function look(): void {
    const now = clock.serverNow();
    const { phase, endsAtUnixMs, imageName, lastEventUnixMs } = camera();
    const before = view;
    view = { phase, endsAtUnixMs, imageName, sinceUnixMs: lastEventUnixMs ?? before?.sinceUnixMs ?? now };
    const { stale, refused, exposures: rows } = exposures.getState();
    awaited = awaitReadouts(awaited, before, view, rows);
    // Signed out is said elsewhere, with its way out; it is no stopped stage.
    const silent = stale !== null && stale.tag !== 'AccessDenied';
    registrySilentSince = silent ? (registrySilentSince ?? now) : null;
    const late = findLateImage({
      now,
      camera: view,
      awaited,
      exposures: rows,
      registryProblem:
        silent && registrySilentSince !== null
          ? { sentence: stale.message, since: registrySilentSince }
          : null,
      refused,
      imageProblem: imageProblem(),
      watchedSince,
    });
    const known = store.getState();
    const same = late?.key === known.late?.key;
    if (!same) store.setState({ late, acknowledged: false });
    else if (late?.sentence !== known.late?.sentence) store.setState({ late });
    if (late && known.sound && !store.getState().acknowledged && browserNow() - lastBeep > BEEP_EVERY_MS) {
      lastBeep = browserNow();
      beep();
    }
  }

  return {
    ...store,
    acknowledge() {
      if (store.getState().late) store.setState({ acknowledged: true });
    },
    setSound(sound) {
      store.setState({ sound });
      // Heard at once, so that the user knows the volume; browsers also want the first sound to follow a click.
      if (sound) beep();
    },
    start(signal) {
      const timer = setInterval(look, LOOK_EVERY_MS);
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

/** Two short tones; the audio context is made at the first one, after the click that browsers ask for. */
function createBeep(): () => void {
  let context: AudioContext | undefined;
  return () => {
    context ??= new AudioContext();
    const { currentTime, destination } = context;
    for (const [delay, hertz] of [
      [0, 880],
      [0.18, 660],
    ] as const) {
      const gain = context.createGain();
      gain.gain.setValueAtTime(0.2, currentTime + delay);
      gain.gain.exponentialRampToValueAtTime(0.001, currentTime + delay + 0.16);
      gain.connect(destination);
      const tone = context.createOscillator();
      tone.frequency.value = hertz;
      tone.connect(gain);
      tone.start(currentTime + delay);
      tone.stop(currentTime + delay + 0.17);
    }
  };
}
