import type { LedgerStage } from '../../core/ledger.ts';
import type { LatencyName } from '../../core/nightLatency.ts';

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

export function latencyWords(stage: LatencyName): string {
  return stage === 'landed to painted' ? stage : STAGE_WORDS[stage];
}
