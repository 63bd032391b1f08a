/** Kiosk and panel keep nothing: their theme is in the address, `?theme=light`. */
import { isTheme, type Theme } from '../keptState.ts';

export function themeFromQuery(search: string): Theme {
  const wanted = new URLSearchParams(search).get('theme');
  return isTheme(wanted) ? wanted : 'dark';
}
