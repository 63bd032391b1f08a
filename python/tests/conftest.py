"""Long runs (``npm run test:long``) try many more examples, and other ones each time."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from summit_notebook.engine import MODULE_PATH, Engine

LONG = bool(os.environ.get("SUMMIT_NOTEBOOK_LONG"))

settings.register_profile("long", max_examples=5000, deadline=None)
# The same examples each time: what fails is then due to what was changed.
settings.register_profile("short", derandomize=True)
settings.load_profile("long" if LONG else "short")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The lines that a test logged go from process to process as UTF-8, which a file's name need not be."""
    report = yield
    report.sections = [
        (title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def engine() -> Engine:
    """One for all tests: the module is compiled once."""
    assert MODULE_PATH.exists(), "the engine is not built: run `node wasm/build.mjs`"
    return Engine()
