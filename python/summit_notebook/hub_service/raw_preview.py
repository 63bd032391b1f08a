"""A raw as a small picture: reduced by the application's engine with its rapid recipe, without masters, and binned."""

from __future__ import annotations

import base64
from typing import Any

from summit_notebook.engine import Engine

BIN_PX = 8
"""A detector of 4072 x 4000 px becomes 509 x 500 float32: 1.0 MB, or 0.4 s at 20 Mbit/s."""

STEPS = ("serial-overscan", "parallel-overscan", "assemble")
"""Without those that only set mask bits, which a preview has none of."""


def preview_raw(engine: Engine, raw: bytes) -> dict[str, Any]:
    """Pixels as base64 of little-endian float32, row 0 first, with what says how they came about. Raises FitsError for
    a file that cannot be reduced."""
    isr = engine.isr(raw, steps=STEPS)
    pixels = engine.bin(isr.image, BIN_PX)
    return {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "binPx": BIN_PX,
        "steps": [step["name"] for step in isr.report["steps"] if step["done"]],
        "pixels": base64.b64encode(pixels.astype("<f4").tobytes()).decode("ascii"),
    }
