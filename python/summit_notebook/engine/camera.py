"""The camera table of the browser's engine: where the pixels of a detector's raw lie and where they go."""

from __future__ import annotations

import json
from typing import Any

from .module import Module


def camera_detector(module: Module, instrument: str, detector: int) -> dict[str, Any]:
    name = instrument.encode() + b"\0"
    with module.scratch(len(name)) as address:
        module.write(address, name)
        text = module.call("af_camera_geometry", address, detector, module.error)
    if text == 0:
        raise module.failure()
    try:
        found: dict[str, Any] = json.loads(module.text(text))
    finally:
        module.call("af_free", text)
    return found
