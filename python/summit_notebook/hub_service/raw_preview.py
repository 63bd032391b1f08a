"""A raw as a small picture: reduced by the application's engine with its rapid recipe, and binned."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from summit_notebook.engine import Calib, Engine, FitsError

from .raw_size import camera_of, refuse_larger

BIN_PX = 8
"""A detector of 4072 x 4000 px becomes 509 x 500 float32: 1.0 MB, or 0.4 s at 20 Mbit/s."""

STEPS = ("serial-overscan", "parallel-overscan", "assemble")
"""Without those that only set mask bits, which a preview has none of. The masters that there are make further ones."""

MOST_MASTERS = 5
"""Decoded, of 65 MB each: bias, dark, and the flats of the filters that a night changes between."""


class Masters:
    """Decoded masters by their files, the least recently used given up first."""

    def __init__(self, engine: Engine, read: Callable[[Path], bytes], most: int = MOST_MASTERS) -> None:
        self._engine = engine
        self._read = read
        self._most = most
        self._kept: OrderedDict[tuple[str, str, int, int], Calib] = OrderedDict()

    def of(self, paths: Mapping[str, str], camera: Mapping[str, Any]) -> dict[str, Calib]:
        """By kind, without those that cannot be read and those that are larger than the detector: the picture says
        what it was made with."""
        found = {kind: self._one(kind, Path(path), camera) for kind, path in paths.items()}
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)[1].free()
        return {kind: calib for kind, calib in found.items() if calib is not None}

    def free(self) -> None:
        while self._kept:
            self._kept.popitem()[1].free()

    def _one(self, kind: str, path: Path, camera: Mapping[str, Any]) -> Calib | None:
        try:
            status = path.stat()
            key = (kind, str(path), status.st_ino, status.st_mtime_ns)
            if key not in self._kept:
                content = self._read(path)
                refuse_larger(self._engine, content, camera["width"], camera["height"])
                self._kept[key] = self._engine.calib(kind, content)
        except (OSError, ValueError, FitsError):
            return None
        self._kept.move_to_end(key)
        return self._kept[key]


def preview_raw(engine: Engine, raw: bytes, masters: Masters, paths: Mapping[str, str]) -> dict[str, Any]:
    """Pixels as base64 of little-endian float32, row 0 first, with what says how they came about; `paths` are those of
    the masters by kind. Raises FitsError for a file that cannot be reduced, and OtherSize for segments that are not of
    the camera's size."""
    calibs = masters.of(paths, camera_of(engine, raw))
    isr = engine.isr(raw, calibs, steps=(*STEPS, *calibs))
    pixels = engine.bin(isr.image, BIN_PX)
    return {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "binPx": BIN_PX,
        "steps": [step["name"] for step in isr.report["steps"] if step["done"]],
        "pixels": base64.b64encode(pixels.astype("<f4").tobytes()).decode("ascii"),
    }
