"""Levels of an overscan in plain numpy, for `isr_twin.py`."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

F = np.float32


def clipped_medians(samples: np.ndarray, clip: bool) -> np.ndarray:
    """One level for each row of float64 samples; in float64."""
    middle = np.median(samples, axis=1)
    if clip:
        low, high = np.percentile(samples, [25, 75], axis=1)
        sigma = 0.74 * (high - low)
        typical = np.median(sigma)
        sigma = np.where(sigma > 2 * typical, typical, sigma)
        outliers = np.abs(samples - middle[:, None]) > 3 * sigma[:, None]
        # Behind the samples that stay; their middle two may be one.
        ordered, count = np.sort(np.where(outliers, np.inf, samples), axis=1), (~outliers).sum(axis=1)
        rows = np.arange(len(samples))
        middle = (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2
        middle[count == 0] = np.nan
    good = np.flatnonzero(np.isfinite(middle))
    for i in np.flatnonzero(~np.isfinite(middle)):
        below, above = good[good < i][-1:], good[good > i][:1]
        # The mean of the nearest rows that have a level, in float64 of float32 levels.
        middle[i] = np.mean(middle[np.concatenate([below, above])].astype(F).astype(float))
    return middle


def natural_spline(levels: np.ndarray) -> np.ndarray:
    """A natural cubic spline through the means of about 64 rows each; in float64."""
    count = len(levels)
    knots = max(2, (count + 32) // 64)
    edges = np.arange(knots + 1) * count // knots
    at = (edges[:-1] + edges[1:] - 1) / 2
    value = np.array([levels[a:b].mean() for a, b in pairwise(edges)])
    step = np.diff(at)
    # Second derivatives M: h[k-1] M[k-1] + 2 (h[k-1] + h[k]) M[k] + h[k] M[k+1] = 6 (slope[k] - slope[k-1]).
    matrix = np.eye(knots)
    right = np.zeros(knots)
    slope = np.diff(value) / step
    for k in range(1, knots - 1):
        matrix[k, k - 1 : k + 2] = step[k - 1], 2 * (step[k - 1] + step[k]), step[k]
        right[k] = 6 * (slope[k] - slope[k - 1])
    second = np.linalg.solve(matrix, right)
    x = np.arange(count)
    k = np.clip(np.searchsorted(at, x) - 1, 0, knots - 2)
    h = step[k]
    a, b = (at[k + 1] - x) / h, (x - at[k]) / h
    return a * value[k] + b * value[k + 1] + ((a**3 - a) * second[k] + (b**3 - b) * second[k + 1]) * h * h / 6


def overscan_levels(overscan: np.ndarray, method: str) -> np.ndarray:
    """A float32 level for each row of `overscan`."""
    samples = overscan.astype(float)
    if method == "mean":
        return np.full(len(samples), F(samples.mean()))
    if method == "median":
        return np.full(len(samples), F(np.median(samples)))
    if method == "mean-per-row":
        return samples.mean(axis=1).astype(F)
    levels = clipped_medians(samples, clip=method != "plain-median-per-row").astype(F)
    return natural_spline(levels.astype(float)).astype(F) if method == "spline" else levels
