/** The plots of the image's measurements, by plotly, loaded with the first of them. */
import { csvText } from '../../core/csv.ts';

export interface PlotTrace {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly name: string;
  readonly mode: 'lines' | 'markers' | 'lines+markers' | 'bars';
  readonly error?: ArrayLike<number>;
  /** On the right-hand axis. */
  readonly right?: boolean;
}

export interface PlotLayout {
  readonly x: string;
  readonly y: string;
  readonly right?: string;
  /** Of positive values alone. */
  readonly logX?: boolean;
}

/** A drag on the plot frames points of its first trace; null when it frames nothing any more. */
export interface PlotChoice {
  readonly chosen: readonly number[];
  onChoose(points: readonly number[] | null): void;
}

/** What is used of plotly.js. */
interface Plotly {
  react(element: HTMLElement, data: unknown[], layout: object, config: object): Promise<unknown>;
  purge(element: HTMLElement): void;
}

/** An element that plotly has drawn in. */
interface PlotlyElement extends HTMLElement {
  on(event: string, listener: (event?: { points: { pointIndex: number }[] }) => void): void;
  removeAllListeners(event: string): void;
}

const CHOSEN = 'plotly_selected';
const UNCHOSEN = 'plotly_deselect';

let plotly: Promise<Plotly> | undefined;

function loaded(): Promise<Plotly> {
  plotly ??= import('plotly.js-cartesian-dist-min').then((module) => module.default as Plotly);
  return plotly;
}

export async function drawPlot(
  element: HTMLElement,
  traces: readonly PlotTrace[],
  { x, y, right, logX }: PlotLayout,
  choice?: PlotChoice,
): Promise<void> {
  const library = await loaded();
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const colours = ['--accent', '--warn', '--good', '--bad'].map(token);
  const axis = {
    gridcolor: token('--plot-grid'),
    zerolinecolor: token('--plot-grid'),
    tickfont: { size: 10 },
  };
  const drawn = element as Partial<PlotlyElement>;
  // Drawing anew takes the frame away, which is no word of the user's.
  for (const event of [CHOSEN, UNCHOSEN]) drawn.removeAllListeners?.(event);
  await library.react(
    element,
    traces.map((trace, i) => ({
      ...(trace.mode === 'bars' ? { type: 'bar' } : { type: 'scatter', mode: trace.mode }),
      x: Array.from(trace.x),
      y: Array.from(trace.y),
      name: trace.name,
      line: { color: colours[i % colours.length], width: 1.5 },
      marker: { color: colours[i % colours.length], size: 4 },
      ...(trace.error && {
        error_y: { type: 'data', array: Array.from(trace.error), thickness: 1, width: 0 },
      }),
      ...(trace.right && { yaxis: 'y2' }),
      ...(choice && {
        // Without any it is as if nothing could be chosen: all of them look alike.
        selectedpoints: choice.chosen.length > 0 ? choice.chosen : null,
        selected: { marker: { color: token('--warn'), size: 6 } },
        unselected: { marker: { opacity: 0.35 } },
      }),
    })),
    {
      autosize: true,
      bargap: 0.05,
      ...(choice && { dragmode: 'select' }),
      margin: { l: 48, r: right ? 40 : 8, t: 8, b: 36 },
      paper_bgcolor: 'transparent',
      plot_bgcolor: 'transparent',
      font: { family: token('--font') || 'sans-serif', size: 11, color: token('--text') },
      showlegend: traces.length > 1,
      legend: { orientation: 'h', y: 1.12, font: { size: 10 } },
      xaxis: { ...axis, title: { text: x, font: { size: 11 } }, ...(logX && { type: 'log' }) },
      yaxis: { ...axis, title: { text: y, font: { size: 11 } } },
      ...(right && {
        yaxis2: {
          ...axis,
          title: { text: right, font: { size: 11 } },
          overlaying: 'y',
          // Its own round numbers, not those that happen to lie at the left axis's.
          tickmode: 'auto',
          rangemode: 'tozero',
          side: 'right',
          showgrid: false,
        },
      }),
    },
    { displayModeBar: false, responsive: true },
  );
  if (!choice) return;
  drawn.on?.(CHOSEN, (event) => {
    if (event) choice.onChoose(event.points.map(({ pointIndex }) => pointIndex));
  });
  drawn.on?.(UNCHOSEN, () => choice.onChoose(null));
}

/** Gives back what plotly keeps of an element that was drawn in. */
export async function endPlot(element: HTMLElement): Promise<void> {
  if (plotly) (await plotly).purge(element);
}

/** The traces one below the other. */
export function plotCsv(
  traces: readonly Pick<PlotTrace, 'name' | 'x' | 'y' | 'error'>[],
  { x, y, right }: PlotLayout,
): string {
  const rows = traces.flatMap((trace) =>
    Array.from(trace.x, (value, i) => [trace.name, value, trace.y[i] ?? null, trace.error?.[i] ?? null]),
  );
  return csvText([['trace', x, right ? `${y}; ${right}` : y, 'error'], ...rows]);
}
