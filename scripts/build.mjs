/** `npm run build`: the engine and the app, from the sources and node_modules alone. */
import { build } from './setup/build.mjs';
import { exitWith } from './setup/steps.mjs';

build().catch(exitWith);
