/** Says of which exposure numbers are that stand beside a difference or a ratio, and are not of that. */
import { useStore } from 'zustand';
import { exposureLabel } from '../../../core/dataId.ts';
import type { ImageStore } from '../imageState.ts';
import type { CompareStore } from './compareStore.ts';
import { combinedAs } from './seenImage.ts';

interface OfMainProps {
  readonly main: ImageStore;
  readonly compare: CompareStore;
  /** What is of that exposure, where other numbers stand beside it. */
  readonly what?: string;
}

export function OfMain({ main, compare, what }: OfMainProps) {
  const shown = useStore(main, (s) => s.shown);
  const how = useStore(compare, combinedAs);
  if (!how || !shown) return null;
  return (
    <p className="compare-of-main" data-testid="of-main">
      {what ? `${what} of` : 'Of'} {exposureLabel(shown)} alone, not of the {how}.
    </p>
  );
}
