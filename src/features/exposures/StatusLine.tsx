/** The line that answers, always: is the newest image here, how old is it, what does the camera do, are the sources well. */
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ErrorTag } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import { formatAge } from '../../core/units.ts';
import { browserNow, type Clock } from '../../services/clock.ts';
import { STAGE_HEADLINES } from './AlarmBar.tsx';
import { filterLabel, targetLabel, typeLabel } from './exposureNumber.ts';
import { arrivedUnixMs, newerCount, newestExposure, type ExposuresStore } from './exposuresStore.ts';
import type { CameraPhase, LateImageStore } from './lateImageStore.ts';
import { SourceBadge } from './SourceBadge.tsx';
import { useNow } from './useNow.ts';
import './exposures.css';

/** The long poll answers at least every 20 s: one that is later than this is missing. */
const LIST_LATE_MS = 30_000;
const LIST_STALE_MS = 60_000;

/** A stale list's reason in two words; the sentence is in the tooltip and in the alarm. */
const STALE_WORDS: Partial<Record<ErrorTag, string>> = {
  RegistryBusy: 'registry busy',
  RegistryUnknown: 'registry too new',
  Unreachable: 'unreachable',
  AccessDenied: 'signed out',
  NotFound: 'no repository',
};

export interface StatusLineProps {
  readonly store: ExposuresStore;
  readonly late: LateImageStore;
  readonly clock: Clock;
  readonly instrument: string;
  readonly source: string;
  readonly camera: CameraPhase;
  /** Badges of further sources: EFD, kernel. */
  readonly badges?: ReactNode;
  /** Theme, help and user menus. */
  readonly tools: ReactNode;
  /** A short confirmation, for example of a copy. */
  readonly notice: string | null;
}

export function StatusLine(props: StatusLineProps) {
  const { store, late, clock, instrument, source, camera, badges, tools, notice } = props;
  const newest = useStore(store, newestExposure);
  return (
    <header className="status-line" data-testid="status-line">
      <span className="status-site">
        <strong>{instrument}</strong>
        <span className="mono">{newest?.dayObs ?? '–'}</span>
      </span>
      <LiveButton store={store} />
      <span
        className="status-last"
        data-testid="last-image"
        data-exposure={newest?.exposure}
        title={newest ? `${newest.obsId} · ${newest.physicalFilter}` : undefined}
      >
        {newest ? (
          <>
            <span className="muted">seq</span> <strong className="mono">{newest.seqNum}</strong>{' '}
            {typeLabel(newest.observationType)} <strong>{targetLabel(newest)}</strong>{' '}
            <span className="muted">{filterLabel(newest.physicalFilter)}</span>
          </>
        ) : (
          <span className="muted">no image yet</span>
        )}
      </span>
      <LastImageAge store={store} clock={clock} />
      <CameraPlace camera={camera} clock={clock} />
      <span className="status-sources">
        <ListBadge store={store} clock={clock} source={source} />
        {badges}
      </span>
      <AcknowledgedAlarm store={late} />
      <span className="status-notice" role="status" data-testid="notice">
        {notice}
      </span>
      <span className="status-tools">{tools}</span>
    </header>
  );
}

function LiveButton({ store }: { readonly store: ExposuresStore }) {
  const following = useStore(store, (s) => s.following);
  const newer = useStore(store, newerCount);
  return (
    <button
      type="button"
      className="status-live"
      data-testid="live-badge"
      data-following={following}
      aria-pressed={following}
      title={following ? 'Pause following (p)' : 'Return to live (l or End)'}
      onClick={() => (following ? store.pause() : store.follow())}
    >
      <span className="source-dot" aria-hidden />
      {following ? 'LIVE' : 'PAUSED'}
      {!following && newer > 0 && (
        <span className="status-newer" data-testid="newer-badge">
          {newer} newer
        </span>
      )}
    </button>
  );
}

/** Since the newest file landed: both ends are on the server's clock. */
function LastImageAge({ store, clock }: { readonly store: ExposuresStore; readonly clock: Clock }) {
  const newest = useStore(store, newestExposure);
  const now = useNow(clock, 1000);
  const at = newest && arrivedUnixMs(newest);
  return (
    <span className="status-age" data-testid="last-image-age" title="Since the newest file landed">
      {at === null ? '' : `${formatAge((now - at) / 1000)} ago`}
    </span>
  );
}

function CameraPlace({ camera, clock }: { readonly camera: CameraPhase; readonly clock: Clock }) {
  return (
    <span
      className="status-camera"
      data-testid="camera-state"
      data-phase={camera.phase}
      title={camera.imageName ?? ''}
    >
      {camera.phase === 'idle' && 'camera idle'}
      {camera.phase === 'unknown' && <span className="muted">camera unknown</span>}
      {camera.phase === 'exposing' && (
        <Countdown word="exposing" endsAt={camera.endsAtUnixMs} clock={clock} />
      )}
      {camera.phase === 'reading' && (
        <Countdown word="reading out" endsAt={camera.endsAtUnixMs} clock={clock} />
      )}
    </span>
  );
}

/** The next event comes a little after the end that was foretold: that is nothing to tell. */
const CLOCKS_AGREE_SECONDS = 1;

interface CountdownProps {
  readonly word: string;
  readonly endsAt: UnixMs | null;
  readonly clock: Clock;
}

function Countdown({ word, endsAt, clock }: CountdownProps) {
  const now = useNow(clock, 1000);
  if (endsAt === null) return word;
  const left = (endsAt - now) / 1000;
  const over = left < -CLOCKS_AGREE_SECONDS;
  return (
    <>
      {word} <span className="mono">{Math.round(over ? -left : Math.max(0, left))}</span> s{' '}
      {over ? 'over' : 'left'}
    </>
  );
}

function ListBadge({ store, clock, source }: Pick<StatusLineProps, 'store' | 'clock' | 'source'>) {
  const stale = useStore(store, (s) => s.stale);
  const received = useStore(store, (s) => s.received);
  const receivedAt = useStore(store, (s) => s.receivedAt);
  useNow(clock, 1000);
  const ageMs = browserNow() - receivedAt;
  const age = received ? formatAge(ageMs / 1000) : '';
  const asOf = `${source}: exposure list of ${received ? `${age} ago` : 'never'}`;
  if (stale) {
    const word = `stale: ${STALE_WORDS[stale.tag] ?? 'failed'}`;
    const state = ageMs > LIST_STALE_MS || !received ? 'bad' : 'warn';
    return (
      <SourceBadge name={source} state={state} word={word} age={age} title={`${asOf}. ${stale.message}`} />
    );
  }
  if (!received) return <SourceBadge name={source} state="off" word="asking" age="" title={asOf} />;
  const late = ageMs > LIST_LATE_MS;
  return (
    <SourceBadge
      name={source}
      state={late ? 'warn' : 'good'}
      word={late ? 'late' : 'ok'}
      age={age}
      title={asOf}
    />
  );
}

function AcknowledgedAlarm({ store }: { readonly store: LateImageStore }) {
  const late = useStore(store, (s) => s.late);
  const acknowledged = useStore(store, (s) => s.acknowledged);
  if (!late || !acknowledged) return null;
  return (
    <span
      className="status-acknowledged"
      data-testid="alarm-acknowledged"
      data-stage={late.stage}
      title={late.sentence}
    >
      {STAGE_HEADLINES[late.stage]}
    </span>
  );
}
