/** What an HDU's checksums say, and whether its table holds together. */
import type { ChecksumState, FitsProblem, Hdu, Verification } from './api.ts';
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import { Layout } from './layout.ts';

const STATES: readonly ChecksumState[] = ['absent', 'good', 'bad'];

export function readChecksum(
  instance: Instance,
  stream: number,
  hdu: number,
): Pick<Verification, 'checksum' | 'datasum' | 'computedDatasum'> {
  const { checksum: layout } = Layout;
  return instance.withScratch(layout.size, (out) => {
    instance.check(instance.routines.af_hdu_checksum(stream, hdu, out, instance.error));
    return {
      checksum: STATES[instance.u32(out + layout.hdu)] ?? 'bad',
      datasum: STATES[instance.u32(out + layout.data)] ?? 'bad',
      computedDatasum: instance.u32(out + layout.dataSum),
    };
  });
}

/** The first fault that reading the table meets. */
export function tableProblems(instance: Instance, stream: number, hdu: Hdu): FitsProblem[] {
  if (hdu.kind !== 'bintable' && hdu.kind !== 'compressed-image') return [];
  const { routines, error } = instance;
  const table = routines.af_table_new(stream, hdu.index, error);
  try {
    if (table === 0) instance.fail();
    instance.check(routines.af_table_check(table, error));
    return [];
  } catch (problem) {
    if (!(problem instanceof FitsError) || problem.tag !== 'MalformedFits') throw problem;
    return [{ card: 0, text: problem.message }];
  } finally {
    routines.af_table_free(table);
  }
}
