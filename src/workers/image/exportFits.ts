/** An image as a FITS file: pixels after ISR, mask and variance, the raw's primary header and what was done to it. */
import type { CardToWrite, Engine, FitsWriter, IsrReport, Plane } from 'astro-fits-wasm';
import { runInBands } from '../shared/yielding.ts';
import type { IsrStep } from './contract.ts';
import type { Combined, HeldImage } from './heldImage.ts';
import type { PipelineTools } from './pipeline.ts';
import type { RawSource } from './rawSource.ts';
import { reduce, type Reduced, settleSteps } from './reduction.ts';

/** Free with the file when it has been written. */
async function writeFits(
  engine: Engine,
  source: RawSource,
  { plane, mask, variance, report, steps }: Reduced,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = await engine.write();
  try {
    const unit = unitCard(report.unit);
    const cards = [...primaryCards(source), unit, ...history(report, steps)];
    await write(writer, plane, { name: 'IMAGE', cards, compression: 'GZIP_2' });
    if (mask) await write(writer, mask, { name: 'MASK', cards: maskCards(report), compression: 'RICE_1' });
    if (variance) {
      const squared = { ...unit, value: `${report.unit}**2` };
      await write(writer, variance, { name: 'VARIANCE', cards: [squared], compression: 'GZIP_2' });
    }
    return writer.bytes();
  } finally {
    writer.free();
  }
}

/** The pixels alone: what a mask or a variance of two exposures would be depends on what is looked for. */
async function writeCombined(
  engine: Engine,
  { source, plane, opened, report }: HeldImage,
  { how, by }: Combined,
): Promise<Uint8Array<ArrayBuffer>> {
  // The image may be given up while its file is being written.
  const copy = engine.plane('f32', plane.width, plane.height);
  (copy.view() as Float32Array).set(plane.view() as Float32Array);
  const writer = await engine.write();
  try {
    const operation = how === 'difference' ? 'A minus B' : 'A divided by B';
    const cards = [
      ...primaryCards(source),
      ...(opened.unit === 'ratio' ? [] : [unitCard(opened.unit)]),
      ...historyCards([
        `${how} of two exposures: ${operation}, by astro-fits-wasm`,
        `A is exposure ${opened.exposure}, whose header this is`,
      ]),
      ...history(report, opened.steps),
      ...historyCards([`B is exposure ${by.opened.exposure}`]),
      ...history(by.report, by.opened.steps),
    ];
    await write(writer, copy, { name: 'IMAGE', cards, compression: 'GZIP_2' });
    return writer.bytes();
  } finally {
    writer.free();
    engine.free(copy);
  }
}

/** In the primary HDU, where readers of raws look for them; a compressed image is never the primary one. */
function primaryCards(source: RawSource): readonly CardToWrite[] {
  return (source.stream.hdus[0]?.header.cards ?? []).filter(({ keyword }) => keyword !== 'BUNIT');
}

function unitCard(unit: string): CardToWrite {
  return { keyword: 'BUNIT', value: unit, comment: 'unit of the pixels' };
}

async function write(
  writer: FitsWriter,
  plane: Plane,
  options: Parameters<FitsWriter['image']>[1],
): Promise<void> {
  const writing = writer.image(plane, options);
  await runInBands({ step: (maxRows) => writing.step(maxRows), free: () => undefined });
}

/** One line a step, in the order in which they ran or were left out. */
function history(report: IsrReport, steps: readonly IsrStep[]): readonly CardToWrite[] {
  const lines = steps.map(({ name, done, with: by, skippedBecause }) =>
    done ? `ISR ${name}: done${by ? `, ${by}` : ''}` : `ISR ${name}: not done, ${skippedBecause ?? ''}`,
  );
  return historyCards([`ISR recipe ${report.recipe}, by astro-fits-wasm`, ...lines]);
}

function historyCards(lines: readonly string[]): readonly CardToWrite[] {
  return lines.map((line) => ({
    keyword: 'HISTORY',
    // A card takes 72 characters of text, and ASCII only.
    comment: line
      .replaceAll('·', '-')
      .replaceAll(/[^\x20-\x7e]/g, '?')
      .slice(0, 72),
  }));
}

/** As afw writes the numbers of a mask's planes. */
function maskCards(report: IsrReport): readonly CardToWrite[] {
  return Object.entries(report.mask_planes).map(([name, bit]) => ({ keyword: `MP_${name}`, value: bit }));
}

/** The image as a file, with the variance, which images on the screen go without. */
export async function fitsOf(
  image: HeldImage,
  { engine, calibs }: PipelineTools,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { source, opened, combined } = image;
  if (combined) return writeCombined(engine, image, combined);
  source.hold();
  const isr = { ...opened.isr, switched: { ...opened.isr.switched, variance: true } };
  const settled = await settleSteps(source, isr, calibs);
  let reduced: Reduced | undefined;
  try {
    reduced = await reduce(engine, source, isr, settled, signal);
    return await writeFits(engine, source, reduced);
  } finally {
    for (const plane of [reduced?.plane, reduced?.mask, reduced?.variance]) if (plane) engine.free(plane);
    settled.release();
    source.release();
  }
}
