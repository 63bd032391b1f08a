"""The sky under a star: a plane, fitted to the pixels that no source reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .least_squares import inverse_of
from .statistics import SIGMA_PER_MAD, Array

_CLIP_SIGMA = 3
_ROUNDS = 8


@dataclass(frozen=True)
class Sky:
    """`level` at the centre, `sigma` of one pixel, `n` pixels left after clipping."""

    level: float
    sigma: float
    slope_x_per_px: float
    slope_y_per_px: float
    n: int
    source: Literal["annulus", "cutout"]
    inner_px: float
    outer_px: float


def sky_around(
    image: Array, centre: tuple[float, float], inner_px: float, outer_px: float, least: int
) -> Sky | None:
    """Of the pixels at inner <= r < outer; None when fewer than `least` are there."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    dx, dy = x - centre[0], y - centre[1]
    square = dx * dx + dy * dy
    there = (square >= inner_px**2) & (square < outer_px**2) & np.isfinite(image)
    if there.sum() < least:
        return None
    dx, dy, values = dx[there], dy[there], image[there]
    kept = np.ones(values.shape, dtype=bool)
    slope_x = slope_y = 0.0
    for number in range(_ROUNDS + 1):
        residual = values - slope_x * dx - slope_y * dy
        level = float(np.median(residual[kept]))
        sigma = SIGMA_PER_MAD * float(np.median(np.abs(residual[kept] - level)))
        if number < _ROUNDS:
            kept = np.abs(residual - level) <= _CLIP_SIGMA * sigma
            slope_x, slope_y = _slope_of(dx[kept], dy[kept], values[kept])
    source: Literal["annulus", "cutout"] = "annulus" if np.isfinite(outer_px) else "cutout"
    return Sky(level, sigma, slope_x, slope_y, int(kept.sum()), source, inner_px, outer_px)


def _slope_of(dx: Array, dy: Array, values: Array) -> tuple[float, float]:
    design = np.stack([dx - dx.mean(), dy - dy.mean()])
    inverse = inverse_of(design @ design.T)
    if inverse is None:
        return 0.0, 0.0
    slope_x, slope_y = inverse @ (design @ (values - values.mean()))
    return float(slope_x), float(slope_y)


def without_sky(image: Array, centre: tuple[float, float], sky: Sky) -> Array:
    y, x = np.indices(image.shape, dtype=np.float64)
    under = sky.level + sky.slope_x_per_px * (x - centre[0]) + sky.slope_y_per_px * (y - centre[1])
    return np.asarray(image - under, dtype=np.float64)
