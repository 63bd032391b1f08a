/** The same definitions in numpy, written by fixtures/amplifier_health.py. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Amplifier } from '../camera/geometry.ts';
import { amplifierCorrelation, overscanResiduals } from './amplifierCorrelation.ts';
import { amplifierHealth, type AmplifierHealth } from './amplifierHealth.ts';
import type { RawSegment } from './serialOverscan.ts';

interface Expected {
  readonly geometry: Omit<Amplifier, 'name' | 'hduName' | 'flipX' | 'flipY'>;
  readonly amplifiers: readonly {
    readonly name: string;
    readonly flipX: boolean;
    readonly health: Omit<AmplifierHealth, 'name'>;
  }[];
  readonly correlation: readonly (readonly number[])[];
}

const FOLDER = resolve(import.meta.dirname, '../../../fixtures/amplifier-health');
const expected = JSON.parse(readFileSync(resolve(FOLDER, 'expected.json'), 'utf8')) as Expected;
const bytes = new Uint8Array(gunzipSync(readFileSync(resolve(FOLDER, 'segments.i32.gz'))));
const { rawWidth: width, rawHeight: height } = expected.geometry;

const segments: RawSegment[] = expected.amplifiers.map((_, k) => ({
  width,
  height,
  values: new Int32Array(bytes.buffer, k * width * height * 4, width * height),
}));
const amplifiers: Amplifier[] = expected.amplifiers.map(({ name, flipX }) => ({
  ...expected.geometry,
  name,
  hduName: `Segment${name.slice(1)}`,
  flipX,
  flipY: false,
}));

describe('numpy agrees', () => {
  it.each(expected.amplifiers.map(({ name }, k) => [name, k] as const))('about %s', (_, k) => {
    const { name, ...health } = amplifierHealth(segments[k]!, amplifiers[k]!);
    const truth = expected.amplifiers[k]!.health;
    expect(name).toBe(amplifiers[k]!.name);
    expect(Object.keys(health).toSorted()).toEqual(Object.keys(truth).toSorted());
    for (const [quantity, value] of Object.entries(truth)) {
      const ours = health[quantity as keyof typeof health];
      // Numbers of some ten thousand adu are float32 here, which are 0.002 adu apart.
      if (typeof value === 'number') expect(Math.abs((ours as number) - value), quantity).toBeLessThan(0.002);
      else expect(ours, quantity).toEqual(value);
    }
  });

  it('about what they share', () => {
    const residuals = segments.map((segment, k) => overscanResiduals(segment, amplifiers[k]!)!);
    const { matrix } = amplifierCorrelation(residuals);
    matrix.forEach((row, i) =>
      row.forEach((r, j) => expect(r, `${i}, ${j}`).toBeCloseTo(expected.correlation[i]![j]!, 6)),
    );
  });
});
