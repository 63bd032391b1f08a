/**
 * The plots and, below their lines, the exposures' bands. Plotly draws the lines; the bands are plain SVG, because a
 * plotly shape costs a hundred times a rectangle and there are hundreds of them.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type MouseEvent } from 'react';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import { toAppError } from '../../core/errors.ts';
import { bandsIn, exposureAt, type Bands } from './bands.ts';
import { CONFIG, layoutOf, MARGIN, tracesOf, type ChartColours } from './chart.ts';
import type { StripData } from './telemetryStore.ts';

type Plotly = typeof import('plotly.js-cartesian-dist-min');

const LABEL_MIN_PX = 24;
/** A click this near to a narrow band means it. */
const CLICK_SLACK_PX = 4;

export interface StripChartProps {
  readonly data: StripData;
  readonly exposures: readonly Exposure[];
  readonly selected: ExposureId | null;
  readonly onOpen: (exposure: Exposure) => void;
  readonly onBands: (bands: Bands) => void;
}

export function StripChart({ data, exposures, selected, onOpen, onBands }: StripChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const colours = useColours();
  const [plotly, setPlotly] = useState<Plotly | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { begin, end } = data;
  const plotWidth = Math.max(1, size.width - MARGIN.left - MARGIN.right);

  useEffect(() => {
    let alive = true;
    import('plotly.js-cartesian-dist-min').then(
      (module) => alive && setPlotly(('default' in module ? module.default : module) as Plotly),
      (thrown: unknown) => alive && setProblem(toAppError(thrown).message),
    );
    return () => {
      alive = false;
    };
  }, []);

  useEffect(() => {
    const element = plot.current;
    if (!plotly || !element || size.width === 0 || !colours) return;
    plotly
      .react(element, tracesOf(data, colours), layoutOf(data, colours, size.width, size.height), CONFIG)
      .catch((thrown: unknown) => setProblem(toAppError(thrown).message));
  }, [plotly, data, colours, size]);

  useEffect(() => {
    const element = plot.current;
    return () => {
      if (plotly && element) plotly.purge(element);
    };
  }, [plotly]);

  const bands = useMemo(
    () => bandsIn(exposures, begin, end, plotWidth, selected),
    [exposures, begin, end, plotWidth, selected],
  );
  useLayoutEffect(() => onBands(bands), [bands, onBands]);

  const percent = (at: number) => (100 * (Math.min(Math.max(at, begin), end) - begin)) / (end - begin);

  function openAt(event: MouseEvent<HTMLDivElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    const msPerPx = (end - begin) / plotWidth;
    const at = begin + (event.clientX - box.left - MARGIN.left) * msPerPx;
    const exposure = exposureAt(exposures, at, CLICK_SLACK_PX * msPerPx);
    if (exposure) onOpen(exposure);
  }

  return (
    // The exposure list is the way to an exposure without a pointer; a click here is a short cut to it.
    <div className="telemetry-chart" ref={frame} onClick={openAt}>
      <svg
        className="telemetry-bands"
        aria-hidden
        style={{
          left: MARGIN.left,
          right: MARGIN.right,
          top: MARGIN.top,
          bottom: MARGIN.bottom,
          width: plotWidth,
        }}
      >
        {bands.merged.map((band) => (
          <rect
            key={band.beginUnixMs}
            className="telemetry-band"
            x={`${percent(band.beginUnixMs)}%`}
            width={`${percent(band.endUnixMs) - percent(band.beginUnixMs)}%`}
            y="0"
            height="100%"
          />
        ))}
        {bands.single.map((band) => {
          const left = percent(band.beginUnixMs);
          const width = percent(band.endUnixMs) - left;
          const px = (width / 100) * plotWidth;
          return (
            <g key={band.exposure}>
              <rect
                className={
                  band.exposure === selected ? 'telemetry-band telemetry-band-selected' : 'telemetry-band'
                }
                data-exposure={band.exposure}
                x={`${left}%`}
                width={px < 2 ? 2 : `${width}%`}
                y="0"
                height="100%"
              />
              {px >= LABEL_MIN_PX && (
                <text className="telemetry-band-label" x={`${left + width / 2}%`} y="11">
                  {band.seqNum}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <div className="telemetry-plot" ref={plot} />
      {problem !== null && <p className="telemetry-message">The plots cannot be drawn: {problem}</p>}
    </div>
  );
}

function useSize(ref: { readonly current: HTMLElement | null }): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setSize({ width: Math.floor(width), height: Math.floor(height) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}

/** Plotly wants colours as text: those of the theme, read again when it changes. */
function useColours(): ChartColours | null {
  const [colours, setColours] = useState<ChartColours | null>(null);
  useLayoutEffect(() => {
    const read = () => {
      const style = getComputedStyle(document.documentElement);
      const of = (token: string) => style.getPropertyValue(token).trim() || '#888';
      setColours({
        text: of('--text'),
        muted: of('--muted'),
        line: of('--line'),
        azimuth: of('--accent'),
        elevation: of('--warn'),
        seeing: of('--good'),
      });
    };
    read();
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, []);
  return colours;
}
