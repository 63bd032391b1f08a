import { expect, test } from 'vitest';
import { servicePrefix } from './servicePrefix.ts';

test.each([
  ['/', '/'],
  ['/kiosk', '/'],
  ['/index.html', '/'],
  ['/services/summit/', '/services/summit/'],
  ['/nb/services/summit/', '/nb/services/summit/'],
  ['/nb/services/summit/kiosk', '/nb/services/summit/'],
  ['/nb/services/summit/panel', '/nb/services/summit/'],
  ['/nb/services/summit/panel/', '/nb/services/summit/'],
])('the service of the page %s answers below %s', (pathname, prefix) => {
  expect(servicePrefix({ pathname })).toBe(prefix);
});
