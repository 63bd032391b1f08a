/** The address asks for an exposure that is not there: said in the pane that stays empty. */
import { useStore } from 'zustand';
import type { ExposuresStore } from './exposuresStore.ts';

export function MissingExposure({ store }: { readonly store: ExposuresStore }) {
  const missing = useStore(store, (s) => s.missing);
  const selected = useStore(store, (s) => s.selected);
  if (!missing) return null;
  return (
    <div className="missing-exposure" role="alert" data-testid="missing-exposure">
      <p>
        <strong>Exposure {selected} cannot be shown.</strong> {missing.message}
        {missing.tag === 'NotFound' && ' Check the number in the address.'}
      </p>
      <button type="button" className="button" onClick={() => store.follow()}>
        Show the newest
      </button>
    </div>
  );
}
