/** `npm start`. Loads the rest only after looking at Node's version, since an old one could not even read it. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Summit Notebook needs Node 20.19 or newer; this is ${process.version}. Install a newer one from Debian's or Node's packages and start again.`,
  );
  process.exit(1);
}

const { exitWith } = await import('./setup/steps.mjs');
const { launch } = await import('./site/launch.mjs');
// An explicit exit: a set-up step that was interrupted may still hold a handle.
launch(process.argv.slice(2)).then(() => process.exit(0), exitWith);
