/** The image as it is on the screen, with what lies over it, a colour bar in its unit and a line that says what it is. */
import { exposureLabel } from '../../core/dataId.ts';
import { colourTable } from '../../core/display/colourMaps.ts';
import { brightness, contrasted } from '../../core/display/stretch.ts';
import type { DisplayState } from './displayState.ts';
import { shownLimits } from './displayState.ts';
import type { ImageState } from './imageState.ts';
import { viewNote } from './viewNote.ts';

const FOOT_PX = 56;
const BAR_PX = 12;
const TICKS = 5;

/** `pane` is the element that holds the image's canvas and its overlay. */
export async function pngOf(pane: Element, state: ImageState): Promise<Blob> {
  const canvas = pane.querySelector<HTMLCanvasElement>('canvas');
  const { shown, shownAs, display, survey } = state;
  if (!canvas || !shown || !shownAs) throw new Error('There is no image to save yet.');
  const { width, height } = canvas;
  const picture = new OffscreenCanvas(width, height + FOOT_PX);
  const context = picture.getContext('2d');
  if (!context) throw new Error('The browser offers no 2d canvas.');
  context.drawImage(canvas, 0, 0);
  for (const overlay of pane.querySelectorAll<SVGSVGElement>('.image-overlay')) {
    context.drawImage(await rasterized(overlay, width, height), 0, 0);
  }
  context.fillStyle = '#0b0e13';
  context.fillRect(0, height, width, FOOT_PX);
  const [low, high] = shownLimits(display, shownAs.statistics, survey);
  drawBar(context, display, height + 6, width);
  context.font = '11px sans-serif';
  context.fillStyle = '#dfe6ee';
  context.textBaseline = 'top';
  for (let i = 0; i < TICKS; i++) {
    const fraction = i / (TICKS - 1);
    context.textAlign = i === 0 ? 'left' : i === TICKS - 1 ? 'right' : 'center';
    const value = Number((low + fraction * (high - low)).toPrecision(5));
    // The bar is linear in value; its colours are stretched.
    context.fillText(`${value}${i === TICKS - 1 ? ` ${shownAs.unit}` : ''}`, fraction * width, height + 22);
  }
  context.textAlign = 'left';
  const done = shownAs.steps.filter((step) => step.done).map(({ name }) => name);
  const about = [
    `${shown.instrument} ${exposureLabel(shown)}`,
    shown.targetName,
    shown.physicalFilter,
    `${shown.exposureTimeSeconds} s`,
    display.stretch,
    viewNote(state),
    `ISR: ${done.join(', ')}`,
  ];
  context.fillText(about.filter(Boolean).join(' · '), 0, height + 39, width);
  return picture.convertToBlob({ type: 'image/png' });
}

function drawBar(
  context: OffscreenCanvasRenderingContext2D,
  { colourMap, stretch, contrast, invert }: DisplayState,
  top: number,
  width: number,
): void {
  const table = colourTable(colourMap);
  for (let x = 0; x < width; x++) {
    const place = x / Math.max(1, width - 1);
    const bright = stretch === 'equalize' ? place : brightness(place, [0, 1], stretch);
    const t = contrasted(bright, contrast);
    const at = Math.round((invert ? 1 - t : t) * 255) * 4;
    context.fillStyle = `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
    context.fillRect(x, top, 1, BAR_PX);
  }
}

/** Style sheets do not reach into an SVG that is drawn as an image: what they say is written into it. */
async function rasterized(overlay: SVGSVGElement, width: number, height: number): Promise<HTMLImageElement> {
  const copy = overlay.cloneNode(true) as SVGSVGElement;
  const originals = [...overlay.querySelectorAll('*')];
  [...copy.querySelectorAll('*')].forEach((element, i) => {
    const original = originals[i];
    if (!original) return;
    const style = getComputedStyle(original);
    for (const name of [
      'fill',
      'stroke',
      'stroke-width',
      'font',
      'text-anchor',
      'paint-order',
      'vector-effect',
    ]) {
      element.setAttribute(
        'style',
        `${element.getAttribute('style') ?? ''};${name}:${style.getPropertyValue(name)}`,
      );
    }
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
