"""What falls on the simulated detector in one exposure, in electrons before the detector's own response, with truth."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from .detector import FRAME_HEIGHT, FRAME_WIDTH, Floats
from .night import Night, PlannedExposure
from .night_script import SWEET_SPOT_PX
from .optics import (
    FAINT_STAMP_PX,
    PLATE_SCALE_ARCSEC_PER_PX,
    STAMP_PX,
    PointSpread,
    StarPainter,
    point_spread,
)
from .sky import Angles, deproject_deg, project_deg, rotpa_turned_deg, tangent_point_deg
from .spectra import BORESIGHT_PX, GROOVES_PER_MM, ORDER_EFFICIENCY, add_spectrum
from .targets import Target

FLAT_ELECTRON = 30_000.0
"""The lamp is set so that flats of any exposure time have this level."""
SKY_ELECTRON_PER_S = 1.6
TARGET_ELECTRON_PER_S = 5.0e6
"""All its light; a grating gets it all."""
DIRECT_FRACTION = 0.06
"""Without a grating the target would saturate in any exposure: its light is dimmed to this."""
DONUT_FRACTION = 0.12
SATURATED_FRACTION = 8.0
"""A star as nobody would choose it: it bleeds over some 150 rows."""
COMPANION_FRACTION = 0.6
COMPANION_PX = (46.0, 31.0)
FIELD_STARS = 260
FIELD_HALF_SIDE_DEG = 0.125
"""The frame's far corner is 0.11 degrees from a sweet spot at its edge."""
FILTER_THROUGHPUT = {"empty": 1.0, "SDSSr_65mm": 0.35}


def sky_offset_deg(x_px: float, y_px: float, y_angle_deg: float) -> tuple[float, float]:
    """Tangent-plane offset (east, north) of a detector place from the boresight.

    The frame is mirrored against the sky: y lies at the given position angle, x at 90 degrees more. With north up, east
    is to the right (lsst/obs_lsst: wcsFlipX of LatissRawFormatter, focalPlaneParity of policy/latiss).
    """
    angle = math.radians(y_angle_deg)
    dx = (x_px - BORESIGHT_PX[0]) * PLATE_SCALE_ARCSEC_PER_PX / 3600
    dy = (y_px - BORESIGHT_PX[1]) * PLATE_SCALE_ARCSEC_PER_PX / 3600
    return dx * math.cos(angle) + dy * math.sin(angle), -dx * math.sin(angle) + dy * math.cos(angle)


def detector_px(east_deg: Angles, north_deg: Angles, y_angle_deg: float) -> tuple[Angles, Angles]:
    """Inverse of ``sky_offset_deg``."""
    angle = math.radians(y_angle_deg)
    scale = 3600 / PLATE_SCALE_ARCSEC_PER_PX
    x = (east_deg * math.cos(angle) - north_deg * math.sin(angle)) * scale
    y = (east_deg * math.sin(angle) + north_deg * math.cos(angle)) * scale
    return BORESIGHT_PX[0] + x, BORESIGHT_PX[1] + y


def y_position_angle_deg(exposure: PlannedExposure) -> float:
    assert exposure.rotpa_deg is not None, "only sky exposures have a rotation"
    return rotpa_turned_deg(exposure.rotpa_deg, exposure.day_obs)


def pointing_deg(exposure: PlannedExposure) -> tuple[float, float]:
    """RA, Dec of the boresight, chosen so that the target falls on the sweet spot plus the step's offset."""
    star = exposure.star
    assert star is not None, "only sky exposures have a pointing"
    spot = SWEET_SPOT_PX[exposure.grating]
    offset = exposure.step.target_offset_px
    east, north = sky_offset_deg(spot[0] + offset[0], spot[1] + offset[1], y_position_angle_deg(exposure))
    return tangent_point_deg(star.ra_deg, star.dec_deg, east, north)


def field_of(star: Target) -> tuple[Angles, Angles, Angles]:
    """RA, Dec and electrons per second of the stars around a target; the same each time it comes back."""
    # Seeded by the place, not by the name: one sky has one field.
    random = np.random.default_rng([round(star.ra_deg * 1000), round((star.dec_deg + 90) * 1000), 4])
    side = FIELD_HALF_SIDE_DEG
    ra, dec = deproject_deg(
        random.uniform(-side, side, FIELD_STARS),
        random.uniform(-side, side, FIELD_STARS),
        star.ra_deg,
        star.dec_deg,
    )
    # More faint ones than bright ones.
    return ra, dec, 10 ** (1.9 + 2.4 * random.uniform(0, 1, FIELD_STARS) ** 1.6)


def render(night: Night, exposure: PlannedExposure) -> tuple[Floats, dict[str, Any]]:
    """Mean electrons per pixel without pixel response, dark and noise; and the truth about it."""
    frame = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    truth: dict[str, Any] = {"stars": [], "spectrum": None}
    if exposure.image_type == "FLAT":
        frame += np.float32(FLAT_ELECTRON)
        return frame, truth
    star = exposure.star
    if star is None:
        return frame, truth
    exposed = FILTER_THROUGHPUT[exposure.filter] * exposure.exposure_time_s
    frame += np.float32(SKY_ELECTRON_PER_S * exposed)
    spread = point_spread(night, exposure)
    ra, dec = pointing_deg(exposure)
    y_angle = y_position_angle_deg(exposure)
    truth |= {
        "psf": _psf_truth(spread, exposure),
        "pointing_deg": {"ra": ra, "dec": dec, "rotpa": exposure.rotpa_deg},
        "parity": "TAN about the pointing at the boresight pixel; y at y_position_angle_deg, x at 90 degrees more",
        "y_position_angle_deg": y_angle,
        "boresight_px": list(BORESIGHT_PX),
        "arcsec_per_px": PLATE_SCALE_ARCSEC_PER_PX,
    }
    dispersed = exposure.grating in GROOVES_PER_MM
    zeroth = ORDER_EFFICIENCY[0] if dispersed else 1.0
    bright, faint = StarPainter(spread, STAMP_PX), StarPainter(spread, FAINT_STAMP_PX)
    in_focus = spread.donut_radius_px < 10 and "trailed" not in exposure.planted

    def add(painter: StarPainter, x: float, y: float, electrons: float, name: str) -> None:
        painter.add(frame, x, y, electrons)
        east, north = sky_offset_deg(x, y, y_angle)
        star_ra, star_dec = deproject_deg(np.array(east), np.array(north), ra, dec)
        place = {"x_px": x, "y_px": y, "ra_deg": float(star_ra), "dec_deg": float(star_dec)}
        truth["stars"].append({"name": name, **place, "electrons": electrons})

    east, north = project_deg(star.ra_deg, star.dec_deg, ra, dec)
    x, y = (float(place) for place in detector_px(east, north, y_angle))
    light = TARGET_ELECTRON_PER_S * exposed
    target = light * (zeroth if dispersed else _dimmed(exposure))
    add(bright, x, y, target, star.name)
    if "two_stars" in exposure.planted:
        companion = f"{star.name} companion"
        add(bright, x + COMPANION_PX[0], y + COMPANION_PX[1], target * COMPANION_FRACTION, companion)
    field_ra, field_dec, rates = field_of(star)
    for star_x, star_y, rate in zip(
        *detector_px(*project_deg(field_ra, field_dec, ra, dec), y_angle), rates, strict=True
    ):
        if -60 < star_x < FRAME_WIDTH + 60 and -60 < star_y < FRAME_HEIGHT + 60:
            painter = faint if in_focus else bright
            add(painter, float(star_x), float(star_y), float(rate) * exposed * zeroth, "field")
    if dispersed:
        middle = (exposure.shutter_open_tai_ns + exposure.shutter_close_tai_ns) // 2
        elevation = float(night.conditions(np.array([middle], dtype=np.int64)).el_demand_deg[0])
        spectrum = add_spectrum(frame, spread, exposure.grating, (x, y), light, star.temperature_k, elevation)
        truth["spectrum"] = asdict(spectrum)
    return frame, truth


def _dimmed(exposure: PlannedExposure) -> float:
    if "saturated" in exposure.planted:
        return SATURATED_FRACTION
    return DONUT_FRACTION if abs(exposure.defocus_mm) > 0.3 else DIRECT_FRACTION


def _psf_truth(spread: PointSpread, exposure: PlannedExposure) -> dict[str, Any]:
    return {
        "model": "Moffat beta 3, convolved with the defocused pupil and the mount's path",
        "fwhm_px": spread.fwhm_px,
        "fwhm_arcsec": spread.fwhm_arcsec,
        "defocus_mm": exposure.defocus_mm,
        "donut_radius_px": spread.donut_radius_px,
        "path_rms_px": np.sqrt((spread.path_px**2).mean(axis=0)).tolist(),
    }
