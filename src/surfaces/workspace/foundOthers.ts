/** What an address compares with: exposures that the list has not got (of another night) are asked for. */
import type { Exposure } from '../../core/dataId.ts';
import { toAppError, type AppError } from '../../core/errors.ts';
import type { OtherKind } from '../../features/image/compare/compareStore.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import type { OtherAsked } from './pageAddress.ts';

export interface FoundOthers {
  readonly others: readonly OtherKind[];
  readonly problems: readonly string[];
  /** One could not be asked for, and may be there. */
  readonly unreached: boolean;
}

/** In the order of the address; the problems are sentences. */
export async function foundOthers(
  asked: readonly OtherAsked[],
  listed: readonly Exposure[],
  butler: Pick<ButlerClient, 'findExposure'>,
): Promise<FoundOthers> {
  const find = async (other: OtherAsked): Promise<OtherKind> => {
    if (other.kind !== 'exposure') return other;
    const there = listed.find(({ exposure }) => exposure === other.exposure);
    return { kind: 'exposure', exposure: there ?? (await butler.findExposure(other)) };
  };
  const others: OtherKind[] = [];
  const errors: AppError[] = [];
  for (const found of await Promise.allSettled(asked.map(find))) {
    if (found.status === 'fulfilled') others.push(found.value);
    else errors.push(toAppError(found.reason));
  }
  return { others, problems: errors.map(problemOf), unreached: errors.some(isUnreached) };
}

/** Anything else says nothing of whether there is such an exposure. */
function isUnreached({ tag }: AppError): boolean {
  return tag !== 'NotFound' && tag !== 'Expired';
}

function problemOf(error: AppError): string {
  return isUnreached(error)
    ? `What the address compares with was not found out: ${error.message} Reload the page to try again.`
    : `Nothing to compare with: ${error.message}`;
}
