/** What the address compares with: it is looked for once the list is there, unless the user compares by hand before. */
import type { ExposuresStore } from '../../features/exposures/exposuresStore.ts';
import type { CompareStore } from '../../features/image/compare/compareStore.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { foundOthers } from './foundOthers.ts';
import type { CompareAsked } from './pageAddress.ts';

export interface AskedComparisonParts {
  readonly asked: CompareAsked | null;
  readonly exposures: Pick<ExposuresStore, 'subscribe' | 'getState'>;
  readonly compare: Pick<CompareStore, 'asking' | 'setMode' | 'add'>;
  readonly butler: Pick<ButlerClient, 'findExposure'>;
  readonly tell: (problems: readonly string[]) => void;
  /** What the answer says is another thing now. */
  readonly onChange: () => void;
}

/** Answers what is still asked for, which stays in the address: a reload asks for it again. */
export function askedComparison(parts: AskedComparisonParts): () => CompareAsked | null {
  const { exposures, compare, butler, tell, onChange } = parts;
  let { asked } = parts;
  if (!asked) return () => null;
  const { mode, others: wanted } = asked;
  const signal = compare.asking();
  const end = () => {
    asked = null;
    onChange();
  };
  const look = async () => {
    const { others, problems, unreached } = await foundOthers(wanted, exposures.getState().exposures, butler);
    if (signal.aborted) return;
    if (others.length > 0) compare.setMode(mode);
    others.forEach((other) => compare.add(other));
    if (others.length === 0 && !unreached) end();
    if (problems.length > 0) tell(problems);
  };
  const unsubscribe = exposures.subscribe(({ received }) => {
    if (!received) return;
    unsubscribe();
    if (!signal.aborted) void look();
  });
  signal.addEventListener('abort', end, { once: true });
  return () => asked;
}
