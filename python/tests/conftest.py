"""Long runs (``npm run test:long``) try many more examples."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from summit_notebook.engine import MODULE_PATH, Engine

LONG = bool(os.environ.get("SUMMIT_NOTEBOOK_LONG"))

settings.register_profile("long", max_examples=5000, deadline=None)
if LONG:
    settings.load_profile("long")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """One for all tests: the module is compiled once."""
    assert MODULE_PATH.exists(), "the engine is not built: run `node wasm/build.mjs`"
    return Engine()
