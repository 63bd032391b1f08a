/** The picture that the service makes of a raw for a link over which the raw itself takes long (docs/http-api.md). */
import { AppError } from '../../core/errors.ts';
import { openBytes } from '../shared/fetchBytes.ts';
import { orCancelled } from '../shared/yielding.ts';
import type { FindCalibs, IsrStep, OpenRequest } from './contract.ts';
import { nowUnixMs } from './download.ts';
import { HeldPreview } from './heldPreview.ts';
import type { PipelineTools } from './pipeline.ts';
import { planSteps, type StepPlan } from './recipe.ts';

export async function openPreview(
  request: OpenRequest,
  findCalibs: FindCalibs,
  { engine, fetch, newKey }: PipelineTools,
  signal: AbortSignal,
): Promise<HeldPreview> {
  const fetchStarted = nowUnixMs();
  const geometry = engine.camera(request.instrument, request.detector);
  const plans = planSteps({ ...request, calibs: await orCancelled(findCalibs(), signal) });
  const masters = plans.flatMap(({ name, calib }) => (calib ? [[name, calib.datasetId]] : []));
  const query = new URLSearchParams(masters).toString();
  const url = `${request.rawUrl}/preview${query && `?${query}`}`;
  const stream = await openBytes(url, `The preview of exposure ${request.exposure}`, signal, fetch);
  const [width = 0, height = 0] = (stream.header('x-preview-size') ?? '').split(' ').map(Number);
  const binPx = Number(stream.header('x-preview-bin'));
  const fits =
    binPx >= 1 &&
    width === Math.ceil(geometry.width / binPx) &&
    height === Math.ceil(geometry.height / binPx);
  if (!fits) throw new AppError('Unreachable', 'The service made a preview of another detector.', { url });
  const bytes = new Uint8Array(4 * width * height);
  let at = 0;
  for (;;) {
    const chunk = await orCancelled(stream.read(), signal);
    if (!chunk) break;
    if (at + chunk.length > bytes.length) break;
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at !== bytes.length) throw new AppError('Unreachable', 'The preview did not arrive whole.', { url });
  const fetched = nowUnixMs();
  const plane = engine.plane('f32', width, height);
  // Little-endian, as is every machine that runs WebAssembly.
  (plane.view() as Float32Array).set(new Float32Array(bytes.buffer));
  const done = (stream.header('x-preview-steps') ?? '').split(',');
  return new HeldPreview(engine, plane, {
    key: newKey(),
    request,
    geometry,
    binPx,
    share: 1,
    unit: done.includes('gain') ? 'electron' : 'adu',
    steps: plans.map((plan) => previewStep(plan, done.includes(plan.name))),
    stamps: { fetchStarted, fetched, decoded: fetched, reduced: nowUnixMs() },
    bytes: at,
  });
}

function previewStep({ name, calib, skippedBecause }: StepPlan, done: boolean): IsrStep {
  if (!done) return { name, done, skippedBecause: skippedBecause ?? 'not in the preview', switchable: false };
  if (!calib) return { name, done, switchable: false };
  return { name, done, with: calib.collection, dataset: calib.datasetId, switchable: false };
}
