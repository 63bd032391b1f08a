"""Overscan, assembly, bias, dark and flat of segments that are arrays already."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .module import ALL_ROWS, MORE, Array, Module

_AMPLIFIER = struct.Struct("<I14i")
_REDUCTION = struct.Struct("<IIIiIIIIIxxxxd")


@dataclass(frozen=True)
class Box:
    """Half-open: x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class Amplifier:
    """One amplifier's raw pixels and where its `data` box goes; see AfAmplifier."""

    raw: Array
    data: Box
    serial_overscan: Box
    detector: Box
    flip_x: bool
    flip_y: bool


def reduce(
    module: Module,
    shape: tuple[int, int],
    amplifiers: Sequence[Amplifier],
    *,
    overscan: bool = True,
    bias: Array | None = None,
    dark: Array | None = None,
    dark_scale: float = 1.0,
    flat: Array | None = None,
) -> Array:
    """Instrument signature removal into a float32 array of `shape` (rows, columns); see AfReduction."""
    planes: list[int] = []

    def plane(array: Array | None, dtype: type[np.generic] | None = np.float32) -> int:
        if array is None:
            return 0
        planes.append(module.new_plane(array if dtype is None else array.astype(dtype, copy=False)))
        return planes[-1]

    try:
        packed = b"".join(
            _AMPLIFIER.pack(
                plane(a.raw, None),
                *(
                    side
                    for box in (a.data, a.serial_overscan, a.detector)
                    for side in (box.x0, box.y0, box.x1, box.y1)
                ),
                int(a.flip_x),
                int(a.flip_y),
            )
            for a in amplifiers
        )
        calibs = plane(bias), plane(dark), plane(flat)
        options = module.alloc(_REDUCTION.size + len(packed))
        header = (shape[1], shape[0], len(amplifiers), int(overscan), options + _REDUCTION.size)
        module.write(options, _REDUCTION.pack(*header, *calibs, 0, dark_scale) + packed)
        reduction = module.call("af_reduction_new", options, module.error)
        module.call("af_free", options)
        if reduction == 0:
            raise module.failure()
        planes.append(module.call("af_reduction_plane", reduction))
        status = module.check(module.call("af_reduction_step", reduction, ALL_ROWS, module.error))
        while status == MORE:
            status = module.check(module.call("af_reduction_step", reduction, ALL_ROWS, module.error))
        module.call("af_reduction_free", reduction)
        return module.read_plane(planes[-1])
    finally:
        for address in planes:
            module.call("af_plane_free", address)
