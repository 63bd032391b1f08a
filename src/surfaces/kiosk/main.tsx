/** The kiosk's composition root. It writes nothing but its count of reloads, and takes its theme from the address. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { version } from '../../../package.json';
import { createServiceHttp } from '../../services/serviceHttp.ts';
import { servicePrefix } from '../../services/servicePrefix.ts';
import { readAddress } from '../address.ts';
import { startKiosk } from './kiosk.ts';
import { KioskApp } from './KioskApp.tsx';
import '../tokens.css';
import './kiosk.css';

const address = readAddress(location.search);
document.documentElement.dataset['theme'] = address.theme;
const http = createServiceHttp({
  prefix: servicePrefix(location),
  fetch: (input, init) => fetch(input, init),
  cookies: () => document.cookie,
});
const store = startKiosk({ http, address, version });
createRoot(document.getElementById('app') as HTMLElement).render(
  <StrictMode>
    <KioskApp store={store} />
  </StrictMode>,
);
