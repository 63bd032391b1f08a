"""What the ingester refused lately, from the notes that it leaves beside the files in the site's ``bad`` folder."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

KEPT_SECONDS = 3600.0
MOST = 20
SETTLE_SECONDS = 2.0
"""A folder that changed this lately is read again at each turn: two changes may fall into one tick of its clock."""
NOTE_BYTES = 65_536
"""Notes have some hundred bytes; whatever is larger is none."""


class Refusals:
    """Reads the notes when the folder has changed; in between a look costs one system call."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._seen_ns: int | None = None
        self._notes: list[dict[str, Any]] = []

    def recent(self) -> list[dict[str, Any]]:
        """REFUSED objects of ``docs/http-api.md``, newest first."""
        now = time.time()
        try:
            changed_ns = self.directory.stat().st_mtime_ns
            if changed_ns != self._seen_ns:
                self._notes = self._read(now)
                # Also while the clock was set back: better to read too often than never.
                settled = changed_ns < (now - SETTLE_SECONDS) * 1e9
                self._seen_ns = changed_ns if settled else None
        except OSError:
            # No ingester has run yet, or its folder cannot be read: nothing is known to be refused.
            self._notes, self._seen_ns = [], None
        # Either side of now: a note of the future would otherwise stay for as long as the clock was wrong.
        fresh = [note for note in self._notes if abs(now - note["refusedUnixMs"] / 1000) < KEPT_SECONDS]
        return fresh[:MOST]

    def _read(self, now: float) -> list[dict[str, Any]]:
        notes = []
        with os.scandir(self.directory) as entries:
            for entry in entries:
                if not entry.name.endswith(".json") or entry.name.startswith("."):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                    young = abs(now - status.st_mtime) < KEPT_SECONDS
                    if entry.is_file(follow_symlinks=False) and young and status.st_size <= NOTE_BYTES:
                        note = _note(Path(entry.path).read_bytes())
                        if note is not None:
                            notes.append(note)
                except OSError:
                    continue  # the ingester has just removed it
        notes.sort(key=lambda note: (-note["refusedUnixMs"], note["fileName"]))
        return notes


def _note(content: bytes) -> dict[str, Any] | None:
    """None for what no ingester wrote, or has not finished writing."""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    name, reason, refused = raw.get("file"), raw.get("reason"), raw.get("refusedUnixMs")
    obs_id = raw.get("obsId")
    if not isinstance(name, str) or not isinstance(reason, str) or not _is_time(refused):
        return None
    return {
        "fileName": name,
        "obsId": obs_id if isinstance(obs_id, str) and obs_id else None,
        "reason": reason,
        "refusedUnixMs": refused,
    }


def _is_time(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # The bound first: isfinite fails on whole numbers that no float holds.
    return abs(value) < 1e15 and math.isfinite(value)
