"""The night model: who is told of which exposure, where the telescope looks, and what its faults are."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from influx_server import make_site

from summit_notebook.demo import night as night_module
from summit_notebook.demo import simulator
from summit_notebook.demo.detector import FRAME_HEIGHT, FRAME_WIDTH, Detector
from summit_notebook.demo.digitise import Digitiser
from summit_notebook.demo.exposure_plan import PlannedExposure
from summit_notebook.demo.night import SECOND_NS, Night, day_obs_of, tai_now_ns
from summit_notebook.demo.night_runs import Run, begin_run, taking_exposures
from summit_notebook.demo.night_script import SCENARIOS, script
from summit_notebook.demo.raw_file import primary_header
from summit_notebook.demo.targets import CATALOGUE, POLAR
from summit_notebook.oods.header import exposure_records
from summit_notebook.site import Site

NOON = 1_795_262_400 * SECOND_NS
"""2026-11-21T12:00:00 TAI, where a day_obs begins."""
CADENCE = 15 * SECOND_NS
LOOP = len(script("night"))


def a_night(begin: int = NOON + 9 * 3600 * SECOND_NS, scenario: str = "night", seed: int = 7) -> Night:
    return Night(seed, (Run(0, 1, begin, CADENCE, scenario),))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path / "state", None)


def land(site: Site, *exposures: PlannedExposure) -> None:
    site.truth_dir.mkdir(parents=True, exist_ok=True)
    for exposure in exposures:
        (site.truth_dir / f"{exposure.obs_id}.json").write_text("{}")


def test_the_same_seed_is_the_same_night() -> None:
    times = NOON + np.arange(0, 3600 * SECOND_NS, 7 * SECOND_NS)
    one, same, other = a_night(), a_night(), a_night(seed=8)
    assert [one.exposure(i) for i in range(LOOP)] == [same.exposure(i) for i in range(LOOP)]
    for name, values in vars(one.conditions(times)).items():
        assert np.array_equal(values, getattr(same.conditions(times), name)), name
    assert not np.array_equal(one.conditions(times).seeing_arcsec, other.conditions(times).seeing_arcsec)


def test_a_night_has_no_exposures_before_its_simulator_ran_but_has_conditions(site: Site) -> None:
    night = Night.open(site)
    now = tai_now_ns()
    assert night.exposures(now - 43_200 * SECOND_NS, now + 43_200 * SECOND_NS) == []
    with pytest.raises(LookupError):
        night.exposure(0)
    conditions = night.conditions(now - np.arange(0, 43_200, 60) * SECOND_NS)
    assert all(np.isfinite(values).all() and len(values) == 720 for values in vars(conditions).values())
    # The generator opened it first: the simulator still begins at 1.
    assert Night.restart(site).exposure(0).seq_num == 1


def test_numbers_go_on_after_what_landed_not_after_what_was_due(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = NOON + 3600 * SECOND_NS
    monkeypatch.setattr(night_module, "tai_now_ns", lambda: clock)
    first = Night.restart(site)
    land(site, *(first.exposure(i) for i in range(3)))
    clock += 2 * 3600 * SECOND_NS
    second = Night.restart(site)
    so_far = second.exposures(NOON, clock + 100 * SECOND_NS)
    assert [e.seq_num for e in so_far] == list(range(1, 11))
    assert so_far[:3] == [first.exposure(i) for i in range(3)]
    assert second.exposure(3).shutter_open_tai_ns > clock
    # Nothing of the second run landed: it is as if it had not been.
    clock += 3600 * SECOND_NS
    third = Night.restart(site)
    assert [run.count for run in third.runs] == [3, None]
    assert third.exposure(3).seq_num == 4


def test_a_run_is_open_only_while_its_simulator_lives(site: Site) -> None:
    with taking_exposures(site):
        taken = Night.restart(site)
        assert Night.open(site).runs == taken.runs
        land(site, *(taken.exposure(i) for i in range(2)))
        with pytest.raises(RuntimeError, match="Another simulator"), taking_exposures(site):
            pass
        assert Night.open(site).runs == taken.runs
    # It ended without a word, as one that was killed does: what it planned after its last landing never was.
    later = taken.exposure(30).readout_end_tai_ns
    told = Night.open(site)
    assert told.exposures(0, later) == [taken.exposure(0), taken.exposure(1)]
    bumped = next(e for e in (taken.exposure(i) for i in range(2, 200)) if e.mount_step is not None)
    middle = np.array([bumped.mount_step[0] + SECOND_NS]) if bumped.mount_step else np.array([])
    assert abs(taken.conditions(middle).el_error_arcsec[0]) > 1.0
    assert abs(told.conditions(middle).el_error_arcsec[0]) < 0.5
    with taking_exposures(site):
        assert Night.open(site).runs == told.runs
        assert Night.restart(site).exposure(2).seq_num == taken.exposure(2).seq_num


def test_a_raw_in_the_staging_folder_counts_when_its_truth_is_gone(site: Site) -> None:
    site.staging_dir.mkdir(parents=True)
    today = day_obs_of(tai_now_ns() + 4 * SECOND_NS)
    (site.staging_dir / f"AT_O_{today}_000041_R00_S00.fits.fz").touch()
    (site.staging_dir / f".AT_O_{today}_000077.part").touch()
    assert Night.restart(site).exposure(0).seq_num == 42


def test_a_new_day_begins_at_number_one(site: Site) -> None:
    runs = begin_run(site, NOON - 100 * SECOND_NS)
    night = Night(7, runs)
    numbers = [(night.exposure(i).day_obs, night.exposure(i).seq_num) for i in range(10)]
    assert numbers == [(20261120, i + 1) for i in range(7)] + [(20261121, i + 1) for i in range(3)]
    assert [runs[0].slot(*number) for number in numbers] == list(range(10))
    assert runs[0].slot(20261119, 4) is None
    land(site, *(night.exposure(i) for i in range(9)))
    after = Night(7, begin_run(site, NOON + 3600 * SECOND_NS))
    assert (after.exposure(9).day_obs, after.exposure(9).seq_num) == (20261121, 3)
    assert after.exposures(NOON - 100 * SECOND_NS, NOON)[-1] == night.exposure(6)


def test_starts_at_the_same_time_leave_a_whole_file(site: Site) -> None:
    threads = [threading.Thread(target=Night.open, args=(site,)) for _ in range(4)]
    threads += [threading.Thread(target=Night.restart, args=(site,)) for _ in range(4)]
    with taking_exposures(site):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(json.loads(site.night_path.read_text())["runs"]) == 1
        assert Night.open(site).exposure(0).seq_num == 1


def test_an_interval_holds_the_exposures_whose_shutter_touches_it() -> None:
    night = a_night()
    everyone = [night.exposure(i) for i in range(LOOP)]
    begin = everyone[0].shutter_open_tai_ns
    for first, last in ((-50, 40), (16, 17), (3, 200), (30.005, 30.006), (100, 100)):
        low, high = begin + round(first * SECOND_NS), begin + round(last * SECOND_NS)
        touched = [e for e in everyone if e.shutter_open_tai_ns < high and e.shutter_close_tai_ns >= low]
        assert night.exposures(low, high) == touched


@pytest.mark.parametrize("cadence_s", [4.7, 5, 10, 15, 60])
def test_every_exposure_is_read_and_landed_before_the_next_opens(cadence_s: float) -> None:
    night = Night(7, (Run(0, 1, NOON, round(cadence_s * SECOND_NS), "night"),))
    for i in range(LOOP):
        this, following = night.exposure(i), night.exposure(i + 1)
        assert this.shutter_open_tai_ns < this.shutter_close_tai_ns
        assert (this.landing_unix_s + 37) * SECOND_NS < following.shutter_open_tai_ns
        assert (this.exposure_time_s == 0) == (this.image_type == "BIAS")


def test_every_header_makes_a_registry_record() -> None:
    night = a_night()
    for i in range(LOOP):
        exposure = night.exposure(i)
        ends = np.array([exposure.shutter_open_tai_ns, exposure.shutter_close_tai_ns])
        records = exposure_records(primary_header(exposure, night.conditions(ends)), "LATISS")
        assert records.exposure == exposure.exposure_id
        assert records.record["exposure_time"] == exposure.exposure_time_s
        begin, end = records.record["timespan"].begin, records.record["timespan"].end
        seconds = exposure.exposure_time_s or 0.005
        # Headers keep milliseconds.
        assert (end - begin).to_value("s") == pytest.approx(seconds, abs=1.1e-3)
        assert begin.unix_tai == pytest.approx(exposure.shutter_open_tai_ns / SECOND_NS, abs=1.1e-3)


def test_the_telescope_points_at_its_target_at_any_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iers.conf, "auto_download", False)
    monkeypatch.setattr(iers.conf, "auto_max_age", None)
    monkeypatch.setattr(iers.conf, "iers_degraded_accuracy", "ignore")
    place = EarthLocation.from_geodetic(-70.749417 * u.deg, -30.244639 * u.deg, 2663 * u.m)
    for hour in range(0, 24, 3):
        night = a_night(NOON + hour * 3600 * SECOND_NS)
        on_sky = [e for e in map(night.exposure, range(LOOP)) if e.star is not None]
        middles = np.array([(e.shutter_open_tai_ns + e.shutter_close_tai_ns) // 2 for e in on_sky])
        conditions = night.conditions(middles)
        stars = SkyCoord([e.star.ra_deg for e in on_sky], [e.star.dec_deg for e in on_sky], unit="deg")
        frame = AltAz(obstime=Time(middles / SECOND_NS, format="unix_tai"), location=place)
        true = stars.transform_to(frame)
        demanded = SkyCoord(
            conditions.az_demand_deg, conditions.el_demand_deg, unit="deg", frame=AltAz(location=place)
        )
        apart = SkyCoord(true.az, true.alt, frame=AltAz(location=place)).separation(demanded)
        assert apart.deg.max() < 0.02
        assert conditions.el_demand_deg.min() > 25 and conditions.el_demand_deg.max() < 85
        assert len({e.target for e in on_sky}) == 4


def test_targets_lie_apart() -> None:
    stars = SkyCoord(
        [t.ra_deg for t in (*CATALOGUE, POLAR)], [t.dec_deg for t in (*CATALOGUE, POLAR)], unit="deg"
    )
    assert stars.match_to_catalog_sky(stars, nthneighbor=2)[1].deg.min() > 1


def test_targets_come_back() -> None:
    night = a_night()
    assert {night.exposure(i).target for i in range(LOOP)} == {
        night.exposure(i).target for i in range(LOOP, 2 * LOOP)
    }


def test_the_mount_tracks_while_the_shutter_is_open_and_slews_smoothly_between() -> None:
    night = a_night()
    for i in range(LOOP - 1):
        exposure = night.exposure(i)
        step = SECOND_NS // 50
        times = np.arange(
            exposure.shutter_open_tai_ns, night.exposure(i + 1).shutter_open_tai_ns + SECOND_NS, step
        )
        conditions = night.conditions(times)
        azimuth = np.unwrap(conditions.az_demand_deg, period=360)
        exposing = times < exposure.shutter_close_tai_ns
        for angle, fastest in ((azimuth, 0.05), (conditions.el_demand_deg, 0.0042)):
            rate = np.diff(angle) * 50
            # The sky turns by 15 arcsec a second; azimuth faster near the zenith.
            assert np.abs(rate[exposing[1:]]).max(initial=0) < fastest
            assert np.abs(np.diff(rate)).max() < 3.0, "a jump"
        assert np.ptp(conditions.hexapod_z_mm[exposing]) == 0


def test_a_restart_of_the_night_begins_and_ends_parked() -> None:
    begin = NOON + 9 * 3600 * SECOND_NS
    night = Night(7, (Run(0, 1, begin, CADENCE, "stars", 5),))
    times = begin + np.array([-3600, 10, 5 * 15 + 60, 7200]) * SECOND_NS
    conditions = night.conditions(times)
    assert conditions.el_demand_deg[[0, 2, 3]].tolist() == [80.0] * 3
    assert conditions.el_demand_deg[1] != 80.0
    assert len(night.exposures(begin - CADENCE, begin + 7200 * SECOND_NS)) == 5


def test_focus_is_set_once_per_set_and_drifts_within_it() -> None:
    night = a_night()
    direct = [e for e in map(night.exposure, range(LOOP)) if e.step.set_name == "direct"]
    assert len({e.focus_z_mm for e in direct}) == 1
    assert len({e.group_id for e in direct}) == 1
    defocus = np.array([e.defocus_mm for e in direct])
    assert 1e-5 < np.ptp(defocus) < 0.02
    assert np.abs(defocus).max() < 0.04


def test_the_focus_sweep_is_centred_off_best_focus() -> None:
    centres = []
    for loop in range(4):
        night = a_night(seed=loop)
        sweep = [e for e in map(night.exposure, range(LOOP)) if e.image_type == "FOCUS"]
        z = np.array([e.focus_z_mm for e in sweep])
        assert len(sweep) == 9
        assert np.diff(z) == pytest.approx(0.03)
        assert sweep[0].defocus_mm < 0 < sweep[-1].defocus_mm
        centres.append(sweep[4].defocus_mm)
    assert all(0.004 < abs(centre) < 0.026 for centre in centres), centres
    donuts = [e for e in map(night.exposure, range(LOOP)) if e.reason == "cwfs"]
    assert [e.defocus_mm for e in donuts] == pytest.approx([-0.8, 0.8], abs=0.03)


def test_a_mount_step_is_in_the_telemetry_of_its_exposure_alone() -> None:
    night = a_night()
    stepped = 0
    for i in range(LOOP):
        exposure = night.exposure(i)
        times = np.linspace(exposure.shutter_open_tai_ns, exposure.shutter_close_tai_ns, 1000)
        error = np.abs(night.conditions(times.astype(np.int64)).el_error_arcsec)
        if exposure.mount_step is None:
            assert error.max() < 0.5
            continue
        stepped += 1
        at, elevation, _ = exposure.mount_step
        assert error[times < at].max() < 0.5
        assert error.max() == pytest.approx(elevation, abs=0.4)
        assert exposure.shutter_open_tai_ns < at < exposure.shutter_close_tai_ns
    assert stepped >= 4


def sets_of(exposures: Iterable[PlannedExposure]) -> dict[str, list[PlannedExposure]]:
    """By GROUPID, which is all that a reader of the headers has."""
    sets: dict[str, list[PlannedExposure]] = {}
    for exposure in exposures:
        sets.setdefault(exposure.group_id, []).append(exposure)
    return sets


def test_the_night_holds_every_kind_of_exposure() -> None:
    night = a_night()
    exposures = [night.exposure(i) for i in range(LOOP)]
    assert {e.image_type for e in exposures} == {"BIAS", "DARK", "FLAT", "ACQ", "FOCUS", "OBJECT", "ENGTEST"}
    # Stars come early.
    assert [e.image_type for e in exposures[:3]] == ["BIAS", "BIAS", "ACQ"]
    # Direct images through two filters, and spectra through each grating.
    assert {(e.filter, e.grating) for e in exposures if e.image_type == "OBJECT"} == {
        ("empty", "empty"),
        ("SDSSr_65mm", "empty"),
        ("empty", "holo4_003"),
        ("empty", "ronchi170lpmm"),
        ("empty", "blue300lpmm_qn1"),
    }
    planted = {name for e in exposures if e.image_type == "OBJECT" for name in e.planted}
    assert planted == {
        "crosstalk",
        "saturated",
        "bleed",
        "trailed",
        "noisy_amplifier",
        "two_stars",
        "wrong_datasec",
    }
    # The amplifier turns noisy: it is well in the exposures before and after.
    noisy = [i for i, e in enumerate(exposures) if "noisy_amplifier" in e.planted]
    assert noisy and not any({i - 1, i + 1} & set(noisy) for i in noisy)


def test_what_is_in_every_exposure_is_in_its_truth() -> None:
    night = a_night()
    exposure = next(e for e in map(night.exposure, range(LOOP)) if e.image_type == "OBJECT")
    dark = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    truth = Digitiser(Detector(7), 7).digitise(dark, None, exposure).truth
    assert len(truth["cosmics"]) >= 4
    assert len(truth["dead_columns"]["x_px"]) >= 2 and len(truth["hot_columns"]) >= 2
    assert truth["crosstalk"]["fraction"] > 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_groupid_ties_each_set(scenario: str) -> None:
    night = a_night(scenario=scenario)
    length = len(script(scenario))
    sets = sets_of(night.exposure(i) for i in range(2 * length))
    first_loop = sets_of(night.exposure(i) for i in range(length))
    # The next loop's sets are others, of the same sizes.
    assert [len(of_set) for of_set in sets.values()] == 2 * [len(of_set) for of_set in first_loop.values()]
    for of_set in sets.values():
        assert len({(e.image_type, e.grating, e.target, e.reason) for e in of_set}) == 1
        assert [e.index for e in of_set] == list(range(of_set[0].index, of_set[0].index + len(of_set)))
        if of_set[0].image_type in ("BIAS", "DARK", "FLAT"):
            assert len(of_set) >= 2
            assert len({(e.filter, e.exposure_time_s) for e in of_set}) == 1
        elif of_set[0].image_type == "ACQ":
            off = [np.hypot(*e.step.target_offset_px) for e in of_set]
            assert len(of_set) == 3 and off == sorted(off, reverse=True) and off[-1] < 5
        elif of_set[0].image_type == "FOCUS":
            assert len(of_set) == 9
            assert np.diff([e.step.focus_offset_mm for e in of_set]) == pytest.approx(0.03)
        elif of_set[0].reason == "cwfs":
            assert [e.step.focus_offset_mm for e in of_set] == [-0.8, 0.8]
    kinds = [of_set[0].image_type for of_set in first_loop.values()]
    if scenario in ("night", "calibrations"):
        assert (kinds.count("BIAS"), kinds.count("DARK"), kinds.count("FLAT")) == (1, 1, 2)
        flats = [of_set[0].filter for of_set in first_loop.values() if of_set[0].image_type == "FLAT"]
        assert flats == ["empty", "SDSSr_65mm"]
    if scenario == "night":
        assert (kinds.count("ACQ"), kinds.count("FOCUS"), kinds.count("ENGTEST")) == (4, 1, 2)
        assert sum(of_set[0].reason == "cwfs" for of_set in first_loop.values()) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cadence_seconds": 4.0}, "cadence of 4 s is too short: the shortest is 4.7 s"),
        ({"scenario": "twilight"}, "no scenario 'twilight'; choose one of night, calibrations,"),
    ],
)
def test_options_that_make_no_night_are_refused(
    site: Site,
    options: dict[str, float | str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = replace(site, simulator=replace(site.simulator, **options))
    monkeypatch.setattr(simulator, "load_site", lambda _: wrong)
    monkeypatch.setattr(sys, "argv", ["simulator", "--site", "site.json"])
    assert simulator.main() == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert not site.night_path.exists()


def _landing_in(site: Site, seconds: float) -> PlannedExposure:
    exposure = a_night().exposure(0)
    return replace(exposure, landing_unix_s=tai_now_ns() / SECOND_NS - 37 + seconds)


def _camera(site: Site, seen: list[list[str]]) -> simulator.Telescope:
    def take(night: Night, exposure: PlannedExposure, path: Path) -> dict[str, object]:
        path.write_bytes(b"raw")
        seen.append(sorted(p.name for p in site.staging_dir.iterdir()))
        return {"obs_id": exposure.obs_id}

    return SimpleNamespace(take=take)  # type: ignore[return-value]


def test_a_raw_lands_whole_at_its_time_with_its_truth(site: Site) -> None:
    for folder in (site.staging_dir, site.truth_dir):
        folder.mkdir(parents=True)
    exposure, seen = _landing_in(site, 0.5), []
    simulator.land(_camera(site, seen), a_night(), exposure, site, threading.Event())
    assert seen == [[f".{exposure.obs_id}.part"]], "before its time only a hidden name"
    [raw] = site.staging_dir.iterdir()
    assert raw.name == f"{exposure.obs_id}_R00_S00.fits.fz"
    # landed = the time of the rename
    assert 0 <= raw.stat().st_mtime - exposure.landing_unix_s < 0.4
    assert json.loads((site.truth_dir / f"{exposure.obs_id}.json").read_text()) == {"obs_id": exposure.obs_id}


def test_a_stopped_exposure_leaves_nothing(site: Site) -> None:
    for folder in (site.staging_dir, site.truth_dir):
        folder.mkdir(parents=True)
    stop = threading.Event()
    stop.set()
    simulator.land(_camera(site, []), a_night(), _landing_in(site, 60), site, stop)
    assert list(site.staging_dir.iterdir()) == list(site.truth_dir.iterdir()) == []
