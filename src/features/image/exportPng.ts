/**
 * The picture as it is on the screen: every image that is seen with its name and what lies over it, colour bars in
 * their units, and a line for each image that says what it is.
 */
import type { Exposure } from '../../core/dataId.ts';
import type { OpenedImage } from '../../workers/image/contract.ts';
import { type ColourBarScale, colourBarScale, rampColours } from './colourBar.ts';
import type { DisplayState } from './displayState.ts';
import type { ImageState } from './imageState.ts';
import { viewNote } from './viewNote.ts';

export interface ShownPicture {
  /** Holds the image's canvas and its overlays. */
  readonly pane: Element;
  readonly state: Pick<ImageState, 'display' | 'survey'> & {
    readonly shown: Exposure;
    readonly shownAs: OpenedImage;
  };
  readonly name: string;
  /** Its part to the left of this lies behind a curtain; 0 to 1. */
  readonly from?: number;
}

const BACKGROUND = '#0b0e13';
const TEXT = '#dfe6ee';
const CURTAIN = '#58b0ff';
const BAR_PX = 12;
/** From the top of a colour bar's part of the foot. */
const [BAR_TOP_PX, TICKS_TOP_PX, LINES_TOP_PX, LINE_PX] = [6, 22, 39, 16];

export async function pngOf(pictures: readonly ShownPicture[]): Promise<Blob> {
  const parts = footParts(pictures);
  const placed = await Promise.all(
    pictures.map(async (picture) => ({
      ...picture,
      box: picture.pane.getBoundingClientRect(),
      layers: await layersOf(picture.pane),
    })),
  );
  const [left, top] = [
    Math.min(...placed.map(({ box }) => box.left)),
    Math.min(...placed.map(({ box }) => box.top)),
  ];
  const width = devicePx(Math.max(...placed.map(({ box }) => box.right)) - left);
  const height = devicePx(Math.max(...placed.map(({ box }) => box.bottom)) - top);
  if (!(width > 0 && height > 0)) throw new Error('There is no image to save yet.');
  const picture = new OffscreenCanvas(width, height + parts.reduce((sum, part) => sum + partPx(part), 0));
  const context = picture.getContext('2d');
  if (!context) throw new Error('The browser offers no 2d canvas.');
  context.fillStyle = BACKGROUND;
  context.fillRect(0, 0, width, picture.height);
  for (const { name, from = 0, box, layers } of placed) {
    if (!layers) continue;
    const [{ width: w, height: h }] = layers;
    context.save();
    context.translate(devicePx(box.left - left), devicePx(box.top - top));
    context.beginPath();
    const open = Math.round(from * w);
    context.rect(open, 0, w - open, h);
    context.clip();
    for (const layer of layers) context.drawImage(layer, 0, 0);
    if (from > 0) {
      context.fillStyle = CURTAIN;
      context.fillRect(open, 0, 2, h);
    }
    // One alone is named below.
    if (placed.length > 1) drawName(context, name, from > 0 ? 'right' : 'left', w);
    context.restore();
  }
  drawFoot(context, parts, height, width);
  return picture.convertToBlob({ type: 'image/png' });
}

/**
 * The image as it is now, and what lies over it. Overlays take their time to be drawn, and another exposure may be on the
 * screen by then: all is copied before the first of them is waited for.
 */
async function layersOf(pane: Element): Promise<readonly [OffscreenCanvas, ...HTMLImageElement[]] | null> {
  const canvas = pane.querySelector<HTMLCanvasElement>('canvas.image-canvas');
  if (!canvas) return null;
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height);
  copy.getContext('2d')?.drawImage(canvas, 0, 0);
  const overlays = [...pane.querySelectorAll<SVGSVGElement>('.image-overlay')];
  return [copy, ...(await Promise.all(overlays.map((overlay) => rasterized(overlay, width, height))))];
}

function devicePx(cssPx: number): number {
  return Math.round(cssPx * devicePixelRatio);
}

function drawName(
  context: OffscreenCanvasRenderingContext2D,
  name: string,
  side: 'left' | 'right',
  width: number,
): void {
  context.font = '12px sans-serif';
  context.textBaseline = 'top';
  context.textAlign = 'left';
  const wide = context.measureText(name).width + 12;
  const x = side === 'left' ? 4 : width - wide - 4;
  context.fillStyle = 'rgb(11 14 19 / 80%)';
  context.fillRect(x, 4, wide, 20);
  context.fillStyle = TEXT;
  context.fillText(name, x + 6, 8);
}

/** One colour bar, with a line for each image that it is of. */
export interface FootPart {
  readonly display: DisplayState;
  readonly scale: ColourBarScale;
  readonly lines: readonly string[];
}

/** Images that look alike share a bar. */
export function footParts(pictures: readonly Omit<ShownPicture, 'pane'>[]): readonly FootPart[] {
  const parts = new Map<string, FootPart>();
  for (const { state, name } of pictures) {
    const { display, shownAs, survey } = state;
    const scale = colourBarScale(display, shownAs, survey);
    const { colourMap, stretch, contrast, invert } = display;
    const alike = JSON.stringify([colourMap, stretch, contrast, invert, scale]);
    const lines = [...(parts.get(alike)?.lines ?? []), aboutLine(state, name)];
    parts.set(alike, { display, scale, lines });
  }
  return [...parts.values()];
}

function aboutLine(state: ShownPicture['state'], name: string): string {
  const { shown, shownAs, display } = state;
  const { preview } = shownAs;
  const done = shownAs.steps.filter((step) => step.done).map((step) => step.name);
  return [
    `${shown.instrument} ${name}`,
    shown.targetName,
    shown.physicalFilter,
    `${shown.exposureTimeSeconds} s`,
    display.stretch,
    preview && `preview ${preview.binPx}×${preview.binPx}`,
    viewNote(state),
    `ISR: ${done.join(', ') || 'none'}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function partPx({ lines }: FootPart): number {
  return LINES_TOP_PX + 1 + LINE_PX * lines.length;
}

type FootContext = Pick<
  OffscreenCanvasRenderingContext2D,
  'fillStyle' | 'font' | 'textAlign' | 'textBaseline' | 'fillRect' | 'fillText'
>;

export function drawFoot(
  context: FootContext,
  parts: readonly FootPart[],
  from: number,
  width: number,
): void {
  let top = from;
  for (const part of parts) {
    const { display, scale, lines } = part;
    rampColours(display, width).forEach((colour, x) => {
      context.fillStyle = colour;
      context.fillRect(x, top + BAR_TOP_PX, 1, BAR_PX);
    });
    context.font = '11px sans-serif';
    context.fillStyle = TEXT;
    context.textBaseline = 'top';
    for (const { place, text } of scale.ticks) {
      context.textAlign = place === 0 ? 'left' : place === 1 ? 'right' : 'center';
      context.fillText(
        place === 1 ? `${text} ${scale.unit}`.trim() : text,
        place * width,
        top + TICKS_TOP_PX,
      );
    }
    context.textAlign = 'left';
    if (scale.ticks.length === 0) {
      const unit = scale.unit && `, in ${scale.unit}`;
      context.fillText(scale.note + unit, 0, top + TICKS_TOP_PX, width);
    }
    lines.forEach((line, i) => {
      const note = scale.ticks.length > 0 && scale.note ? ` · ${scale.note}` : '';
      context.fillText(line + note, 0, top + LINES_TOP_PX + i * LINE_PX, width);
    });
    top += partPx(part);
  }
}

/** What style sheets say of a line or a text. */
const COPIED = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-opacity',
  'opacity',
  'font',
  'text-anchor',
  'paint-order',
  'vector-effect',
] as const;

export function writtenStyle(style: Pick<CSSStyleDeclaration, 'getPropertyValue'>): string {
  return COPIED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';');
}

/** Style sheets do not reach into an SVG that is drawn as an image: what they say is written into it. */
async function rasterized(overlay: SVGSVGElement, width: number, height: number): Promise<HTMLImageElement> {
  const copy = overlay.cloneNode(true) as SVGSVGElement;
  const originals = [...overlay.querySelectorAll('*')];
  [...copy.querySelectorAll('*')].forEach((element, i) => {
    const original = originals[i];
    if (!original) return;
    const own = element.getAttribute('style') ?? '';
    element.setAttribute('style', `${own};${writtenStyle(getComputedStyle(original))}`);
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const text = new XMLSerializer().serializeToString(copy);
  const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
