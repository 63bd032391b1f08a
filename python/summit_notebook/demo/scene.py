"""What falls on the simulated detector in one exposure, in electrons before the detector's own response, with truth."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from .detector import FRAME_HEIGHT, FRAME_WIDTH, Floats
from .night import Night, PlannedExposure
from .night_script import SWEET_SPOT_PX, Target
from .optics import PLATE_SCALE_ARCSEC_PER_PX, StarPainter, point_spread
from .spectra import BORESIGHT_PX, GROOVES_PER_MM, ORDER_ZERO_FRACTION, add_spectrum

FLAT_ELECTRON_PER_S = 9000.0
SKY_ELECTRON_PER_S = 1.6
FIELD_STARS = 140
ROTPA_DEG = 188.8
"""Sky angle of the header. Seen on the sky the detector's x grows towards smaller right ascension at ROTPA 180."""
FILTER_THROUGHPUT = {"empty": 1.0, "SDSSr_65mm": 0.35}


def pointing_deg(exposure: PlannedExposure) -> tuple[float, float]:
    """RA, Dec of the boresight, chosen so that the target falls on the sweet spot plus the step's offset."""
    target = exposure.step.target
    assert target is not None, "only sky exposures have a pointing"
    spot = SWEET_SPOT_PX[exposure.grating]
    offset = exposure.step.target_offset_px
    xi, eta = _sky_offset_deg(spot[0] + offset[0], spot[1] + offset[1])
    dec = target.dec_deg - eta
    return target.ra_deg - xi / math.cos(math.radians(dec)), dec


def _sky_offset_deg(x_px: float, y_px: float) -> tuple[float, float]:
    """Tangent-plane offset (east, north) of a detector place from the boresight."""
    angle = math.radians(ROTPA_DEG)
    dx = (x_px - BORESIGHT_PX[0]) * PLATE_SCALE_ARCSEC_PER_PX / 3600
    dy = (y_px - BORESIGHT_PX[1]) * PLATE_SCALE_ARCSEC_PER_PX / 3600
    return -dx * math.cos(angle) + dy * math.sin(angle), dx * math.sin(angle) + dy * math.cos(angle)


def _detector_px(xi_deg: float, eta_deg: float) -> tuple[float, float]:
    """Inverse of ``_sky_offset_deg``."""
    angle = math.radians(ROTPA_DEG)
    scale = 3600 / PLATE_SCALE_ARCSEC_PER_PX
    x = (-xi_deg * math.cos(angle) + eta_deg * math.sin(angle)) * scale
    y = (xi_deg * math.sin(angle) + eta_deg * math.cos(angle)) * scale
    return BORESIGHT_PX[0] + x, BORESIGHT_PX[1] + y


def field_of(target: Target) -> list[tuple[float, float, float]]:
    """RA, Dec (deg) and electrons per second of the stars around a target; the same each time it comes back."""
    random = np.random.default_rng([sum(target.name.encode()), 4])
    ra = target.ra_deg + random.uniform(-0.09, 0.09, FIELD_STARS) / math.cos(math.radians(target.dec_deg))
    dec = target.dec_deg + random.uniform(-0.09, 0.09, FIELD_STARS)
    rate = 10 ** random.uniform(2.0, 4.3, FIELD_STARS)
    return list(zip(ra.tolist(), dec.tolist(), rate.tolist(), strict=True))


def render(night: Night, exposure: PlannedExposure) -> tuple[Floats, dict[str, Any]]:
    """Mean electrons per pixel without pixel response, dark and noise; and the truth about it."""
    frame = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    truth: dict[str, Any] = {"stars": [], "spectrum": None}
    if exposure.image_type == "FLAT":
        frame += np.float32(FLAT_ELECTRON_PER_S * exposure.exposure_time_s)
        return frame, truth
    target = exposure.step.target
    if target is None:
        return frame, truth
    throughput = FILTER_THROUGHPUT[exposure.filter]
    frame += np.float32(SKY_ELECTRON_PER_S * throughput * exposure.exposure_time_s)
    spread = point_spread(night, exposure)
    painter = StarPainter(spread)
    truth["psf"] = {
        "model": "Moffat beta 3, convolved with the defocused pupil and the mount's path",
        "fwhm_px": spread.fwhm_px,
        "fwhm_arcsec": spread.fwhm_arcsec,
        "path_rms_px": np.sqrt((spread.path_px**2).mean(axis=0)).tolist(),
    }
    dispersed = exposure.grating in GROOVES_PER_MM
    passed = ORDER_ZERO_FRACTION if dispersed else 1.0
    ra, dec = pointing_deg(exposure)
    truth["pointing_deg"] = {"ra": ra, "dec": dec, "rotpa": ROTPA_DEG}

    def place(star_ra: float, star_dec: float) -> tuple[float, float]:
        return _detector_px((star_ra - ra) * math.cos(math.radians(dec)), star_dec - dec)

    def add(x: float, y: float, electrons: float, name: str) -> None:
        painter.add(frame, x, y, electrons)
        truth["stars"].append({"name": name, "x_px": x, "y_px": y, "electrons": electrons})

    x, y = place(target.ra_deg, target.dec_deg)
    brightness = target.star_electrons_per_s * throughput * exposure.exposure_time_s
    if "saturated" in exposure.planted:
        brightness *= 12
    elif not dispersed and abs(exposure.defocus_mm) < 0.3:
        brightness *= 0.5
    add(x, y, brightness * passed, target.name)
    if "two_stars" in exposure.planted:
        add(x + 46.0, y + 31.0, brightness * 0.6, f"{target.name} companion")
    for star_ra, star_dec, rate in field_of(target):
        star_x, star_y = place(star_ra, star_dec)
        if -100 < star_x < FRAME_WIDTH + 100 and -100 < star_y < FRAME_HEIGHT + 100:
            electrons = rate * throughput * exposure.exposure_time_s * passed
            add(star_x, star_y, electrons, "field")
    if dispersed:
        spectrum = add_spectrum(
            frame, spread, exposure.grating, (x, y), brightness * 8, target.temperature_k, target.altitude_deg
        )
        truth["spectrum"] = asdict(spectrum)
    return frame, truth
