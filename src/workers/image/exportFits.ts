/** An image as a FITS file: pixels after ISR, mask and variance, the raw's primary header and what was done to it. */
import type { CardToWrite, Engine, FitsWriter, IsrReport, Plane } from 'astro-fits-wasm';
import { runInBands } from '../shared/yielding.ts';
import type { IsrStep } from './contract.ts';
import type { HeldImage } from './heldImage.ts';
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
    const primary = source.stream.hdus[0]?.header.cards ?? [];
    const unit: CardToWrite = { keyword: 'BUNIT', value: report.unit, comment: 'unit of the pixels' };
    // In the primary HDU, where readers of raws look for them; a compressed image is never the primary one.
    const cards = [...primary.filter(({ keyword }) => keyword !== 'BUNIT'), unit, ...history(report, steps)];
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
  return [`ISR recipe ${report.recipe}, by astro-fits-wasm`, ...lines].map((line) => ({
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
  { source, opened }: HeldImage,
  { engine, calibs }: PipelineTools,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
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
