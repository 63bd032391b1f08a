"""Server side of Summit Notebook: the Hub service, the OODS ingester and the demo site."""

__version__ = "0.1.0"
