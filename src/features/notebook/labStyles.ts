/** Styles of the JupyterLab packages that the notebook shows, then ours, which map them to the app's design tokens. */
import '@lumino/widgets/style/index.js';
import '@jupyterlab/theme-light-extension/style/theme.css';
import '@jupyterlab/ui-components/style/index.js';
import '@jupyterlab/apputils/style/index.js';
import '@jupyterlab/rendermime/style/index.js';
import '@jupyterlab/codemirror/style/index.js';
import '@jupyterlab/completer/style/index.js';
import '@jupyterlab/notebook/style/index.js';
import './labTheme.css';
