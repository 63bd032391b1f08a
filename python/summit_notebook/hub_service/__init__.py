"""The JupyterHub service that serves the app and its data."""
