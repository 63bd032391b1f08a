import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';

const results = resolve(import.meta.dirname, '.local/test-results');

/** Real Chromium against one demo site that e2e/globalSetup.ts starts; Debian's browser, found by `npm test`. */
export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './e2e/globalSetup.ts',
  // One site, one night, one notebook server: the stories take turns.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 120_000,
  // A machine that serves others too can miss a deadline once; a story that fails twice is broken.
  retries: process.env['CI'] ? 1 : 0,
  expect: { timeout: 30_000 },
  outputDir: resolve(results, 'e2e'),
  reporter: [
    ['line'],
    // With the failure of a first try in the report: what passed only when it was tried again is told by name.
    ['junit', { outputFile: resolve(results, 'e2e.xml'), includeRetries: true }],
  ],
  use: {
    viewport: { width: 1600, height: 1000 },
    screenshot: 'only-on-failure',
    // A trace films the page all the time, which on two cores is most of the load: only when asked for.
    trace: process.env['SUMMIT_NOTEBOOK_TRACE'] ? 'retain-on-failure' : 'off',
    launchOptions: {
      executablePath: process.env['SUMMIT_NOTEBOOK_CHROMIUM'] ?? '/usr/bin/chromium',
      // Test machines have no GPU: WebGL2 is drawn by SwiftShader.
      args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    },
  },
});
