/** Which of the site's repositories is shown. The page is loaded anew: an address names one repository. */
import type { SiteInfo } from '../../services/siteInfo.ts';

export interface RepositoryChoiceProps {
  readonly site: SiteInfo;
  readonly shown: string;
}

export function RepositoryChoice({ site, shown }: RepositoryChoiceProps) {
  if (site.repositories.length < 2) return null;
  const open = (name: string) => {
    const url = new URL(location.href);
    url.search = '';
    url.searchParams.set('repository', name);
    location.assign(url);
  };
  return (
    <select
      aria-label="Repository"
      title="The Butler repository that is shown"
      value={shown}
      onChange={(event) => open(event.target.value)}
    >
      {site.repositories.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
