/** What the workspace puts on the clipboard. */
import { exposureLabel } from '../../core/dataId.ts';
import { toAppError } from '../../core/errors.ts';
import { dataIdText } from '../../features/exposures/dataIdText.ts';
import { selectedExposure, type ExposuresStore } from '../../features/exposures/exposuresStore.ts';
import type { ActionLog } from '../../features/image/actionLogStore.ts';

export interface Clipboard {
  copyDataId(): Promise<void>;
  /** What was done on this page, as a cell of Python. */
  copyPython(): Promise<void>;
}

export function clipboardOf(
  exposures: ExposuresStore,
  actionLog: ActionLog,
  notify: (notice: string) => void,
): Clipboard {
  return {
    async copyPython() {
      const count = actionLog.actions().length;
      if (count === 0) return notify('Nothing was done yet that Python could repeat.');
      let cell: string;
      try {
        cell = await actionLog.python();
      } catch (thrown) {
        // The part of the page that writes it is loaded now, and a new release may have taken it away.
        const { message } = toAppError(thrown);
        return notify(
          `The cell of Python was not made (${message}). Press Y again; reloading the page helps, but forgets what was done.`,
        );
      }
      try {
        await navigator.clipboard.writeText(cell);
        notify(`Copied ${count} ${count === 1 ? 'action' : 'actions'} as a cell of Python`);
      } catch {
        notify('The browser refused the clipboard: click on the page and press Y again.');
      }
    },
    async copyDataId() {
      const exposure = selectedExposure(exposures.getState());
      if (!exposure) return;
      try {
        await navigator.clipboard.writeText(dataIdText(exposure));
        notify(`Copied the data id and butler.get of ${exposureLabel(exposure)}`);
      } catch {
        // The browser asks for a focused page and a secure address; the text is of use even then.
        notify(`The browser refused the clipboard: ${dataIdText(exposure).split('\n')[0]}`);
      }
    },
  };
}
