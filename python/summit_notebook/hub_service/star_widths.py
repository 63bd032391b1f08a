"""How wide stars are on an image: a quick look's FWHM, from the profiles of its clearest stars.

A star here is a round peak that stands alone. Cosmic rays are too narrow, trails and spectra too long, donuts have a
hole, saturated stars no peak; the zeroth order of a dispersed star is a star.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, uniform_filter
from scipy.optimize import curve_fit

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

BIN_PX = 4
PEAK_SIGMA = 12.0
"""A peak of the binned image above its noise."""
HALF_STAMP_PX = 48
STARS = 30
BRIGHTEST = 300
"""Peaks that are looked at."""
WING_FRACTION = 0.06
"""Of a binned peak in the mean of the cells around it; the light of a hot pixel stays in its cell."""
BLEND_FRACTION = 0.1
"""A neighbour on the stamp with more than this of a star's peak spoils its profile."""
ROUNDEST_REFUSED = 0.7
"""Minor over major axis."""
FWHM_PX = (3.0, 50.0)
"""Narrower are cosmic rays and hot pixels, wider ones do not fit on the stamp."""
FWHM_UNCERTAINTY = 0.03
"""Of a single star, as a fraction; the noise of faint ones widens them."""
MISFIT = 0.04
"""Root mean square deviation from the fitted profile, of its peak."""


def binned(image: Floats) -> Floats:
    """Means of BIN_PX x BIN_PX pixels; stars are searched on it."""
    height, width = (side // BIN_PX for side in image.shape)
    cells = image[: height * BIN_PX, : width * BIN_PX].reshape(height, BIN_PX, width, BIN_PX)
    means: Floats = np.einsum("ajbk->ab", cells) / np.float32(BIN_PX**2)
    return means


def star_widths_px(
    image: Floats, saturated: Bools | None, over_background: Floats, noise: float
) -> list[float]:
    """FWHM of each of the brightest good stars, at most 30, brightest first.

    `over_background` is the binned image with its background subtracted; `noise` is of single pixels.
    """
    widths = []
    for x_px, y_px in _alone(over_background, image.shape, noise):
        box = (
            slice(y_px - HALF_STAMP_PX, y_px + HALF_STAMP_PX + 1),
            slice(x_px - HALF_STAMP_PX, x_px + HALF_STAMP_PX + 1),
        )
        stamp = image[box].astype(np.float64)
        if (saturated is not None and saturated[box].any()) or np.isnan(stamp).any():
            continue
        width = _width_px(stamp, noise)
        if width is not None:
            widths.append(width)
            if len(widths) == STARS:
                break
    return widths


def _alone(over_background: Floats, shape: tuple[int, ...], noise: float) -> list[tuple[int, int]]:
    """Places (x, y) of bright peaks that are wider than a pixel and have no neighbour, brightest first."""
    height, width = shape
    cells = np.nan_to_num(over_background)
    is_peak = (cells > PEAK_SIGMA * noise / BIN_PX) & (cells == maximum_filter(cells, size=5))
    rows, columns = np.nonzero(is_peak)
    peaks = cells[rows, columns]
    order = np.argsort(-peaks)[:BRIGHTEST]
    rows, columns, peaks = rows[order], columns[order], peaks[order]
    around = (uniform_filter(cells, size=3)[rows, columns] * 9 - peaks) / 8
    reach = HALF_STAMP_PX // BIN_PX
    found = []
    for row, column, peak, wing in zip(rows, columns, peaks, around, strict=True):
        near = (abs(rows - row) <= reach) & (abs(columns - column) <= reach) & (peaks > BLEND_FRACTION * peak)
        x, y = int(column) * BIN_PX + BIN_PX // 2, int(row) * BIN_PX + BIN_PX // 2
        inside = HALF_STAMP_PX < x < width - HALF_STAMP_PX and HALF_STAMP_PX < y < height - HALF_STAMP_PX
        if inside and wing > WING_FRACTION * peak and near.sum() == 1:
            found.append((x, y))
    return found


def _width_px(stamp: npt.NDArray[np.float64], noise: float) -> float | None:
    y, x = np.mgrid[: stamp.shape[0], : stamp.shape[1]] - float(HALF_STAMP_PX)
    rim = np.hypot(x, y) > HALF_STAMP_PX - 8
    stamp = stamp - np.median(stamp[rim])
    shape = _shape(stamp, x, y)
    if shape is None:
        return None
    centre_x, centre_y, axis_ratio = shape
    if axis_ratio < ROUNDEST_REFUSED:
        return None
    radius = np.hypot(x - centre_x, y - centre_y)
    ring = radius.astype(np.intp)
    counts = np.bincount(ring.ravel())[: HALF_STAMP_PX - 4]
    profile = np.bincount(ring.ravel(), stamp.ravel())[: HALF_STAMP_PX - 4] / np.maximum(counts, 1)
    radii = np.bincount(ring.ravel(), radius.ravel())[: HALF_STAMP_PX - 4] / np.maximum(counts, 1)
    full = counts > 0
    return _moffat_fwhm_px(radii[full], profile[full], noise / np.sqrt(counts[full]))


def _shape(
    stamp: npt.NDArray[np.float64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[float, float, float] | None:
    """Centre and axis ratio by moments under a round Gaussian that follows the star in place and width.

    Bernstein & Jarvis 2002 (AJ 123, 583), section 3: adaptive moments. With a weight of variance s2, a Gaussian star of
    covariance C has the weighted moments M with 1/M = 1/C + 1/s2, so at the star's own width M is half of C.
    """
    centre_x = centre_y = 0.0
    s2 = 25.0
    moments = np.eye(2)
    for _ in range(15):
        dx, dy = x - centre_x, y - centre_y
        weighted = stamp * np.exp(-(dx * dx + dy * dy) / (2 * s2))
        total = weighted.sum()
        if total <= 0:
            return None
        shift_x, shift_y = (weighted * dx).sum() / total, (weighted * dy).sum() / total
        xx, yy, xy = (
            (weighted * a * b).sum() / total - c
            for a, b, c in (
                (dx, dx, shift_x**2),
                (dy, dy, shift_y**2),
                (dx, dy, shift_x * shift_y),
            )
        )
        moments = np.array([[xx, xy], [xy, yy]])
        if np.linalg.det(moments) <= 0 or xx <= 0:
            return None
        # The weight pulls the mean towards where it stands: twice the shift is the place of a Gaussian star.
        centre_x, centre_y = centre_x + 2 * shift_x, centre_y + 2 * shift_y
        before, s2 = s2, float(np.clip(2 * np.sqrt(np.linalg.det(moments)), 1.0, 400.0))
        if max(abs(centre_x), abs(centre_y)) > HALF_STAMP_PX / 4:
            return None
        if max(abs(shift_x), abs(shift_y)) < 0.005 and abs(s2 - before) < 0.01 * s2:
            break
    least, most = np.linalg.eigvalsh(np.linalg.inv(moments) - np.eye(2) / s2)
    # Of the inverse covariance: the least belongs to the major axis, and is not above zero for an endless streak.
    return (centre_x, centre_y, float(np.sqrt(least / most))) if least > 0 else None


def _moffat_fwhm_px(
    radii: npt.NDArray[np.float64], profile: npt.NDArray[np.float64], errors: npt.NDArray[np.float64]
) -> float | None:
    """Of a Moffat profile (1969, A&A 3, 455), whose beta is free: real seeing has 2.5 to 5."""

    def moffat(
        r: npt.NDArray[np.float64], peak: float, fwhm: float, beta: float, level: float
    ) -> npt.NDArray[np.float64]:
        alpha2 = fwhm**2 / (4 * (2 ** (1 / beta) - 1))
        value: npt.NDArray[np.float64] = level + peak * (1 + r * r / alpha2) ** -beta
        return value

    peak = profile.max()
    below = np.nonzero(profile < peak / 2)[0]
    if len(below) == 0:
        return None
    start = float(np.clip(2 * radii[below[0]], *FWHM_PX))
    # One per cent of the peak in each point: no star is a Moffat profile exactly, however bright.
    weights = np.hypot(errors, 0.01 * peak)
    try:
        (fitted_peak, fwhm, beta, level), covariance = curve_fit(
            moffat,
            radii,
            profile,
            p0=(peak, start, 3.0, 0.0),
            sigma=weights,
            absolute_sigma=True,
            bounds=((0, 1.0, 1.2, -np.inf), (np.inf, 2.0 * FWHM_PX[1], 20.0, np.inf)),
            max_nfev=200,
        )
    except RuntimeError:
        return None  # no convergence
    misfit = np.sqrt(np.mean((profile - moffat(radii, fitted_peak, fwhm, beta, level)) ** 2))
    good = (
        FWHM_PX[0] < fwhm < FWHM_PX[1]
        and misfit < MISFIT * fitted_peak + 2 * errors.mean()
        and covariance[1, 1] < (FWHM_UNCERTAINTY * fwhm) ** 2
    )
    return float(fwhm) if good else None
