/** The table worker's entry. */
import { expose } from 'comlink';
import { guard } from '../shared/guard.ts';
import { createTableApi } from './tableApi.ts';

expose(guard(createTableApi((url, init) => fetch(url, init))));
