/**
 * The exposure list of one repository and which of its exposures is shown. Following means that the newest exposure
 * with a raw is shown as soon as it is known; anything the user opens by hand pauses that.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import { toAppError, type AppError } from '../../core/errors.ts';
import { dayObsOf, taiFromUnixMs, unixMsFromTai, type UnixMs } from '../../core/time.ts';
import type {
  ButlerClient,
  ExposureKey,
  ExposureSnapshot,
  RefusedFile,
} from '../../services/butler/butlerClient.ts';
import { filterLabel, parseTypedNumber, typeLabel } from './exposureNumber.ts';

export interface ExposuresState {
  /** False until the first answer: an empty list says nothing before that. */
  readonly received: boolean;
  /** Newest first. */
  readonly exposures: readonly Exposure[];
  readonly asOf: UnixMs;
  readonly receivedAt: UnixMs;
  readonly stale: AppError | null;
  /** Files of the last hour that the ingester would not take, newest first. */
  readonly refused: readonly RefusedFile[];
  readonly following: boolean;
  readonly selected: ExposureId | null;
  /** The selected exposure when the list does not hold it: of another night, or expired since. */
  readonly outside: Exposure | null;
  /** Why the exposure that the address asks for is not there; null once anything is shown. */
  readonly missing: AppError | null;
  readonly filter: string;
  /** Text of the field for a typed number; null while it is closed. */
  readonly goTo: string | null;
  readonly goToBusy: boolean;
  /** Why the typed number opened nothing. */
  readonly goToProblem: string | null;
}

export interface ExposuresStore extends StoreApi<ExposuresState> {
  apply(snapshot: ExposureSnapshot): void;
  select(exposure: Exposure): void;
  /** From the list, or else asked for. Rejects with a sentence when there is no such exposure. */
  open(which: ExposureKey): Promise<void>;
  pause(): void;
  /** Back to the newest exposure, and on with the following ones. */
  follow(): void;
  /** To the next older (-1) or newer (+1) row of the filtered list. */
  step(direction: -1 | 1): void;
  setFilter(filter: string): void;
  setGoTo(text: string | null): void;
  /** Opens what was typed: "143", "20261122 143". */
  openTyped(text: string): Promise<void>;
  /** Browser time of the first answer that had this exposure with a raw; undefined when none had. */
  seenAt(exposure: ExposureId): UnixMs | undefined;
  /** Whether it came while the page was open, so that its latency means something. */
  cameLive(exposure: ExposureId): boolean;
}

export interface ExposuresStoreParts {
  readonly butler: ButlerClient;
  readonly serverNow: () => UnixMs;
  /** An exposure that the address asks for; it is shown and following starts paused. */
  readonly initial?: ExposureId | null;
}

export function hasRaw(exposure: Exposure): boolean {
  return exposure.raws.length > 0;
}

/** What every "seconds since it" counts from: the landing of its file, or the shutter's closing where that is not known. */
export function arrivedUnixMs({ raws, shutterCloseTai }: Exposure): UnixMs {
  return raws[0]?.landedUnixMs ?? unixMsFromTai(shutterCloseTai);
}

export function selectedExposure(state: ExposuresState): Exposure | null {
  if (state.selected === null) return null;
  if (state.outside?.exposure === state.selected) return state.outside;
  return state.exposures.find((e) => e.exposure === state.selected) ?? null;
}

export function newestExposure(state: ExposuresState): Exposure | null {
  return state.exposures.find(hasRaw) ?? null;
}

function isNewer(a: Exposure, b: Exposure): boolean {
  return a.dayObs > b.dayObs || (a.dayObs === b.dayObs && a.seqNum > b.seqNum);
}

/** How many exposures with a raw are newer than the one shown. */
export function newerCount(state: ExposuresState): number {
  const shown = selectedExposure(state);
  return shown ? state.exposures.filter((e) => hasRaw(e) && isNewer(e, shown)).length : 0;
}

/** Rows in which every word of the filter occurs somewhere. */
export function visibleExposures(exposures: readonly Exposure[], filter: string): readonly Exposure[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return exposures;
  return exposures.filter((e) => {
    const row = [
      e.dayObs,
      e.seqNum,
      typeLabel(e.observationType),
      e.targetName,
      filterLabel(e.physicalFilter),
      e.observationReason,
      e.scienceProgram,
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => row.includes(word));
  });
}

export function createExposuresStore({
  butler,
  serverNow,
  initial = null,
}: ExposuresStoreParts): ExposuresStore {
  const store = createStore<ExposuresState>(() => ({
    received: false,
    exposures: [],
    asOf: 0,
    receivedAt: 0,
    stale: null,
    refused: [],
    following: initial === null,
    selected: initial,
    outside: null,
    missing: null,
    filter: '',
    goTo: null,
    goToBusy: false,
    goToProblem: null,
  }));
  const seen = new Map<ExposureId, { at: UnixMs; live: boolean }>();
  let search: AbortController | null = null;
  let findingInitial = false;

  function noteSeen(snapshot: ExposureSnapshot): void {
    const live = store.getState().received;
    for (const e of snapshot.exposures) {
      if (hasRaw(e) && !seen.has(e.exposure)) seen.set(e.exposure, { at: snapshot.receivedAt, live });
    }
    if (seen.size <= 2 * snapshot.exposures.length + 100) return;
    const listed = new Set(snapshot.exposures.map((e) => e.exposure));
    for (const id of seen.keys()) if (!listed.has(id)) seen.delete(id);
  }

  function apply(snapshot: ExposureSnapshot): void {
    const before = store.getState();
    // Before the first good answer a failure has no list to show.
    const received = before.received || snapshot.receivedAt > 0;
    if (snapshot.receivedAt > 0) noteSeen(snapshot);
    const { exposures, asOf, receivedAt, stale, refused } = snapshot;
    const next = { ...before, received, exposures, asOf, receivedAt, stale, refused };
    const shown = selectedExposure(before);
    const stillListed = shown !== null && exposures.some((e) => e.exposure === shown.exposure);
    if (before.following) {
      const newest = newestExposure(next);
      store.setState({
        ...next,
        selected: newest?.exposure ?? before.selected,
        outside: newest ? null : shown,
      });
    } else {
      store.setState({ ...next, outside: stillListed ? null : shown });
      if (received) void findInitial();
    }
  }

  /** The list shows what it has of the address's exposure by itself; an older one is asked for, until it is known. */
  async function findInitial(): Promise<void> {
    const { selected, missing } = store.getState();
    if (initial === null || selected !== initial || findingInitial || missing?.tag === 'NotFound') return;
    if (selectedExposure(store.getState())) return;
    findingInitial = true;
    let found: Exposure | null = null;
    let missed: AppError | null = null;
    try {
      found = await butler.findExposure({ exposure: initial });
    } catch (thrown) {
      missed = toAppError(thrown);
    }
    findingInitial = false;
    if (store.getState().selected === initial) store.setState({ outside: found, missing: missed });
  }

  function select(exposure: Exposure): void {
    const listed = store.getState().exposures.some((e) => e.exposure === exposure.exposure);
    store.setState({
      following: false,
      selected: exposure.exposure,
      outside: listed ? null : exposure,
      missing: null,
    });
  }

  function listedAs(which: ExposureKey): Exposure | undefined {
    return store
      .getState()
      .exposures.find((e) =>
        'exposure' in which
          ? e.exposure === which.exposure
          : e.dayObs === which.dayObs && e.seqNum === which.seqNum,
      );
  }

  async function openTyped(text: string): Promise<void> {
    search?.abort();
    const typed = parseTypedNumber(text);
    if (!typed) {
      store.setState({
        goToProblem: 'Type a number of tonight (143), or a night and a number (20261122 143).',
      });
      return;
    }
    const { exposures } = store.getState();
    const tonight = exposures[0]?.dayObs ?? dayObsOf(taiFromUnixMs(serverNow()));
    const which = { dayObs: typed.kind === 'night' ? typed.dayObs : tonight, seqNum: typed.seqNum };
    const listed = listedAs(which);
    const opened = (exposure: Exposure) => {
      select(exposure);
      store.setState({ goTo: null, goToBusy: false, goToProblem: null });
    };
    if (listed) {
      opened(listed);
      return;
    }
    const { signal } = (search = new AbortController());
    store.setState({ goToBusy: true, goToProblem: null });
    try {
      const found = await butler.findExposure(which, signal);
      if (!signal.aborted) opened(found);
    } catch (thrown) {
      if (!signal.aborted) store.setState({ goToBusy: false, goToProblem: toAppError(thrown).message });
    }
  }

  return {
    ...store,
    apply,
    select,
    async open(which) {
      select(listedAs(which) ?? (await butler.findExposure(which)));
    },
    openTyped,
    pause: () => store.setState({ following: false }),
    follow() {
      const newest = newestExposure(store.getState());
      store.setState((s) => ({
        following: true,
        selected: newest?.exposure ?? s.selected,
        outside: newest ? null : s.outside,
        missing: newest ? null : s.missing,
      }));
    },
    step(direction) {
      const state = store.getState();
      const shown = selectedExposure(state);
      const rows = visibleExposures(state.exposures, state.filter);
      if (!shown) {
        if (rows[0]) select(rows[0]);
        return;
      }
      // Rows are newest first: the first one below the shown exposure is the next older.
      const next =
        direction === -1 ? rows.find((e) => isNewer(shown, e)) : rows.findLast((e) => isNewer(e, shown));
      if (next) select(next);
      else store.setState({ following: false });
    },
    setFilter: (filter) => store.setState({ filter }),
    setGoTo(text) {
      search?.abort();
      store.setState({ goTo: text, goToBusy: false, goToProblem: null });
    },
    seenAt: (exposure) => seen.get(exposure)?.at,
    cameLive: (exposure) => seen.get(exposure)?.live ?? false,
  };
}
