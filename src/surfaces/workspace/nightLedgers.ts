/** The ledgers of the night's live exposures; they stay with the browser's tab, so that a reload forgets none. */
import type { StoreApi } from 'zustand/vanilla';
import type { Exposure } from '../../core/dataId.ts';
import { packedLedgers, unpackedLedgers } from '../../core/keptLedgers.ts';
import type { Ledger } from '../../core/ledger.ts';
import { keep, kept } from '../keptState.ts';
import type { WorkspaceState } from './workspaceState.ts';

/** More than a night has. */
const MOST_LEDGERS = 3000;

export interface NightLedgers {
  /** Each exposure once: when it is looked at again its stages are the user's. */
  note(exposure: Exposure, ledger: Ledger): void;
  /** Those of other nights go. */
  begin(dayObs: number): void;
}

export function nightLedgers(
  ui: StoreApi<Pick<WorkspaceState, 'latencies'>>,
  repository: string,
  storage: Storage = sessionStorage,
): NightLedgers {
  const found = kept('latencies', storage) as { repository?: unknown; ledgers?: unknown } | null | undefined;
  if (found?.repository === repository) {
    ui.setState({ latencies: unpackedLedgers(found.ledgers).slice(-MOST_LEDGERS) });
  }
  const begin = (dayObs: number) => {
    const { latencies } = ui.getState();
    const ofNight = latencies.filter((each) => each.dayObs === dayObs);
    if (ofNight.length < latencies.length) ui.setState({ latencies: ofNight });
  };
  return {
    begin,
    note({ exposure, dayObs, seqNum }, ledger) {
      const night = ui.getState().latencies[0]?.dayObs ?? dayObs;
      // A file of an earlier night that comes late is none of this one.
      if (dayObs < night) return;
      begin(dayObs);
      const { latencies: before } = ui.getState();
      if (before.some((each) => each.exposure === exposure)) return;
      const latencies = [...before, { exposure, dayObs, seqNum, ledger }].slice(-MOST_LEDGERS);
      ui.setState({ latencies });
      keep('latencies', { repository, ledgers: packedLedgers(latencies) }, storage);
    },
  };
}
