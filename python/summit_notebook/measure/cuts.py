"""Cuts through an image. Pixels are 0-based, an integer is a pixel's centre: image[y, x]."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .statistics import Array


@dataclass(frozen=True)
class LineCut:
    """Distances from the start in px, the places that they are at, and the values; NaN where no pixel has one."""

    positions_px: Array
    x: Array
    y: Array
    values: Array


def bilinear(image: Array, x: Array, y: Array) -> Array:
    """From those of the four pixels around a place that have a value, by their shares; NaN where none has."""
    height, width = image.shape
    x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    total, shares = np.zeros(x.shape), np.zeros(x.shape)
    for v in (0, 1):
        for u in (0, 1):
            column, row = x0 + u, y0 + v
            inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
            value = image[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            share = (1 - np.abs(x - column)) * (1 - np.abs(y - row)) * (inside & np.isfinite(value))
            total += share * np.where(np.isfinite(value), value, 0)
            shares += share
    return np.where(shares > 0, total / np.where(shares > 0, shares, 1), np.nan)


def line_cut(
    image: npt.ArrayLike,
    start: tuple[float, float],
    end: tuple[float, float],
    width_px: float = 1,
    combine: Literal["mean", "median"] = "mean",
) -> LineCut:
    """A value each px from `start` (x, y) towards `end`, combined over lines side by side, 1 px apart."""
    pixels = np.asarray(image, dtype=np.float64)
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = math.sqrt(along_x**2 + along_y**2)
    unit_x, unit_y = (along_x / length, along_y / length) if length > 0 else (1.0, 0.0)
    positions = np.arange(math.floor(length) + 1, dtype=np.float64)
    lines = max(1, math.floor(width_px + 0.5))
    offsets = np.arange(lines) - (lines - 1) / 2
    x, y = start[0] + positions * unit_x, start[1] + positions * unit_y
    samples = bilinear(pixels, x - offsets[:, None] * unit_y, y + offsets[:, None] * unit_x)
    with warnings.catch_warnings():
        # A position without a value is NaN, as said.
        warnings.simplefilter("ignore", RuntimeWarning)
        values = np.nanmean(samples, axis=0) if combine == "mean" else np.nanmedian(samples, axis=0)
    return LineCut(positions, x, y, values)
