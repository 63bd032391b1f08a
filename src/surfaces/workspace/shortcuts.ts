/** Every key of the workspace in one table: the listener and the `?` overlay both read it. */
export interface Shortcut {
  /** As `KeyboardEvent.key`. Several keys may do the same. */
  readonly keys: readonly string[];
  readonly does: string;
  readonly run: (key: string) => void;
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
  'key' | 'target' | 'ctrlKey' | 'metaKey' | 'altKey' | 'defaultPrevented' | 'preventDefault'
>;

/** Runs the shortcut of a key press; true when there was one. Keys with Ctrl, Alt or ⌘ stay the browser's. */
export function dispatchKey(groups: readonly ShortcutGroup[], event: KeyPress): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (keyBelongsElsewhere(event.target)) return false;
  for (const { shortcuts } of groups) {
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!shortcut) continue;
    event.preventDefault();
    shortcut.run(event.key);
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
  return KEY_NAMES[key] ?? key;
}
