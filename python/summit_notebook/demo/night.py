"""The one seeded model of a simulated night. The simulator draws images from it and the EFD generator its telemetry, so
that a cause in the telemetry has its effect in the images.

Everything is a pure function of the seed, the script and the anchors in ``night.json``: exposure ``index`` begins at
its anchor's time plus ``(index - anchor.index) * cadence``. A restart of the simulator adds an anchor. Times are TAI,
nanoseconds since 1970-01-01 TAI.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..site import Site
from .night_script import Step, Target, script

SECOND_NS = 1_000_000_000
TAI_MINUS_UTC_S = 37
"""Since 2017-01-01 (IERS Bulletin C); the simulated night is always now."""
READOUT_S = 2.0
LANDING_AFTER_READOUT_S = 0.3
OVERHEAD_S = 1.7
"""Between the end of a readout and the next opening of the shutter."""
DAY_NS = 86_400 * SECOND_NS
DARK_MINUS_EXPOSURE_S = 0.31
BIAS_INTEGRATION_S = 0.005
"""Between the end of clearing and the start of the readout: a bias's times differ although its exposure time is 0."""
FIRST_EXPOSURE_AFTER_S = 4.0
FOCUS_MM_PER_C = -0.02
"""How best focus follows the truss temperature."""
MOUNT_STEP_ARCSEC = (3.0, -1.2)
"""Elevation, azimuth on the sky: a bump that decays within seconds."""
MOUNT_STEP_DECAY_S = 2.5

Floats = npt.NDArray[np.float64]


def tai_now_ns() -> int:
    return time.time_ns() + TAI_MINUS_UTC_S * SECOND_NS


def day_obs_of(tai_ns: int) -> int:
    """YYYYMMDD; it rolls over at TAI - 12 h."""
    return int(datetime.fromtimestamp((tai_ns - DAY_NS // 2) / SECOND_NS, UTC).strftime("%Y%m%d"))


@dataclass(frozen=True)
class PlannedExposure:
    index: int
    day_obs: int
    seq_num: int
    step: Step
    group_id: str
    exposure_time_s: float
    dark_time_s: float
    shutter_open_tai_ns: int
    shutter_close_tai_ns: int
    readout_end_tai_ns: int
    landing_unix_s: float
    focus_z_mm: float
    defocus_mm: float
    """Hexapod z minus best focus at the opening of the shutter."""
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
        return self.step.target.name if self.step.target else self.step.image_type

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


@dataclass(frozen=True)
class _Anchor:
    index: int
    seq_num: int
    begin_tai_ns: int


class Night:
    """Open it with ``Night.open``; the simulator calls ``restart`` once when it begins."""

    def __init__(self, seed: int, cadence_s: float, scenario: str, anchors: tuple[_Anchor, ...]) -> None:
        self.seed = seed
        self.cadence_s = cadence_s
        self._steps = script(scenario)
        self._anchors = anchors
        self._cadence_ns = round(cadence_s * SECOND_NS)
        random = np.random.default_rng([seed, 1])
        self._phases = random.uniform(0, 2 * np.pi, 40)

    @classmethod
    def open(cls, site: Site) -> Night:
        """The night of this site, made at first use. Safe for several processes."""
        with _locked(site.night_path):
            if not site.night_path.exists():
                begin = tai_now_ns() + round(FIRST_EXPOSURE_AFTER_S * SECOND_NS)
                _write(site, [_Anchor(0, 1, begin)])
            return cls._read(site)

    @classmethod
    def restart(cls, site: Site) -> Night:
        """For the simulator, once at its start: the numbers go on after the newest exposure that was due.

        The script starts over, so that a restarted demo shows stars as soon as a new one does.
        """
        begin = tai_now_ns() + round(FIRST_EXPOSURE_AFTER_S * SECOND_NS)
        night = cls.open(site)
        with _locked(site.night_path):
            taken = night.exposures(begin - 2 * DAY_NS, tai_now_ns())
            if taken:
                last = taken[-1]
                seq_num = last.seq_num + 1 if day_obs_of(begin) == last.day_obs else 1
                index = -(-(last.index + 1) // len(night._steps)) * len(night._steps)
                _write(site, [*night._anchors[-100:], _Anchor(index, seq_num, begin)])
            return cls._read(site)

    @classmethod
    def _read(cls, site: Site) -> Night:
        kept = json.loads(site.night_path.read_text())
        anchors = tuple(_Anchor(**anchor) for anchor in kept["anchors"])
        return cls(site.simulator.seed, site.simulator.cadence_seconds, site.simulator.scenario, anchors)

    def exposure(self, index: int) -> PlannedExposure:
        anchor = next((a for a in reversed(self._anchors) if a.index <= index), self._anchors[0])
        step = self._steps[index % len(self._steps)]
        opened = anchor.begin_tai_ns + (index - anchor.index) * self._cadence_ns
        day_obs, seq_num = self._number(anchor, index, opened)
        longest = max(1.0, self.cadence_s - READOUT_S - OVERHEAD_S)
        exposure_time = round(longest * step.exposure_fraction, 2)
        closed = opened + round((exposure_time or BIAS_INTEGRATION_S) * SECOND_NS)
        read = closed + round(READOUT_S * SECOND_NS)
        mount_step = None
        if step.mount_step:
            mount_step = (opened + (closed - opened) // 2, *MOUNT_STEP_ARCSEC)
        best = float(self._best_focus_mm(np.array([opened], dtype=np.int64))[0])
        focus_z = round(best + step.focus_offset_mm, 4)
        loop_begin = index - index % len(self._steps)
        first_of_set = loop_begin + next(i for i, s in enumerate(self._steps) if s.set_name == step.set_name)
        set_opened = anchor.begin_tai_ns + (max(first_of_set, anchor.index) - anchor.index) * self._cadence_ns
        return PlannedExposure(
            index=index,
            day_obs=day_obs,
            seq_num=seq_num,
            step=step,
            group_id=datetime.fromtimestamp(set_opened / SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[
                :-3
            ],
            exposure_time_s=exposure_time,
            dark_time_s=round(exposure_time + DARK_MINUS_EXPOSURE_S, 2),
            shutter_open_tai_ns=opened,
            shutter_close_tai_ns=closed,
            readout_end_tai_ns=read,
            landing_unix_s=read / SECOND_NS - TAI_MINUS_UTC_S + LANDING_AFTER_READOUT_S,
            focus_z_mm=focus_z,
            defocus_mm=focus_z - best,
            mount_step=mount_step,
        )

    def next_exposure(self, tai_ns: int) -> PlannedExposure:
        """The first whose shutter opens at or after this time."""
        anchor = self._anchors[-1]
        slots = max(0, -(-(tai_ns - anchor.begin_tai_ns) // self._cadence_ns))
        return self.exposure(anchor.index + slots)

    def exposures(self, begin_tai_ns: int, end_tai_ns: int) -> list[PlannedExposure]:
        """Those whose shutter interval touches [begin, end)."""
        found = []
        for anchor, until in zip(
            self._anchors, [*(a.begin_tai_ns for a in self._anchors[1:]), None], strict=True
        ):
            last_open = end_tai_ns if until is None else min(end_tai_ns, until)
            first = max(0, (begin_tai_ns - anchor.begin_tai_ns) // self._cadence_ns)
            last = (last_open - 1 - anchor.begin_tai_ns) // self._cadence_ns
            for k in range(first, last + 1):
                exposure = self.exposure(anchor.index + k)
                if exposure.shutter_close_tai_ns >= begin_tai_ns:
                    found.append(exposure)
        return found

    def conditions(self, tai_ns: npt.NDArray[np.int64]) -> Conditions:
        """At any time, also long before the first exposure."""
        tai_ns = np.asarray(tai_ns, dtype=np.int64)
        t = (tai_ns % DAY_NS) / SECOND_NS + (tai_ns // DAY_NS % 365) * 86_400.0
        wind = 5.5 + 2.5 * self._wave(0, t, 5200) + 1.2 * self._wave(1, t, 610) + 0.5 * self._wave(2, t, 47)
        wind = np.clip(wind, 0.2, None)
        air = 11.0 + 2.5 * self._wave(3, t, 43_000) + 0.4 * self._wave(4, t, 2900)
        seeing = 0.95 + 0.22 * self._wave(5, t, 7400) + 0.10 * self._wave(6, t, 830) + 0.012 * (wind - 5.5)
        az, el = self._pointing(tai_ns, t)
        az_error, el_error = self._mount_error(tai_ns, t, wind)
        return Conditions(
            az_demand_deg=az,
            el_demand_deg=el,
            az_error_arcsec=az_error,
            el_error_arcsec=el_error,
            seeing_arcsec=np.clip(seeing, 0.45, None),
            wind_speed_m_s=wind,
            wind_direction_deg=(330.0 + 25.0 * self._wave(7, t, 9100)) % 360.0,
            air_temperature_c=air,
            truss_temperature_c=self._truss_temperature_c(t),
            pressure_hpa=742.6 + 0.8 * self._wave(8, t, 30_000),
            humidity_percent=18.0 + 6.0 * self._wave(9, t, 21_000),
            hexapod_z_mm=self._hexapod_z_mm(tai_ns),
        )

    def _wave(self, channel: int, t: Floats, period_s: float) -> Floats:
        """A smooth wander of unit size: two sines whose periods never meet."""
        first, second = self._phases[2 * channel], self._phases[2 * channel + 1]
        angle = 2 * np.pi * t / period_s
        wander: Floats = 0.7 * np.sin(angle + first) + 0.3 * np.sin(1.618 * angle + second)
        return wander

    def _truss_temperature_c(self, t: Floats) -> Floats:
        return 12.0 + 2.0 * self._wave(3, t - 1800.0, 43_000)

    def _best_focus_mm(self, tai_ns: npt.NDArray[np.int64]) -> Floats:
        t = (tai_ns % DAY_NS) / SECOND_NS + (tai_ns // DAY_NS % 365) * 86_400.0
        return 0.62 + FOCUS_MM_PER_C * (self._truss_temperature_c(t) - 12.0)

    def _indices(self, tai_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The exposure whose slot each time is in; before the first anchor the script runs backwards."""
        begins = np.array([a.begin_tai_ns for a in self._anchors], dtype=np.int64)
        firsts = np.array([a.index for a in self._anchors], dtype=np.int64)
        which = np.clip(np.searchsorted(begins, tai_ns, side="right") - 1, 0, None)
        return firsts[which] + (tai_ns - begins[which]) // self._cadence_ns

    def _hexapod_z_mm(self, tai_ns: npt.NDArray[np.int64]) -> Floats:
        offsets = np.array([step.focus_offset_mm for step in self._steps])
        z: Floats = self._best_focus_mm(tai_ns) + offsets[self._indices(tai_ns) % len(self._steps)]
        return z

    def _pointing(self, tai_ns: npt.NDArray[np.int64], t: Floats) -> tuple[Floats, Floats]:
        park = (200.0, 80.0)
        places = np.array(
            [(s.target.azimuth_deg, s.target.altitude_deg) if s.target else park for s in self._steps]
        )
        place = places[self._indices(tai_ns) % len(self._steps)]
        drift = (t % 3600.0) / 3600.0 - 0.5
        return place[:, 0] + 7.0 * drift, np.clip(place[:, 1] + 3.0 * drift, 15.0, 85.0)

    def _mount_error(self, tai_ns: npt.NDArray[np.int64], t: Floats, wind: Floats) -> tuple[Floats, Floats]:
        shake = 0.02 + 0.08 * (wind / 10.0) ** 2
        az = shake * np.sin(2 * np.pi * 1.7 * t) + 0.03 * self._wave(10, t, 6.1)
        el = shake * np.sin(2 * np.pi * 2.3 * t + 1.0) + 0.03 * self._wave(11, t, 7.7)
        if len(tai_ns) == 0:
            return az, el
        for exposure in self.exposures(int(tai_ns.min()) - 20 * SECOND_NS, int(tai_ns.max()) + 1):
            if exposure.mount_step is None:
                continue
            at, el_size, az_size = exposure.mount_step
            since = (tai_ns - at) / SECOND_NS
            bump = np.where(since >= 0, np.exp(-np.clip(since, 0, None) / MOUNT_STEP_DECAY_S), 0.0)
            el = el + el_size * bump
            az = az + az_size * bump
        return az, el

    def _number(self, anchor: _Anchor, index: int, opened: int) -> tuple[int, int]:
        day_obs = day_obs_of(opened)
        if day_obs == day_obs_of(anchor.begin_tai_ns):
            return day_obs, anchor.seq_num + index - anchor.index
        noon = (opened - DAY_NS // 2) // DAY_NS * DAY_NS + DAY_NS // 2
        before = -(-(noon - anchor.begin_tai_ns) // self._cadence_ns)
        return day_obs, index - anchor.index - before + 1


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(site: Site, anchors: list[_Anchor]) -> None:
    scratch = site.night_path.with_suffix(".new")
    scratch.write_text(json.dumps({"anchors": [vars(anchor) for anchor in anchors]}))
    scratch.replace(site.night_path)


__all__ = ["Conditions", "Night", "PlannedExposure", "Target", "day_obs_of", "tai_now_ns"]
