/** One quantity of all amplifiers over the night's exposures, the chosen amplifier's line in front. */
import { useMemo, useState, type PointerEvent } from 'react';
import type { HealthQuantity } from '../../../core/measure/healthLimits.ts';
import type { HealthTrend } from '../../../core/measure/healthTrend.ts';
import { formatFixed } from '../../../core/units.ts';
import { saveCsv } from '../../../services/saveFile.ts';
import { trendCsv } from './healthCsv.ts';
import { valueWithUnit, WORDS } from './quantities.ts';
import { extentOf, linesOf, pathOf, placesOf } from './trendLines.ts';

export interface HealthTrendChartProps {
  readonly trend: HealthTrend;
  readonly quantity: HealthQuantity;
  readonly chosen: string | null;
}

export function HealthTrendChart({ trend, quantity, chosen }: HealthTrendChartProps) {
  const { exposures } = trend;
  const { name, unit, decimals, trendOfChanges: changes = false } = WORDS[quantity];
  /** Undefined: the newest, whichever that is. */
  const [pointedAt, setPointedAt] = useState<number>();
  const { extent, paths, places } = useMemo(() => {
    const lines = linesOf(trend, changes);
    const range = extentOf(lines);
    const xs = placesOf(trend.exposures);
    const drawn = range ? lines.map((line) => ({ name: line.name, d: pathOf(line.values, xs, range) })) : [];
    return { extent: range, paths: drawn, places: xs };
  }, [trend, changes]);

  if (exposures.length < 2 || !extent) {
    return <p className="health-note">The trend begins with the second exposure that has this quantity.</p>;
  }
  const index = Math.min(pointedAt ?? Infinity, exposures.length - 1);
  const at = exposures[index]!;
  const value = chosen === null ? null : (trend.values[chosen]?.[index] ?? null);
  const title = changes ? `${name}, change from the night’s median` : name;
  // A change of a whole number needs a decimal of its own: the median of an even count lies between.
  const edge = (number: number) => formatFixed(number, Math.max(1, decimals));

  function point(event: PointerEvent<SVGSVGElement>): void {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointedAt(nearest(places, (100 * (event.clientX - left)) / width));
  }

  return (
    <figure className="health-trend">
      <figcaption>
        <span>
          {title}
          {unit && <span className="health-unit"> {unit}</span>}
        </span>
        <button
          type="button"
          className="image-button"
          aria-label="CSV of the trend"
          onClick={() => {
            saveCsv(
              trendCsv(trend, quantity),
              `amplifier-trend-${quantity}-${exposures.at(-1)!.exposure}.csv`,
            );
          }}
        >
          CSV
        </button>
      </figcaption>
      <div className="health-trend-scale" aria-hidden="true">
        <span>{edge(extent.high)}</span>
        <span>{edge(extent.low)}</span>
      </div>
      <svg
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} of ${paths.length} amplifiers over ${exposures.length} exposures, from ${edge(extent.low)} to ${edge(extent.high)} ${unit}`}
        onPointerMove={point}
        onPointerLeave={() => setPointedAt(undefined)}
      >
        <line className="health-trend-cursor" x1={places[index]} x2={places[index]} y1={0} y2={100} />
        {paths.map((path) => path.name !== chosen && <path key={path.name} d={path.d} />)}
        {paths.map(
          (path) =>
            path.name === chosen && <path key={path.name} className="health-trend-chosen" d={path.d} />,
        )}
      </svg>
      <input
        type="range"
        aria-label="Exposure of the trend"
        aria-valuetext={`seq ${at.seqNum} ${at.observationType}`}
        min={0}
        max={exposures.length - 1}
        value={index}
        onChange={(event) => setPointedAt(event.target.valueAsNumber)}
      />
      <div className="health-trend-seq" aria-hidden="true">
        <span>{exposures[0]!.seqNum}</span>
        <span>sequence number</span>
        <span>{exposures.at(-1)!.seqNum}</span>
      </div>
      <output className="health-trend-readout">
        seq {at.seqNum} {at.observationType}
        {chosen !== null && ` · ${chosen} ${valueWithUnit(quantity, value)}`}
      </output>
    </figure>
  );
}

function nearest(places: readonly number[], x: number): number {
  let best = 0;
  places.forEach((place, k) => {
    if (Math.abs(place - x) < Math.abs(places[best]! - x)) best = k;
  });
  return best;
}
