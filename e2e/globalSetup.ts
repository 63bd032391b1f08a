import { keepSite, startSite } from './support/site.ts';

/** Starts the demo site that all specs share, as a user would; the returned function ends it after the last one. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const running = await startSite({
    stateDir: '.local/e2e-site',
    options: ['--fresh', '--cadence', process.env['SUMMIT_NOTEBOOK_E2E_CADENCE'] ?? '10'],
  });
  keepSite(running.site);
  return () => running.stop();
}
