/** One reduction of a raw: calibs fetched as the recipe asks for them, the engine's job, and what was done in words. */
import type { Calib, Engine, FitsStream, IsrJob, IsrReport, Plane } from 'astro-fits-wasm';
import { AppError, toAppError } from '../../core/errors.ts';
import type { RowWork } from '../shared/yielding.ts';
import { orCancelled, runInBands } from '../shared/yielding.ts';
import type { CalibCache, HeldCalib } from './calibCache.ts';
import type { IsrRecipe, IsrStep } from './contract.ts';
import type { RawFacts, RawSource } from './rawSource.ts';
import type { StepPlan } from './recipe.ts';
import { planSteps } from './recipe.ts';

/** A step of the plan, once it is known whether its calib can be had. */
interface SettledStep {
  readonly plan: StepPlan;
  readonly held: HeldCalib | undefined;
  readonly warning: string | undefined;
}

/** The steps of one reduction; its calibs are held until `release`. */
export interface SettledSteps {
  readonly steps: readonly SettledStep[];
  release(): void;
}

export interface Reduced {
  readonly plane: Plane;
  readonly mask: Plane | undefined;
  readonly variance: Plane | undefined;
  readonly report: IsrReport;
  readonly steps: readonly IsrStep[];
  readonly warnings: readonly string[];
}

/** Never rejects: a calib that cannot be had is a step that is skipped and says why. */
export async function settleSteps(
  { request, calibs, geometry }: RawFacts,
  isr: IsrRecipe,
  cache: CalibCache,
): Promise<SettledSteps> {
  const steps = await Promise.all(
    planSteps({ ...request, calibs, isr }).map(async (plan): Promise<SettledStep> => {
      if (!plan.calib) return { plan, held: undefined, warning: undefined };
      try {
        const url = `${request.fileUrlPrefix}${plan.calib.datasetId}`;
        return { plan, held: await cache.acquire(plan.calib, url, geometry), warning: undefined };
      } catch (thrown) {
        const { message } = toAppError(thrown);
        return {
          plan: { ...plan, calib: null, skippedBecause: `its file cannot be used: ${message}` },
          held: undefined,
          warning: `Without ${plan.name}: ${message}`,
        };
      }
    }),
  );
  return { steps, release: () => steps.forEach(({ held }) => held?.release()) };
}

export interface ReductionHooks {
  /** Called when the job wants more bytes of the raw; pushes them, or says that there are no more. */
  feed?(): Promise<void>;
  /** All segments are decoded. */
  onRead?(): void;
  onStep?(job: IsrJob, waiting: boolean): void;
}

/** The engine decodes each segment as soon as its bytes are there and takes the overscan off while it is in cache. */
export async function reduce(
  engine: Engine,
  source: RawSource,
  isr: IsrRecipe,
  settled: SettledSteps,
  signal: AbortSignal,
  hooks: ReductionHooks = {},
): Promise<Reduced> {
  const wanted = settled.steps.filter(({ plan }) => plan.skippedBecause === null);
  const calibs = wanted.flatMap(({ held }): Calib[] => (held ? [held.calib] : []));
  const job = source.isr(engine, {
    recipe: isr.recipe,
    overscan: isr.overscan,
    steps: wanted.map(({ plan }) => plan.name),
    calibs: Object.fromEntries(calibs.map((calib) => [calib.kind, calib])),
  });
  const work: RowWork & { waiting: boolean } = {
    waiting: false,
    step(maxRows) {
      const reading = job.currentStep === 'read';
      const state = job.step(maxRows);
      this.waiting = state === 'waiting';
      // Segments are decoded and reduced in turn: the last time that reading ends counts.
      if (reading && job.currentStep !== 'read') hooks.onRead?.();
      hooks.onStep?.(job, this.waiting);
      return state !== 'more';
    },
    free: () => job.free(),
  };
  try {
    for (;;) {
      await runInBands(work, signal);
      if (!work.waiting) break;
      if (!hooks.feed) throw new AppError('Bug', 'A raw that had been read whole wants more bytes.');
      await orCancelled(hooks.feed(), signal);
    }
    const { image: plane, mask, variance, report } = job;
    return {
      plane,
      mask,
      variance,
      report,
      steps: stepsOf(report, settled, source.request.physicalFilter),
      warnings: [...oncePerKind(report.warnings), ...settled.steps.flatMap((s) => s.warning ?? [])],
    };
  } catch (thrown) {
    throw named(toAppError(thrown), source.stream);
  } finally {
    job.free();
  }
}

/** Says which segment a broken HDU is. */
function named(error: AppError, stream: FitsStream): AppError {
  const { hduIndex } = error.detail;
  const name = typeof hduIndex === 'number' ? stream.hdus[hduIndex]?.name : undefined;
  if (!name || error.tag !== 'MalformedFits' || error.message.includes(name)) return error;
  return new AppError(error.tag, `${name}: ${error.message}`, error.detail, { cause: error });
}

/** What is said of several segments in the same words is one line: that of the first, with their number. */
function oncePerKind(warnings: readonly string[]): readonly string[] {
  const kinds = new Map<string, { readonly first: string; count: number }>();
  for (const warning of warnings) {
    const kind = warning.replaceAll(/Segment\d\d/g, 'Segment');
    const seen = kinds.get(kind);
    if (seen) seen.count += 1;
    else kinds.set(kind, { first: warning, count: 1 });
  }
  return [...kinds.values()].map(({ first, count }) =>
    count === 1 ? `${first}.` : `${first}; the same holds for ${count - 1} more segments.`,
  );
}

/** What is going to be done, while it is. */
export function plannedSteps({ steps }: SettledSteps): readonly IsrStep[] {
  return steps.map(({ plan: { name, switchable, skippedBecause } }) =>
    skippedBecause === null
      ? { name, done: true, switchable }
      : { name, done: false, skippedBecause, switchable },
  );
}

/** What the engine did, with the words of the recipe for calibs: their collection, or why there was none. */
function stepsOf(report: IsrReport, settled: SettledSteps, physicalFilter: string): readonly IsrStep[] {
  return settled.steps.map(({ plan: { name, calib, switchable, skippedBecause } }): IsrStep => {
    if (skippedBecause !== null) return { name, done: false, skippedBecause, switchable };
    const told = report.steps.find((step) => step.name === name);
    if (!told) return { name, done: false, skippedBecause: 'the engine left it out', switchable };
    if (!told.done) return { name, done: false, skippedBecause: told.reason, switchable };
    if (!calib) return { name, done: true, with: told.with, switchable };
    const of = name === 'flat' ? `${physicalFilter} · ${calib.collection}` : calib.collection;
    return { name, done: true, with: of, dataset: calib.datasetId, switchable };
  });
}
