/**
 * Ends the program under a Node that is too old for it, with a sentence. paths.mjs imports this first, hence every
 * entry: an old Node would fail on the rest with a stack.
 */

/** @param {string} version as in process.versions.node @returns {string | null} null for a Node that will do */
export function complaintAbout(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return null;
  return `Summit Notebook needs Node 20.19 or newer; this is v${version}. Install a newer one from Debian's or Node's packages and start again.`;
}

const complaint = complaintAbout(process.versions.node);
if (complaint !== null) {
  console.error(complaint);
  process.exit(1);
}
