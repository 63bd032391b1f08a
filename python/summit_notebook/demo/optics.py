"""Point spread functions of the simulated telescope: seeing, defocus and the path of the image during the exposure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from .detector import FRAME_HEIGHT, FRAME_WIDTH, Floats
from .night import Night, PlannedExposure

PLATE_SCALE_ARCSEC_PER_PX = 0.0952
"""Spectractor's auxtel.ini."""
MOFFAT_BETA = 3.0
DONUT_RADIUS_PX_PER_MM = 100.0
"""Outer radius of the defocused pupil per mm of hexapod z: 0.8 mm gives donuts of 160 px, as AuxTel takes them."""
OBSCURATION = 0.42
STAMP_PX = 288
"""Side of the stamps that bright stars are drawn with; a donut at 0.8 mm fits with its seeing wings."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointSpread:
    stamp: Doubles
    """Unit sum, STAMP_PX square, centred on pixel STAMP_PX / 2."""
    fwhm_arcsec: float
    fwhm_px: float
    path_px: Doubles
    """(n, 2): x, y of the image against its mean place, through the exposure."""


def moffat_alpha(fwhm_px: float) -> float:
    return fwhm_px / (2 * math.sqrt(2 ** (1 / MOFFAT_BETA) - 1))


def moffat(radius_px: Doubles, fwhm_px: float) -> Doubles:
    """Central value one."""
    profile: Doubles = (1 + (radius_px / moffat_alpha(fwhm_px)) ** 2) ** -MOFFAT_BETA
    return profile


def point_spread(night: Night, exposure: PlannedExposure) -> PointSpread:
    times = np.linspace(exposure.shutter_open_tai_ns, exposure.shutter_close_tai_ns, 240).astype(np.int64)
    conditions = night.conditions(times)
    fwhm_arcsec = float(conditions.seeing_arcsec.mean())
    fwhm_px = fwhm_arcsec / PLATE_SCALE_ARCSEC_PER_PX
    path = (
        np.stack([conditions.az_error_arcsec, conditions.el_error_arcsec], axis=1) / PLATE_SCALE_ARCSEC_PER_PX
    )
    if "trailed" in exposure.planted:
        path[:, 0] += np.linspace(-30, 30, len(times))
    path -= path.mean(axis=0)
    half = STAMP_PX // 2
    y, x = np.mgrid[-half:half, -half:half].astype(np.float64)
    stamp = moffat(np.hypot(x, y), fwhm_px)
    outer = abs(exposure.defocus_mm) * DONUT_RADIUS_PX_PER_MM
    if outer > 0.5:
        radius = np.hypot(x, y)
        # Edges one pixel soft, so that the size changes smoothly with defocus.
        disk = np.clip(outer - radius + 0.5, 0, 1) - np.clip(OBSCURATION * outer - radius + 0.5, 0, 1)
        stamp = fftconvolve(stamp, np.clip(disk, 0, None), mode="same")
    trail, _, _ = np.histogram2d(path[:, 1], path[:, 0], bins=np.arange(-half - 0.5, half + 0.5))
    stamp = np.clip(fftconvolve(stamp, trail, mode="same"), 0, None)
    return PointSpread(stamp / stamp.sum(), fwhm_arcsec, fwhm_px, path)


class StarPainter:
    """Adds stars to an electron frame at fractional places, by shifting one stamp in Fourier space."""

    def __init__(self, spread: PointSpread) -> None:
        self._transform = np.fft.rfft2(spread.stamp)
        self._fy = np.fft.fftfreq(STAMP_PX)[:, None]
        self._fx = np.fft.rfftfreq(STAMP_PX)[None, :]

    def add(self, frame: Floats, x: float, y: float, electrons: float) -> None:
        """``x``, ``y``: 0-based, an integer is the centre of a pixel."""
        column, row = math.floor(x), math.floor(y)
        phase = np.exp(-2j * np.pi * (self._fy * (y - row) + self._fx * (x - column)))
        stamp = np.clip(np.fft.irfft2(self._transform * phase, s=(STAMP_PX, STAMP_PX)), 0, None) * electrons
        half = STAMP_PX // 2
        x0, y0 = column - half, row - half
        left, right = max(0, x0), min(FRAME_WIDTH, x0 + STAMP_PX)
        low, high = max(0, y0), min(FRAME_HEIGHT, y0 + STAMP_PX)
        if left < right and low < high:
            frame[low:high, left:right] += stamp[low - y0 : high - y0, left - x0 : right - x0].astype(
                np.float32
            )
