/** The image with others beside, behind or taken from it. Pointer, wheel and keys work in each as in the main one. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { LOCKS } from '../../../core/camera/lock.ts';
import { exposureLabel } from '../../../core/dataId.ts';
import { formatFixed } from '../../../core/units.ts';
import { ImagePane } from '../ImagePane.tsx';
import type { ImageStore } from '../imageState.ts';
import { Select } from '../Select.tsx';
import type { PaneTools } from '../PanePointer.tsx';
import './compare.css';
import type { CompareStore, Other } from './compareStore.ts';
import { BLINK_SECONDS, COMPARE_MODES, isCombination, lockProblem, otherLabel } from './compareStore.ts';

// Behind the first picture: they are loaded when somebody zooms in or asks.
const Panner = lazy(() => import('../Panner.tsx'));
const Magnifier = lazy(() => import('../Magnifier.tsx'));

export interface ComparePaneProps {
  readonly main: ImageStore;
  readonly compare: CompareStore;
  /** Over the main image. */
  readonly overlay?: React.ReactNode;
  /** Of the pointer on the main image. */
  readonly tools?: PaneTools;
}

export function ComparePane({ main, compare, overlay, tools }: ComparePaneProps) {
  const { mode, others, combined, combinedName, curtain } = useStore(compare);
  const turn = useBlink(compare, mode === 'blink' ? others.length + 1 : 1);
  const count = others.length + 1;
  const stacked = mode !== 'tile';
  const columns = mode === 'tile' ? Math.ceil(Math.sqrt(count)) : 1;
  const combining = isCombination(mode);
  const shownInStack = (index: number) =>
    mode === 'tile' || mode === 'curtain' || (mode === 'blink' ? index === turn : false);
  return (
    <div className="compare" data-mode={others.length > 0 ? mode : 'off'} data-turn={turn}>
      {others.length > 0 && <CompareBar main={main} compare={compare} />}
      <div
        className={stacked && others.length > 0 ? 'compare-stack' : 'compare-tiles'}
        style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
      >
        <Tile
          hidden={others.length > 0 && !shownInStack(0) && !(combining && !combined)}
          label={others.length > 0 ? <MainLabel image={main} /> : null}
        >
          <ImagePane store={main} {...(tools && { tools })}>
            {overlay}
            <BesidePicture image={main} />
          </ImagePane>
        </Tile>
        {others.map((other, i) => (
          <Tile
            key={other.id}
            hidden={!shownInStack(i + 1) || (mode === 'curtain' && i > 0)}
            clip={mode === 'curtain' && i === 0 ? `inset(0 0 0 ${curtain * 100}%)` : undefined}
            label={<OtherLabel other={other} remove={() => compare.remove(other.id)} />}
          >
            <ImagePane store={other.image} controls={main} testId="compare-pane" />
          </Tile>
        ))}
        {combining && combined && (
          <Tile label={<CombinedLabel name={combinedName} image={combined} />}>
            <ImagePane
              key={mode}
              store={combined}
              controls={main}
              brightness={combined}
              testId="combined-pane"
            />
          </Tile>
        )}
        {mode === 'curtain' && others.length > 0 && <Curtain compare={compare} curtain={curtain} />}
      </div>
    </div>
  );
}

function BesidePicture({ image }: { readonly image: ImageStore }) {
  const panner = useStore(image, (s) => s.overlays.panner && s.view !== 'fit');
  const magnifier = useStore(image, (s) => s.overlays.magnifier);
  return (
    <Suspense>
      {panner && <Panner store={image} />}
      {magnifier && <Magnifier store={image} />}
    </Suspense>
  );
}

interface TileProps {
  readonly children: React.ReactNode;
  readonly label?: React.ReactNode;
  readonly hidden?: boolean;
  readonly clip?: string | undefined;
}

/** A hidden one keeps its canvas as it is: showing it again costs nothing. */
function Tile({ children, label, hidden = false, clip }: TileProps) {
  return (
    <div
      className="compare-tile"
      style={{ visibility: hidden ? 'hidden' : 'visible', ...(clip && { clipPath: clip }) }}
    >
      {children}
      {label && <p className="compare-label">{label}</p>}
    </div>
  );
}

/** Whose turn it is, of so many. */
function useBlink(compare: CompareStore, count: number): number {
  const seconds = useStore(compare, (s) => s.blinkSeconds);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (count < 2) return;
    const timer = setInterval(() => setTurn((now) => now + 1), seconds * 1000);
    return () => clearInterval(timer);
  }, [count, seconds]);
  return turn % count;
}

function MainLabel({ image }: { readonly image: ImageStore }) {
  const shown = useStore(image, (s) => s.shown);
  return <>{shown ? exposureLabel(shown) : ''}</>;
}

function OtherLabel({ other, remove }: { readonly other: Other; readonly remove: () => void }) {
  const value = useStore(other.image, (s) => s.readout?.value);
  // The exposure that it names is the store's.
  useStore(other.image, (s) => s.shown);
  const error = useStore(other.image, (s) => s.error);
  return (
    <>
      {otherLabel(other)}
      {value !== undefined && <span className="image-number"> {formatFixed(value, 1)}</span>}
      {error && <span className="compare-error"> {error.message}</span>}
      <button
        type="button"
        className="compare-close"
        aria-label={`Close ${otherLabel(other)}`}
        onClick={remove}
      >
        ×
      </button>
    </>
  );
}

function CombinedLabel({ name, image }: { readonly name: string; readonly image: ImageStore }) {
  const readout = useStore(image, (s) => s.readout);
  const error = useStore(image, (s) => s.error);
  return (
    <>
      {name}
      {readout && (
        <span className="image-number">
          {' '}
          {formatFixed(readout.value, readout.unit === 'ratio' ? 4 : 1)}{' '}
          {readout.unit === 'ratio' ? '' : readout.unit}
        </span>
      )}
      {error && <span className="compare-error"> {error.message}</span>}
    </>
  );
}

function CompareBar({ main, compare }: Pick<ComparePaneProps, 'main' | 'compare'>) {
  const mode = useStore(compare, (s) => s.mode);
  const matched = useStore(compare, (s) => s.matched);
  const seconds = useStore(compare, (s) => s.blinkSeconds);
  const lock = useStore(compare, (s) => s.lock);
  // The sky that its sentence is about is the image's.
  useStore(main, (s) => s.shownAs);
  const problem = useStore(compare, (s) => s.problem ?? s.notCombined ?? lockProblem(s, main));
  const combined = useStore(compare, (s) => s.combined !== null);
  return (
    <div className="compare-bar" role="toolbar" aria-label="Compare">
      <div className="image-group" role="group" aria-label="How images are compared">
        {COMPARE_MODES.map((name) => (
          <button
            key={name}
            type="button"
            className="image-choice"
            aria-pressed={mode === name}
            title="k goes on to the next"
            onClick={() => compare.setMode(name)}
          >
            {name}
          </button>
        ))}
      </div>
      {mode === 'blink' && (
        <select
          className="image-select"
          aria-label="Seconds between two images"
          value={seconds}
          onChange={(event) => {
            const chosen = BLINK_SECONDS.find((each) => String(each) === event.target.value);
            if (chosen !== undefined) compare.setBlinkSeconds(chosen);
          }}
        >
          {BLINK_SECONDS.map((each) => (
            <option key={each} value={each}>
              {each} s
            </option>
          ))}
        </select>
      )}
      {isCombination(mode) ? (
        combined && <span className="compare-hint">limits, stretch and colours are the {mode}’s own</span>
      ) : (
        <>
          <button
            type="button"
            className="image-choice"
            aria-pressed={matched}
            title="Every image between the limits of the first (U)"
            onClick={() => compare.setMatched(!matched)}
          >
            match limits
          </button>
          <Select
            label="Locked by"
            title="What lies at the same place of every image (Q)"
            value={lock}
            options={LOCKS.map((each) => [each, `lock: ${each}`] as const)}
            choose={(chosen) => compare.setLock(LOCKS.find((each) => each === chosen) ?? 'pixel')}
          />
        </>
      )}
      <button type="button" className="image-choice" title="Escape" onClick={() => compare.clear()}>
        end
      </button>
      {problem && (
        <span className="compare-error" role="status">
          {problem}
        </span>
      )}
    </div>
  );
}

function Curtain({ compare, curtain }: { readonly compare: CompareStore; readonly curtain: number }) {
  const line = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={line}
      className="compare-curtain"
      role="slider"
      tabIndex={0}
      aria-label="Curtain"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(curtain * 100)}
      style={{ left: `${curtain * 100}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const box = line.current?.parentElement?.getBoundingClientRect();
        if (box) compare.setCurtain((event.clientX - box.left) / box.width);
      }}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowLeft' ? -0.02 : event.key === 'ArrowRight' ? 0.02 : 0;
        if (by === 0) return;
        event.preventDefault();
        compare.setCurtain(curtain + by);
      }}
    />
  );
}
