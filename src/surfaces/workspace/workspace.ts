/**
 * The workspace without its interface: services and stores made and wired. Exposures decide what the image store shows;
 * the address, the public API and the alarm follow from both.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { exposureLabel, type Exposure } from '../../core/dataId.ts';
import { makeLedger, type Ledger } from '../../core/ledger.ts';
import {
  createExposuresStore,
  newestExposure,
  selectedExposure,
  type ExposuresStore,
} from '../../features/exposures/exposuresStore.ts';
import {
  createExposureTableStore,
  type ExposureTableStore,
} from '../../features/exposures/table/exposureTableStore.ts';
import { createLateImageStore, type LateImageStore } from '../../features/exposures/lateImageStore.ts';
import { createActionLog, type ActionLog } from '../../features/image/actionLogStore.ts';
import {
  createCatalogueStore,
  type CatalogueStore,
  type KernelTables,
} from '../../features/image/catalogue/catalogueStore.ts';
import {
  createCompareStore,
  previousAlike,
  type CompareStore,
} from '../../features/image/compare/compareStore.ts';
import type { PaneTools } from '../../features/image/PanePointer.tsx';
import { keepPlace } from '../../features/image/overscan.ts';
import { paneTools } from '../../features/image/paneTools.ts';
import { type PixelChoice, previewOpening } from '../../features/image/previewOpening.ts';
import { createRegionStore, type RegionStore } from '../../features/image/regions/regionStore.ts';
import type { ImageStore } from '../../features/image/imageState.ts';
import { createImageStore } from '../../features/image/imageStore.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { createExposureTableClient, createTableWorker } from '../../services/butler/exposureTable.ts';
import { fetchNightAmplifiers, type NightAmplifiers } from '../../services/butler/nightAmplifiers.ts';
import { browserNow, type Clock } from '../../services/clock.ts';
import { createCameraState, type CameraWatch } from '../../services/efd/cameraState.ts';
import type { EfdClient } from '../../services/efd/efdClient.ts';
import type { ServiceHttp } from '../../services/serviceHttp.ts';
import type { Session } from '../../services/session.ts';
import type { Repository, SiteInfo } from '../../services/siteInfo.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import { repositoryProblems, type Address } from '../address.ts';
import { keep, kept, type Theme } from '../keptState.ts';
import { newestImageProblem } from '../newestImageProblem.ts';
import { createPublicApi, exposureKey, type PublicApiHandle } from '../publicApi.ts';
import { applyViewState, viewStateOf } from '../viewState.ts';
import { writeViewState } from '../writeViewState.ts';
import { askedComparison } from './askedComparison.ts';
import { clipboardOf, type Clipboard } from './clipboard.ts';
import { nightLedgers } from './nightLedgers.ts';
import { comparedNow, writePageState, type PageState } from './pageAddress.ts';
import { createWorkspaceState, type WorkspaceState } from './workspaceState.ts';

export interface Workspace extends Clipboard {
  readonly http: ServiceHttp;
  readonly clock: Clock;
  readonly site: SiteInfo;
  /** The one that is shown. */
  readonly repository: Repository;
  readonly session: Session;
  readonly butler: ButlerClient;
  readonly efd: EfdClient;
  readonly camera: CameraWatch;
  readonly exposures: ExposuresStore;
  readonly image: ImageStore;
  readonly compare: CompareStore;
  readonly regions: RegionStore;
  readonly catalogues: CatalogueStore;
  /** The pointer on the image. */
  readonly tools: PaneTools;
  readonly kernel: StoreApi<KernelTables>;
  readonly actionLog: ActionLog;
  readonly late: LateImageStore;
  readonly table: ExposureTableStore;
  readonly ui: StoreApi<WorkspaceState>;
  readonly publicApi: PublicApiHandle;
  readonly worker: ImageWorker;
  setTheme(theme: Theme): void;
  setPixels(pixels: PixelChoice): void;
  readonly fetchNightAmplifiers: (dayObs: number) => Promise<NightAmplifiers>;
  notify(notice: string): void;
}

export interface WorkspaceParts {
  readonly http: ServiceHttp;
  readonly clock: Clock;
  readonly site: SiteInfo;
  readonly repository: Repository;
  readonly session: Session;
  readonly butler: ButlerClient;
  readonly efd: EfdClient;
  readonly worker: ImageWorker;
  /** Whether the worker can draw. */
  readonly warmedUp: Promise<void>;
  /** What the address asks for. */
  readonly address: Address;
  readonly initialPage: { readonly state: PageState; readonly problems: readonly string[] };
}

/** When there is nothing to show, the other panes do not wait for it. */
const EMPTY_WAIT_MS = 3_000;
const NOTICE_MS = 4_000;
/** The page is still loading when it appears. */
const ADDRESS_NOTICE_MS = 20_000;
const ADDRESS_EVERY_MS = 500;

export function startWorkspace(parts: WorkspaceParts, signal: AbortSignal): Workspace {
  const { http, clock, site, repository, session, butler, efd, worker } = parts;
  const { address, initialPage } = parts;
  const ui = createWorkspaceState(initialPage.state.range);
  const exposures = createExposuresStore({ butler, serverNow: clock.serverNow, initial: address.exposure });
  const opening = previewOpening(butler, worker, () => ui.getState().pixels);
  const image = createImageStore({ butler, worker, opening });
  const compare = createCompareStore({
    main: image,
    butler,
    worker,
    previousAlike: (exposure) => previousAlike(exposures.getState().exposures, exposure),
  });
  const table = createExposureTableStore({
    client: createExposureTableClient(createTableWorker(http.prefix, repository.name), butler.source),
    clock,
    keptColumns: kept('columns'),
    onColumns: (columns) => keep('columns', columns),
  });
  const regions = createRegionStore(image);
  keepPlace(image);
  const catalogues = createCatalogueStore(image, worker);
  // Who has chosen a shape wants to draw it, also where a marker is.
  const tools = paneTools(() =>
    image.getState().shownAs?.untrimmed
      ? []
      : regions.getState().tool
        ? [regions.tools]
        : [catalogues.tools, regions.tools],
  );
  const kernel = createStore<KernelTables>(() => ({ ask: null }));
  const actionLog = createActionLog(image, regions, compare);
  const ledgers = nightLedgers(ui, repository.name);
  const camera = createCameraState(efd);
  const late = createLateImageStore({
    exposures,
    clock,
    camera: camera.store.getState,
    imageProblem: () => newestImageProblem(exposures.getState(), image.getState()),
  });
  let noticeTimer: ReturnType<typeof setTimeout> | undefined;
  let addressTimer: ReturnType<typeof setTimeout> | undefined;

  const ledger = (): Ledger | null => {
    const { shown, stamps } = image.getState();
    return shown ? makeLedger(stamps, clock.offset()) : null;
  };

  const publicApi = createPublicApi({
    surface: 'workspace',
    getState() {
      const list = exposures.getState();
      const { status, shown, shownAs } = image.getState();
      return {
        following: list.following,
        selected: list.selected,
        shown: shown?.exposure ?? null,
        preview: shownAs?.preview ?? null,
        newest: newestExposure(list)?.exposure ?? null,
        imageState: status,
        theme: ui.getState().theme,
        source: butler.source,
        stale: list.stale?.toWire() ?? null,
        exposureCount: list.exposures.length,
        camera: camera.store.getState().phase,
        alarm: late.getState().late?.stage ?? null,
        page: pageState(),
      };
    },
    open: (dataId) => exposures.open(exposureKey(dataId)),
    image,
    ledger,
  });

  function wire(): void {
    exposures.subscribe((state, before) => {
      const shown = selectedExposure(state);
      if (shown && shown.exposure !== selectedExposure(before)?.exposure) showImage(shown, before.following);
      if (state.following !== before.following || state.selected !== before.selected) writeAddress();
      const newest = newestExposure(state);
      if (newest && newest.exposure !== newestExposure(before)?.exposure) {
        ledgers.begin(newest.dayObs);
        const { exposure, dayObs, seqNum } = newest;
        publicApi.emit('exposure', { exposure, dayObs, seqNum });
      }
    });
    image.subscribe((state, before) => {
      const { stamps, shown, error, wanted } = state;
      if (shown && stamps.painted !== undefined && stamps !== before.stamps) {
        const whole = ledger();
        publicApi.emit('painted', { exposure: shown.exposure, ledger: whole });
        if (whole && exposures.cameLive(shown.exposure)) ledgers.note(shown, whole);
      }
      if (error && error !== before.error) {
        publicApi.emit('error', { ...error.toWire(), exposure: wanted?.exposure ?? null });
        allowPanes();
      }
      if (stamps.painted !== undefined) allowPanes();
      const { isr, display, view, overlays, maskLooks } = state;
      if (
        isr !== before.isr ||
        display !== before.display ||
        view !== before.view ||
        overlays !== before.overlays ||
        maskLooks !== before.maskLooks
      ) {
        writeAddressSoon();
      }
    });
    compare.subscribe((state, before) => {
      const addressed = ['mode', 'others', 'lock', 'matched', 'blinkSeconds'] as const;
      if (addressed.some((name) => state[name] !== before[name])) writeAddressSoon();
    });
    regions.subscribe((state, before) => {
      if (state.regions !== before.regions) writeAddressSoon();
    });
    ui.subscribe((state, before) => {
      if (state.range !== before.range) writeAddressSoon();
    });
    butler.watch((snapshot) => exposures.apply(snapshot), signal);
    setTimeout(() => {
      if (exposures.getState().exposures.length === 0) allowPanes();
    }, EMPTY_WAIT_MS);
    late.start(signal);
  }

  /** While following, what has begun is finished first; what the user asks for, also the way back, comes at once. */
  function showImage(exposure: Exposure, wasFollowing: boolean): void {
    const seen = exposures.seenAt(exposure.exposure) ?? browserNow();
    if (wasFollowing && exposures.getState().following) image.follow(exposure, seen);
    else image.show(exposure, seen);
    document.title = `${exposureLabel(exposure)} · ${site.instrument} · Summit Notebook`;
  }

  /** What is on the screen can be shared by its address; a live page names no exposure. */
  function writeAddress(): void {
    const { following, selected } = exposures.getState();
    const url = new URL(location.href);
    if (following || selected === null) url.searchParams.delete('exposure');
    else url.searchParams.set('exposure', String(selected));
    writeViewState(url.searchParams, viewStateOf(image));
    writePageState(url.searchParams, pageState());
    if (url.href !== location.href) history.replaceState(history.state, '', url);
  }

  function pageState(): PageState {
    return {
      regions: regions.getState().regions,
      compare: comparedNow(compare.getState()) ?? comparisonAsked(),
      lock: compare.getState().lock,
      matched: compare.getState().matched,
      blinkSeconds: compare.getState().blinkSeconds,
      range: ui.getState().range,
    };
  }

  /** What the address wants on the image, and how it compares; with what is found once the list is there. */
  function applyPageState(page: PageState): void {
    const { regions: drawn, lock, matched, blinkSeconds } = page;
    if (drawn.length > 0) regions.set(drawn);
    compare.setBlinkSeconds(blinkSeconds);
    compare.setLock(lock);
    compare.setMatched(matched);
  }

  /** A drag changes the view with every frame, and browsers limit how often an address may change. */
  function writeAddressSoon(): void {
    addressTimer ??= setTimeout(() => {
      addressTimer = undefined;
      writeAddress();
    }, ADDRESS_EVERY_MS);
  }

  function allowPanes(): void {
    if (ui.getState().panesAllowed) return;
    ui.setState({ panesAllowed: true });
    camera.start(signal);
  }

  function notify(notice: string, forMs = NOTICE_MS): void {
    clearTimeout(noticeTimer);
    ui.setState({ notice });
    noticeTimer = setTimeout(() => ui.setState({ notice: null }), forMs);
  }

  const comparisonAsked = askedComparison({
    asked: initialPage.state.compare,
    exposures,
    compare,
    butler,
    tell(missing) {
      const { notice } = ui.getState();
      notify([...(notice ? [notice] : []), ...missing].join(' '), ADDRESS_NOTICE_MS);
    },
    onChange: writeAddressSoon,
  });
  image.prepare(parts.warmedUp);
  applyViewState(image, address.view);
  applyPageState(initialPage.state);
  wire();
  const problems = [
    ...address.problems,
    ...repositoryProblems(address, site, repository),
    ...initialPage.problems,
  ];
  if (problems.length > 0) notify(problems.join(' '), ADDRESS_NOTICE_MS);
  return {
    http,
    clock,
    site,
    repository,
    session,
    butler,
    efd,
    camera,
    exposures,
    image,
    compare,
    regions,
    catalogues,
    tools,
    kernel,
    actionLog,
    late,
    table,
    ui,
    worker,
    publicApi,
    notify,
    fetchNightAmplifiers: (dayObs) => fetchNightAmplifiers(http, repository.name, dayObs),
    setPixels(pixels) {
      ui.setState({ pixels });
      keep('pixels', pixels);
    },
    setTheme(theme) {
      ui.setState({ theme });
      document.documentElement.dataset['theme'] = theme;
      keep('theme', theme);
    },
    ...clipboardOf(exposures, actionLog, notify),
  };
}
