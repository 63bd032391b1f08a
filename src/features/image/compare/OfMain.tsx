/** Says of which exposure numbers are that stand beside a difference or a ratio, and are not of that. */
import { useStore } from 'zustand';
import { exposureLabel } from '../../../core/dataId.ts';
import type { ImageStore } from '../imageState.ts';
import type { CompareStore } from './compareStore.ts';

interface OfMainProps {
  readonly main: ImageStore;
  readonly compare: CompareStore;
}

export function OfMain({ main, compare }: OfMainProps) {
  const shown = useStore(main, (s) => s.shown);
  const how = useStore(compare, (s) => (s.combined ? s.mode : null));
  if (!how || !shown) return null;
  return (
    <p className="compare-of-main" data-testid="of-main">
      Of {exposureLabel(shown)} alone, not of the {how}.
    </p>
  );
}
