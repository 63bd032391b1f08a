"""The OODS of the demo site: a Butler repository of limited lifetime and the ingester that feeds it."""
