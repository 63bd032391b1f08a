/** What hangs on the wall: the image, and beside it what an observer asks from four metres away. Nothing to touch. */
import { useState, type ReactNode } from 'react';
import { useStore } from 'zustand';
import type { StoreApi } from 'zustand/vanilla';
import { exposureLabel } from '../../core/dataId.ts';
import { formatAge, formatFixed } from '../../core/units.ts';
import { filterLabel, targetLabel, typeLabel } from '../../features/exposures/exposureNumber.ts';
import { arrivedUnixMs, newestExposure } from '../../features/exposures/exposuresStore.ts';
import type { LateImageStore } from '../../features/exposures/lateImageStore.ts';
import { SourceBadge } from '../../features/exposures/SourceBadge.tsx';
import { useNow } from '../../features/exposures/useNow.ts';
import { ImagePane } from '../../features/image/ImagePane.tsx';
import type { Clock } from '../../services/clock.ts';
import type { CameraState } from '../../services/efd/cameraState.ts';
import type { LiveImage } from '../live/liveImage.ts';
import { OverImage } from '../live/OverImage.tsx';
import { useOneAfterAnother } from '../live/useOneAfterAnother.ts';
import type { KioskState } from './kiosk.ts';
import { latenessOf, pixelShift } from './lateness.ts';
import { troubleOf, type Trouble } from './trouble.ts';

export function KioskApp({ store }: { readonly store: StoreApi<KioskState> }) {
  const live = useStore(store, (s) => s.live);
  const [regionProblems, setRegionProblems] = useState<readonly string[]>([]);
  if (!live) return <Starting store={store} />;
  return (
    <Shifted clock={live.clock}>
      <div className="kiosk-image">
        <ImagePane store={live.image} compact>
          <OverImage image={live.image} regions={live.regions} onProblems={setRegionProblems} />
        </ImagePane>
        <div className="kiosk-foot">
          <Pinned store={store} live={live} />
          <LeftOut store={store} problems={[...live.problems, ...regionProblems]} />
          <TroubleBand store={store} live={live} />
        </div>
      </div>
      <aside className="kiosk-side">
        <WallClock clock={live.clock} />
        <SinceLastImage live={live} />
        <Facts live={live} />
        <Health store={store} live={live} />
      </aside>
    </Shifted>
  );
}

/** Moves the whole picture by hardly visible steps. */
function Shifted({ clock, children }: { readonly clock: Clock; readonly children: ReactNode }) {
  const [x, y] = pixelShift(useNow(clock, 60_000));
  return (
    <main className="kiosk" style={{ transform: `translate(${x}px, ${y}px)` }}>
      <h1 className="visually-hidden">Summit Notebook kiosk</h1>
      {children}
    </main>
  );
}

function Starting({ store }: { readonly store: StoreApi<KioskState> }) {
  const access = useStore(store, (s) => s.access);
  const starting = useStore(store, (s) => s.starting);
  const trouble = troubleOf({ access, starting, stale: null, late: null });
  return (
    <main className="kiosk kiosk-starting">
      {trouble ? <Band trouble={trouble} /> : <p className="muted">Connecting to the service…</p>}
    </main>
  );
}

const HOUR_MINUTE = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

/** An image that stays must not pass for the newest. */
function Pinned({ store, live }: { readonly store: StoreApi<KioskState>; readonly live: LiveImage }) {
  const until = useStore(store, (s) => s.pinnedUntil);
  const shown = useStore(live.image, (s) => s.shown);
  if (until === null) return null;
  return (
    <p className="kiosk-notice" role="status" data-testid="kiosk-pinned">
      Not following: {shown ? exposureLabel(shown) : 'the exposure'} is what the address asks for. Back to
      live at {HOUR_MINUTE.format(until)} UTC.
    </p>
  );
}

/** Of the address. It stays: who can correct it is seldom there when the screen starts. */
function LeftOut({
  store,
  problems,
}: {
  readonly store: StoreApi<KioskState>;
  readonly problems: readonly string[];
}) {
  const pinProblem = useStore(store, (s) => s.pinProblem);
  const all = pinProblem === null ? problems : [pinProblem, ...problems];
  const problem = useOneAfterAnother(all, 'for ever');
  if (problem === undefined) return null;
  return (
    <p className="kiosk-notice" title={all.join('\n')} data-testid="kiosk-left-out">
      {problem}
    </p>
  );
}

function TroubleBand({ store, live }: { readonly store: StoreApi<KioskState>; readonly live: LiveImage }) {
  const late = useStore(store, (s) => s.late);
  return late ? <Watched store={store} live={live} late={late} /> : null;
}

function Watched({
  store,
  live,
  late,
}: {
  readonly store: StoreApi<KioskState>;
  readonly live: LiveImage;
  readonly late: LateImageStore;
}) {
  const access = useStore(store, (s) => s.access);
  const stale = useStore(live.exposures, (s) => s.stale);
  const problem = useStore(late, (s) => s.late);
  const trouble = troubleOf({ access, starting: null, stale, late: problem });
  return (
    trouble && (
      <Band trouble={trouble}>
        <OnScreen live={live} />
      </Band>
    )
  );
}

/** The picture above the band looks as it always does: it must not pass for the newest. */
function OnScreen({ live }: { readonly live: LiveImage }) {
  const shown = useStore(live.image, (s) => s.shown);
  const now = useNow(live.clock, 1_000);
  if (!shown) return null;
  const age = formatAge((now - arrivedUnixMs(shown)) / 1000);
  // Its seconds are no news: an alert is read out again with each change.
  return (
    <p className="kiosk-trouble-shown" aria-live="off">
      Showing {exposureLabel(shown)}, taken {age} ago.
    </p>
  );
}

function Band({ trouble, children }: { readonly trouble: Trouble; readonly children?: ReactNode }) {
  return (
    <div className="kiosk-trouble" role="alert">
      <p className="kiosk-trouble-word">{trouble.word}</p>
      <p>{trouble.sentence}</p>
      {children}
    </div>
  );
}

const UTC = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' });
const LOCAL = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});

function WallClock({ clock }: { readonly clock: Clock }) {
  const now = useNow(clock, 1_000);
  const elsewhere = new Date(now).getTimezoneOffset() !== 0;
  return (
    <div className="kiosk-clock">
      <time className="kiosk-utc">{UTC.format(now)}</time>
      <p className="muted">
        UTC {new Date(now).toISOString().slice(0, 10)}
        {elsewhere && ` · ${LOCAL.format(now)}`}
      </p>
    </div>
  );
}

/** From the landing of its file, as the status line counts it. */
function SinceLastImage({ live }: { readonly live: LiveImage }) {
  const exposures = useStore(live.exposures, (s) => s.exposures);
  const newest = useStore(live.exposures, newestExposure);
  const received = useStore(live.exposures, (s) => s.received);
  const now = useNow(live.clock, 1_000);
  const silentMs = newest ? Math.max(0, now - arrivedUnixMs(newest)) : null;
  const { size, tone } = latenessOf(silentMs ?? 0, exposures);
  return (
    <div className="kiosk-since" data-tone={tone}>
      <p className="muted">Since last image</p>
      <p className="kiosk-age" style={{ fontSize: `calc(${size} * var(--u))` }}>
        {silentMs === null ? (received ? 'none yet' : '–') : formatAge(silentMs / 1000)}
      </p>
      {tone !== 'good' && <p className="kiosk-word">{tone === 'warn' ? 'late' : 'very late'}</p>}
    </div>
  );
}

/** Of the image on the screen, which need not be the newest. */
function Facts({ live }: { readonly live: LiveImage }) {
  const shown = useStore(live.image, (s) => s.shown);
  const rows: readonly (readonly [string, string])[] = [
    ['Object', (shown && targetLabel(shown)) || '–'],
    ['Type', shown ? typeLabel(shown.observationType) : '–'],
    ['Filter', shown ? filterLabel(shown.physicalFilter) : '–'],
    ['Exposure', shown ? `${formatFixed(shown.exposureTimeSeconds, 1)} s` : '–'],
    ['Number', shown ? `${shown.dayObs} · ${shown.seqNum}` : '–'],
  ];
  return (
    <dl className="kiosk-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** An idle long poll answers each 20 s: older than two of them, something hangs. */
const REGISTRY_FRESH_MS = 45_000;
const EFD_FRESH_MS = 10_000;

const PHASES: Readonly<Record<CameraState['phase'], string>> = {
  idle: 'idle',
  exposing: 'exposing',
  reading: 'reading out',
  unknown: 'unknown',
};

function Health({ store, live }: { readonly store: StoreApi<KioskState>; readonly live: LiveImage }) {
  const access = useStore(store, (s) => s.access);
  const camera = useStore(store, (s) => s.camera);
  const stale = useStore(live.exposures, (s) => s.stale);
  const asOf = useStore(live.exposures, (s) => s.asOf);
  const now = useNow(live.clock, 1_000);
  const age = (since: number) => (since > 0 ? formatAge((now - since) / 1000) : '');
  return (
    <div className="kiosk-health">
      {camera && (
        <p className="kiosk-camera">
          <span className="muted">Camera</span> {PHASES[camera.phase]}
        </p>
      )}
      <SourceBadge
        name={live.source}
        state={stale ? 'bad' : now - asOf > REGISTRY_FRESH_MS ? 'warn' : 'good'}
        word={stale ? 'stale' : 'ok'}
        age={age(asOf)}
        title={stale?.message ?? 'The registry answers.'}
      />
      {camera && (
        <SourceBadge
          name="EFD"
          {...efdHealth(camera, now)}
          age={age(camera.asOf ?? 0)}
          title={camera.error?.message ?? 'When the EFD last answered about the camera.'}
        />
      )}
      {!live.site.efd.available && (
        <SourceBadge name="EFD" state="off" word="none" age="" title={live.site.efd.reason ?? 'No EFD.'} />
      )}
      {access?.kind === 'device' && <span className="muted">Screen: {access.label}</span>}
      {access?.kind === 'user' && <span className="muted">On the session of {access.user}</span>}
    </div>
  );
}

function efdHealth({ asOf, error }: CameraState, now: number) {
  if (error) return { state: 'bad', word: 'no answer' } as const;
  if (asOf === null) return { state: 'off', word: 'asking' } as const;
  return now - asOf > EFD_FRESH_MS
    ? ({ state: 'warn', word: 'late' } as const)
    : ({ state: 'good', word: 'ok' } as const);
}
