/** What kiosk and panel have in common: one repository, one image, no interface of its own. */
import { AppError } from '../../core/errors.ts';
import { makeLedger, type Ledger } from '../../core/ledger.ts';
import {
  createExposuresStore,
  newestExposure,
  selectedExposure,
  type ExposuresStore,
} from '../../features/exposures/exposuresStore.ts';
import type { ImageStore } from '../../features/image/imageState.ts';
import { createImageStore } from '../../features/image/imageStore.ts';
import { createServiceButler } from '../../services/butler/serviceButler.ts';
import { browserNow, type Clock } from '../../services/clock.ts';
import type { ServiceHttp } from '../../services/serviceHttp.ts';
import { chosenRepository, sourceName, type SiteInfo } from '../../services/siteInfo.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import { createPublicApi, exposureKey, type PublicApi, type SurfaceName } from '../publicApi.ts';
import { repositoryProblems, type Address } from '../address.ts';
import { applyViewState } from '../viewState.ts';

export interface LiveImage {
  readonly site: SiteInfo;
  readonly clock: Clock;
  readonly exposures: ExposuresStore;
  readonly image: ImageStore;
  readonly source: string;
  readonly api: PublicApi;
  /** As the address has them. */
  readonly regions: string;
  /** What was left out of the address, as sentences. */
  readonly problems: readonly string[];
}

export interface LiveImageParts {
  readonly surface: Exclude<SurfaceName, 'workspace'>;
  readonly http: ServiceHttp;
  readonly clock: Clock;
  readonly site: SiteInfo;
  readonly worker: ImageWorker;
  /** Whether the worker can draw. */
  readonly warmedUp: Promise<void>;
  readonly address: Address;
}

/** Watches until the signal aborts; the last image stays after that. */
export function startLiveImage(parts: LiveImageParts, signal: AbortSignal): LiveImage {
  const { surface, http, clock, site, worker, warmedUp, address } = parts;
  const repository = chosenRepository(site, address.repository);
  const source = sourceName(site, repository);
  const butler = createServiceButler({ http, repository: repository.name, source, network: window });
  const exposures = createExposuresStore({ butler, serverNow: clock.serverNow, initial: address.exposure });
  const image = createImageStore({ butler, worker });
  image.prepare(warmedUp);
  applyViewState(image, address.view);

  const ledger = (): Ledger | null => {
    const { shown, stamps } = image.getState();
    return shown ? makeLedger(stamps, clock.offset()) : null;
  };
  const publicApi = createPublicApi({
    surface,
    getState() {
      const list = exposures.getState();
      const { status, shown } = image.getState();
      return {
        following: list.following,
        shown: shown?.exposure ?? null,
        newest: newestExposure(list)?.exposure ?? null,
        imageState: status,
        theme: address.theme,
        source,
        stale: list.stale?.toWire() ?? null,
      };
    },
    async open(dataId) {
      if (surface === 'kiosk')
        throw new AppError('AccessDenied', 'The kiosk takes no commands: name the exposure in its address.');
      await exposures.open(exposureKey(dataId));
    },
    image,
    ledger,
  });

  exposures.subscribe((state, before) => {
    const wanted = selectedExposure(state);
    if (wanted && wanted.exposure !== selectedExposure(before)?.exposure) {
      const seen = exposures.seenAt(wanted.exposure) ?? browserNow();
      if (state.following && before.following) image.follow(wanted, seen);
      else image.show(wanted, seen);
    }
    const newest = newestExposure(state);
    if (newest && newest.exposure !== newestExposure(before)?.exposure) {
      const { exposure, dayObs, seqNum } = newest;
      publicApi.emit('exposure', { exposure, dayObs, seqNum });
    }
  });
  image.subscribe((state, before) => {
    const { error, shown, stamps, wanted } = state;
    if (shown && stamps.painted !== undefined && stamps !== before.stamps) {
      publicApi.emit('painted', { exposure: shown.exposure, ledger: ledger() });
    }
    if (error && error !== before.error) {
      publicApi.emit('error', { ...error.toWire(), exposure: wanted?.exposure ?? null });
    }
  });
  butler.watch((snapshot) => exposures.apply(snapshot), signal);
  const problems = [...address.problems, ...repositoryProblems(address, site, repository)];
  return { site, clock, exposures, image, source, api: publicApi.api, regions: address.regions, problems };
}
