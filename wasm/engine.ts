import type { Engine, EngineSource } from './api.ts';
import { FitsError } from './api.ts';

/** Compiles and starts one engine. A `Response` is compiled while it streams in. */
export async function createEngine(source: EngineSource | Promise<Response>): Promise<Engine> {
  await source;
  throw new FitsError('WasmFailed', 'the engine is not built into this version');
}
