"""Statistics of the finite values of a region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Of a normal distribution, sigma over the median absolute deviation.
SIGMA_PER_MAD = 1.482602218505602
PERCENTILES = (1, 5, 25, 75, 95, 99)


@dataclass(frozen=True)
class RegionStatistics:
    """NaN where nothing is left to measure; `standard_deviation` (n - 1) needs two values."""

    n: int
    not_finite: int
    sum: float
    mean: float
    median: float
    robust_sigma: float
    standard_deviation: float
    min: float
    max: float
    percentiles: dict[int, float]


def region_statistics(values: npt.ArrayLike) -> RegionStatistics:
    """The values are taken as float32, which is what the page holds; sums are in float64."""
    every = np.asarray(values, dtype=np.float32).ravel()
    finite = every[np.isfinite(every)].astype(np.float64)
    n = finite.size
    if n == 0:
        nan = float("nan")
        empty = dict.fromkeys(PERCENTILES, nan)
        return RegionStatistics(0, every.size, 0.0, nan, nan, nan, nan, nan, nan, empty)
    median = float(np.median(finite))
    deviations = np.abs(finite - median)
    return RegionStatistics(
        n=n,
        not_finite=every.size - n,
        sum=float(finite.sum()),
        mean=float(finite.mean()),
        median=median,
        robust_sigma=SIGMA_PER_MAD * float(np.median(deviations)),
        standard_deviation=float(finite.std(ddof=1)) if n > 1 else float("nan"),
        min=float(finite.min()),
        max=float(finite.max()),
        percentiles={p: float(np.percentile(finite, p)) for p in PERCENTILES},
    )
