"""How well amplifiers work, from one raw alone: the quantities of ``docs/amplifier-health.md``, as the page has them.

A quantity that a raw cannot tell is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

SIGMA_PER_MAD = 1.4826
LEFT_OUT_COLUMNS = 3
"""Of the serial overscan at each side."""
DRIFT_PART = 0.05
IMAGE_ROW_STEP = 8
CORRELATED_ROW_STEP = 2
OUTLIER_SIGMA = 5
SURROUNDINGS, SIDE = 25, 5
"""Columns to each side of one that may be bad."""
THRESHOLD_SIGMA = 8
SHARPER_THAN_LIGHT = 3
DEAD_RESPONSE = 0.5


@dataclass(frozen=True)
class Overscan:
    """The serial overscan beside the image rows, float32 [rows, columns]; and the mean of each row."""

    pixels: Floats
    row_means: Doubles


def serial_overscan(segment: Array, amplifier: Mapping[str, Any]) -> Overscan | None:
    """`segment`: a raw HDU in readout order; `amplifier`: of `Engine.camera`. Raws may be smaller than the camera table
    has them. None without a column of overscan."""
    box, data = amplifier["serialOverscan"], amplifier["data"]
    height, width = segment.shape
    x0, x1 = box["x0"] + LEFT_OUT_COLUMNS, min(box["x1"], width) - LEFT_OUT_COLUMNS
    y0, y1 = data["y0"], min(data["y1"], height)
    if x1 <= x0 or y1 <= y0:
        return None
    pixels = segment[y0:y1, x0:x1].astype(np.float32)
    pixels[~np.isfinite(pixels)] = np.nan
    known = np.isfinite(pixels).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return Overscan(pixels, np.nansum(pixels, axis=1, dtype=np.float64) / known)


def amplifier_health(
    segment: Array, amplifier: Mapping[str, Any], overscan: Overscan | None
) -> dict[str, Any]:
    """By the names of the table; hot and dead columns by their numbers."""
    data, saturation = amplifier["data"], amplifier["saturationAdu"]
    image = segment[data["y0"] : data["y1"], data["x0"] : data["x1"]]
    health: dict[str, Any] = {
        "biasLevelAdu": None,
        "overscanNoiseAdu": None,
        "overscanNoiseElectron": None,
        "rowNoiseAdu": None,
        "biasDriftAdu": None,
        "medianAdu": None,
        "robustSigmaAdu": None,
        "saturatedPixels": None if saturation is None else int(np.count_nonzero(image >= saturation)),
        "hotColumns": None,
        "deadColumns": None,
    }
    if overscan is None:
        return health
    level, columns = overscan.row_means, overscan.pixels.shape[1]
    noise = None
    if columns > 1:
        noise = _robust_sigma(overscan.pixels - level[:, None].astype(np.float32))
    if noise is not None:
        noise *= float(np.sqrt(columns / (columns - 1)))
        gain = amplifier["gainElectronPerAdu"]
        of_mean = _robust_sigma(np.diff(level)) if len(level) > 1 else None
        health["overscanNoiseAdu"] = noise
        health["overscanNoiseElectron"] = None if gain is None else noise * gain
        if of_mean is not None:
            health["rowNoiseAdu"] = float(np.sqrt(max(0.0, of_mean**2 / 2 - noise**2 / columns)))
    end = max(1, round(DRIFT_PART * len(level)))
    last, first = _median(level[-end:]), _median(level[:end])
    above = image[::IMAGE_ROW_STEP].astype(np.float32) - level[::IMAGE_ROW_STEP, None].astype(np.float32)
    above[~np.isfinite(above)] = np.nan
    health["biasLevelAdu"] = _median(overscan.pixels)
    health["biasDriftAdu"] = None if last is None or first is None else last - first
    health["medianAdu"] = _median(above)
    health["robustSigmaAdu"] = _robust_sigma(above)
    if health["medianAdu"] is not None:
        hot, dead = column_defects(_column_medians(above), len(above), noise or 0.0)
        health["hotColumns"], health["deadColumns"] = len(hot), None if dead is None else len(dead)
    return health


def column_defects(medians: Floats, rows: int, pixel_noise_adu: float) -> tuple[list[int], list[int] | None]:
    """Hot and dead columns by their index into `medians`, of `rows` rows each above the bias; NaN where unknown. Dead
    is None where there is too little light to see one."""
    around = _running_median(medians, SURROUNDINGS, SURROUNDINGS)
    scatter = _robust_sigma(medians - around) or 0.0
    least_scatter = np.sqrt(np.pi / 2) * pixel_noise_adu / np.sqrt(rows)
    threshold = max(pixel_noise_adu, THRESHOLD_SIGMA * max(scatter, least_scatter))
    sides = np.stack([_running_median(medians, SIDE, -1), _running_median(medians, -1, SIDE)])
    with np.errstate(invalid="ignore"):
        higher, lower = np.fmax(*sides), np.fmin(*sides)
        hot = (medians - higher > threshold) & (medians - around > SHARPER_THAN_LIGHT * (higher - around))
        dead = (lower - medians > threshold) & (medians < DEAD_RESPONSE * lower)
    light = _median(medians)
    shows = light is not None and light * (1 - DEAD_RESPONSE) > threshold
    return np.flatnonzero(hot).tolist(), np.flatnonzero(dead).tolist() if shows else None


def shared_noise(overscans: Sequence[Overscan | None]) -> list[float | None]:
    """Of each amplifier the correlation coefficient of largest size with another one, in readout order."""
    residuals = [None if overscan is None else _residuals(overscan) for overscan in overscans]
    strongest: list[float | None] = []
    for i, one in enumerate(residuals):
        coefficients = [
            float(one.ravel() @ other.ravel())
            for j, other in enumerate(residuals)
            if one is not None and other is not None and i != j and one.shape == other.shape
        ]
        strongest.append(max(coefficients, key=abs, default=None))
    return strongest


def _residuals(overscan: Overscan) -> Floats | None:
    """Every second row's pixels less its mean and less their column's median, of norm 1; None without any noise."""
    step = slice(None, None, CORRELATED_ROW_STEP)
    if overscan.pixels.shape[1] < 2:
        return None
    values = overscan.pixels[step] - overscan.row_means[step, None].astype(np.float32)
    values -= _column_medians(values)
    sigma = SIGMA_PER_MAD * (_median(np.abs(values)) or 0.0)
    values[~(np.abs(values) <= OUTLIER_SIGMA * sigma)] = 0
    norm = float(np.linalg.norm(values.astype(np.float64)))
    return None if norm == 0 else (values / np.float32(norm)).astype(np.float32)


def _column_medians(values: Floats) -> Floats:
    """NaN of a column without a number."""
    if np.isfinite(values).all():
        return np.asarray(np.median(values, axis=0), np.float32)
    known = np.isfinite(values).any(axis=0)
    medians = np.full(values.shape[1], np.nan, np.float32)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def _running_median(values: Floats, before: int, after: int) -> Floats:
    """Of the known ones from `before` places ahead to `after` behind each; -1 leaves the place itself out. NaN where
    none is known."""
    n = len(values)
    out = np.full(n, np.nan, np.float32)
    span = before + after + 1
    if n >= span and np.isfinite(values).all():
        first, end = max(0, before), min(n, n - after)
        windows = np.lib.stride_tricks.sliding_window_view(values, span)[first - before : end - before]
        out[first:end] = np.median(windows, axis=1)
        places = [*range(first), *range(end, n)]
    else:
        places = list(range(n))
    for x in places:
        median = _median(values[max(0, x - before) : max(0, x + after + 1)])
        out[x] = np.nan if median is None else median
    return out


def _robust_sigma(values: Array) -> float | None:
    middle = _median(values)
    return (
        None
        if middle is None
        else SIGMA_PER_MAD * (_median(np.abs(values - values.dtype.type(middle))) or 0.0)
    )


def _median(values: Array) -> float | None:
    """Of the known ones."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else None
