"""Long runs (``npm run test:long``) try many more examples."""

from __future__ import annotations

import os

from hypothesis import settings

LONG = bool(os.environ.get("SUMMIT_NOTEBOOK_LONG"))

settings.register_profile("long", max_examples=5000, deadline=None)
if LONG:
    settings.load_profile("long")
