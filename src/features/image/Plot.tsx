import { useEffect, useRef, useState } from 'react';
import './image.css';
import { drawPlot, endPlot, plotCsv, type PlotChoice, type PlotLayout, type PlotTrace } from './plot.ts';
import { saveCsv } from '../../services/saveFile.ts';

export interface PlotProps {
  readonly label: string;
  readonly traces: readonly PlotTrace[];
  readonly layout: PlotLayout;
  /** Of the file, without extension. */
  readonly name: string;
  /** Drawn anew with another theme, whose colours it takes. */
  readonly theme?: string;
  /** Where its points can be chosen. */
  readonly choice?: PlotChoice;
}

export function Plot({ label, traces, layout, name, theme, choice }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    drawPlot(element, traces, layout, choice).then(
      () => setProblem(null),
      () => setProblem('The plot library could not be loaded. Reload the page.'),
    );
  }, [traces, layout, theme, choice]);
  useEffect(() => {
    const element = place.current;
    return () => {
      if (element) void endPlot(element);
    };
  }, []);
  return (
    <figure className="image-plot">
      <figcaption>
        {label}
        <button
          type="button"
          className="image-button"
          onClick={() => saveCsv(plotCsv(traces, layout), `${name}.csv`)}
        >
          CSV
        </button>
      </figcaption>
      {problem && <p role="alert">{problem}</p>}
      <div ref={place} className="image-plot-place" role="img" aria-label={label} />
    </figure>
  );
}
