"""Windowed centroid and moments (Bertin & Arnouts 1996, A&AS 117, 393; SExtractor's manual)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .radial import Centre, pixels_around, value_or_opposite
from .statistics import Array

_REACH_SIGMA = 5
_MOST_ROUNDS = 100
_LEAST_SIGMA_PX = 0.6


@dataclass(frozen=True)
class Noise:
    sky_variance: float
    electron_per_unit: float | None


@dataclass(frozen=True)
class Windowed:
    x: float
    y: float
    x_error: float
    y_error: float
    sigma_px: float
    xx: float
    xy: float
    yy: float


def windowed(
    light: Array, start: Centre, start_sigma_px: float, noise: Noise, farthest_px: float
) -> Windowed | None:
    """None when there is no light under the window or it runs away from the start."""
    centre, sigma = start, start_sigma_px
    most_sigma = max(_LEAST_SIGMA_PX, max(light.shape) / 4)
    for number in range(_MOST_ROUNDS + 1):
        px, py = pixels_around(centre, _REACH_SIGMA * sigma, margin=0)
        value = value_or_opposite(light, px, py, centre)
        used = np.isfinite(value)
        value, dx, dy = value[used], px[used] - centre[0], py[used] - centre[1]
        weight = np.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
        weighted = weight * value
        flux = float(weighted.sum())
        if not flux > 0:
            return None
        step_x, step_y = float(2 * (weighted @ dx) / flux), float(2 * (weighted @ dy) / flux)
        xx, xy, yy = (float(weighted @ product / flux) for product in (dx * dx, dx * dy, dy * dy))
        half = (xx + yy) / 2
        inverse = 1 / half - 1 / (sigma * sigma) if half != 0 else math.inf
        wanted = 0.0
        if half > 0:
            wanted = math.sqrt(1 / inverse) if inverse > 0 else math.inf
        # Half of the way: where noise shapes the light, whole steps swing to and fro.
        bounded = min(1.5 * sigma, max(0.7 * sigma, (sigma + wanted) / 2))
        following = min(most_sigma, max(_LEAST_SIGMA_PX, bounded))
        step = math.sqrt(step_x**2 + step_y**2)
        if abs(step_x) + abs(step_y) + abs(following - sigma) < 1e-9 or number == _MOST_ROUNDS:
            photons = 0 if noise.electron_per_unit is None else np.maximum(0, value) / noise.electron_per_unit
            variance = weight * weight * (noise.sky_variance + photons)
            return Windowed(
                *centre,
                x_error=2 * math.sqrt(float(variance @ (dx * dx))) / flux,
                y_error=2 * math.sqrt(float(variance @ (dy * dy))) / flux,
                sigma_px=sigma,
                **_unweighted(xx, xy, yy, sigma),
            )
        shorten = min(1.0, sigma / step) if step > 0 else 1.0
        centre = (centre[0] + shorten * step_x, centre[1] + shorten * step_y)
        sigma = following
        if abs(centre[0] - start[0]) + abs(centre[1] - start[1]) > farthest_px:
            return None
    raise AssertionError("the last round returns")


def _unweighted(xx: float, xy: float, yy: float, sigma: float) -> dict[str, float]:
    measured = xx * yy - xy * xy
    if measured > 0:
        a, b, d = yy / measured - 1 / sigma**2, -xy / measured, xx / measured - 1 / sigma**2
        determinant = a * d - b * b
        if a > 0 and determinant > 0:
            return {"xx": d / determinant, "xy": -b / determinant, "yy": a / determinant}
    return {"xx": xx, "xy": xy, "yy": yy}
