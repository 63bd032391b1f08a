/** Whether the image worker can draw, in Node: the browser's part is played by stand-ins, the engine is the real one. */
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OpenRequest, RenderRequest } from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { raw } from './raw.fixture.ts';
import { Renderer } from './renderer/renderer.ts';

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);

afterEach(() => void vi.unstubAllGlobals());

describe('a browser that cannot draw', () => {
  const started = async () => {
    const wasm = await readFile(WASM);
    const asked: string[] = [];
    const api = createImageApi(
      async (url) => {
        asked.push(url);
        return new Response(wasm);
      },
      () => new Renderer(),
    );
    const outcome = await api.start({ wasmUrl: 'wasm' }).catch((thrown: unknown) => thrown);
    return { outcome, asked };
  };

  it('without OffscreenCanvas says so when the worker starts', async () => {
    vi.stubGlobal('OffscreenCanvas', undefined);
    const { outcome, asked } = await started();
    expect(outcome).toMatchObject({ tag: 'UnsupportedBrowser' });
    expect(String(outcome)).toMatch(/no OffscreenCanvas.*Update it/);
    expect(asked).toEqual(['wasm']);
  });

  it('without WebGL2 says so when the worker starts', async () => {
    const kinds: string[] = [];
    class Canvas {
      getContext(kind: string) {
        kinds.push(kind);
        return null;
      }
    }
    vi.stubGlobal('OffscreenCanvas', Canvas);
    const { outcome } = await started();
    expect(outcome).toMatchObject({ tag: 'UnsupportedBrowser' });
    expect(String(outcome)).toMatch(/no WebGL2.*hardware acceleration/);
    expect(kinds).toEqual(['webgl2']);
  });
});

describe('a graphics context that is lost', () => {
  /** As many draws as it says until its context is lost in the middle of one. */
  class Losing {
    static made = 0;
    static closed = 0;
    lost = false;
    readonly #draws: number;

    constructor(draws: number) {
      this.#draws = draws;
      Losing.made += 1;
    }

    #drawn = 0;

    draw() {
      this.#drawn += 1;
      this.lost = this.#drawn > this.#draws;
      return { close: () => void (Losing.closed += 1), drawnBy: Losing.made };
    }
  }

  const open = async (draws: readonly number[]) => {
    Losing.made = 0;
    Losing.closed = 0;
    const wasm = await readFile(WASM);
    const file = new Uint8Array(raw());
    const api = createImageApi(
      async (url) => new Response(url === 'wasm' ? wasm : file),
      () => new Losing(draws[Losing.made] ?? 0) as unknown as Renderer,
    );
    await api.start({ wasmUrl: 'wasm' });
    const request: OpenRequest = {
      jobId: 'job',
      instrument: 'LATISS',
      detector: 0,
      exposure: 2026112200001,
      dayObs: 20261122,
      observationType: 'science',
      physicalFilter: 'empty~empty',
      rawUrl: 'mem:/raw',
      rawBytes: null,
      fileUrlPrefix: 'mem:/',
      isr: { recipe: 'rapid', overscan: 'median-per-row', switched: {}, untrimmed: false },
      growing: false,
    };
    const { key } = await api.open(request, async () => ({ bias: null, dark: null, flat: null }));
    return () => api.render({ key, smoothSigmaPx: 0 } as RenderRequest);
  };

  it('is replaced: the same frame is drawn by a new one, which stays', async () => {
    const render = await open([1, Infinity]);
    expect((await render()).bitmap).toMatchObject({ drawnBy: 1 });
    expect((await render()).bitmap).toMatchObject({ drawnBy: 2 });
    expect((await render()).bitmap).toMatchObject({ drawnBy: 2 });
    // What was half drawn is given back.
    expect([Losing.made, Losing.closed]).toEqual([2, 1]);
  });

  it('twice in one frame is told, and the next frame tries again', async () => {
    const render = await open([0, 0, Infinity]);
    await expect(render()).rejects.toMatchObject({
      tag: 'WasmFailed',
      message: expect.stringMatching(/Reload/),
    });
    expect((await render()).bitmap).toMatchObject({ drawnBy: 3 });
  });
});
