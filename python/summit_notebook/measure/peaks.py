"""Smooth peaks: a median over 3 x 3 pixels takes hot ones out, a Gaussian of 2 px then gathers light."""

from __future__ import annotations

import warnings

import numpy as np

from .statistics import Array

SMOOTHING_SIGMA_PX = 2.0
_REACH_PX = 6
_KERNEL = np.exp(-(np.arange(-_REACH_PX, _REACH_PX + 1) ** 2) / (2 * SMOOTHING_SIGMA_PX**2))


def _neighbours(image: Array) -> Array:
    padded = np.pad(image, 1, constant_values=np.nan)
    height, width = image.shape
    return np.stack([padded[v : v + height, u : u + width] for v in range(3) for u in range(3)])


def _blurred(image: Array, axis: int) -> Array:
    def along(values: Array) -> Array:
        spread = np.apply_along_axis(lambda line: np.convolve(line, _KERNEL), axis, values)
        middle = slice(_REACH_PX, _REACH_PX + image.shape[axis])
        return np.asarray(spread[middle] if axis == 0 else spread[:, middle], dtype=np.float64)

    there = np.isfinite(image)
    weights = along(there.astype(np.float64))
    total = along(np.where(there, image, 0))
    return np.where(weights > 0, total / np.where(weights > 0, weights, 1), np.nan)


def smoothed(image: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        median = np.nanmedian(_neighbours(image), axis=0)
    return _blurred(_blurred(median, 1), 0)


def peaks_of(image: Array) -> list[tuple[int, int, float]]:
    """x, y and height of the pixels that no neighbour exceeds, highest first."""
    with np.errstate(invalid="ignore"):
        exceeded = (_neighbours(image) > image).any(axis=0)
    rows, columns = np.nonzero(np.isfinite(image) & ~exceeded)
    peaks = [(int(x), int(y), float(image[y, x])) for x, y in zip(columns, rows, strict=True)]
    return sorted(peaks, key=lambda peak: -peak[2])
