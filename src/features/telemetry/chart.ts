/** The strip as plotly wants it: two stacked plots over one time axis. */
import type { Series } from '../../services/efd/efdClient.ts';
import type { StripData } from './telemetryStore.ts';

/** Pixels around the plots. The bands are drawn by ourselves below plotly and need to know them. */
export const MARGIN = { left: 46, right: 10, top: 6, bottom: 20 } as const;
/** Share of the height, from below: seeing, a gap, mount error. */
export const SEEING_DOMAIN = [0, 0.36] as const;
export const MOUNT_DOMAIN = [0.44, 1] as const;

/** Settling after a slew would flatten everything else: beyond this the line leaves the plot. */
const LARGEST_ERROR_ARCSEC = 12;

export interface ChartColours {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly azimuth: string;
  readonly elevation: string;
  readonly seeing: string;
}

function timesOf(series: Series): Float64Array {
  return series.timesMs.map((t) => t + series.originUnixMs);
}

function largest(values: Float64Array, limit: number): number {
  let top = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > top && size <= limit) top = size;
  }
  return top;
}

export function tracesOf(data: StripData, colours: ChartColours): object[] {
  const line = (series: Series, colour: string, axis: 'y' | 'y2', name: string) => ({
    type: 'scatter',
    mode: 'lines',
    name,
    x: timesOf(series),
    y: series.values,
    yaxis: axis,
    connectgaps: false,
    line: { color: colour, width: 1.2, simplify: false },
    hovertemplate: `%{y:.2f}″<extra>${name}</extra>`,
  });
  return [
    line(data.azimuth, colours.azimuth, 'y', 'az·cos el'),
    line(data.elevation, colours.elevation, 'y', 'el'),
    line(data.seeing, colours.seeing, 'y2', 'DIMM'),
  ];
}

export function layoutOf(data: StripData, colours: ChartColours, width: number, height: number): object {
  const error = Math.max(
    0.5,
    1.1 * largest(data.azimuth.values, LARGEST_ERROR_ARCSEC),
    1.1 * largest(data.elevation.values, LARGEST_ERROR_ARCSEC),
  );
  const seeing = Math.max(1, 1.15 * largest(data.seeing.values, 10));
  const font = { family: 'Inter Variable, sans-serif', size: 11, color: colours.muted };
  const axis = {
    gridcolor: colours.line,
    zerolinecolor: colours.line,
    linecolor: colours.line,
    tickfont: font,
    fixedrange: true,
    automargin: false,
  };
  return {
    width,
    height,
    margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    showlegend: false,
    hovermode: 'x',
    dragmode: false,
    font,
    // Numbers on a date axis are POSIX ms and the labels are UTC.
    xaxis: {
      ...axis,
      type: 'date',
      range: [data.begin, data.end],
      anchor: 'y2',
      tickformat: '%H:%M',
      nticks: 9,
    },
    yaxis: {
      ...axis,
      domain: MOUNT_DOMAIN,
      range: [-error, error],
      nticks: 5,
      title: titled('mount ″', font),
    },
    yaxis2: { ...axis, domain: SEEING_DOMAIN, range: [0, seeing], nticks: 3, title: titled('DIMM ″', font) },
  };
}

function titled(text: string, font: object): object {
  return { text, font, standoff: 4 };
}

export const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false };
