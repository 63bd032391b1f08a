/**
 * JupyterLab's own notebook widget on a given server: assembled here once, mounted into a host element. Nothing else of
 * the app knows the widget toolkit. Loaded only when the pane is shown: with its styles it is by far the largest chunk.
 */
import './labStyles.ts';
import { Sanitizer } from '@jupyterlab/apputils';
import {
  CodeMirrorEditorFactory,
  CodeMirrorMimeTypeService,
  EditorExtensionRegistry,
  EditorLanguageRegistry,
  EditorThemeRegistry,
  ybinding,
} from '@jupyterlab/codemirror';
import {
  Completer,
  CompleterModel,
  CompletionHandler,
  KernelCompleterProvider,
  ProviderReconciliator,
} from '@jupyterlab/completer';
import { DocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { createMarkdownParser } from '@jupyterlab/markedparser-extension';
import type { INotebookContent } from '@jupyterlab/nbformat';
import {
  NotebookModelFactory,
  NotebookPanel,
  NotebookWidgetFactory,
  StaticNotebook,
} from '@jupyterlab/notebook';
import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { type ServerConnection, ServiceManager } from '@jupyterlab/services';
import type { IYText } from '@jupyter/ydoc';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { bindNotebookKeys } from './notebookKeys.ts';

const KERNEL_NAME = 'python3';
const AUTOSAVE_SECONDS = 30;

export interface OpenNotebook {
  readonly panel: NotebookPanel;
  /** What is in the page now, saved or not. */
  content(): INotebookContent;
  dispose(): void;
}

function codeMirror(): { factory: CodeMirrorEditorFactory; languages: EditorLanguageRegistry } {
  const languages = new EditorLanguageRegistry();
  for (const language of EditorLanguageRegistry.getDefaultLanguages()) languages.addLanguage(language);
  const themes = new EditorThemeRegistry();
  for (const theme of EditorThemeRegistry.getDefaultThemes()) themes.addTheme(theme);
  const extensions = new EditorExtensionRegistry();
  for (const extension of EditorExtensionRegistry.getDefaultExtensions({ themes }))
    extensions.addExtension(extension);
  extensions.addExtension({
    // Without it an edit in the page would not reach the notebook's model.
    name: 'shared-model-binding',
    factory: ({ model }) => {
      const shared = model.sharedModel as unknown as IYText;
      return EditorExtensionRegistry.createImmutableExtension(
        ybinding({ ytext: shared.ysource, ...(shared.undoManager && { undoManager: shared.undoManager }) }),
      );
    },
  });
  return { factory: new CodeMirrorEditorFactory({ extensions, languages }), languages };
}

/** A notebook is the only document here, so there is no second one to open beside it. */
class NoSiblings {
  readonly opened = new Signal<this, never>(this);
  open(): void {}
}

async function exists(services: ServiceManager, path: string): Promise<boolean> {
  const folder = await services.contents.get('', { content: true });
  return (folder.content as readonly { readonly path: string }[]).some((entry) => entry.path === path);
}

/**
 * Opens the notebook at `path`, made with `initial` when it is not there yet, and starts its kernel.
 * `restored` replaces the content after opening: what was in the page when an earlier connection was lost.
 */
export async function openNotebook(
  host: HTMLElement,
  settings: ServerConnection.ISettings,
  path: string,
  initial: INotebookContent,
  restored: INotebookContent | undefined,
): Promise<OpenNotebook> {
  const services = new ServiceManager({ serverSettings: settings });
  await services.ready;
  if (!(await exists(services, path))) {
    await services.contents.save(path, { type: 'notebook', format: 'json', content: initial });
  }
  const { factory, languages } = codeMirror();
  const rendermime = new RenderMimeRegistry({
    initialFactories: standardRendererFactories,
    sanitizer: new Sanitizer(),
    markdownParser: createMarkdownParser(languages),
  });
  const registry = new DocumentRegistry();
  registry.addModelFactory(new NotebookModelFactory({}));
  const widgetFactory = new NotebookWidgetFactory({
    name: 'Notebook',
    modelName: 'notebook',
    fileTypes: ['notebook'],
    defaultFor: ['notebook'],
    preferKernel: true,
    canStartKernel: true,
    // The pane's own header has the buttons.
    toolbarFactory: () => [],
    // With windowing an off-screen cell has no editor, and runs and key bindings would miss it.
    notebookConfig: { ...StaticNotebook.defaultNotebookConfig, windowingMode: 'none' },
    rendermime,
    contentFactory: new NotebookPanel.ContentFactory({ editorFactory: factory.newInlineEditor }),
    mimeTypeService: new CodeMirrorMimeTypeService(languages),
  });
  // JupyterLab's types are not written for exactOptionalPropertyTypes.
  registry.addWidgetFactory(widgetFactory as DocumentRegistry.WidgetFactory);
  const documents = new DocumentManager({ registry, manager: services, opener: new NoSiblings() });
  documents.autosave = true;
  documents.autosaveInterval = AUTOSAVE_SECONDS;
  const panel = documents.open(path, 'Notebook', { name: KERNEL_NAME }) as NotebookPanel;
  panel.toolbar.hide();
  Widget.attach(panel, host);
  const resized = new ResizeObserver(() => panel.update());
  resized.observe(host);
  await panel.context.ready;
  await panel.sessionContext.ready;
  if (restored) panel.context.model.fromJSON(restored);
  const completion = attachCompleter(panel);
  const keys = bindNotebookKeys(host, panel, completion);
  return {
    panel,
    content: () => panel.context.model.toJSON() as INotebookContent,
    dispose() {
      keys.dispose();
      resized.disconnect();
      completion.completer.dispose();
      panel.dispose();
      documents.dispose();
      services.dispose();
    },
  };
}

export interface Completion {
  readonly completer: Completer;
  readonly handler: CompletionHandler;
}

function attachCompleter(panel: NotebookPanel): Completion {
  const activeEditor = () => panel.content.activeCell?.editor ?? null;
  const reconciliator = () =>
    new ProviderReconciliator({
      context: { widget: panel, editor: activeEditor(), session: panel.sessionContext.session },
      providers: [new KernelCompleterProvider()],
      timeout: 2000,
    });
  const completer = new Completer({ editor: activeEditor(), model: new CompleterModel() });
  const handler = new CompletionHandler({ completer, reconciliator: reconciliator() });
  const follow = () => {
    handler.reconciliator = reconciliator();
    handler.editor = activeEditor();
  };
  panel.content.activeCellChanged.connect(follow);
  panel.sessionContext.sessionChanged.connect(follow);
  follow();
  completer.hide();
  Widget.attach(completer, document.body);
  return { completer, handler };
}
