"""Instrument signature removal of one raw, as `astro-fits-wasm isr` does it."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from .module import ALL_ROWS, MORE, Array, Module, number_of

# By number of AfStep, AfRecipe, AfOverscan, AfGeometryMode, AfCalibKind.
STEPS = (
    *("saturation", "serial-overscan", "parallel-overscan", "crosstalk", "linearity", "gain", "assemble"),
    *("bias", "dark", "flat", "defects", "interpolate", "variance", "cosmic-rays", "brighter-fatter"),
)
RECIPES = ("rapid", "full")
OVERSCANS = ("median-per-row", "plain-median-per-row", "mean-per-row", "median", "mean", "spline")
GEOMETRIES = ("table", "header")
CALIBS = ("bias", "dark", "flat", "defects", "crosstalk", "linearity", "brighter-fatter")

_OPTIONS = struct.Struct("<3iI4i2i7I3Ii")  # AfIsrOptions
_CANONICAL_NAN = 0x7FC00000


@dataclass(frozen=True)
class IsrResult:
    """Float32, int32 and float32 in the DM frame, row 0 first; `report` says what was done, as docs/isr.md tells."""

    image: Array
    mask: Array | None
    variance: Array | None
    report: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Of the image, with -0.0 as +0.0 and NaN as 0x7fc00000: what the command line prints."""
        values = self.image.astype("<f4")
        values[values == 0] = 0
        bits = values.view("<u4")
        bits[np.isnan(values)] = _CANONICAL_NAN
        return hashlib.sha256(bits.tobytes()).hexdigest()


class Calib:
    """A decoded calibration in the engine's memory, for many raws."""

    def __init__(self, module: Module, kind: str, content: bytes) -> None:
        number_of(CALIBS, kind, "kind of calibration")
        self._module = module
        self.handle = _read_calib(module, kind, content)

    def free(self) -> None:
        self._module.call("af_calib_free", self.handle)
        self.handle = 0


def run_isr(
    module: Module,
    raw: bytes,
    calibs: Mapping[str, bytes | Calib],
    recipe: str,
    steps: Sequence[str],
    overscan: str,
    geometry: str,
    serial_skip: tuple[int, int],
    parallel_skip: tuple[int, int],
) -> IsrResult:
    """See `Engine.isr`."""
    bits = sum({1 << number_of(STEPS, name, "step") for name in steps})
    for kind in calibs:
        number_of(CALIBS, kind, "kind of calibration")
    with ExitStack() as stack:
        handles = {kind: _handle_of(module, kind, calib, stack) for kind, calib in calibs.items()}
        packed = _OPTIONS.pack(
            number_of(RECIPES, recipe, "recipe"),
            number_of(OVERSCANS, overscan, "overscan method"),
            number_of(GEOMETRIES, geometry, "geometry"),
            bits,
            *serial_skip,
            *parallel_skip,
            *(0, 1),  # all steps in one pass, with statistics
            *(handles.get(kind, 0) for kind in CALIBS),
            *(0, 0, 0),  # new planes
            0,  # one job only: its raws are not kept
        )
        stream = stack.enter_context(module.opened(raw))
        options = stack.enter_context(module.scratch(_OPTIONS.size))
        module.write(options, packed)
        job = module.call("af_isr_new", options, stream, module.error)
        if job == 0:
            raise module.failure()
        stack.callback(module.call, "af_isr_free", job)
        _run(module, "af_isr_step", job)
        planes = [module.call(f"af_isr_{name}", job) for name in ("image", "mask", "variance")]
        image, mask, variance = (module.take_plane(plane) if plane != 0 else None for plane in planes)
        assert image is not None
        report = json.loads(module.text(module.call("af_isr_report", job)))
        return IsrResult(image, mask, variance, report)


def _run(module: Module, routine: str, handle: int) -> None:
    status = MORE
    while status == MORE:
        status = module.check(module.call(routine, handle, ALL_ROWS, module.error))


def _handle_of(module: Module, kind: str, calib: bytes | Calib, stack: ExitStack) -> int:
    """What is made here is freed with the stack."""
    if isinstance(calib, Calib):
        return calib.handle
    handle = _read_calib(module, kind, calib)
    stack.callback(module.call, "af_calib_free", handle)
    return handle


def _read_calib(module: Module, kind: str, content: bytes) -> int:
    name = kind.encode() + b"\0"
    with module.opened(content) as stream, module.scratch(len(name)) as text:
        module.write(text, name)
        calib = module.call("af_calib_new", stream, CALIBS.index(kind), text, module.error)
        if calib == 0:
            raise module.failure()
        try:
            _run(module, "af_calib_step", calib)
        except BaseException:
            module.call("af_calib_free", calib)
            raise
    return calib
