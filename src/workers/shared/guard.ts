/** Errors on their way out of a worker. */
import type { ErrorWire } from '../../core/errors.ts';
import { toAppError } from '../../core/errors.ts';

type AsyncFunctions<Api> = { [K in keyof Api]: (...args: never[]) => Promise<unknown> };

/**
 * The same api, whose functions throw the plain wire form. Comlink rebuilds a thrown Error from its name, message and
 * stack, which loses tag and detail; a thrown plain object arrives unchanged.
 */
export function guard<Api extends AsyncFunctions<Api>>(api: Api): Api {
  const guarded = Object.entries(
    api as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>,
  ).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await call(...args);
      } catch (thrown) {
        const wire: ErrorWire = toAppError(thrown).toWire();
        // oxlint-disable-next-line typescript/only-throw-error -- see above: an Error would lose its tag
        throw wire;
      }
    },
  ]);
  return Object.fromEntries(guarded) as Api;
}
