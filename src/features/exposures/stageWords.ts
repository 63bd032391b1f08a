import type { LedgerStage } from '../../core/ledger.ts';

export const STAGE_WORDS: Readonly<Record<LedgerStage, string>> = {
  shutterClosed: 'shutter closed',
  landed: 'file landed',
  registered: 'in the registry',
  seen: 'seen here',
  fetched: 'bytes fetched',
  decoded: 'decoded',
  reduced: 'ISR done',
  painted: 'painted',
};
