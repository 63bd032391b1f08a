"""What the night model tells about one exposure, and about the telescope and the site at given times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .night_script import Step
from .targets import Target

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PlannedExposure:
    index: int
    day_obs: int
    seq_num: int
    step: Step
    star: Target | None
    """What the telescope points at; None off the sky."""
    rotpa_deg: float | None
    """As headers of that night give it, chosen at the start of a set so that detector x points to the zenith."""
    group_id: str
    exposure_time_s: float
    dark_time_s: float
    shutter_open_tai_ns: int
    shutter_close_tai_ns: int
    readout_end_tai_ns: int
    landing_unix_s: float
    focus_z_mm: float
    defocus_mm: float
    """Hexapod z minus best focus in the middle of the exposure."""
    mount_step: tuple[int, float, float] | None
    """Time (TAI ns) and size (elevation, azimuth on the sky; arcsec) of a bump in mid-exposure."""

    @property
    def obs_id(self) -> str:
        return f"AT_O_{self.day_obs}_{self.seq_num:06d}"

    @property
    def exposure_id(self) -> int:
        return self.day_obs * 100_000 + self.seq_num

    @property
    def image_type(self) -> str:
        return self.step.image_type

    @property
    def target(self) -> str:
        return self.star.name if self.star else self.step.image_type

    @property
    def filter(self) -> str:
        return self.step.filter

    @property
    def grating(self) -> str:
        return self.step.grating

    @property
    def reason(self) -> str:
        return self.step.reason

    @property
    def program(self) -> str:
        return "SIMULATION"

    @property
    def planted(self) -> tuple[str, ...]:
        return self.step.planted


@dataclass(frozen=True)
class Conditions:
    """What the telescope and the site do at given times; arrays of one length."""

    az_demand_deg: Floats
    el_demand_deg: Floats
    """Of the target; a sweet spot's offset from it, some arcminutes, is left out."""
    az_error_arcsec: Floats
    """On the sky, that is times cos(elevation)."""
    el_error_arcsec: Floats
    seeing_arcsec: Floats
    wind_speed_m_s: Floats
    wind_direction_deg: Floats
    air_temperature_c: Floats
    truss_temperature_c: Floats
    pressure_hpa: Floats
    humidity_percent: Floats
    hexapod_z_mm: Floats
