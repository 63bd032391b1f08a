/** The service's exposure list as it travels (docs/http-api.md), checked and turned into `Exposure`. */
import * as z from 'zod/mini';
import type { CalibSet, Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';

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

/** Below the 50 ms after which a page feels stuck, with room for the rest of a frame's work. */
const TURN_MS = 8;

/** A whole list of 1000 takes some 50 ms to check: it is done in turns, so that input and painting come in between. */
export async function exposuresFromWire(wires: readonly unknown[]): Promise<Exposure[]> {
  const exposures: Exposure[] = [];
  let turnBegan = performance.now();
  for (const wire of wires) {
    const checked = z.safeParse(ExposureWire, wire);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      const field = issue?.path.join('.');
      const message = `An exposure of the service's list is not what this version of the page expects (${field}: ${issue?.message}). Reload the page.`;
      throw new AppError('Bug', message, {}, { cause: checked.error });
    }
    exposures.push(exposureFromWire(checked.data));
    if (performance.now() - turnBegan > TURN_MS) {
      await new Promise((next) => setTimeout(next, 0));
      turnBegan = performance.now();
    }
  }
  return exposures;
}

/** `stale` is checked by the shape of an error alone: its tags are an open list across versions. */
export const ExposureChanges = z.object({
  version: z.number(),
  asOfUnixMs: z.number(),
  reset: z.boolean(),
  /** Checked one by one: see `exposuresFromWire`. */
  upserted: z.array(z.unknown()),
  removed: z.array(z.number()),
  stale: z.nullable(z.object({ tag: z.string(), message: z.string() })),
  refused: z.array(
    z.object({
      fileName: z.string(),
      obsId: z.nullable(z.string()),
      reason: z.string(),
      refusedUnixMs: z.number(),
    }),
  ),
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
