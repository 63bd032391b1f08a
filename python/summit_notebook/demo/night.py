"""The one seeded model of a simulated night. The simulator draws images from it and the EFD generator its telemetry, so
that a cause in the telemetry has its effect in the images.

Everything is a pure function of the seed, the script, the time and the runs in ``night.json``. Times are TAI,
nanoseconds since 1970-01-01 TAI.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ..site import Simulator, Site
from .exposure_plan import Conditions, PlannedExposure
from .night_runs import DAY_NS, SECOND_NS, Run, begin_run, day_obs_of, runs_so_far
from .night_script import Step, script
from .sky import horizontal_deg, parallactic_deg, precessed_deg, rotpa_turned_deg
from .targets import Target, targets_at

TAI_MINUS_UTC_S = 37
"""Since 2017-01-01 (IERS Bulletin C); the simulated night is always now."""
READOUT_S = 2.0
LANDING_AFTER_READOUT_S = 0.3
OVERHEAD_S = 1.7
"""Between the end of a readout and the next opening of the shutter: the telescope moves from the closing on."""
SHORTEST_EXPOSURE_S = 1.0
DARK_MINUS_EXPOSURE_S = 0.31
BIAS_INTEGRATION_S = 0.005
"""Between the end of clearing and the start of the readout: a bias's times differ although its exposure time is 0."""
FIRST_EXPOSURE_AFTER_S = 4.0
FOCUS_MM_PER_C = -0.05
"""How best focus follows the truss temperature."""
FOCUS_RESIDUAL_MM = 0.006
"""How well the hexapod is set at the start of a set; within the set it stays and focus drifts."""
SWEEP_OFF_CENTRE_MM = (0.010, 0.018)
"""How far from best focus a focus sweep is centred: it would teach nothing otherwise."""
REST_FOCUS_MM = 0.62
PARK_AZ_EL_DEG = (200.0, 80.0)
PARKING_NS = 30 * SECOND_NS
UNPARKING_NS = round(3.5 * SECOND_NS)
MOUNT_STEP_ARCSEC = (3.0, -1.2)
"""Elevation, azimuth on the sky: a bump that decays within seconds."""
MOUNT_STEP_DECAY_S = 2.5

Floats = npt.NDArray[np.float64]
Nanoseconds = npt.NDArray[np.int64]


def tai_now_ns() -> int:
    return time.time_ns() + TAI_MINUS_UTC_S * SECOND_NS


def check_plan(simulator: Simulator) -> None:
    """Raises ValueError with one sentence when the options make no night."""
    script(simulator.scenario)
    shortest = SHORTEST_EXPOSURE_S + READOUT_S + OVERHEAD_S
    if simulator.cadence_seconds < shortest:
        raise ValueError(
            f"A cadence of {simulator.cadence_seconds:g} s is too short: the shortest is {shortest:g} s"
            f" ({SHORTEST_EXPOSURE_S:g} s exposure, {READOUT_S:g} s readout, {OVERHEAD_S:g} s overhead)."
        )


@dataclass(frozen=True)
class _Slot:
    """What the telescope does from the opening of a shutter to its closing; from then on it moves to the next slot."""

    open_tai_ns: int
    close_tai_ns: int
    star: Target | None
    place_deg: tuple[float, float] | None
    """Right ascension and declination of date; None while parked."""
    hexapod_z_mm: float


class Night:
    """``Night.open`` reads it; it has no exposures before the simulator has begun and called ``Night.restart``."""

    def __init__(self, seed: int, runs: tuple[Run, ...]) -> None:
        self.seed = seed
        self.runs = runs
        self._scripts = {run.scenario: script(run.scenario) for run in runs}
        self._slots: dict[tuple[int, int], _Slot] = {}
        self._targets: dict[int, dict[str, Target]] = {}
        random = np.random.default_rng([seed, 1])
        self._phases = random.uniform(0, 2 * np.pi, 40)

    @classmethod
    def open(cls, site: Site) -> Night:
        """The night of this site as far as its simulator has come. Safe for several processes."""
        return cls(site.simulator.seed, runs_so_far(site))

    @classmethod
    def restart(cls, site: Site) -> Night:
        """For the simulator, which holds ``taking_exposures``: a new run, whose numbers go on after the newest exposure
        that landed.

        The script starts over, so that a restarted demo shows stars as soon as a new one does. Raises ValueError for
        options that make no night.
        """
        check_plan(site.simulator)
        return cls(
            site.simulator.seed, begin_run(site, tai_now_ns() + round(FIRST_EXPOSURE_AFTER_S * SECOND_NS))
        )

    def exposure(self, index: int) -> PlannedExposure:
        """Raises LookupError when no run has it."""
        for at in range(len(self.runs) - 1, -1, -1):
            run = self.runs[at]
            slot = index - run.first_index
            if slot >= 0 and (run.count is None or slot < run.count):
                return self._exposure(at, slot)
        raise LookupError(f"the night has no exposure {index}")

    def _exposure(self, at: int, slot: int) -> PlannedExposure:
        run, step, plan = self.runs[at], self._step(at, slot), self._slot(at, slot)
        day_obs, seq_num = run.number(slot)
        exposure_time = self._exposure_time_s(at, slot)
        middle = (plan.open_tai_ns + plan.close_tai_ns) // 2
        read = plan.close_tai_ns + round(READOUT_S * SECOND_NS)
        set_opened = run.opens_tai_ns(self._first_of_set(at, slot))
        rotpa = None
        if plan.place_deg is not None:
            # Detector x lies 90 degrees east of detector y: so it points to the zenith.
            y_angle = parallactic_deg(set_opened, *plan.place_deg) - 90.0
            rotpa = round(rotpa_turned_deg(y_angle, day_obs), 4)
        return PlannedExposure(
            index=run.first_index + slot,
            day_obs=day_obs,
            seq_num=seq_num,
            step=step,
            star=plan.star,
            rotpa_deg=rotpa,
            group_id=_isot(set_opened),
            exposure_time_s=exposure_time,
            dark_time_s=round(exposure_time + DARK_MINUS_EXPOSURE_S, 2),
            shutter_open_tai_ns=plan.open_tai_ns,
            shutter_close_tai_ns=plan.close_tai_ns,
            readout_end_tai_ns=read,
            landing_unix_s=read / SECOND_NS - TAI_MINUS_UTC_S + LANDING_AFTER_READOUT_S,
            focus_z_mm=plan.hexapod_z_mm,
            defocus_mm=plan.hexapod_z_mm - self._best_focus_mm(middle),
            mount_step=(middle, *MOUNT_STEP_ARCSEC) if step.mount_step else None,
        )

    def exposures(self, begin_tai_ns: int, end_tai_ns: int) -> list[PlannedExposure]:
        """Those whose shutter interval touches [begin, end)."""
        return [
            exposure
            for at, slot in self._slots_between(begin_tai_ns, end_tai_ns)
            if (exposure := self._exposure(at, slot)).shutter_close_tai_ns >= begin_tai_ns
        ]

    def _slots_between(self, begin_tai_ns: int, end_tai_ns: int) -> list[tuple[int, int]]:
        """Run and slot of those that begin before the end and whose cadence is not over at the beginning."""
        found = []
        for at, run in enumerate(self.runs):
            first = max(0, (begin_tai_ns - run.begin_tai_ns) // run.cadence_ns)
            last = (end_tai_ns - 1 - run.begin_tai_ns) // run.cadence_ns
            if run.count is not None:
                last = min(last, run.count - 1)
            found += [(at, slot) for slot in range(first, last + 1)]
        return found

    def conditions(self, tai_ns: Nanoseconds) -> Conditions:
        """At any time, also long before the first exposure."""
        tai_ns = np.asarray(tai_ns, dtype=np.int64)
        t = _seconds(tai_ns)
        wind = 5.5 + 2.5 * self._wave(0, t, 5200) + 1.2 * self._wave(1, t, 610) + 0.5 * self._wave(2, t, 47)
        wind = np.clip(wind, 0.2, None)
        air = 11.0 + 2.5 * self._wave(3, t, 43_000) + 0.4 * self._wave(4, t, 2900)
        seeing = 0.95 + 0.22 * self._wave(5, t, 7400) + 0.10 * self._wave(6, t, 830) + 0.012 * (wind - 5.5)
        az, el, hexapod_z = self._telescope(tai_ns)
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
            hexapod_z_mm=hexapod_z,
        )

    def _wave(self, channel: int, t: Floats, period_s: float) -> Floats:
        """A smooth wander of unit size: two sines whose periods never meet."""
        first, second = self._phases[2 * channel], self._phases[2 * channel + 1]
        angle = 2 * np.pi * t / period_s
        wander: Floats = 0.7 * np.sin(angle + first) + 0.3 * np.sin(1.618 * angle + second)
        return wander

    def _truss_temperature_c(self, t: Floats) -> Floats:
        return 12.0 + 2.0 * self._wave(3, t - 1800.0, 43_000) + 0.25 * self._wave(4, t - 400.0, 2900)

    def _best_focus_mm(self, tai_ns: int) -> float:
        t = _seconds(np.array([tai_ns], dtype=np.int64))
        return REST_FOCUS_MM + FOCUS_MM_PER_C * float(self._truss_temperature_c(t)[0] - 12.0)

    def _step(self, at: int, slot: int) -> Step:
        steps = self._scripts[self.runs[at].scenario]
        return steps[slot % len(steps)]

    def _first_of_set(self, at: int, slot: int) -> int:
        steps = self._scripts[self.runs[at].scenario]
        name = steps[slot % len(steps)].set_name
        return slot - slot % len(steps) + next(i for i, step in enumerate(steps) if step.set_name == name)

    def _exposure_time_s(self, at: int, slot: int) -> float:
        longest = self.runs[at].cadence_ns / SECOND_NS - READOUT_S - OVERHEAD_S
        return round(longest * self._step(at, slot).exposure_fraction, 2)

    def _slot(self, at: int, slot: int) -> _Slot:
        """The plan of one slot; -1 and the one after a run's last are parked."""
        kept = self._slots.get((at, slot))
        if kept is not None:
            return kept
        run = self.runs[at]
        if slot < 0:
            parked_until = run.begin_tai_ns - UNPARKING_NS
            return _Slot(parked_until, parked_until, None, None, REST_FOCUS_MM)
        if run.count is not None and slot >= run.count:
            parked_from = self._slot(at, run.count - 1).close_tai_ns + PARKING_NS
            return _Slot(parked_from, parked_from, None, None, REST_FOCUS_MM)
        opened = run.opens_tai_ns(slot)
        exposure_time = self._exposure_time_s(at, slot) or BIAS_INTEGRATION_S
        step = self._step(at, slot)
        star = self._star(at, slot, step)
        plan = _Slot(
            open_tai_ns=opened,
            close_tai_ns=opened + round(exposure_time * SECOND_NS),
            star=star,
            place_deg=precessed_deg(star.ra_deg, star.dec_deg, run.begin_tai_ns) if star else None,
            hexapod_z_mm=self._set_focus_mm(at, slot, step),
        )
        if len(self._slots) > 10_000:
            self._slots.clear()
        self._slots[at, slot] = plan
        return plan

    def _star(self, at: int, slot: int, step: Step) -> Target | None:
        """Targets are chosen at the start of each round of the script: they come back until they are low."""
        if step.target_role is None:
            return None
        run = self.runs[at]
        round_begin = run.opens_tai_ns(slot - slot % len(self._scripts[run.scenario]))
        if round_begin not in self._targets:
            if len(self._targets) > 1000:
                self._targets.clear()
            self._targets[round_begin] = targets_at(round_begin)
        return self._targets[round_begin][step.target_role]

    def _set_focus_mm(self, at: int, slot: int, step: Step) -> float:
        opened = self.runs[at].opens_tai_ns(self._first_of_set(at, slot))
        random = np.random.default_rng([self.seed, 7, opened])
        off = float(random.normal(0.0, FOCUS_RESIDUAL_MM))
        if step.image_type == "FOCUS":
            off = float(random.uniform(*SWEEP_OFF_CENTRE_MM) * random.choice([-1, 1]))
        return round(self._best_focus_mm(opened) + off + step.focus_offset_mm, 4)

    def _telescope(self, tai_ns: Nanoseconds) -> tuple[Floats, Floats, Floats]:
        """Azimuth, elevation and hexapod z: steady while a shutter is open, moving smoothly from its closing on."""
        az = np.full(len(tai_ns), PARK_AZ_EL_DEG[0])
        el = np.full(len(tai_ns), PARK_AZ_EL_DEG[1])
        z = np.full(len(tai_ns), REST_FOCUS_MM)
        begins = np.array([run.begin_tai_ns - UNPARKING_NS for run in self.runs], dtype=np.int64)
        which = np.searchsorted(begins, tai_ns, side="right") - 1
        for at in np.unique(which[which >= 0]).tolist():
            run = self.runs[at]
            of_run = np.nonzero(which == at)[0]
            slots = np.maximum((tai_ns[of_run] - run.begin_tai_ns) // run.cadence_ns, -1)
            if run.count is not None:
                slots = np.minimum(slots, run.count - 1)
            for slot in np.unique(slots).tolist():
                here = of_run[slots == slot]
                az[here], el[here], z[here] = self._between(
                    tai_ns[here], self._slot(at, slot), self._slot(at, slot + 1)
                )
        return az % 360.0, el, z

    @staticmethod
    def _between(tai_ns: Nanoseconds, now: _Slot, after: _Slot) -> tuple[Floats, Floats, Floats]:
        def place(slot: _Slot) -> tuple[Floats, Floats]:
            if slot.place_deg is None:
                return np.full(len(tai_ns), PARK_AZ_EL_DEG[0]), np.full(len(tai_ns), PARK_AZ_EL_DEG[1])
            return horizontal_deg(tai_ns, *slot.place_deg)

        az, el = place(now)
        if tai_ns.max() <= now.close_tai_ns:
            return az, el, np.full(len(tai_ns), now.hexapod_z_mm)
        passed = np.clip((tai_ns - now.close_tai_ns) / (after.open_tai_ns - now.close_tai_ns), 0, 1)
        # Without jerk at either end. Faster than the real mount: the night is a compressed one.
        moved = passed**3 * (10 - 15 * passed + 6 * passed**2)
        next_az, next_el = place(after)
        turn = (next_az - az + 180.0) % 360.0 - 180.0
        z = now.hexapod_z_mm + moved * (after.hexapod_z_mm - now.hexapod_z_mm)
        return az + moved * turn, el + moved * (next_el - el), z

    def _mount_error(self, tai_ns: Nanoseconds, t: Floats, wind: Floats) -> tuple[Floats, Floats]:
        shake = 0.02 + 0.08 * (wind / 10.0) ** 2
        az = shake * np.sin(2 * np.pi * 1.7 * t) + 0.03 * self._wave(10, t, 6.1)
        el = shake * np.sin(2 * np.pi * 2.3 * t + 1.0) + 0.03 * self._wave(11, t, 7.7)
        if len(tai_ns) == 0:
            return az, el
        for at, slot in self._slots_between(int(tai_ns.min()) - 20 * SECOND_NS, int(tai_ns.max()) + 1):
            if not self._step(at, slot).mount_step:
                continue
            plan = self._slot(at, slot)
            since = (tai_ns - (plan.open_tai_ns + plan.close_tai_ns) // 2) / SECOND_NS
            bump = np.where(since >= 0, np.exp(-np.clip(since, 0, None) / MOUNT_STEP_DECAY_S), 0.0)
            el = el + MOUNT_STEP_ARCSEC[0] * bump
            az = az + MOUNT_STEP_ARCSEC[1] * bump
        return az, el


def _seconds(tai_ns: Nanoseconds) -> Floats:
    """Seconds since a start of the year: small enough that a sine of them is exact to a microsecond."""
    seconds: Floats = (tai_ns % DAY_NS) / SECOND_NS + (tai_ns // DAY_NS % 365) * 86_400.0
    return seconds


def _isot(tai_ns: int) -> str:
    milliseconds = tai_ns // 1_000_000
    second = datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{second}.{milliseconds % 1000:03d}"


__all__ = [
    "SECOND_NS",
    "TAI_MINUS_UTC_S",
    "Conditions",
    "Night",
    "PlannedExposure",
    "day_obs_of",
    "tai_now_ns",
]
