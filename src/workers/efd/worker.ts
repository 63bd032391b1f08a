/** The EFD worker's entry. */
import { expose } from 'comlink';
import { guard } from '../shared/guard.ts';
import { createEfdApi } from './efdApi.ts';

expose(guard(createEfdApi((url, init) => fetch(url, init))));
