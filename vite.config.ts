import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** JupyterLab's packages import `./x.svg` and expect the raw markup, as webpack's `asset/source` gives it. */
const labSvgAsMarkup: Plugin = {
  name: 'lab-svg-as-markup',
  enforce: 'pre',
  async load(id) {
    const inLab = /node_modules[\\/](@jupyterlab|@jupyter-widgets|@jupyter)[\\/].*\.svg$/.test(id);
    if (!inLab) return undefined;
    return { code: `export default ${JSON.stringify(await readFile(id, 'utf8'))}`, moduleType: 'js' };
  },
};

/**
 * JupyterLab hands its theme's colours to the design tokens of its web components, whose change notifications then call
 * each other until the stack is full, hundreds of times as a notebook opens. The notebook pane shows none of those
 * components: without colours from the theme they keep quiet.
 */
const noThemeForWebComponents: Plugin = {
  name: 'no-theme-for-web-components',
  enforce: 'pre',
  load(id) {
    if (!/@jupyter[\\/]web-components[\\/].*[\\/]theme[\\/]applyTheme\.js$/.test(id)) return undefined;
    const names = ['addJupyterLabThemeChangeListener', 'applyJupyterTheme'];
    return { code: names.map((name) => `export function ${name}() {}`).join('\n'), moduleType: 'js' };
  },
};

/** Finds the TypeScript of astro-fits-wasm instead of the JavaScript that it publishes. */
const ENGINE_SOURCES = 'astro-fits-wasm-source';

export default defineConfig({
  // Relative, so that the three entries work under any prefix (/, /services/summit/, /nb/services/summit/).
  base: './',
  plugins: [labSvgAsMarkup, noThemeForWebComponents, react()],
  resolve: {
    conditions: [ENGINE_SOURCES, ...defaultClientConditions],
    dedupe: [
      'react',
      'react-dom',
      '@lumino/widgets',
      '@lumino/coreutils',
      '@lumino/signaling',
      '@codemirror/state',
      '@codemirror/view',
      'yjs',
      '@jupyterlab/services',
    ],
  },
  // Vitest takes its conditions from here.
  ssr: { resolve: { conditions: [ENGINE_SOURCES, ...defaultServerConditions] } },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // An inlined small .wasm would become a data: URL, which connect-src 'self' refuses.
    assetsInlineLimit: 0,
    // Browsers of es2022 preload modules, or do without.
    modulePreload: { polyfill: false },
    manifest: true,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: ['index.html', 'kiosk.html', 'panel.html'].map((name) => resolve(import.meta.dirname, name)),
    },
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'wasm/**/*.test.ts'],
    // Tests read whole detectors; how long that takes on a busy machine is no one's fault.
    testTimeout: 60_000,
    ...(process.env['SUMMIT_NOTEBOOK_LONG'] && {
      setupFiles: ['scripts/test/manyExamples.mjs'],
      testTimeout: 600_000,
    }),
  },
});
