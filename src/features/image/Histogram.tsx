/** How many pixels have which value, with the limits to drag, and the colours between them in the image's unit. */
import { useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import type { Limits } from '../../core/display/stretch.ts';
import { formatFixed } from '../../core/units.ts';
import { saveCsv } from '../../services/saveFile.ts';
import type { Combination } from '../../workers/image/contract.ts';
import { type ColourBarScale, colourBarScale, rampColours } from './colourBar.ts';
import type { DisplayState } from './displayState.ts';
import { isPerAmplifier, shownLimits } from './displayState.ts';
import { histogramCsv, histogramFileName } from './histogramCsv.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';

const WIDTH = 256;
const HEIGHT = 72;
/** The numbers at the ends of the colour bar stay within it. */
const INWARDS: Readonly<Record<number, string>> = { 0: '0', 1: '-100%' };
const ENDS = ['Lower limit', 'Upper limit'] as const;

interface HistogramProps {
  readonly store: ImageStore;
  /** It is a difference or a ratio of two. */
  readonly combinedAs?: Combination | null;
}

export function Histogram({ store, combinedAs = null }: HistogramProps) {
  const opened = useStore(store, (s) => s.shownAs);
  const survey = useStore(store, (s) => s.survey);
  const display = useStore(store, (s) => s.display);
  const svg = useRef<SVGSVGElement>(null);
  const counts = opened?.statistics.histogram.counts;
  const path = useMemo(() => (counts ? outline(counts) : ''), [counts]);
  if (!opened) return <p className="image-isr-none">No image yet</p>;
  const { statistics } = opened;
  if (!Number.isFinite(statistics.histogram.low)) {
    return <p className="image-isr-none">No pixel of this image has a value: there are no limits to set.</p>;
  }
  const scale = colourBarScale(display, opened, survey);
  // Each amplifier has its own pair: none of them is the image's.
  const ends = isPerAmplifier(display) ? [] : ENDS;
  const limits = shownLimits(display, statistics, survey);
  // Limits that lie outside of the histogram stay in sight.
  const low = Math.min(statistics.histogram.low, limits[0]);
  const high = Math.max(statistics.histogram.high, limits[1]);
  const placeOf = (value: number) => ((value - low) / (high - low || 1)) * WIDTH;
  const move = (end: 0 | 1, value: number) => {
    if (!Number.isFinite(value)) return;
    const moved: Limits =
      end === 0 ? [Math.min(value, limits[1]), limits[1]] : [limits[0], Math.max(value, limits[0])];
    store.setLimits({ rule: 'manual', limits: moved });
  };
  const valueAt = (clientX: number) => {
    const box = svg.current?.getBoundingClientRect();
    return box ? low + ((clientX - box.left) / box.width) * (high - low) : Number.NaN;
  };
  // A ratio is about 1.
  const more = opened.unit === 'ratio' ? 2 : 0;
  const [from, to] = [placeOf(statistics.histogram.low), placeOf(statistics.histogram.high)];
  return (
    <div className="image-histogram" data-testid="histogram">
      <svg
        ref={svg}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="group"
        aria-label={`Histogram of the ${combinedAs ?? 'image'}${scale.unit && `, in ${scale.unit}`}`}
      >
        <path
          className="image-histogram-counts"
          d={path}
          transform={`translate(${from} 0) scale(${(to - from) / WIDTH} 1)`}
          vectorEffect="non-scaling-stroke"
        />
        {ends.map((name, end) => (
          <g
            key={name}
            className="image-histogram-limit"
            role="slider"
            tabIndex={0}
            aria-label={name}
            aria-valuemin={low}
            aria-valuemax={high}
            aria-valuenow={limits[end === 0 ? 0 : 1]}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={(event) => {
              if (event.currentTarget.hasPointerCapture(event.pointerId))
                move(end === 0 ? 0 : 1, valueAt(event.clientX));
            }}
            onKeyDown={(event) => {
              const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
              if (direction === 0) return;
              event.preventDefault();
              const step = ((high - low) / 100) * (event.shiftKey ? 10 : 1);
              move(end === 0 ? 0 : 1, limits[end === 0 ? 0 : 1] + direction * step);
            }}
          >
            <rect
              className="image-histogram-grip"
              x={placeOf(limits[end === 0 ? 0 : 1]) - 6}
              width={12}
              height={HEIGHT}
            />
            <line
              x1={placeOf(limits[end === 0 ? 0 : 1])}
              x2={placeOf(limits[end === 0 ? 0 : 1])}
              y2={HEIGHT}
              vectorEffect="non-scaling-stroke"
            />
          </g>
        ))}
      </svg>
      <div className="image-histogram-values">
        {ends.map((name, end) => (
          <LimitField
            key={name}
            name={name}
            value={limits[end === 0 ? 0 : 1]}
            set={(v) => move(end === 0 ? 0 : 1, v)}
          />
        ))}
        <span className="image-unit">{scale.unit}</span>
        <button
          type="button"
          className="image-button"
          aria-label="CSV of the histogram"
          onClick={() => {
            saveCsv(histogramCsv(statistics.histogram, opened.unit), histogramFileName(opened, combinedAs));
          }}
        >
          CSV
        </button>
        <span className="image-histogram-facts" data-pending={survey === null}>
          median {formatFixed(statistics.median, 1 + more)} · σ{' '}
          {formatFixed(statistics.robustSigma, 2 + more)} · {survey ? '' : '≈ '}
          {formatFixed(survey?.min ?? statistics.min, more)} …{' '}
          {formatFixed(survey?.max ?? statistics.max, more)}
        </span>
      </div>
      <ColourBar display={display} scale={scale} />
    </div>
  );
}

/** Logarithmic counts: the few bright pixels are what one looks for. */
function outline(counts: readonly number[]): string {
  const top = Math.log1p(Math.max(1, ...counts));
  const points = counts.map((count, i) => {
    const x = (i / counts.length) * WIDTH;
    const y = HEIGHT - (Math.log1p(count) / top) * (HEIGHT - 2);
    return `L${x.toFixed(2)} ${y.toFixed(2)} L${(((i + 1) / counts.length) * WIDTH).toFixed(2)} ${y.toFixed(2)}`;
  });
  return `M0 ${HEIGHT} ${points.join(' ')} L${WIDTH} ${HEIGHT} Z`;
}

interface ColourBarProps {
  readonly display: DisplayState;
  readonly scale: ColourBarScale;
}

/** From the lower to the upper limit. Its lines keep their height, so that nothing moves. */
function ColourBar({ display, scale: { ticks, note } }: ColourBarProps) {
  const gradient = useMemo(
    () => `linear-gradient(to right, ${rampColours(display, 65).join(', ')})`,
    [display],
  );
  return (
    <div data-testid="colour-bar">
      <div className="image-colour-bar" style={{ background: gradient }} aria-hidden="true" />
      <p className="image-colour-ticks">
        {ticks.map(({ place, text }) => (
          <span
            key={place}
            className="image-number"
            style={{ left: `${place * 100}%`, transform: `translateX(${INWARDS[place] ?? '-50%'})` }}
          >
            {text}
          </span>
        ))}
        {ticks.length === 0 && note}
      </p>
      {ticks.length > 0 && note && <p className="image-colour-note">{note}</p>}
    </div>
  );
}

interface LimitFieldProps {
  readonly name: string;
  readonly value: number;
  readonly set: (value: number) => void;
}

function LimitField({ name, value, set }: LimitFieldProps) {
  const text = Number.isFinite(value) ? String(Number(value.toPrecision(6))) : '';
  const take = (field: HTMLInputElement) => {
    const typed = Number(field.value);
    if (field.value.trim() !== '' && Number.isFinite(typed) && field.value !== text) set(typed);
    else field.value = text;
  };
  return (
    <input
      // Another value from elsewhere makes another field, so that what is typed is never overwritten half way.
      key={text}
      className="image-limit image-number"
      aria-label={name}
      inputMode="decimal"
      defaultValue={text}
      onBlur={(event) => take(event.currentTarget)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take(event.currentTarget);
      }}
    />
  );
}
