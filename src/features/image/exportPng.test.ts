/** The foot of a saved picture, as it is drawn: colour bars, their numbers, and what says which image it is. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import type { OpenedImage } from '../../workers/image/contract.ts';
import { type DisplayState, FIRST_DISPLAY } from './displayState.ts';
import { drawFoot, footParts, pngOf, type ShownPicture, writtenStyle } from './exportPng.ts';

const sampled = { zscale: [-8, 20], min: -50, max: 900, median: 1, robustSigma: 4, quantiles: [] } as const;

function pictureOf(
  name: string,
  display: Partial<DisplayState> = {},
  opened: Partial<OpenedImage> = {},
): Omit<ShownPicture, 'pane'> {
  return {
    name,
    state: {
      display: { ...FIRST_DISPLAY, ...display },
      survey: null,
      shown: {
        instrument: 'LATISS',
        targetName: 'HD 2811',
        physicalFilter: 'SDSSr_65mm~empty',
        exposureTimeSeconds: 30,
      } as Exposure,
      shownAs: {
        unit: 'adu',
        preview: null,
        untrimmed: false,
        steps: [
          { name: 'bias', done: true, switchable: true },
          { name: 'dark', done: false, switchable: true },
        ],
        statistics: {
          ...sampled,
          histogram: { low: 0, high: 1, counts: [1] },
          percentiles: [0, 1],
          amplifiers: [{ name: 'C10', ...sampled }],
        },
        ...opened,
      } as OpenedImage,
    },
  };
}

/** What was drawn, in order. */
function drawn(pictures: readonly Omit<ShownPicture, 'pane'>[], width = 200) {
  const texts: { text: string; x: number; y: number; align: string }[] = [];
  const bars: { colour: unknown; x: number; y: number }[] = [];
  drawFoot(
    {
      fillStyle: '',
      font: '',
      textAlign: 'left',
      textBaseline: 'top',
      fillRect(x, y) {
        bars.push({ colour: this.fillStyle, x, y });
      },
      fillText(text, x, y) {
        texts.push({ text, x, y, align: this.textAlign });
      },
    },
    footParts(pictures),
    1000,
    width,
  );
  return { texts, bars };
}

describe('the foot of a saved picture', () => {
  it('has a colour bar over its width, its values in the unit, and what the image is', () => {
    const { texts, bars } = drawn([pictureOf('2026-11-22 143', { stretch: 'sqrt', smoothSigmaPx: 2 })]);
    expect(bars).toHaveLength(200);
    expect([bars[0], bars[199]]).toEqual([
      { colour: 'rgb(0 0 0)', x: 0, y: 1006 },
      { colour: 'rgb(255 255 255)', x: 199, y: 1006 },
    ]);
    // The square root of a quarter of the way.
    expect(bars[50]?.colour).toBe('rgb(128 128 128)');
    expect(texts.slice(0, 5).map(({ text, x }) => [text, x])).toEqual([
      ['−8.0', 0],
      ['−1.0', 50],
      ['6.0', 100],
      ['13.0', 150],
      ['20.0 adu', 200],
    ]);
    expect(texts.slice(5).map(({ text }) => text)).toEqual([
      'LATISS 2026-11-22 143 · HD 2811 · SDSSr_65mm~empty · 30 s · sqrt · smoothed view, σ 2 px · ISR: bias',
    ]);
  });

  it('has one bar and a line each for images that look alike, and a bar each for others', () => {
    const alike = drawn([pictureOf('143'), pictureOf('142')]);
    expect(alike.bars).toHaveLength(200);
    expect(alike.texts.slice(5).map(({ text }) => text.split(' · ')[0])).toEqual([
      'LATISS 143',
      'LATISS 142',
    ]);
    const limits = { rule: 'manual', limits: [0, 1] } as const;
    const others = drawn([pictureOf('143'), pictureOf('142', { limits })]);
    expect(others.bars).toHaveLength(400);
    // Below each other.
    const [first, second] = [others.bars[0]!, others.bars[200]!];
    expect(second.y - first.y).toBe(56);
    expect(others.texts.filter(({ text }) => text.endsWith('adu')).map(({ text }) => text)).toEqual([
      '20.0 adu',
      '1.00 adu',
    ]);
  });

  it('says that each amplifier has its own limits, without a number', () => {
    const { texts } = drawn([pictureOf('143', { perAmplifier: true })]);
    expect(texts.map(({ text }) => text.split(' · ')[0])).toEqual([
      'each amplifier between its own limits, in adu',
      'LATISS 143',
    ]);
  });

  it('has no unit under a ratio, and says that a preview is one', () => {
    const { texts } = drawn([pictureOf('143 ÷ 142', {}, { unit: 'ratio', preview: { binPx: 8, share: 1 } })]);
    expect(texts[4]?.text).toBe('20.0');
    expect(texts[5]?.text).toContain('143 ÷ 142');
    expect(texts[5]?.text).toContain('preview 8×8');
  });
});

describe('what is written into an overlay', () => {
  it('has its dashes and its transparency', () => {
    const computed: Readonly<Record<string, string>> = {
      'stroke-dasharray': '4px, 4px',
      opacity: '0.5',
      stroke: 'rgb(1, 2, 3)',
      'font-family': 'never asked for',
    };
    const style = writtenStyle({ getPropertyValue: (name) => computed[name] ?? '' });
    expect(style.split(';')).toEqual(
      expect.arrayContaining(['stroke-dasharray:4px, 4px', 'opacity:0.5', 'stroke:rgb(1, 2, 3)']),
    );
  });
});

describe('a saved picture', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is of one moment, whatever comes on the screen while the overlays are drawn', async () => {
    /** What is on each pane now. */
    const screen = ['3', '2'];
    const drawnIn: unknown[] = [];
    class Canvas {
      pixels: unknown;
      readonly width: number;
      readonly height: number;
      constructor(width: number, height: number) {
        this.width = width;
        this.height = height;
      }
      getContext() {
        const draw = (layer: { pixels: unknown }) => {
          this.pixels = layer.pixels;
          // The whole picture is as wide as both panes.
          if (this.width === 20) drawnIn.push(layer.pixels);
        };
        return new Proxy(
          { drawImage: draw, measureText: () => ({ width: 1 }) },
          { get: (known, name) => Reflect.get(known, name) ?? (() => undefined), set: () => true },
        );
      }
      convertToBlob = async () => new Blob();
    }
    class Overlay {
      src = '';
      get pixels() {
        return decodeURIComponent(this.src).split(',')[1];
      }
      async decode() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        // Another exposure has landed.
        screen.splice(0, 2, '4', '3');
      }
    }
    vi.stubGlobal('OffscreenCanvas', Canvas);
    vi.stubGlobal('Image', Overlay);
    vi.stubGlobal('devicePixelRatio', 1);
    vi.stubGlobal(
      'XMLSerializer',
      class {
        serializeToString = ({ text }: { text: string }) => text;
      },
    );
    const paneAt = (i: number) => ({
      getBoundingClientRect: () => ({ left: 10 * i, top: 0, right: 10 * i + 10, bottom: 10 }),
      querySelector: () => ({ width: 10, height: 10, pixels: `image ${screen[i]}` }),
      querySelectorAll: () => [
        {
          querySelectorAll: () => [],
          cloneNode: () => ({
            text: `overlay ${screen[i]}`,
            querySelectorAll: () => [],
            setAttribute: () => undefined,
          }),
        },
      ],
    });
    await pngOf(['3', '2'].map((name, i) => ({ ...pictureOf(name), pane: paneAt(i) as unknown as Element })));
    expect(drawnIn).toEqual(['image 3', 'overlay 3', 'image 2', 'overlay 2']);
  });
});
