"""Light around a point: apertures with exact overlap, radial profile, curve of growth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .statistics import Array

Centre = tuple[float, float]


def _quadrant_area(x: Array, y: Array, radius: float) -> Array:
    """Area of a circle about the origin over 0..x, 0..y, odd in x and in y."""
    sign = np.sign(x) * np.sign(y)
    a, b = np.minimum(np.abs(x), radius), np.minimum(np.abs(y), radius)

    def under(t: Array) -> Array:
        arc = radius**2 * np.arcsin(np.minimum(1, t / radius))
        return np.asarray((t * np.sqrt(np.maximum(0, radius**2 - t * t)) + arc) / 2, dtype=np.float64)

    start = np.sqrt(radius**2 - b * b)
    area = np.where(a * a + b * b <= radius**2, a * b, b * start + under(a) - under(start))
    return np.asarray(sign * area, dtype=np.float64)


def overlap(dx: Array, dy: Array, radius: float) -> Array:
    """The part of the pixels at (dx, dy) from a circle's centre that the circle covers."""
    x0, x1, y0, y1 = dx - 0.5, dx + 0.5, dy - 0.5, dy + 0.5
    part = (
        _quadrant_area(x1, y1, radius)
        - _quadrant_area(x0, y1, radius)
        - _quadrant_area(x1, y0, radius)
        + _quadrant_area(x0, y0, radius)
    )
    distance = np.sqrt(dx * dx + dy * dy)
    part = np.where(distance > radius + math.sqrt(0.5), 0, part)
    return np.asarray(np.where(distance < radius - math.sqrt(0.5), 1, part), dtype=np.float64)


def value_at(image: Array, x: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> Array:
    """NaN outside of the image and where a pixel is not finite."""
    height, width = image.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    value = image[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.where(inside & np.isfinite(value), value, np.nan)


def value_or_opposite(
    image: Array, x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], centre: Centre
) -> Array:
    """Where a pixel has no value, that of the pixel opposite of the centre, or NaN."""
    value = value_at(image, x, y)
    opposite_x = np.floor(2 * centre[0] - x + 0.5).astype(np.int64)
    opposite_y = np.floor(2 * centre[1] - y + 0.5).astype(np.int64)
    return np.where(np.isfinite(value), value, value_at(image, opposite_x, opposite_y))


def pixels_around(
    centre: Centre, reach: float, margin: float = 0.5
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """x and y of every pixel of the square of half side `reach`, inside of the image or not."""
    x0, x1 = math.ceil(centre[0] - reach - margin), math.floor(centre[0] + reach + margin)
    y0, y1 = math.ceil(centre[1] - reach - margin), math.floor(centre[1] + reach + margin)
    y, x = np.mgrid[y0 : y1 + 1, x0 : x1 + 1]
    return x.ravel().astype(np.int64), y.ravel().astype(np.int64)


def aperture_sum(image: Array, centre: Centre, radius_px: float) -> tuple[float, float]:
    """Sum and area of the pixels by the part that the circle covers."""
    x, y = pixels_around(centre, radius_px)
    part = overlap(x.astype(np.float64) - centre[0], y.astype(np.float64) - centre[1], radius_px)
    value = value_or_opposite(image, x, y, centre)
    used = (part != 0) & np.isfinite(value)
    return float((part[used] * value[used]).sum()), float(part[used].sum())


@dataclass(frozen=True)
class RadialProfile:
    """Bins with pixels; `error` is that of the mean from the scatter, NaN for a single pixel."""

    radius_px: Array
    mean: Array
    error: Array
    n: npt.NDArray[np.int64]


def radial_profile(image: Array, centre: Centre, max_radius_px: float, bin_px: float = 1) -> RadialProfile:
    bins = max(1, math.ceil(max_radius_px / bin_px))
    y, x = np.indices(image.shape, dtype=np.float64)
    radius = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2)
    number = np.floor(radius / bin_px).astype(np.int64)
    used = (number < bins) & (radius <= max_radius_px) & np.isfinite(image)
    number, radius, values = number[used], radius[used], image[used]
    n = np.bincount(number, minlength=bins)
    there = n > 0
    count = np.maximum(n, 1)
    mean = np.bincount(number, values, bins) / count
    squares = np.bincount(number, (values - mean[number]) ** 2, bins)
    error = np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1) / count), np.nan)
    radii = np.bincount(number, radius, bins) / count
    return RadialProfile(radii[there], mean[there], error[there], n[there])


def fwhm_of_profile(profile: RadialProfile) -> float:
    """NaN when the profile does not fall to half; the first bins are extended to radius 0 as a parabola."""
    radius, mean = profile.radius_px, profile.mean
    if mean.size == 0:
        return math.nan
    top = int(np.argmax(mean))
    maximum = float(mean[top])
    if top == 0 and mean.size > 1:
        maximum += float((maximum - mean[1]) * radius[0] ** 2 / (radius[1] ** 2 - radius[0] ** 2))
    for i in range(top + 1, mean.size):
        if mean[i] <= maximum / 2:
            share = (mean[i - 1] - maximum / 2) / (mean[i - 1] - mean[i])
            return float(2 * (radius[i - 1] + share * (radius[i] - radius[i - 1])))
    return math.nan
