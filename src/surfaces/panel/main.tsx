/** The panel's composition root. It keeps nothing: what it shows and its theme are in the address. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createServiceHttp } from '../../services/serviceHttp.ts';
import { servicePrefix } from '../../services/servicePrefix.ts';
import { signInUrl } from '../../services/session.ts';
import { readAddress } from '../address.ts';
import { startPanel } from './panel.ts';
import { PanelApp } from './PanelApp.tsx';
import '../tokens.css';
import './panel.css';

const address = readAddress(location.search);
document.documentElement.dataset['theme'] = address.theme;
const prefix = servicePrefix(location);
const http = createServiceHttp({
  prefix,
  fetch: (input, init) => fetch(input, init),
  cookies: () => document.cookie,
});
const panel = startPanel({ http, address });
createRoot(document.getElementById('app') as HTMLElement).render(
  <StrictMode>
    <PanelApp panel={panel} signInUrl={signInUrl(prefix, location)} />
  </StrictMode>,
);
