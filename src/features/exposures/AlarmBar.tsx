/** The late-image alarm: over the panes, so that nothing moves when it comes and goes. */
import { BellRing } from 'lucide-react';
import { useStore } from 'zustand';
import type { StoppedStage } from './lateImage.ts';
import type { LateImageStore } from './lateImageStore.ts';

export const STAGE_NAMES: Readonly<Record<StoppedStage, string>> = {
  registry: 'registry',
  decode: 'decoding',
  exposing: 'exposure',
  readout: 'readout',
  landing: 'file or ingest',
  camera: 'camera',
  unknown: 'camera or file',
};

export function AlarmBar({ store }: { readonly store: LateImageStore }) {
  const late = useStore(store, (s) => s.late);
  const acknowledged = useStore(store, (s) => s.acknowledged);
  const shown = late !== null && !acknowledged;
  return (
    <div aria-live="assertive" className="alarm-place">
      {shown && (
        <div className="alarm" data-testid="alarm" data-stage={late.stage}>
          <BellRing size={18} aria-hidden />
          <p>
            <strong>No new image: {STAGE_NAMES[late.stage]} stopped.</strong> {late.sentence}
          </p>
          <button type="button" title="Acknowledge (a)" onClick={() => store.acknowledge()}>
            Acknowledge <kbd>a</kbd>
          </button>
        </div>
      )}
    </div>
  );
}
