/** What an address compares with: exposures that the list has not got (of another night) are asked for. */
import type { Exposure } from '../../core/dataId.ts';
import { toAppError } from '../../core/errors.ts';
import type { OtherKind } from '../../features/image/compare/compareStore.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import type { OtherAsked } from './pageAddress.ts';

/** In the order of the address; the problems are sentences. */
export async function foundOthers(
  asked: readonly OtherAsked[],
  listed: readonly Exposure[],
  butler: Pick<ButlerClient, 'findExposure'>,
): Promise<{ readonly others: readonly OtherKind[]; readonly problems: readonly string[] }> {
  const find = async (other: OtherAsked): Promise<OtherKind> => {
    if (other.kind !== 'exposure') return other;
    const there = listed.find(({ exposure }) => exposure === other.exposure);
    return { kind: 'exposure', exposure: there ?? (await butler.findExposure(other)) };
  };
  const others: OtherKind[] = [];
  const problems: string[] = [];
  for (const found of await Promise.allSettled(asked.map(find))) {
    if (found.status === 'fulfilled') others.push(found.value);
    else problems.push(`Nothing to compare with: ${toAppError(found.reason).message}`);
  }
  return { others, problems };
}
