/** Reads the one report format that vitest, pytest, Playwright and node:test can all write. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Report
 * @property {number} passed
 * @property {string[]} failed
 * @property {{ name: string, reason: string }[]} skipped
 * @property {string[]} [flaky] among the passed: those that passed only when they were tried again
 */

const ENTITIES = /** @type {Record<string, string>} */ ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' });

function decode(/** @type {string} */ text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? all;
  });
}

function attribute(/** @type {string} */ tag, /** @type {string} */ name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found?.[1] === undefined ? '' : decode(found[1]);
}

// Attribute values may hold a raw ">", so a tag's end is only looked for outside of quotes.
const TAG_REST = String.raw`((?:\s+[\w:.-]+="[^"]*")*)\s*`;
const TESTCASE = new RegExp(`<testcase${TAG_REST}(?:/>|>([\\s\\S]*?)</testcase>)`, 'g');
const SKIPPED = new RegExp(`<skipped${TAG_REST}(?:/>|>([\\s\\S]*?)</skipped>)`);
// Playwright tells a skip's reason as an annotation of the test.
const SKIP_NOTE = new RegExp(
  `<property name="(?:skip|fixme)"(?: value="([^"]*)")?\\s*(?:/>|>([\\s\\S]*?)</property>)`,
);

/** @param {string} xml @returns {Report} */
export function parseJunit(xml) {
  /** @type {Report} */
  const report = { passed: 0, failed: [], skipped: [], flaky: [] };
  // A test's printed output may look like markup.
  const clean = xml
    .replace(/<(system-out|system-err)>[\s\S]*?<\/\1>/g, '')
    .replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  for (const [, attributes = '', body = ''] of clean.matchAll(TESTCASE)) {
    const name = [attribute(attributes, 'classname'), attribute(attributes, 'name')]
      .filter(Boolean)
      .join(' > ');
    const skipped = SKIPPED.exec(body);
    if (/<(failure|error)[\s/>]/.test(body)) {
      report.failed.push(name);
    } else if (skipped) {
      const note = SKIP_NOTE.exec(body);
      const reason =
        attribute(skipped[1] ?? '', 'message') || decode(note?.[1] || note?.[2] || skipped[2] || '');
      report.skipped.push({ name, reason: reason.trim() || 'no reason given' });
    } else {
      report.passed++;
      if (/<flaky(?:Failure|Error)[\s/>]/.test(body)) report.flaky?.push(name);
    }
  }
  return report;
}

/** @param {string} path @returns {Report | null} null when the runner wrote none */
export function readJunit(path) {
  try {
    return parseJunit(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
