/** What the service has measured of each amplifier over a night: `GET api/repositories/NAME/amplifiers`. */
import * as z from 'zod/mini';
import type { ServiceHttp } from '../serviceHttp.ts';

const Value = z.nullable(z.number());

const NightAmplifiersWire = z.object({
  dayObs: z.number(),
  exposures: z.array(
    z.object({
      exposure: z.number(),
      seqNum: z.number(),
      observationType: z.string(),
      amplifiers: z.array(
        z.object({
          name: z.string(),
          biasLevelAdu: Value,
          overscanNoiseAdu: Value,
          overscanNoiseElectron: Value,
          rowNoiseAdu: Value,
          correlation: Value,
          biasDriftAdu: Value,
          medianAdu: Value,
          robustSigmaAdu: Value,
          saturatedPixels: Value,
          // How many there are.
          hotColumns: Value,
          deadColumns: Value,
        }),
      ),
    }),
  ),
});

export type NightAmplifiers = z.infer<typeof NightAmplifiersWire>;

export function fetchNightAmplifiers(
  http: ServiceHttp,
  repository: string,
  dayObs: number,
): Promise<NightAmplifiers> {
  const path = `api/repositories/${encodeURIComponent(repository)}/amplifiers?day_obs=${dayObs}`;
  return http.json(path, NightAmplifiersWire);
}
