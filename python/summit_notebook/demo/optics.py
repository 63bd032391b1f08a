"""Point spread functions of the simulated telescope: seeing, defocus and the path of the image during the exposure.

They are made in Fourier space, where a star at any fraction of a pixel is a change of phase.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .detector import FRAME_HEIGHT, FRAME_WIDTH, Floats
from .night import Night, PlannedExposure

PLATE_SCALE_ARCSEC_PER_PX = 0.0952
"""Spectractor's auxtel.ini."""
MOFFAT_BETA = 3.0
DONUT_RADIUS_PX_PER_MM = 100.0
"""Outer radius of the defocused pupil per mm of hexapod z: 0.8 mm gives donuts of 160 px, as AuxTel takes them."""
OBSCURATION = 0.42
VANE_FRACTION = 0.012
"""Half width of the vanes that hold the secondary mirror, of the pupil's radius."""
STAMP_PX = 320
"""Side of the stamps that bright stars are drawn with; a donut at 0.8 mm fits with its seeing wings."""
FAINT_STAMP_PX = 128
"""For field stars in focus: what lies outside is far below the noise, and it is much faster."""
TRAILED_PX = 60.0

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointSpread:
    fwhm_arcsec: float
    fwhm_px: float
    donut_radius_px: float
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
    # The rotator holds detector x towards the zenith; y is then at right angles, against growing azimuth.
    path = np.stack([conditions.el_error_arcsec, -conditions.az_error_arcsec], axis=1)
    path /= PLATE_SCALE_ARCSEC_PER_PX
    if "trailed" in exposure.planted:
        path[:, 1] += np.linspace(-TRAILED_PX / 2, TRAILED_PX / 2, len(times))
    path -= path.mean(axis=0)
    return PointSpread(
        fwhm_arcsec=fwhm_arcsec,
        fwhm_px=fwhm_arcsec / PLATE_SCALE_ARCSEC_PER_PX,
        donut_radius_px=abs(exposure.defocus_mm) * DONUT_RADIUS_PX_PER_MM,
        path_px=path,
    )


class StarPainter:
    """Adds stars to an electron frame at fractional places."""

    def __init__(self, spread: PointSpread, side_px: int) -> None:
        self._side = side_px
        self._fy = np.fft.fftfreq(side_px)[:, None]
        self._fx = np.fft.rfftfreq(side_px)[None, :]
        half = side_px // 2
        y, x = np.mgrid[-half:half, -half:half].astype(np.float64)
        radius = np.hypot(x, y)
        star = moffat(radius, spread.fwhm_px)
        self._transform = np.fft.rfft2(np.fft.ifftshift(star / star.sum()))
        outer = spread.donut_radius_px
        if outer > 0.5:
            # Edges one pixel soft, so that the size changes smoothly with defocus.
            disk = np.clip(outer - radius + 0.5, 0, 1) - np.clip(OBSCURATION * outer - radius + 0.5, 0, 1)
            for across in (np.abs(x - y), np.abs(x + y)):
                disk *= 1 - np.clip(VANE_FRACTION * outer - across / math.sqrt(2) + 0.5, 0, 1) * min(
                    1, outer / 20
                )
            self._transform *= np.fft.rfft2(np.fft.ifftshift(disk / disk.sum()))
        along_y = np.exp(-2j * np.pi * self._fy * spread.path_px[:, 1])
        along_x = np.exp(-2j * np.pi * spread.path_px[:, :1] * self._fx)
        self._transform *= along_y @ along_x / len(spread.path_px)

    def add(self, frame: Floats, x: float, y: float, electrons: float) -> None:
        """``x``, ``y``: 0-based, an integer is the centre of a pixel."""
        side, half = self._side, self._side // 2
        column, row = math.floor(x), math.floor(y)
        phase_y = np.exp(-2j * np.pi * self._fy * (y - row + half))
        phase_x = np.exp(-2j * np.pi * self._fx * (x - column + half))
        stamp = np.fft.irfft2(self._transform * phase_y * phase_x, s=(side, side)) * electrons
        x0, y0 = column - half, row - half
        left, right = max(0, x0), min(FRAME_WIDTH, x0 + side)
        low, high = max(0, y0), min(FRAME_HEIGHT, y0 + side)
        if left < right and low < high:
            frame[low:high, left:right] += np.clip(
                stamp[low - y0 : high - y0, left - x0 : right - x0], 0, None
            )
