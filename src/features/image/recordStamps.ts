/** What is known of an exposure's way before the page began with it. */
import type { Exposure } from '../../core/dataId.ts';
import type { LedgerStamps } from '../../core/ledger.ts';
import { unixMsFromTai, type UnixMs } from '../../core/time.ts';

export function recordStamps(exposure: Exposure, seenUnixMs: UnixMs | undefined): LedgerStamps {
  const [raw] = exposure.raws;
  return {
    shutterClosed: unixMsFromTai(exposure.shutterCloseTai),
    ...(raw?.landedUnixMs != null && { landed: raw.landedUnixMs }),
    ...(raw?.registeredUnixMs != null && { registered: raw.registeredUnixMs }),
    ...(seenUnixMs !== undefined && { seen: seenUnixMs }),
  };
}
