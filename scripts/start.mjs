/** `npm start`. Loads the rest only after looking at Node's version, since an old one could not even read it. */
import './setup/nodeVersion.mjs';

const { exitWith } = await import('./setup/steps.mjs');
const { launch } = await import('./site/launch.mjs');
// An explicit exit: a set-up step that was interrupted may still hold a handle.
launch(process.argv.slice(2)).then(() => process.exit(0), exitWith);
