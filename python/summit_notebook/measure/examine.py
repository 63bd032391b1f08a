"""One star measured on an image behind ISR, step by step as the page does it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .peaks import SMOOTHING_SIGMA_PX, peaks_of, smoothed
from .radial import Centre, RadialProfile, aperture_sum, fwhm_of_profile, radial_profile
from .sky import Sky, sky_around, without_sky
from .star_fits import StarFit, fit_star, fraction_within, profile_of_fit
from .statistics import Array
from .window import Noise, Windowed, windowed

Unit = Literal["adu", "electron"]

CUTOUT_HALF_SIZE_PX = 80
_FWHM_PER_SIGMA = 2 * math.sqrt(2 * math.log(2))
_LEAST_PIXELS = 50
_LEAST_SKY_PIXELS = 100
_LEAST_SIGNIFICANCE = 4
_APERTURE_FWHM = 1.5
_REACH_FWHM = 3
_SKY_OUTER_FWHM = 4.5
_LEAST_SKY_INNER_PX = 8
_LEAST_SKY_WIDTH_PX = 6
_CURVE_POINTS = 60
_ROUND_ENOUGH = 0.4
_NARROWEST_STAR_PX = 1.2


class NoStarError(ValueError):
    """There is no star to measure; the text says why."""


@dataclass(frozen=True)
class Fitted:
    """The fits' profiles, as far as there are fits."""

    radius_px: Array
    gaussian: Array | None
    moffat: Array | None


@dataclass(frozen=True)
class Encircled:
    """`total_from` says whose light beyond the last radius is counted in `total`."""

    radius_px: Array
    fraction: Array
    total: float
    total_from: Literal["moffat", "aperture"]

    def radius_of(self, wanted: float) -> float:
        """NaN when the curve ends below it."""
        above = np.flatnonzero(self.fraction >= wanted)
        if above.size == 0:
            return math.nan
        i = int(above[0])
        r0, f0 = (0.0, 0.0) if i == 0 else (self.radius_px[i - 1], self.fraction[i - 1])
        return float(r0 + (wanted - f0) / (self.fraction[i] - f0) * (self.radius_px[i] - r0))


@dataclass(frozen=True)
class Examination:
    """Positions in the image's pixels, lengths in px, light in `unit`; docs/measurements.md says the rest."""

    unit: Unit
    x: float
    y: float
    x_error: float
    y_error: float
    photon_noise: bool
    sky: Sky
    peak: float | None
    aperture_radius_px: float
    flux: float
    flux_error: float
    signal_to_noise: float
    moment_xx: float
    moment_xy: float
    moment_yy: float
    ellipticity: float
    position_angle_deg: float
    fwhm_moments_px: float
    gaussian: StarFit | None
    moffat: StarFit | None
    fwhm_profile_px: float
    fwhm_arcsec: float | None
    fwhm_error_arcsec: float | None
    profile: RadialProfile
    fitted: Fitted
    encircled: Encircled
    ee50_px: float
    ee80_px: float
    saturated_pixels: int
    missing_pixels: int
    edge: bool
    blended: bool
    not_a_point_source: bool


class _Found(NamedTuple):
    star: Windowed
    sky: Sky
    light: Array
    noise: Noise


def examine(
    image: npt.ArrayLike,
    x: float,
    y: float,
    gain_electron_per_adu: float | None = None,
    read_noise_electron: float | None = None,
    saturation: float | None = None,
    plate_scale_arcsec_per_px: float | None = None,
    *,
    unit: Unit = "electron",
    search_radius_px: float = 15,
) -> Examination:
    """The star near (x, y) of image[y, x], 0-based; NaN where a pixel must not count. Raises NoStarError."""
    every = np.asarray(image, dtype=np.float32)
    if every.ndim != 2:
        raise ValueError(f"a star is measured on an image of two axes, not {every.ndim}")
    near_x, near_y = math.floor(x + 0.5), math.floor(y + 0.5)
    x0, y0 = max(0, near_x - CUTOUT_HALF_SIZE_PX), max(0, near_y - CUTOUT_HALF_SIZE_PX)
    cut = every[
        y0 : max(0, near_y + CUTOUT_HALF_SIZE_PX + 1), x0 : max(0, near_x + CUTOUT_HALF_SIZE_PX + 1)
    ].astype(np.float64)
    pixels = np.where(np.isfinite(cut), cut, np.nan)
    usable = int(np.isfinite(pixels).sum())
    if usable < _LEAST_PIXELS:
        raise NoStarError(f"the cutout has only {usable} usable pixels; a star needs {_LEAST_PIXELS}")
    full = math.inf if saturation is None else saturation
    if not (pixels < full).any():
        raise NoStarError("all pixels are saturated")

    start = (x - x0, y - y0)
    where = f"({x:.0f}, {y:.0f})"
    none = f"no star within {search_radius_px:g} px of {where}"
    whole = sky_around(pixels, start, 0, math.inf, _LEAST_PIXELS)
    if whole is None:
        raise NoStarError(f"there are no usable pixels around {where}")
    smooth = smoothed(without_sky(pixels, start, whole))
    sky_of_smooth = sky_around(smooth, start, 0, math.inf, _LEAST_PIXELS)
    smooth_sigma = sky_of_smooth.sigma if sky_of_smooth else 0.0
    peaks = peaks_of(smooth)
    inside = [p for p in peaks if (p[0] - start[0]) ** 2 + (p[1] - start[1]) ** 2 <= search_radius_px**2]
    if not inside:
        raise NoStarError(f"{none}: nothing there is brighter than what surrounds it")
    peak = inside[0]
    if not peak[2] > _LEAST_SIGNIFICANCE * smooth_sigma:
        significance = peak[2] / smooth_sigma if smooth_sigma > 0 else 0.0
        raise NoStarError(f"{none}: the brightest pixel is {significance:.1f} sigma above the sky")

    electron_per_unit = 1.0 if unit == "electron" else gain_electron_per_adu
    found = _find_star(pixels, peak, smooth, whole, start, electron_per_unit, read_noise_electron)
    if found is None:
        raise NoStarError(f"{none}: the light at {where} has no centre")
    star, height, width = found.star, *pixels.shape
    border = min(star.x, star.y, width - 1 - star.x, height - 1 - star.y) + 0.5
    if border < _FWHM_PER_SIGMA * star.sigma_px / 2:
        raise NoStarError(f"too near to the edge: the star is {max(0, border):.1f} px from the last pixel")
    return _measured(
        (x0, y0), pixels, found, peak, peaks, smooth_sigma, full, plate_scale_arcsec_per_px, unit
    )


def _find_star(
    pixels: Array,
    peak: tuple[int, int, float],
    smooth: Array,
    whole: Sky,
    whole_centre: Centre,
    electron_per_unit: float | None,
    read_noise_electron: float | None,
) -> _Found | None:
    """Centre, width and sky, each of which the others need: three rounds settle them."""
    read_noise = 0.0 if electron_per_unit is None else (read_noise_electron or 0.0) / electron_per_unit

    def noise_of(sky: Sky) -> Noise:
        # Images without noise still need a weight.
        return Noise(max(sky.sigma, read_noise, 1e-6 * peak[2]) ** 2, electron_per_unit)

    centre: Centre = (peak[0], peak[1])
    wide = fwhm_of_profile(radial_profile(smooth, centre, max(pixels.shape) / 2))
    sigma = math.sqrt(max(1.0, (wide / _FWHM_PER_SIGMA) ** 2 - SMOOTHING_SIGMA_PX**2)) if wide > 0 else 5.0
    sky, light = whole, without_sky(pixels, whole_centre, whole)
    for _ in range(3):
        star = windowed(light, centre, sigma, noise_of(sky), max(5, 4 * sigma))
        if star is None:
            return None
        centre, sigma = (star.x, star.y), star.sigma_px
        fwhm = _FWHM_PER_SIGMA * sigma
        inner = max(_LEAST_SKY_INNER_PX, _REACH_FWHM * fwhm)
        outer = max(inner + _LEAST_SKY_WIDTH_PX, _SKY_OUTER_FWHM * fwhm)
        annulus = sky_around(pixels, centre, inner, outer, _LEAST_SKY_PIXELS)
        sky = annulus or whole
        light = without_sky(pixels, centre if annulus else whole_centre, sky)
    star = windowed(light, centre, sigma, noise_of(sky), max(5, 4 * sigma))
    return _Found(star, sky, light, noise_of(sky)) if star else None


def _measured(
    origin: tuple[int, int],
    pixels: Array,
    found: _Found,
    peak: tuple[int, int, float],
    peaks: list[tuple[int, int, float]],
    smooth_sigma: float,
    saturation: float,
    scale: float | None,
    unit: Unit,
) -> Examination:
    star, sky, light, noise = found
    centre = (star.x, star.y)
    fwhm = _FWHM_PER_SIGMA * star.sigma_px
    reach, radius = max(5, _REACH_FWHM * fwhm), _APERTURE_FWHM * fwhm

    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]].astype(np.float64)
    distance = np.sqrt((x - star.x) ** 2 + (y - star.y) ** 2)
    finite, saturated = np.isfinite(pixels), pixels >= saturation
    in_aperture = distance <= radius
    saturated_pixels = int((in_aperture & saturated).sum())
    if saturated_pixels and not (in_aperture & finite & ~saturated).any():
        raise NoStarError("all pixels are saturated")
    core = light[finite & (distance <= max(1, fwhm / 2))]
    highest = float(core.max()) if core.size else -math.inf
    to_fit = finite & ~saturated & (distance <= reach)
    data = (x[to_fit], y[to_fit], light[to_fit], noise.sky_variance, noise.electron_per_unit)
    guess = (star.x, star.y, max(highest, peak[2]), fwhm)
    gaussian = fit_star(*data, "gaussian", guess)
    if gaussian and gaussian.converged:
        guess = (gaussian.x, gaussian.y, gaussian.peak, gaussian.fwhm_px)
    moffat = fit_star(*data, "moffat", guess)

    flux, area = aperture_sum(light, centre, radius)
    photons = 0.0 if noise.electron_per_unit is None else max(0.0, flux) / noise.electron_per_unit
    # The variance of a median is pi / 2 times that of a mean.
    of_sky = noise.sky_variance * area**2 * math.pi / 2 / sky.n
    flux_error = math.sqrt(area * noise.sky_variance + of_sky + photons)

    profile = radial_profile(light, centre, reach, max(0.5, fwhm / 8))
    fwhm_profile = fwhm_of_profile(profile)
    radii = np.arange(1, _CURVE_POINTS + 1) * reach / _CURVE_POINTS
    encircled = _growth_of(light, centre, radii, moffat)
    best = next((fit for fit in (moffat, gaussian) if fit and fit.converged), None)
    half, spread = (star.xx + star.yy) / 2, math.sqrt(((star.xx - star.yy) / 2) ** 2 + star.xy**2)
    ellipticity = 1 - math.sqrt(max(0, half - spread) / (half + spread))
    dip = bool((profile.mean > 1.2 * profile.mean[0] + 3 * math.sqrt(noise.sky_variance)).any())
    height, width = pixels.shape
    return Examination(
        unit=unit,
        x=origin[0] + star.x,
        y=origin[1] + star.y,
        x_error=star.x_error,
        y_error=star.y_error,
        photon_noise=noise.electron_per_unit is not None,
        sky=sky,
        peak=None if saturated_pixels else highest,
        aperture_radius_px=radius,
        flux=flux,
        flux_error=flux_error,
        signal_to_noise=flux / flux_error,
        moment_xx=star.xx,
        moment_xy=star.xy,
        moment_yy=star.yy,
        ellipticity=ellipticity,
        position_angle_deg=math.degrees(math.atan2(2 * star.xy, star.xx - star.yy) / 2) % 180,
        fwhm_moments_px=_FWHM_PER_SIGMA * (star.xx * star.yy - star.xy**2) ** 0.25,
        gaussian=_moved(gaussian, origin),
        moffat=_moved(moffat, origin),
        fwhm_profile_px=fwhm_profile,
        fwhm_arcsec=None if scale is None else scale * (best.fwhm_px if best else fwhm_profile),
        fwhm_error_arcsec=scale * best.fwhm_error_px if scale is not None and best else None,
        profile=profile,
        fitted=Fitted(
            radii,
            None if gaussian is None else gaussian.sky + profile_of_fit(gaussian, radii),
            None if moffat is None else moffat.sky + profile_of_fit(moffat, radii),
        ),
        encircled=encircled,
        ee50_px=encircled.radius_of(0.5),
        ee80_px=encircled.radius_of(0.8),
        saturated_pixels=saturated_pixels,
        missing_pixels=int((in_aperture & ~finite).sum()),
        edge=min(star.x, star.y, width - 1 - star.x, height - 1 - star.y) + 0.5 < radius,
        blended=_has_neighbour(centre, fwhm, peak, peaks, smooth_sigma),
        not_a_point_source=(
            ellipticity > _ROUND_ENOUGH or best is None or dip or best.fwhm_px < _NARROWEST_STAR_PX
        ),
    )


def _moved(fit: StarFit | None, origin: tuple[int, int]) -> StarFit | None:
    return None if fit is None else StarFit(**{**vars(fit), "x": origin[0] + fit.x, "y": origin[1] + fit.y})


def _growth_of(light: Array, centre: Centre, radii: Array, moffat: StarFit | None) -> Encircled:
    """A Moffat that describes the star gives the sky below its wings and the light beyond the last radius."""
    grown = np.array([aperture_sum(light, centre, float(radius))[0] for radius in radii])
    within = fraction_within(moffat, float(radii[-1])) if moffat and moffat.converged else 0.0
    if moffat is None or within <= 0.8:
        return Encircled(radii, grown / grown[-1], float(grown[-1]), "aperture")
    grown -= moffat.sky * math.pi * radii**2
    total = float(grown[-1]) / within
    return Encircled(radii, grown / total, total, "moffat")


def _has_neighbour(
    centre: Centre,
    fwhm: float,
    own: tuple[int, int, float],
    peaks: list[tuple[int, int, float]],
    smooth_sigma: float,
) -> bool:
    """A brighter peak within six FWHM, or one of a quarter of the height within three."""
    for x, y, height in peaks:
        distance = math.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2)
        if distance <= max(fwhm, 2) or distance > 6 * fwhm or height < 5 * smooth_sigma:
            continue
        if height > own[2] or (distance <= 3 * fwhm and height > own[2] / 4):
            return True
    return False
