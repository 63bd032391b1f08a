/** The detector's amplifiers where they lie, y upwards, coloured by one quantity. The table is its text alternative. */
import type { CSSProperties } from 'react';
import type { Amplifier } from '../../../core/camera/geometry.ts';
import type { Finding, HealthQuantity } from '../../../core/measure/healthLimits.ts';
import { valueText, valueWithUnit, WORDS } from './quantities.ts';
import { SIGNS } from './Sign.tsx';

export type MapAmplifier = Pick<Amplifier, 'name' | 'detector'>;

export interface HealthMapProps {
  readonly amplifiers: readonly MapAmplifier[];
  readonly quantity: HealthQuantity;
  /** By amplifier; null where unknown. */
  readonly values: ReadonlyMap<string, number | null>;
  readonly findings: readonly Finding[];
  readonly chosen: string | null;
  readonly onChoose: (amplifier: string) => void;
}

export function HealthMap({ amplifiers, quantity, values, findings, chosen, onChoose }: HealthMapProps) {
  const known = [...values].filter((entry): entry is [string, number] => entry[1] !== null);
  const ordered = known.toSorted((a, b) => a[1] - b[1]);
  const lowest = ordered[0];
  const highest = ordered.at(-1);
  const found = new Map(
    findings.filter((finding) => finding.quantity === quantity).map((each) => [each.amplifier, each]),
  );
  const frame = frameOf(amplifiers);
  // The chosen one last, for its border lies over its neighbours.
  const drawn = amplifiers.toSorted((a, b) => Number(a.name === chosen) - Number(b.name === chosen));
  const summary =
    lowest && highest
      ? `lowest ${lowest[0]} with ${valueWithUnit(quantity, lowest[1])}, highest ${highest[0]} with ${valueWithUnit(quantity, highest[1])}; the table has all values`
      : 'not known';
  return (
    <figure className="health-map">
      <svg role="img" aria-label={`Map of the amplifiers by ${WORDS[quantity].name}: ${summary}`}>
        {drawn.map(({ name, detector }) => {
          const value = values.get(name) ?? null;
          const finding = found.get(name);
          const left = (100 * (detector.x0 - frame.x0)) / frame.width;
          const top = (100 * (frame.y1 - detector.y1)) / frame.height;
          const width = (100 * (detector.x1 - detector.x0)) / frame.width;
          const height = (100 * (detector.y1 - detector.y0)) / frame.height;
          const middle = `${left + width / 2}%`;
          return (
            <g
              key={name}
              className="health-map-amplifier"
              data-amplifier={name}
              data-chosen={name === chosen}
              data-known={value !== null}
              // The table's buttons are the way without a pointer; a click here is a short cut to them.
              onClick={() => onChoose(name)}
            >
              <title>{finding?.sentence ?? `${name}: ${valueWithUnit(quantity, value)}`}</title>
              <rect
                x={`${left}%`}
                y={`${top}%`}
                width={`${width}%`}
                height={`${height}%`}
                style={{ '--part': `${100 * partOf(value, lowest?.[1], highest?.[1])}%` } as CSSProperties}
              />
              <text className="health-map-name" x={middle} y={`${top + 0.32 * height}%`}>
                {name}
              </text>
              <text
                className={finding && `health-${finding.severity}`}
                x={middle}
                y={`${top + 0.64 * height}%`}
              >
                {valueText(quantity, value)}
              </text>
              {finding && (
                <text
                  className={`health-map-sign health-${finding.severity}`}
                  x={middle}
                  y={`${top + 0.9 * height}%`}
                >
                  {SIGNS[finding.severity]}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <figcaption className="health-map-scale" aria-hidden="true">
        <span>{lowest ? valueText(quantity, lowest[1]) : '–'}</span>
        <span className="health-map-ramp" />
        <span>{highest ? valueWithUnit(quantity, highest[1]) : '–'}</span>
      </figcaption>
    </figure>
  );
}

function frameOf(amplifiers: readonly MapAmplifier[]) {
  const x0 = Math.min(...amplifiers.map(({ detector }) => detector.x0));
  const x1 = Math.max(...amplifiers.map(({ detector }) => detector.x1));
  const y0 = Math.min(...amplifiers.map(({ detector }) => detector.y0));
  const y1 = Math.max(...amplifiers.map(({ detector }) => detector.y1));
  return { x0, y1, width: x1 - x0, height: y1 - y0 };
}

function partOf(value: number | null, low = 0, high = 0): number {
  if (value === null || high <= low) return 0;
  return (value - low) / (high - low);
}
