import { afterEach, expect, test, vi } from 'vitest';
import type { ExposuresStore } from '../../features/exposures/exposuresStore.ts';
import type { ActionLog } from '../../features/image/actionLogStore.ts';
import { clipboardOf } from './clipboard.ts';

afterEach(() => vi.unstubAllGlobals());

/** What is told when the cell and the clipboard do so. */
async function told(python: () => Promise<string>, writeText: (text: string) => Promise<void>) {
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  const log = { actions: () => [{}], python } as unknown as ActionLog;
  const notices: string[] = [];
  await clipboardOf({} as ExposuresStore, log, (notice) => notices.push(notice)).copyPython();
  return notices;
}

test('the cell is copied', async () => {
  const copied: string[] = [];
  const notices = await told(
    async () => 'x = 1\n',
    async (text) => void copied.push(text),
  );
  expect(copied).toEqual(['x = 1\n']);
  expect(notices).toEqual(['Copied 1 action as a cell of Python']);
});

test('a cell that could not be made is not the browser’s refusal', async () => {
  const writeText = vi.fn(async () => undefined);
  const missing = new TypeError('Failed to fetch dynamically imported module');
  expect(await told(() => Promise.reject(missing), writeText)).toEqual([
    expect.stringMatching(
      /^The cell of Python was not made \(Failed to fetch dynamically imported module\)\./,
    ),
  ]);
  expect(writeText).not.toHaveBeenCalled();
});

test('a refused clipboard says what to do', async () => {
  const refuse = () => Promise.reject(new DOMException('not focused', 'NotAllowedError'));
  expect(await told(async () => 'x = 1\n', refuse)).toEqual([
    'The browser refused the clipboard: click on the page and press Y again.',
  ]);
});
