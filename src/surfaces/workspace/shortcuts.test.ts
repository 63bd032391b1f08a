import { expect, test, vi } from 'vitest';
import { dispatchKey, keyName, type KeyPress, type ShortcutGroup } from './shortcuts.ts';

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  const event = {
    key,
    target: null,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    defaultPrevented: false,
    preventDefault: vi.fn(),
    ...more,
  };
  return event;
}
/** An element inside of one that matches any of these selectors. */
const inside = (selector: string) =>
  ({ closest: (asked: string) => (asked.includes(selector) ? {} : null) }) as unknown as EventTarget;

function keys() {
  const run = vi.fn();
  const groups: ShortcutGroup[] = [{ name: 'g', shortcuts: [{ keys: ['y', '1'], does: 'something', run }] }];
  return { run, groups };
}

test('a key runs its shortcut and is taken from the browser', () => {
  const { run, groups } = keys();
  const event = press('1');
  expect(dispatchKey(groups, event)).toBe(true);
  expect(run).toHaveBeenCalledWith('1');
  expect(event.preventDefault).toHaveBeenCalled();
  expect(dispatchKey(groups, press('x'))).toBe(false);
});

test.each([
  'input',
  'textarea',
  'select',
  '[contenteditable="true"]',
  '.jp-Notebook',
  '.cm-editor',
  'dialog',
  '[role="tab"]',
])('keys do nothing inside of %s', (selector) => {
  const { run, groups } = keys();
  expect(dispatchKey(groups, press('y', { target: inside(selector) }))).toBe(false);
  expect(run).not.toHaveBeenCalled();
});

test('keys work on other elements', () => {
  const { run, groups } = keys();
  expect(dispatchKey(groups, press('y', { target: inside('button.of-the-page') }))).toBe(true);
  expect(run).toHaveBeenCalledOnce();
});

test.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { defaultPrevented: true }])(
  'a key with %o stays the browser’s',
  (more) => {
    const { run, groups } = keys();
    expect(dispatchKey(groups, press('y', more))).toBe(false);
    expect(run).not.toHaveBeenCalled();
  },
);

test('an arrow with shift is another key, a letter with shift another letter', () => {
  const [plain, shifted] = [vi.fn(), vi.fn()];
  const groups: ShortcutGroup[] = [
    { name: 'of the image', shortcuts: [{ keys: ['ArrowLeft'], does: 'taken there' }] },
    {
      name: 'g',
      shortcuts: [
        { keys: ['ArrowLeft'], does: 'plain', run: plain },
        { keys: ['Shift+ArrowLeft'], does: 'shifted', run: shifted },
        { keys: ['Y'], does: 'letter', run: plain },
      ],
    },
  ];
  expect(dispatchKey(groups, press('ArrowLeft', { shiftKey: true }))).toBe(true);
  expect([plain.mock.calls.length, shifted.mock.calls]).toEqual([0, [['Shift+ArrowLeft']]]);
  expect(dispatchKey(groups, press('ArrowLeft'))).toBe(true);
  expect(dispatchKey(groups, press('Y', { shiftKey: true }))).toBe(true);
  expect(plain.mock.calls).toEqual([['ArrowLeft'], ['Y']]);
  expect(keyName('Shift+ArrowLeft')).toBe('⇧←');
  expect(keyName('+')).toBe('+');
});
