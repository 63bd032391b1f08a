/** The workspace's composition root. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { toAppError } from '../../core/errors.ts';
import { createServiceButler, retryDelayMs } from '../../services/butler/serviceButler.ts';
import { createClock } from '../../services/clock.ts';
import { createEfdClient, createEfdWorker } from '../../services/efd/efdClient.ts';
import { createServiceHttp } from '../../services/serviceHttp.ts';
import { servicePrefix } from '../../services/servicePrefix.ts';
import { fetchSession, signInUrl } from '../../services/session.ts';
import { chosenRepository, fetchSiteInfo, sourceName } from '../../services/siteInfo.ts';
import { createImageWorker } from '../../services/workerPool.ts';
import { readAddress } from '../address.ts';
import { Connecting } from './Connecting.tsx';
import { pageStateFromQuery } from './pageAddress.ts';
import { startWorkspace, type Workspace } from './workspace.ts';
import { keptTheme } from './workspaceState.ts';
import { WorkspaceApp } from './WorkspaceApp.tsx';
import '../tokens.css';
import './workspace.css';

document.documentElement.dataset['theme'] = keptTheme();
const root = createRoot(document.getElementById('app') as HTMLElement);
const page = new AbortController();
const prefix = servicePrefix(location);
const http = createServiceHttp({
  prefix,
  fetch: (input, init) => fetch(input, init),
  cookies: () => document.cookie,
});
const clock = createClock(http);
const worker = createImageWorker();
clock.start(page.signal);
// The engine loads while the service is asked; the image's place is where a failure is said.
const warmedUp = worker.warmUp();
warmedUp.catch(() => undefined);

async function connect(): Promise<Workspace> {
  const [site, session] = await Promise.all([fetchSiteInfo(http), fetchSession(http)]);
  const address = readAddress(location.search);
  const repository = chosenRepository(site, address.repository);
  const butler = createServiceButler({
    http,
    repository: repository.name,
    source: sourceName(site, repository),
    network: window,
  });
  const efd = createEfdClient({
    worker: createEfdWorker(prefix),
    serverNow: clock.serverNow,
    cookies: () => document.cookie,
    availability: site.efd,
  });
  const initialPage = pageStateFromQuery(location.search, () => crypto.randomUUID());
  const services = { http, clock, site, repository, session, butler, efd, worker, warmedUp };
  return startWorkspace({ ...services, address, initialPage }, page.signal);
}

/** Tries until the service answers: a restart of the Hub must not leave a dead page. */
async function boot(): Promise<void> {
  for (let failures = 0; ;) {
    try {
      const workspace = await connect();
      window.summitNotebook = workspace.publicApi.api;
      root.render(
        <StrictMode>
          <WorkspaceApp workspace={workspace} />
        </StrictMode>,
      );
      return;
    } catch (thrown) {
      failures += 1;
      const error = toAppError(thrown);
      root.render(<Connecting error={error} signInUrl={signInUrl(prefix, location)} />);
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs(failures, Math.random)));
    }
  }
}

root.render(<Connecting error={null} signInUrl={signInUrl(prefix, location)} />);
void boot();
