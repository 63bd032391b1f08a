import { THEMES } from '../keptState.ts';
import type { ShortcutGroup } from './shortcuts.ts';
import type { Workspace } from './workspace.ts';

const ZOOM_STEP = 1.5;

export function workspaceShortcuts(workspace: Workspace): readonly ShortcutGroup[] {
  const { exposures, image, late, ui } = workspace;
  return [
    {
      name: 'Exposures',
      shortcuts: [
        {
          keys: ['ArrowLeft', 'ArrowDown'],
          does: 'older exposure; pauses following',
          run: () => exposures.step(-1),
        },
        { keys: ['ArrowRight', 'ArrowUp'], does: 'newer exposure', run: () => exposures.step(1) },
        { keys: ['l', 'End'], does: 'back to live', run: () => exposures.follow() },
        { keys: ['p'], does: 'pause on this exposure', run: () => exposures.pause() },
        {
          keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
          does: 'type a number, Enter opens it: 143, or 20261122 143 of another night',
          run: (digit) => exposures.setGoTo(digit),
        },
        { keys: ['/'], does: 'filter the list', run: focusFilter },
        {
          keys: ['y'],
          does: 'copy the data id and a butler.get line',
          run: () => void workspace.copyDataId(),
        },
        { keys: ['a'], does: 'acknowledge the alarm', run: () => late.acknowledge() },
      ],
    },
    {
      name: 'Image',
      shortcuts: [
        {
          keys: ['+', '='],
          does: 'zoom in; the wheel zooms about the cursor',
          run: () => image.zoomBy(ZOOM_STEP),
        },
        { keys: ['-'], does: 'zoom out', run: () => image.zoomBy(1 / ZOOM_STEP) },
        { keys: ['0'], does: 'fit the pane', run: () => image.fit() },
        { keys: ['z'], does: 'one detector pixel per screen pixel', run: () => image.oneToOne() },
        { keys: ['i'], does: 'invert', run: () => image.toggleInvert() },
      ],
    },
    {
      name: 'Page',
      shortcuts: [
        { keys: ['r'], does: 'readout and ISR steps', run: () => ui.setState({ inspector: 'readout' }) },
        { keys: ['d'], does: 'latency ledger', run: () => ui.setState({ inspector: 'ledger' }) },
        {
          keys: ['t'],
          does: 'next theme: dark, light, night red',
          run: () =>
            workspace.setTheme(THEMES[(THEMES.indexOf(ui.getState().theme) + 1) % THEMES.length] ?? 'dark'),
        },
        { keys: ['?'], does: 'this overview', run: () => ui.setState({ dialog: 'keys' }) },
      ],
    },
  ];
}

function focusFilter(): void {
  document.querySelector<HTMLInputElement>('.exposures-filter')?.focus();
}
