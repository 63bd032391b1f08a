/** The result of instrument signature removal as a FITS file. */
import { writeFile } from 'node:fs/promises';
import type { CardToWrite, Engine, FitsCard, IsrJob, Plane } from '../index.ts';
import { Failure, failureOf } from './failure.ts';

const ROWS = 1024;
/** Those of the raw that are wrong for the result. */
const REPLACED = new Set(['BUNIT', 'CHECKSUM', 'DATASUM']);

/** Cards that are not printable ASCII, as the standard wants it, stay behind. */
function isWritable({ keyword, value, comment }: FitsCard): boolean {
  if (REPLACED.has(keyword)) return false;
  return /^[ -~]*$/.test(`${keyword}${typeof value === 'string' ? value : ''}${comment}`);
}

/** HDUs IMAGE (the primary one, with the raw's cards), MASK (with MP_ cards) and VARIANCE. */
export async function writeResult(
  engine: Engine,
  path: string,
  rawCards: readonly FitsCard[],
  { image, mask, variance, report }: IsrJob,
): Promise<void> {
  const writer = await engine.write();
  const add = (plane: Plane, name: string, cards: readonly CardToWrite[]): void => {
    const writing = writer.image(plane, { name, cards });
    while (!writing.step(ROWS));
  };
  try {
    add(image, 'IMAGE', [
      ...rawCards.filter(isWritable),
      { keyword: 'BUNIT', value: report.unit, comment: 'Unit of the pixels' },
      ...report.steps
        .filter((step) => step.done)
        .map(({ name }) => ({ keyword: 'HISTORY', comment: `astro-fits-wasm ${report.recipe}: ${name}` })),
    ]);
    if (mask) {
      const planes = Object.entries(report.mask_planes);
      add(
        mask,
        'MASK',
        planes.map(([name, bit]) => ({
          keyword: `MP_${name}`,
          value: bit,
          comment: 'Bit of the mask plane',
        })),
      );
    }
    if (variance) add(variance, 'VARIANCE', [{ keyword: 'BUNIT', value: `${report.unit}**2` }]);
    await writeFile(path, writer.bytes());
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Failure('io', path, 'there is no such directory to write it into', { cause: error });
    }
    throw failureOf(error, path);
  } finally {
    writer.free();
  }
}
