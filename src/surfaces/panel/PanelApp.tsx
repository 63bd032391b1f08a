/** One image, one line under it. It lives in somebody else's page: no chrome, no scrolling, nothing kept. */
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { exposureLabel } from '../../core/dataId.ts';
import { formatAge } from '../../core/units.ts';
import { filterLabel, targetLabel, typeLabel } from '../../features/exposures/exposureNumber.ts';
import { MissingExposure } from '../../features/exposures/MissingExposure.tsx';
import { arrivedUnixMs } from '../../features/exposures/exposuresStore.ts';
import { SourceBadge } from '../../features/exposures/SourceBadge.tsx';
import { useNow } from '../../features/exposures/useNow.ts';
import { ImagePane } from '../../features/image/ImagePane.tsx';
import type { LiveImage } from '../live/liveImage.ts';
import { OverImage } from '../live/OverImage.tsx';
import { useOneAfterAnother } from '../live/useOneAfterAnother.ts';
import type { Panel } from './panel.ts';

export interface PanelAppProps {
  readonly panel: Panel;
  readonly signInUrl: string;
}

export function PanelApp({ panel, signInUrl }: PanelAppProps) {
  const access = useStore(panel, (s) => s.access);
  const live = useStore(panel, (s) => s.live);
  const starting = useStore(panel, (s) => s.starting);
  if (access === 'signed-out') {
    return (
      <main className="panel-message">
        {/* A window of its own: the Hub's login page refuses frames. */}
        <a
          className="panel-sign-in"
          href={signInUrl}
          target="_blank"
          rel="noopener"
          onClick={() => panel.expectSignIn()}
        >
          Sign in
        </a>
        <p className="muted">This opens a new window. The image appears here afterwards.</p>
      </main>
    );
  }
  if (!live) {
    return (
      <main className="panel-message">
        {starting ? (
          <p role="alert">{starting.message} Trying again by itself.</p>
        ) : (
          <p className="muted">Connecting to the service…</p>
        )}
      </main>
    );
  }
  return <Shown live={live} />;
}

/** Below this a finger or a wheel that crosses the panel means the page around it. */
const INTERACTIVE_PX = 480;

function Shown({ live }: { readonly live: LiveImage }) {
  const wide = useWide(INTERACTIVE_PX);
  const [regionProblems, setRegionProblems] = useState<readonly string[]>([]);
  return (
    <main className={wide ? 'panel' : 'panel panel-narrow'}>
      <h1 className="visually-hidden">Summit Notebook panel</h1>
      <div className="panel-image">
        {/* The pane binds its pointer once: another width makes another pane. */}
        <ImagePane key={String(wide)} store={live.image} compact={!wide}>
          <OverImage image={live.image} regions={live.regions} onProblems={setRegionProblems} />
        </ImagePane>
        <MissingExposure store={live.exposures} />
      </div>
      <Caption live={live} wide={wide} problems={[...live.problems, ...regionProblems]} />
    </main>
  );
}

function useWide(px: number): boolean {
  const [wide, setWide] = useState(() => matchMedia(`(min-width: ${px}px)`).matches);
  useEffect(() => {
    const query = matchMedia(`(min-width: ${px}px)`);
    const change = () => setWide(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, [px]);
  return wide;
}

interface CaptionProps {
  readonly live: LiveImage;
  readonly wide: boolean;
  /** With the address, as sentences. */
  readonly problems: readonly string[];
}

function Caption({ live, wide, problems }: CaptionProps) {
  const problem = useOneAfterAnother(problems, 'once');
  const shown = useStore(live.image, (s) => s.shown);
  const missing = useStore(live.exposures, (s) => s.missing);
  const stale = useStore(live.exposures, (s) => s.stale);
  const asOf = useStore(live.exposures, (s) => s.asOf);
  const now = useNow(live.clock, 1_000);
  let text = missing ? 'No image' : 'Waiting for the first image';
  let whole = text;
  // Apart from the text, which is cut where it is too long: the age never is.
  let age = '';
  if (shown) {
    const { observationType, physicalFilter, seqNum } = shown;
    const facts = [typeLabel(observationType), targetLabel(shown), filterLabel(physicalFilter)].filter(
      Boolean,
    );
    whole = [exposureLabel(shown), ...facts].join(' · ');
    // The night is the first that a narrow panel does without.
    text = wide ? whole : [seqNum, ...facts].join(' · ');
    age = `· ${formatAge((now - arrivedUnixMs(shown)) / 1000)} ago`;
  }
  return (
    <footer className="panel-caption">
      {problems.length > 0 && (
        <span
          className="panel-problem"
          role="img"
          title={problems.join('\n')}
          aria-label={problems.join(' ')}
        >
          ⚠
        </span>
      )}
      <span
        className="panel-text"
        role="status"
        data-problem={problem !== undefined}
        title={problem ?? whole}
      >
        {problem ?? text}
      </span>
      <span className="panel-age">{problem === undefined && age}</span>
      <SourceBadge
        name={live.source}
        state={stale ? 'bad' : 'good'}
        word={stale ? 'stale' : 'ok'}
        age={stale && asOf > 0 ? formatAge((now - asOf) / 1000) : ''}
        title={stale?.message ?? 'The registry answers.'}
      />
    </footer>
  );
}
