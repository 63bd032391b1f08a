/** Asks a kernel for one of its tables, in the words of `summit_notebook.catalogue`. */
import type { Kernel } from '@jupyterlab/services';
import { AppError } from '../../core/errors.ts';

/** A name, or one of a name's attributes or items by a plain key: nothing that could do anything. */
const NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*|\[(\d+|'[\w .-]*'|"[\w .-]*")\])*$/;

interface Told {
  readonly status: 'ok' | 'error';
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ename?: string;
  readonly evalue?: string;
}

export async function tableOf(
  kernel: Pick<Kernel.IKernelConnection, 'requestExecute'>,
  name: string,
): Promise<string> {
  if (!NAME.test(name)) throw new AppError('NotFound', 'that is not the name of a variable.');
  const { content } = await kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: {
      table: `__import__('summit_notebook.catalogue', fromlist=['Csv']).Csv(${name})`,
    },
  }).done;
  if (content.status !== 'ok') throw new AppError('KernelLost', 'the kernel was interrupted.');
  const told = content.user_expressions['table'] as unknown as Told | undefined;
  if (told?.status === 'error') throw new AppError('NotFound', `${told.ename}: ${told.evalue}`);
  const csv = told?.data?.['text/csv'];
  if (typeof csv !== 'string') throw new AppError('KernelLost', 'the kernel gave no answer.');
  return csv;
}
