/**
 * The path below which the service answers, always with a slash at its end: `/`, `/services/summit/`,
 * `/nb/services/summit/`. Found from the page's own address, because the same build is served under any prefix.
 */
export function servicePrefix(location: { readonly pathname: string }): string {
  const page = location.pathname.replace(/\/(kiosk|panel)\/$/, '/$1');
  return page.slice(0, page.lastIndexOf('/') + 1) || '/';
}
