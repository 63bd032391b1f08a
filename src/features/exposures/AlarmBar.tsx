/** The late-image alarm: over the panes, so that nothing moves when it comes and goes. */
import { BellRing } from 'lucide-react';
import { useStore } from 'zustand';
import type { StoppedStage } from './lateImage.ts';
import type { LateImageStore } from './lateImageStore.ts';

/** What is wrong, in the words of a headline. */
export const STAGE_HEADLINES: Readonly<Record<StoppedStage, string>> = {
  registry: 'registry does not answer',
  decode: 'image cannot be opened',
  ingest: 'file was refused',
  exposing: 'exposure does not end',
  readout: 'readout does not end',
  landing: 'file does not arrive',
  camera: 'camera is idle',
  unknown: 'camera or file is late',
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
            <strong>No new image: {STAGE_HEADLINES[late.stage]}.</strong> {late.sentence}
          </p>
          <button type="button" title="Acknowledge (a)" onClick={() => store.acknowledge()}>
            Acknowledge <kbd>a</kbd>
          </button>
        </div>
      )}
    </div>
  );
}
