import { describe, expect, it } from 'vitest';
import { QUANTITIES } from '../../../core/measure/healthLimits.ts';
import { fetchNightAmplifiers, type NightAmplifiers } from '../../../services/butler/nightAmplifiers.ts';
import type { ServiceHttp } from '../../../services/serviceHttp.ts';
import { serviceTrend } from './serviceTrend.ts';

/** As the service answers: each quantity a number of its own, in the order of QUANTITIES. */
const amplifier = (name: string, first: number | null) => ({
  name,
  ...Object.fromEntries(QUANTITIES.map((quantity, i) => [quantity, first === null ? null : first + i])),
});
const answer = {
  dayObs: 20261122,
  exposures: [
    { exposure: 1, seqNum: 1, observationType: 'bias', amplifiers: [amplifier('C00', 10)] },
    {
      exposure: 2,
      seqNum: 2,
      observationType: 'dark',
      amplifiers: [amplifier('C00', null), amplifier('C01', 50)],
    },
  ],
};

const http = {
  json: async (path: string, schema: { parse(value: unknown): unknown }) => {
    expect(path).toBe('api/repositories/OODS/amplifiers?day_obs=20261122');
    return schema.parse(answer);
  },
} as unknown as ServiceHttp;

describe('the trend that the service has measured', () => {
  it.each(QUANTITIES.map((quantity, i) => [quantity, i] as const))('is there for %s', async (quantity, i) => {
    const night: NightAmplifiers = await fetchNightAmplifiers(http, 'OODS', 20261122);
    const { exposures, values } = serviceTrend(night, quantity);
    expect(exposures.map(({ seqNum }) => seqNum)).toEqual([1, 2]);
    expect(values).toEqual({ C00: [10 + i, null], C01: [null, 50 + i] });
  });
});
