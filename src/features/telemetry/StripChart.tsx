/**
 * Two stacked plots over one time axis, the exposures' bands below their lines. Drawn as plain SVG: a few hundred
 * points cost a millisecond or two, where a plotting library's redraw takes longer than the page may stand still
 * while images stream.
 */
import { memo, useLayoutEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import type { UnixMs } from '../../core/time.ts';
import { formatFixed } from '../../core/units.ts';
import { bandsIn, exposureAt, labelledBands, type Band, type Bands } from './bands.ts';
import {
  clippedMarks,
  formatArcsec,
  labelMiddle,
  layoutOf,
  mountEnd,
  pathOf,
  seeingScale,
  timeTicks,
  utcLabel,
  valueAt,
  valueTicks,
  xOf,
  yOf,
  type Box,
  type Interval,
  type Layout,
  type Peak,
  type Scale,
} from './chart.ts';
import type { StripData } from './telemetryStore.ts';

const NARROWEST_PX = 2;
/** A click this near to a narrow band means it. */
const CLICK_SLACK_PX = 4;
const TICK_PX = 90;
const TICK_ROW_PX = 20;
const AXIS_LABEL_MIN_PX = 40;
/** In a lower plot the largest error's sentence would cover the line. */
const SENTENCE_MIN_PX = 60;

export interface StripChartProps {
  readonly data: StripData;
  readonly exposures: readonly Exposure[];
  readonly selected: ExposureId | null;
  /** The shutter intervals, oldest first. */
  readonly open: readonly Interval[];
  readonly largest: Peak | null;
  readonly onOpen: (exposure: Exposure) => void;
  /** What is drawn as bands, after each change. */
  readonly onBands: (bands: Bands) => void;
}

export function StripChart(props: StripChartProps) {
  const { data, exposures, selected, open, largest, onOpen, onBands } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(frame);
  const layout = useMemo(() => layoutOf(width, height), [width, height]);
  const [pointerX, setPointerX] = useState<number | null>(null);
  const { begin, end } = data;
  const plotWidth = layout?.all.width ?? 0;

  const bands = useMemo(
    () => (plotWidth > 0 ? bandsIn(exposures, begin, end, plotWidth, selected) : { single: [], merged: [] }),
    [exposures, begin, end, plotWidth, selected],
  );
  useLayoutEffect(() => onBands(bands), [bands, onBands]);

  const [mountHigh, setMountHigh] = useState<number | null>(null);
  const high = useMemo(
    () => mountEnd(data.azimuth, data.elevation, open, mountHigh),
    [data, open, mountHigh],
  );
  if (high !== mountHigh) setMountHigh(high);

  const timeAt = (x: number, { all }: Layout) => begin + ((x - all.left) / all.width) * (end - begin);

  function openAt(event: { readonly clientX: number; readonly currentTarget: Element }): void {
    if (!layout) return;
    const at = timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left, layout);
    const slackMs = (CLICK_SLACK_PX * (end - begin)) / plotWidth;
    const exposure = exposureAt(exposures, at, slackMs);
    if (exposure) onOpen(exposure);
  }

  function follow(event: PointerEvent<SVGSVGElement>): void {
    if (!layout) return;
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const { left } = layout.all;
    setPointerX(x >= left && x <= left + plotWidth ? x : null);
  }

  return (
    <div className="telemetry-chart" ref={frame}>
      {layout && (
        // The exposure list is the way to an exposure without a pointer; a click here is a short cut to it.
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`Mount tracking error and seeing over time, with the exposures’ shutter intervals; ${largestSentence(largest)}`}
          onClick={openAt}
          onPointerMove={follow}
          onPointerLeave={() => setPointerX(null)}
        >
          <BandShapes bands={bands} data={data} box={layout.all} selected={selected} />
          <Lines data={data} layout={layout} mountHigh={high} largest={largest} />
          {pointerX !== null && (
            <Cursor data={data} layout={layout} x={pointerX} at={timeAt(pointerX, layout)} />
          )}
        </svg>
      )}
    </div>
  );
}

interface BandShapesProps {
  readonly bands: Bands;
  readonly data: StripData;
  readonly box: Box;
  readonly selected: ExposureId | null;
}

const BandShapes = memo(function BandShapes({ bands, data, box, selected }: BandShapesProps) {
  /** Left and width in pixels, cut to the plot. */
  const span = (beginUnixMs: UnixMs, endUnixMs: UnixMs) => {
    const left = Math.max(xOf(beginUnixMs, data, box), box.left);
    const right = Math.min(xOf(endUnixMs, data, box), box.left + box.width);
    return { x: left, width: Math.max(right - left, NARROWEST_PX) };
  };
  const middleOf = ({ beginUnixMs, endUnixMs }: Band) => {
    const { x, width } = span(beginUnixMs, endUnixMs);
    return x + width / 2;
  };
  const labelled = labelledBands(bands.single, selected, middleOf);
  return (
    <g>
      {bands.merged.map(({ beginUnixMs, endUnixMs }) => (
        <rect
          key={beginUnixMs}
          className="telemetry-band"
          {...span(beginUnixMs, endUnixMs)}
          y={box.top}
          height={box.height}
        />
      ))}
      {bands.single.map(({ exposure, beginUnixMs, endUnixMs }) => (
        <rect
          key={exposure}
          className={`telemetry-band${exposure === selected ? ' telemetry-band-selected' : ''}`}
          data-exposure={exposure}
          {...span(beginUnixMs, endUnixMs)}
          y={box.top}
          height={box.height}
        />
      ))}
      {bands.single
        .filter(({ exposure }) => labelled.has(exposure))
        .map((band) => (
          <text
            key={band.exposure}
            className={`telemetry-band-label${band.exposure === selected ? ' telemetry-band-label-selected' : ''}`}
            x={labelMiddle(middleOf(band), String(band.seqNum), box)}
            y={box.top + box.height - 4}
          >
            {band.seqNum}
          </text>
        ))}
    </g>
  );
});

interface LinesProps {
  readonly data: StripData;
  readonly layout: Layout;
  /** Arcsec. */
  readonly mountHigh: number;
  readonly largest: Peak | null;
}

const Lines = memo(function Lines({ data, layout, mountHigh, largest }: LinesProps) {
  const { seeing } = data;
  const mount = { low: -mountHigh, high: mountHigh };
  const dimm = seeingScale(seeing);
  const ticks = timeTicks(data.begin, data.end, Math.max(2, layout.all.width / TICK_PX));
  const fine = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 60_000;
  const bottom = layout.all.top + layout.all.height;
  return (
    <g>
      <Axis
        box={layout.mount}
        scale={mount}
        label="mount ″"
        most={Math.min(4, layout.mount.height / TICK_ROW_PX)}
      />
      <Axis box={layout.seeing} scale={dimm} label="DIMM ″" most={2} />
      <text className="telemetry-tick" x={14} y={bottom + 13}>
        UTC
      </text>
      {ticks.map((at) => {
        const x = xOf(at, data, layout.all);
        const label = utcLabel(at, fine);
        return (
          <g key={at}>
            <line className="telemetry-grid" x1={x} x2={x} y1={layout.all.top} y2={bottom} />
            <text className="telemetry-tick" x={labelMiddle(x, label, layout.all)} y={bottom + 13}>
              {label}
            </text>
          </g>
        );
      })}
      {/* A nested svg cuts what leaves its plot. */}
      <Plot box={layout.mount}>
        {(['azimuth', 'elevation'] as const).map((name) => (
          <g key={name} className={`telemetry-value-${name}`}>
            <path
              className="telemetry-line"
              data-series={name}
              d={pathOf(data[name], data, mount, inside(layout.mount))}
            />
            <path
              className="telemetry-clipped"
              d={clippedMarks(data[name], data, mount, inside(layout.mount))}
            />
          </g>
        ))}
        {largest && layout.mount.height >= SENTENCE_MIN_PX && (
          <text className="telemetry-largest" x={6} y={layout.mount.height - 6}>
            {largestSentence(largest)}
          </text>
        )}
      </Plot>
      <Plot box={layout.seeing}>
        <g className="telemetry-value-seeing">
          <path
            className="telemetry-line"
            data-series="seeing"
            d={pathOf(seeing, data, dimm, inside(layout.seeing))}
          />
        </g>
      </Plot>
    </g>
  );
});

function largestSentence(largest: Peak | null): string {
  if (!largest) return 'no error measured while exposing';
  return `largest while exposing ${formatArcsec(largest.arcsec)} at ${utcLabel(largest.atUnixMs, true)}`;
}

function inside({ width, height }: Box): Box {
  return { left: 0, top: 0, width, height };
}

function Plot({ box, children }: { readonly box: Box; readonly children: React.ReactNode }) {
  return (
    <svg x={box.left} y={box.top} width={box.width} height={box.height}>
      {children}
    </svg>
  );
}

interface AxisProps {
  readonly box: Box;
  readonly scale: Scale;
  readonly label: string;
  readonly most: number;
}

function Axis({ box, scale, label, most }: AxisProps) {
  const ticks = valueTicks(scale, most);
  const decimals = ticks.every((tick) => Number.isInteger(tick)) ? 0 : 1;
  const middle = box.top + box.height / 2;
  return (
    <g>
      {ticks.map((tick) => {
        const y = yOf(tick, scale, box);
        return (
          <g key={tick}>
            <line className="telemetry-grid" x1={box.left} x2={box.left + box.width} y1={y} y2={y} />
            <text className="telemetry-tick telemetry-tick-value" x={box.left - 5} y={y + 3.5}>
              {formatFixed(tick, decimals)}
            </text>
          </g>
        );
      })}
      {box.height >= AXIS_LABEL_MIN_PX && (
        <text className="telemetry-tick" x={9} y={middle} transform={`rotate(-90 9 ${middle})`}>
          {label}
        </text>
      )}
    </g>
  );
}

interface CursorProps {
  readonly data: StripData;
  readonly layout: Layout;
  readonly x: number;
  readonly at: UnixMs;
}

/** The time and the values under the pointer. */
function Cursor({ data, layout, x, at }: CursorProps) {
  const { all } = layout;
  const within = ((data.end - data.begin) / all.width) * 6;
  const text = (series: StripData['azimuth'], withinMs: number) => {
    const value = valueAt(series, at, withinMs);
    return formatArcsec(value ?? NaN);
  };
  const right = x > all.left + all.width / 2;
  return (
    <g className="telemetry-cursor">
      <line x1={x} x2={x} y1={all.top} y2={all.top + all.height} />
      <text x={right ? x - 6 : x + 6} y={all.top + all.height - 16} textAnchor={right ? 'end' : 'start'}>
        {`${utcLabel(at, true)} UTC  az ${text(data.azimuth, within)}  el ${text(data.elevation, within)}  DIMM ${text(data.seeing, Math.max(within, 90_000))}`}
      </text>
    </g>
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
