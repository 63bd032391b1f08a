"""The script of a simulated night: which exposures are taken, in which order, and what is planted in them.

Constants of LATISS (sweet spots, grating names, focus sweep) are those of ts_observatory_control's
``latiss_constants`` and ts_standardscripts' focus sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

EMPTY = "empty"
RED = "SDSSr_65mm"
SWEET_SPOT_PX = {
    "empty": (1780.0, 1800.0),
    "ronchi170lpmm": (1750.0, 300.0),
    "holo4_003": (1750.0, 200.0),
    "blue300lpmm_qn1": (1750.0, 200.0),
}


@dataclass(frozen=True)
class Step:
    """One exposure of the script, before it has a time and a number."""

    image_type: str
    reason: str
    set_name: str
    """Steps of one set share a GROUPID."""
    target_role: str | None = None
    """One of ``targets.ROLES``; None where the telescope is not on the sky."""
    filter: str = EMPTY
    grating: str = EMPTY
    exposure_fraction: float = 1.0
    """Of the longest exposure that the cadence allows; 0 for a bias."""
    focus_offset_mm: float = 0.0
    target_offset_px: tuple[float, float] = (0.0, 0.0)
    """Of the target from the sweet spot."""
    mount_step: bool = False
    planted: tuple[str, ...] = ()


def _biases(count: int) -> Iterator[Step]:
    for _ in range(count):
        yield Step("BIAS", "bias", "bias", exposure_fraction=0.0)


def _darks_and_flats() -> Iterator[Step]:
    for _ in range(2):
        yield Step("DARK", "dark", "dark")
    for filter_name in (EMPTY, RED):
        # Pairs: the difference of two alike is what a photon transfer curve is made of.
        for _ in range(2):
            yield Step("FLAT", "flat", f"flat-{filter_name}", filter=filter_name, exposure_fraction=0.3)


def _calibrations() -> Iterator[Step]:
    yield from _biases(3)
    yield from _darks_and_flats()


def _acquisition(role: str, grating: str, set_name: str) -> Iterator[Step]:
    """Frames that converge on the sweet spot."""
    for offset in ((210.0, -160.0), (34.0, -21.0), (3.0, 2.0)):
        yield Step(
            "ACQ",
            "acquisition",
            set_name,
            role,
            grating=grating,
            exposure_fraction=0.3,
            target_offset_px=offset,
        )


def _focus_sweep(role: str) -> Iterator[Step]:
    for k in range(9):
        offset = (k - 4) * 0.03
        yield Step(
            "FOCUS", "focus_sweep", "focus", role, filter=RED, exposure_fraction=0.6, focus_offset_mm=offset
        )


def _donut_pair(role: str) -> Iterator[Step]:
    for sign in (-1.0, 1.0):
        yield Step("ENGTEST", "cwfs", "donuts", role, exposure_fraction=0.6, focus_offset_mm=0.8 * sign)


def _objects(role: str, grating: str, set_name: str, planted: tuple[tuple[str, ...], ...]) -> Iterator[Step]:
    for k, defects in enumerate(planted):
        filter_name = RED if grating == EMPTY and k % 2 else EMPTY
        step = Step("OBJECT", "object", set_name, role, filter=filter_name, grating=grating, planted=defects)
        yield replace(step, mount_step=k % 3 == 1)


def _stars() -> Iterator[Step]:
    plans = (
        ("crosstalk",),
        (),
        ("saturated", "bleed"),
        ("trailed",),
        ("noisy_amplifier",),
        ("two_stars",),
        ("wrong_datasec",),
    )
    yield from _objects("first", EMPTY, "direct", plans)


def _spectra() -> Iterator[Step]:
    for role, grating in (
        ("second", "holo4_003"),
        ("polar", "ronchi170lpmm"),
        ("second", "blue300lpmm_qn1"),
    ):
        set_name = f"spectra-{grating}"
        yield from _acquisition(role, EMPTY, f"acq-{grating}")
        yield from _objects(role, grating, set_name, ((), (), ("wrong_datasec",)))


def _engineering() -> Iterator[Step]:
    yield Step("ENGTEST", "engtest", "engtest", "third", exposure_fraction=0.5, planted=("noisy_amplifier",))


def _night() -> Iterator[Step]:
    # Only two before the sky: who has just started the site waits for stars.
    yield from _biases(2)
    yield from _acquisition("first", EMPTY, "acq-direct")
    yield from _stars()
    yield from _spectra()
    yield from _focus_sweep("first")
    yield from _donut_pair("first")
    yield from _engineering()
    yield from _darks_and_flats()


SCENARIOS: dict[str, Callable[[], Iterator[Step]]] = {
    "night": _night,
    "calibrations": _calibrations,
    "acquisition": lambda: _acquisition("first", EMPTY, "acq-direct"),
    "stars": _stars,
    "spectra": _spectra,
    "focus": lambda: _focus_sweep("first"),
    "donuts": lambda: _donut_pair("first"),
}


def script(scenario: str) -> tuple[Step, ...]:
    """The steps of a scenario, looped by the night. Raises ValueError that lists the names there are."""
    if scenario not in SCENARIOS:
        raise ValueError(f"There is no scenario {scenario!r}; choose one of {', '.join(SCENARIOS)}.")
    return tuple(SCENARIOS[scenario]())
