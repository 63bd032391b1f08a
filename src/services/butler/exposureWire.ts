/** The service's exposure list as it travels (docs/http-api.md), checked and turned into `Exposure`. */
import * as z from 'zod/mini';
import type { CalibSet, Exposure } from '../../core/dataId.ts';

const decimal = z.string().check(z.regex(/^-?\d+$/));

export const ExposureWire = z.object({
  instrument: z.string(),
  exposure: z.number(),
  obsId: z.string(),
  dayObs: z.number(),
  seqNum: z.number(),
  observationType: z.string(),
  observationReason: z.string(),
  targetName: z.string(),
  scienceProgram: z.string(),
  physicalFilter: z.string(),
  group: z.string(),
  exposureTimeSeconds: z.number(),
  darkTimeSeconds: z.number(),
  shutterOpenTaiNs: decimal,
  shutterCloseTaiNs: decimal,
  raws: z.array(
    z.object({
      datasetId: z.string(),
      detector: z.number(),
      fileBytes: z.nullable(z.number()),
      landedUnixMs: z.nullable(z.number()),
      registeredUnixMs: z.nullable(z.number()),
    }),
  ),
});

export function exposureFromWire(wire: z.infer<typeof ExposureWire>): Exposure {
  const { shutterOpenTaiNs, shutterCloseTaiNs, ...same } = wire;
  return { ...same, shutterOpenTai: BigInt(shutterOpenTaiNs), shutterCloseTai: BigInt(shutterCloseTaiNs) };
}

/** `stale` is checked by the shape of an error alone: its tags are an open list across versions. */
export const ExposureChanges = z.object({
  version: z.number(),
  asOfUnixMs: z.number(),
  reset: z.boolean(),
  upserted: z.array(ExposureWire),
  removed: z.array(z.number()),
  stale: z.nullable(z.object({ tag: z.string(), message: z.string() })),
});

const CalibWire = z.nullable(
  z.object({
    datasetType: z.enum(['bias', 'dark', 'flat']),
    datasetId: z.string(),
    collection: z.string(),
    fileBytes: z.nullable(z.number()),
  }),
);

export const CalibsWire = z.object({
  bias: CalibWire,
  dark: CalibWire,
  flat: CalibWire,
}) satisfies z.ZodMiniType<CalibSet>;
