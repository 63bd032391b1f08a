import type { Kernel } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { tableOf } from './kernelTable.ts';

type Asked = Parameters<Kernel.IKernelConnection['requestExecute']>[0];

function kernelThatAnswers(content: object) {
  const asked: Asked[] = [];
  const kernel = {
    requestExecute(request: Asked) {
      asked.push(request);
      return { done: Promise.resolve({ content }) };
    },
  } as unknown as Pick<Kernel.IKernelConnection, 'requestExecute'>;
  return { kernel, asked };
}

const ok = (table: object) => ({ status: 'ok', user_expressions: { table } });

describe('a table of the kernel', () => {
  it('comes as CSV and leaves no trace', async () => {
    const { kernel, asked } = kernelThatAnswers(ok({ status: 'ok', data: { 'text/csv': 'x,y\n1,2\n' } }));
    expect(await tableOf(kernel, "night['stars'].bright")).toBe('x,y\n1,2\n');
    expect(asked[0]).toMatchObject({ code: '', silent: true, store_history: false });
    expect(asked[0]?.user_expressions?.['table']).toContain(".Csv(night['stars'].bright)");
  });

  it('says what the kernel says', async () => {
    const { kernel } = kernelThatAnswers(
      ok({ status: 'error', ename: 'NameError', evalue: "name 'stars' is not defined" }),
    );
    await expect(tableOf(kernel, 'stars')).rejects.toThrow("NameError: name 'stars' is not defined");
  });

  it.each(['f()', 'a; b', 'a b', '1', '', 'a[b]', "a['\\'']", 'a\n', 'a.b()', '__import__("os")'])(
    'is not asked for by %j',
    async (name) => {
      const { kernel, asked } = kernelThatAnswers(ok({}));
      await expect(tableOf(kernel, name)).rejects.toThrow('not the name');
      expect(asked).toEqual([]);
    },
  );

  it.each([
    [{ status: 'aborted' }, 'interrupted'],
    [ok({ status: 'ok', data: {} }), 'no answer'],
  ])('%j is told', async (content, words) => {
    await expect(tableOf(kernelThatAnswers(content).kernel, 'stars')).rejects.toThrow(words);
  });
});
