/** JupyterLab's usual keys in both modes. Lab itself binds them in its settings, which are not part of the widget. */
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { Completion } from './notebookDocument.ts';

const ANY_MODE = '.jp-Notebook';
const COMMAND_MODE = '.jp-Notebook.jp-mod-commandMode:not(.jp-mod-readWrite) :focus:not(:read-write)';
const EDIT_MODE = '.jp-Notebook.jp-mod-editMode';
const COMPLETING = '.jp-Notebook .jp-mod-completer-active';

export function bindNotebookKeys(
  host: HTMLElement,
  panel: NotebookPanel,
  completion: Completion,
): IDisposable {
  const commands = new CommandRegistry();
  const notebook = panel.content;
  const session = panel.sessionContext;
  const bind = (id: string, selector: string, keys: string[], execute: () => unknown) => {
    commands.addCommand(id, { execute });
    commands.addKeyBinding({ command: id, selector, keys });
  };
  bind('run-and-advance', ANY_MODE, ['Shift Enter'], () => NotebookActions.runAndAdvance(notebook, session));
  bind('run', ANY_MODE, ['Accel Enter'], () => NotebookActions.run(notebook, session));
  bind('run-and-insert', ANY_MODE, ['Alt Enter'], () => NotebookActions.runAndInsert(notebook, session));
  bind('save', ANY_MODE, ['Accel S'], () => panel.context.save());
  bind('command-mode', EDIT_MODE, ['Escape'], () => {
    notebook.mode = 'command';
  });
  bind('complete', `${EDIT_MODE} .jp-mod-completer-enabled`, ['Tab'], () => completion.handler.invoke());
  bind('complete-select', COMPLETING, ['Enter'], () => completion.completer.selectActive());

  bind('edit-mode', COMMAND_MODE, ['Enter'], () => {
    notebook.mode = 'edit';
  });
  bind('insert-above', COMMAND_MODE, ['A'], () => NotebookActions.insertAbove(notebook));
  bind('insert-below', COMMAND_MODE, ['B'], () => NotebookActions.insertBelow(notebook));
  bind('delete', COMMAND_MODE, ['D', 'D'], () => NotebookActions.deleteCells(notebook));
  bind('undo', COMMAND_MODE, ['Z'], () => NotebookActions.undo(notebook));
  bind('redo', COMMAND_MODE, ['Shift Z'], () => NotebookActions.redo(notebook));
  bind('to-markdown', COMMAND_MODE, ['M'], () => NotebookActions.changeCellType(notebook, 'markdown'));
  bind('to-code', COMMAND_MODE, ['Y'], () => NotebookActions.changeCellType(notebook, 'code'));
  bind('cut', COMMAND_MODE, ['X'], () => NotebookActions.cut(notebook));
  bind('copy', COMMAND_MODE, ['C'], () => NotebookActions.copy(notebook));
  bind('paste', COMMAND_MODE, ['V'], () => NotebookActions.paste(notebook));
  bind('select-above', COMMAND_MODE, ['K'], () => NotebookActions.selectAbove(notebook));
  bind('select-below', COMMAND_MODE, ['J'], () => NotebookActions.selectBelow(notebook));
  bind('select-above-arrow', COMMAND_MODE, ['ArrowUp'], () => NotebookActions.selectAbove(notebook));
  bind('select-below-arrow', COMMAND_MODE, ['ArrowDown'], () => NotebookActions.selectBelow(notebook));
  bind('interrupt', COMMAND_MODE, ['I', 'I'], () => session.session?.kernel?.interrupt());
  bind('restart', COMMAND_MODE, ['0', '0'], () => session.restartKernel());

  const onKeyDown = (event: KeyboardEvent) => commands.processKeydownEvent(event);
  host.addEventListener('keydown', onKeyDown, true);
  return new DisposableDelegate(() => host.removeEventListener('keydown', onKeyDown, true));
}
