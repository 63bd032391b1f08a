/** What this site has: its instrument, its Butler repositories, whether there is an EFD. */
import * as z from 'zod/mini';
import { AppError } from '../core/errors.ts';
import type { ServiceHttp } from './serviceHttp.ts';

const SiteAnswer = z.object({
  name: z.string(),
  instrument: z.string(),
  repositories: z.array(
    z.object({
      name: z.string(),
      instrument: z.string(),
      /** Open vocabulary: `oods` has a limited lifetime, others are long-term. */
      role: z.string(),
      lifetimeSeconds: z.nullable(z.number()),
    }),
  ),
  efd: z.object({ available: z.boolean(), reason: z.nullable(z.string()) }),
  hubBase: z.string(),
  /** Origins that may embed the panel and speak to it. */
  portalOrigins: z._default(z.array(z.string()), []),
});
export type SiteInfo = z.infer<typeof SiteAnswer>;
export type Repository = SiteInfo['repositories'][number];

export function fetchSiteInfo(http: ServiceHttp, signal?: AbortSignal): Promise<SiteInfo> {
  return http.json('api/site', SiteAnswer, { signal });
}

/** The repository of that name, or else the site's first. Throws NotFound with a sentence where there is none. */
export function chosenRepository(site: SiteInfo, name: string | null): Repository {
  const chosen = site.repositories.find((repository) => repository.name === name) ?? site.repositories[0];
  if (!chosen)
    throw new AppError('NotFound', `The site ${site.name} has no Butler repository: name one with --oods.`);
  return chosen;
}

/** What people call a repository by its role; others, and those that share a role, go by their own name. */
const ROLE_NAMES: Readonly<Record<string, string>> = { oods: 'OODS', dbb: 'DBB' };

export function sourceName(site: SiteInfo, { name, role }: Repository): string {
  const alone = site.repositories.filter((repository) => repository.role === role).length === 1;
  return (alone && ROLE_NAMES[role.toLowerCase()]) || name;
}
