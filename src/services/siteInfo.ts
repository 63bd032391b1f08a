/** What this site has: its instrument, its Butler repositories, whether there is an EFD. */
import * as z from 'zod/mini';
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

export function fetchSiteInfo(http: ServiceHttp, signal?: AbortSignal): Promise<SiteInfo> {
  return http.json('api/site', SiteAnswer, { signal });
}
