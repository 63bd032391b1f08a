/** Every key of the workspace in one table: the listener and the `?` overlay both read it. */
export interface Shortcut {
  /** As `KeyboardEvent.key`, an arrow with shift as `Shift+ArrowLeft`. Several keys may do the same. */
  readonly keys: readonly string[];
  readonly does: string;
  /** Absent where a part of the page has the key while it has the focus: `does` says which. */
  readonly run?: (key: string) => void;
}

export interface ShortcutGroup {
  readonly name: string;
  readonly shortcuts: readonly Shortcut[];
}

/**
 * Where keys have another meaning: text fields, notebook cells, and controls that are worked with the arrow keys.
 * `Element.closest` in its structural form, so that the rule can be tested without a document.
 */
const OWN_KEYS =
  'input:not([type="checkbox"]), textarea, select, [contenteditable=""], [contenteditable="true"], .jp-Notebook, .cm-editor, ' +
  '.exposure-table, [role="tab"], [role="separator"], [role="slider"], [role="menu"], dialog, [popover]';

export function keyBelongsElsewhere(target: unknown): boolean {
  if (typeof target !== 'object' || target === null || !('closest' in target)) return false;
  return (target as Pick<Element, 'closest'>).closest(OWN_KEYS) !== null;
}

export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'target' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'defaultPrevented' | 'preventDefault'
>;

/** Runs the shortcut of a key press; true when there was one. Keys with Ctrl, Alt or ⌘ stay the browser's. */
export function dispatchKey(groups: readonly ShortcutGroup[], event: KeyPress): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (keyBelongsElsewhere(event.target)) return false;
  // Of other keys shift makes another character.
  const key = event.shiftKey && event.key.startsWith('Arrow') ? `Shift+${event.key}` : event.key;
  for (const { shortcuts } of groups) {
    const run = shortcuts.find((each) => each.run && each.keys.includes(key))?.run;
    if (!run) continue;
    event.preventDefault();
    run(key);
    return true;
  }
  return false;
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
};

export function keyName(key: string): string {
  if (key.startsWith('Shift+')) return `⇧${keyName(key.slice('Shift+'.length))}`;
  return KEY_NAMES[key] ?? key;
}
