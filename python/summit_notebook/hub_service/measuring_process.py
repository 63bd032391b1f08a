"""The process that measures raws, one at a time: ``python -m ...hub_service.measuring_process [--background]``.

It says ``{"ready": true}`` once it can work, or why it cannot. Then each line on standard input is a raw, ``{"path",
"observationType"}`` or ``{"path", "masters": {kind: path}}``, and has one line for an answer: ``{"measures": {...}}``,
of the latter ``{"preview": {...}}``, or ``{"problem": "a sentence", "again": bool}`` where it cannot be measured, now
or ever. It ends with its input, that is with the service.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .file_stream import open_plain

NICENESS = 10
"""Serving files and lists comes first."""
LARGEST_BYTES = 512 << 20
MOST_KEPT_BYTES = 1 << 30
"""Of the engine's memory between two raws. Masters, planes and files of a usual night take half of it."""

Measure = Callable[[bytes, dict[str, Any]], dict[str, Any]]
"""The answer to a request about these bytes."""


def load() -> Measure:
    """Raises what tells that the engine is missing."""
    from summit_notebook.engine import Engine

    from .raw_measures import measure_raw
    from .raw_preview import Masters, preview_raw

    class Instance:
        """The engine with the masters in its memory."""

        def __init__(self) -> None:
            # Never more for one file than would be read of one.
            self.engine = Engine(memory_limit=LARGEST_BYTES)
            self.masters = Masters(self.engine, read_raw)

    now = Instance()

    def measure(raw: bytes, request: dict[str, Any]) -> dict[str, Any]:
        nonlocal now
        try:
            if "masters" in request:
                return {"preview": preview_raw(now.engine, raw, now.masters, request["masters"])}
            return {"measures": measure_raw(now.engine, raw, request["observationType"])}
        finally:
            # An instance's memory never shrinks: it goes with the instance.
            if now.engine.memory_bytes > MOST_KEPT_BYTES:
                now = Instance()

    return measure


def read_raw(path: Path) -> bytes:
    with os.fdopen(open_plain(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_BYTES:
            raise ValueError(f"it has {size >> 20} MiB, more than {LARGEST_BYTES >> 20}")
        return file.read(LARGEST_BYTES)


def answer_to(line: str, measure: Measure) -> dict[str, Any]:
    request = json.loads(line)
    try:
        raw = read_raw(Path(request["path"]))
    except OSError as error:
        return {"problem": f"The raw cannot be read: {error.strerror}.", "again": True}
    except ValueError as error:
        return {"problem": f"The raw is not measured: {error}.", "again": False}
    try:
        return measure(raw, request)
    except Exception as error:
        # FitsError for a damaged raw, OtherSize for one that is not the camera's; whatever else a strange one brings
        # about is told of it, and the next one follows.
        return {"problem": f"The raw cannot be measured: {error}", "again": False}


def main() -> None:
    if "--background" in sys.argv[1:]:
        os.nice(NICENESS)
    # The service decides when this ends, not the terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()

    try:
        measure = load()
    except Exception as error:
        say({"ready": False, "problem": f"{error} ({type(error).__name__})"})
        return
    say({"ready": True})
    for line in sys.stdin:
        say(answer_to(line, measure))


if __name__ == "__main__":
    main()
