/** `isr`: removes the instrument signature from one raw. */
import { performance } from 'node:perf_hooks';
import type {
  Calib,
  CalibKind,
  Engine,
  FitsStream,
  IsrJob,
  IsrReport,
  IsrRequest,
  StepName,
} from '../index.ts';
import { CALIB_KINDS, GEOMETRY_MODES, OVERSCAN_METHODS, RECIPES, STEP_NAMES } from '../index.ts';
import type { Arguments } from './arguments.ts';
import type { Command } from './command.ts';
import { imageSha256, sha256 } from './hash.ts';
import { writeResult } from './isrFile.ts';
import { columns, shortNumber, toJson } from './output.ts';
import { withFile } from './source.ts';

/** About 20 ms of work. */
const ROWS = 512;

function readCalib(engine: Engine, args: Arguments, kind: CalibKind, file: string): Promise<Calib> {
  const source = { file, memoryLimit: args.memoryLimit };
  return withFile(
    engine,
    source,
    () => undefined,
    (stream) => {
      const reading = engine.readCalib(stream, kind, file);
      try {
        while (!reading.step(ROWS));
        return reading.calib;
      } finally {
        reading.free();
      }
    },
  );
}

/** Undefined members are left out, so that the engine's defaults hold. */
function requestOf(args: Arguments): IsrRequest {
  const pair = (option: string): readonly [number, number] | undefined => {
    const [near, far] = args.counts(option, 2) ?? [];
    return near === undefined || far === undefined ? undefined : [near, far];
  };
  const recipe = args.oneOf('recipe', RECIPES);
  const steps = args.someOf('steps', STEP_NAMES);
  const overscan = args.oneOf('overscan', OVERSCAN_METHODS);
  const geometry = args.oneOf('geometry', GEOMETRY_MODES);
  const serialSkip = pair('serial-skip');
  const parallelSkip = pair('parallel-skip');
  return {
    ...(recipe && { recipe }),
    ...(steps && { steps }),
    ...(overscan && { overscan }),
    ...(geometry && { geometry }),
    ...(serialSkip && { serialSkip }),
    ...(parallelSkip && { parallelSkip }),
    // Each step a pass of its own can be timed; the pixels are the same.
    separate: true,
    statistics: true,
  };
}

/** Runs to the end; wall-clock milliseconds by step, decoding as `read`. */
function runTimed(job: IsrJob): Record<string, number> {
  const ms: Record<string, number> = {};
  for (let state = 'more'; state !== 'done';) {
    const step: StepName | 'read' = job.currentStep ?? 'read';
    const started = performance.now();
    state = job.step(ROWS);
    ms[step] = (ms[step] ?? 0) + performance.now() - started;
  }
  return Object.fromEntries(Object.entries(ms).map(([step, time]) => [step, Math.round(time * 1000) / 1000]));
}

async function reduce(engine: Engine, args: Arguments, stream: FitsStream, calibs: IsrRequest['calibs']) {
  const job = engine.isr(stream, { ...requestOf(args), ...(calibs && { calibs }) });
  try {
    const ms = runTimed(job);
    const { image, mask, variance, report } = job;
    const out = args.text('out');
    if (out !== undefined) await writeResult(engine, out, stream.hdus[0]?.header.cards ?? [], job);
    const result = {
      file: args.file,
      ...report,
      sha256: imageSha256(image.view() as Float32Array),
      mask_sha256: mask ? sha256(mask.view()) : null,
      variance_sha256: variance ? imageSha256(variance.view() as Float32Array) : null,
      out: out ?? null,
      ms,
    };
    for (const plane of [image, mask, variance]) if (plane) engine.free(plane);
    return result;
  } finally {
    job.free();
  }
}

/** What is said of several segments in the same words is one line: that of the first, with their number. */
export function oncePerKind(warnings: readonly string[]): readonly string[] {
  const kinds = new Map<string, { readonly first: string; count: number }>();
  for (const warning of warnings) {
    const kind = warning.replaceAll(/Segment\d\d|\bC\d\d\b/g, 'Segment');
    const seen = kinds.get(kind);
    if (seen) seen.count += 1;
    else kinds.set(kind, { first: warning, count: 1 });
  }
  return [...kinds.values()].map(({ first, count }) =>
    count === 1 ? first : `${first} (and so in ${count - 1} more)`,
  );
}

function describe(
  result: IsrReport & { readonly sha256: string; readonly ms: Record<string, number> },
): string {
  const { instrument, detector_name: name, detector_type: type, saturation } = result;
  const threshold = saturation.threshold === null ? '' : `${saturation.threshold} ${saturation.unit}, `;
  return [
    `${instrument} ${name} ${type}: ${result.width} x ${result.height} pixels in ${result.unit}`,
    `saturation: ${threshold}${saturation.source}`,
    '',
    columns(
      result.steps.map((step) => [
        step.name,
        step.done ? 'done' : 'not done',
        step.done ? `${shortNumber(result.ms[step.name] ?? 0)} ms` : '',
        step.done ? step.with : step.reason,
      ]),
    ),
    '',
    columns([
      ['amplifier', 'gain', 'read noise', 'overscan', 'median before', 'sigma', 'median after', 'sigma'],
      ...result.amplifiers.map((amplifier) => [
        amplifier.name,
        ...[
          amplifier.gain_electron_per_adu,
          amplifier.read_noise_electron,
          amplifier.overscan_median ?? null,
          amplifier.median_before ?? null,
          amplifier.robust_sigma_before ?? null,
          amplifier.median_after ?? null,
          amplifier.robust_sigma_after ?? null,
        ].map(shortNumber),
      ]),
    ]),
    '',
    ...oncePerKind(result.warnings).map((warning) => `warning: ${warning}`),
    `sha256 ${result.sha256}`,
  ].join('\n');
}

export const isr: Command = {
  summary: 'remove the instrument signature from a raw',
  usage: `RAW [${CALIB_KINDS.map((kind) => `--${kind} F`).join('] [')}] [OPTION...]`,
  help: [
    `--bias F ...        calibrations: ${CALIB_KINDS.join(', ')}`,
    `--recipe NAME       ${RECIPES.join(' (in adu) or ')} (in electron); default rapid`,
    '--steps A,B,...     a set of the steps below, assemble always; the recipe gives the order. Default: saturation,',
    '                    serial-overscan, parallel-overscan and each step whose calibration is given',
    `                    ${STEP_NAMES.slice(0, 8).join(', ')},`,
    `                    ${STEP_NAMES.slice(8).join(', ')}`,
    `--overscan METHOD   ${OVERSCAN_METHODS.slice(0, 3).join(', ')},`,
    `                    ${OVERSCAN_METHODS.slice(3).join(', ')}; default ${OVERSCAN_METHODS[0]}`,
    '--serial-skip A,B   columns left out: nearest the image, at the far end; default 3,3',
    '--parallel-skip A,B rows left out; default 3,3',
    '--geometry WHERE    table (the camera table) or header (DATASEC obeyed); default table',
    '--out F             writes image, mask and variance as FITS',
  ],
  options: {
    ...Object.fromEntries(CALIB_KINDS.map((kind) => [kind, { type: 'string' }] as const)),
    recipe: { type: 'string' },
    steps: { type: 'string' },
    overscan: { type: 'string' },
    geometry: { type: 'string' },
    'serial-skip': { type: 'string' },
    'parallel-skip': { type: 'string' },
    out: { type: 'string' },
  },
  async run(engine, args) {
    requestOf(args); // Wrong options are told before any file is read.
    const calibs: Partial<Record<CalibKind, Calib>> = {};
    for (const kind of CALIB_KINDS) {
      const file = args.text(kind);
      if (file !== undefined) calibs[kind] = await readCalib(engine, args, kind, file);
    }
    const result = await withFile(
      engine,
      args,
      () => undefined,
      (stream) => reduce(engine, args, stream, calibs),
    );
    for (const calib of Object.values(calibs)) calib.free();
    return args.json ? toJson(result) : describe(result);
  },
};
