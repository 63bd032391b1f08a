"""What the simulated camera writes, against its truth: read with astropy, measured with photutils and numpy.

Frames are assembled here from the headers' own sections, by other code than the simulator's and the application's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from influx_server import make_site
from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry
from photutils.centroids import centroid_2dg
from photutils.morphology import data_properties

from summit_notebook.demo.detector import Detector
from summit_notebook.demo.digitise import Digitiser
from summit_notebook.demo.exposure_plan import PlannedExposure
from summit_notebook.demo.masters import bias_frame, dark_frame, write_master
from summit_notebook.demo.night import SECOND_NS, Night
from summit_notebook.demo.night_runs import Run
from summit_notebook.demo.raw_file import primary_header
from summit_notebook.demo.scene import detector_px, field_of, pointing_deg, render, y_position_angle_deg
from summit_notebook.demo.simulator import Telescope
from summit_notebook.demo.sky import project_deg
from summit_notebook.demo.targets import Target

SEED = 7
NIGHT = Night(SEED, (Run(0, 1, 1_795_294_800 * SECOND_NS, 15 * SECOND_NS, "night"),))
SATURATION_ADU = 142_857.0
# The amplifier table of the LATISS camera, written again: what an application reduces with.
SEGMENTS = [*(f"1{k}" for k in range(8)), *(f"0{k}" for k in range(7, -1, -1))]
UPPER_GAINS = (1.0811, 1.0470, 1.0795, 1.0810, 1.0644, 1.0669, 1.0795, 1.0560)
LOWER_GAINS = (1.1033, 1.1039, 1.1047, 1.0840, 1.0939, 1.0874, 1.0933, 1.0972)
GAIN = dict(zip(SEGMENTS, (*UPPER_GAINS, *LOWER_GAINS), strict=True))


def planned(kind: Callable[[PlannedExposure], bool], *planted: str, **changes: Any) -> PlannedExposure:
    exposure = next(e for e in map(NIGHT.exposure, range(60)) if kind(e))
    return replace(exposure, step=replace(exposure.step, planted=planted), **changes)


def direct(exposure: PlannedExposure) -> bool:
    steady = exposure.mount_step is None and exposure.filter == exposure.grating == "empty"
    return exposure.image_type == "OBJECT" and steady


@dataclass(frozen=True)
class Taken:
    path: Path
    exposure: PlannedExposure
    truth: dict[str, Any]
    raw: dict[str, np.ndarray]
    headers: dict[str, fits.Header]

    @property
    def primary(self) -> fits.Header:
        return self.headers["PRIMARY"]


@cache
def detector() -> Detector:
    return Detector(SEED)


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Callable[[PlannedExposure], Taken]:
    site = make_site(tmp_path_factory.mktemp("frames"), None)
    assert site.simulator.seed == SEED
    telescope = Telescope(site)

    def taken(exposure: PlannedExposure) -> Taken:
        path = site.state_dir / f"{exposure.obs_id}.fits.fz"
        truth = telescope.take(NIGHT, exposure, path)
        with fits.open(path) as hdus:
            raw = {hdu.name.title(): hdu.data for hdu in hdus[1:]}
            headers = {
                hdu.name.title() if hdu.data is not None else "PRIMARY": hdu.header.copy() for hdu in hdus
            }
        return Taken(path, exposure, truth, raw, headers)

    return taken


@pytest.fixture(scope="module")
def stars(take: Callable[[PlannedExposure], Taken]) -> Taken:
    return take(planned(direct, "two_stars", "noisy_amplifier", "wrong_datasec"))


@pytest.fixture(scope="module")
def spectrum(take: Callable[[PlannedExposure], Taken]) -> Taken:
    """Of a star with strong Balmer lines, off the first place of its grating's set."""
    hot = Target("a star of 10000 K", 113.36383, -50.58425, 10_000.0)
    return take(planned(lambda e: e.grating == "ronchi170lpmm", star=hot))


def overscan(pixels: np.ndarray) -> np.ndarray:
    """Away from the first columns, where charge left behind comes out."""
    return pixels[:2000, 512 + 8 : 576].astype(float)


def assembled(taken: Taken) -> np.ndarray:
    """Electrons in the detector frame, y up: overscan, bias and dark subtracted, flat divided.

    DETSEC runs from high to low x and counts rows from the top, and DATASEC may be three columns off: what it should
    be is the same in every raw.
    """
    frame = np.full((4000, 4072), np.nan)
    for name, pixels in taken.raw.items():
        x1, x0, y0, y1 = (int(n) for n in re.findall(r"\d+", taken.headers[name]["DETSEC"]))
        light = pixels[:2000, 3:512] - np.median(overscan(pixels), axis=1)[:, None]
        rows = slice(4000 - y1, 4000 - y0 + 1) if y1 > y0 else slice(4000 - y0, 4000 - y1 + 1)
        placed = light[:, ::-1]
        # Read from the outer edge towards the middle.
        frame[rows, x0 - 1 : x1] = placed if rows.start == 0 else placed[::-1]
    dark_time = taken.exposure.dark_time_s
    frame -= bias_frame(detector()) + dark_frame(detector()) * dark_time
    for amplifier in detector().amplifiers:
        frame[amplifier.detector_box] *= amplifier.gain_electron_per_adu
    frame /= detector().flat("empty~empty")
    assert np.isfinite(frame).all()
    return frame


@pytest.fixture(scope="module")
def star_frame(stars: Taken) -> np.ndarray:
    return assembled(stars)


@pytest.fixture(scope="module")
def spectrum_frame(spectrum: Taken) -> np.ndarray:
    return assembled(spectrum)


def test_a_raw_is_a_latiss_raw(stars: Taken) -> None:
    assert list(stars.raw) == [f"Segment{n}" for n in GAIN]
    with fits.open(stars.path, disable_image_compression=True) as hdus:
        assert len(hdus) == 17
        for hdu in hdus[1:]:
            header = hdu.header
            assert (header["ZCMPTYPE"], header["ZTILE1"], header["ZTILE2"]) == ("RICE_1", 576, 1)
    for name, pixels in stars.raw.items():
        assert pixels.shape == (2048, 576) and pixels.dtype.kind == "i" and pixels.dtype.itemsize == 4
        assert stars.headers[name]["DATASEC"] == "[1:509,1:2000]"
    primary, exposure = stars.primary, stars.exposure
    assert (primary["OBSID"], primary["SEQNUM"]) == (exposure.obs_id, exposure.seq_num)
    assert primary["DAYOBS"] == str(exposure.day_obs)
    assert (primary["FILTER"], primary["GRATING"], primary["IMGTYPE"]) == ("empty", "empty", "OBJECT")
    assert primary["CCDTEMP"] is None or isinstance(primary["CCDTEMP"], fits.card.Undefined)


def test_only_a_planted_raw_has_the_wrong_datasec(spectrum: Taken) -> None:
    assert {spectrum.headers[name]["DATASEC"] for name in spectrum.raw} == {"[4:512,1:2000]"}


def test_amplifiers_are_as_their_truth_says(stars: Taken) -> None:
    for amplifier, (name, pixels) in zip(stars.truth["amplifiers"], stars.raw.items(), strict=True):
        segment = name.removeprefix("Segment")
        assert amplifier["name"] == f"C{segment}"
        assert hashlib.sha256(pixels.astype("<i4").tobytes()).hexdigest() == amplifier["raw_sha256"]
        gain = amplifier["gain_electron_per_adu"]
        assert gain == pytest.approx(GAIN[segment], rel=0.05)
        strip = overscan(pixels)
        assert np.median(strip) == pytest.approx(amplifier["bias_level_adu"], abs=8)
        noise = (strip - np.median(strip, axis=1)[:, None]).std() * gain
        # A row's median, of 56 pixels, takes a little of the noise with it; rounding adds 0.29 adu.
        assert noise == pytest.approx(amplifier["noise_electron"], rel=0.02)
        assert noise > 45 if amplifier["name"] == "C02" else noise < 11
        # The level drifts from row to row, and lower at the end of the readout than at its beginning.
        rows = np.median(strip, axis=1)
        assert rows[:20].mean() - rows[900:1100].mean() > 0.2
        assert amplifier["full_well_electron"] / gain > 1.05 * SATURATION_ADU
        assert amplifier["full_well_electron"] / gain + amplifier["bias_level_adu"] < 2**18 - 1


def test_sky_and_shot_noise_are_as_in_the_truth(stars: Taken, star_frame: np.ndarray) -> None:
    sky = 1.6 * stars.exposure.exposure_time_s
    box = star_frame[3200:3400, 2700:2950]
    assert np.median(box) == pytest.approx(sky, abs=0.6)
    [amplifier] = [a for a in stars.truth["amplifiers"] if a["name"] == "C15"]
    spread = 1.4826 * np.median(np.abs(box - np.median(box)))
    assert spread == pytest.approx(np.sqrt(sky + amplifier["noise_electron"] ** 2), rel=0.03)


def _isolated(truth: dict[str, Any], lightest: float) -> list[dict[str, Any]]:
    """Bright enough stars, away from each other, from columns that are not well and from the noisy amplifier."""
    all_stars = truth["stars"]
    bad = [*truth["dead_columns"]["x_px"], *(c["x_px"] for c in truth["hot_columns"])]
    # Cosmic rays and the strip's own edge are avoided by the measure itself, which clips.
    return [
        s
        for s in all_stars
        if s["electrons"] > lightest
        and 80 < s["x_px"] < 3990
        and 80 < s["y_px"] < 3920
        and all(abs(s["x_px"] - x) > 50 for x in bad)
        and not (s["y_px"] < 2060 and 958 < s["x_px"] < 1587)
        and all(
            np.hypot(s["x_px"] - o["x_px"], s["y_px"] - o["y_px"]) > 120
            or o["electrons"] < 2e-3 * s["electrons"]
            for o in all_stars
            if o is not s
        )
        and all(
            np.hypot(s["x_px"] - c["x_px"], s["y_px"] - c["y_px"]) > 60 + c["length_px"]
            for c in truth["cosmics"]
        )
    ]


def test_stars_are_where_the_truth_says_and_as_bright(stars: Taken, star_frame: np.ndarray) -> None:
    radius = 30.0
    chosen = _isolated(stars.truth, 8e4)
    assert len(chosen) >= 2
    alpha = stars.truth["psf"]["fwhm_px"] / (2 * np.sqrt(2 ** (1 / 3) - 1))
    enclosed = 1 - (1 + (radius / alpha) ** 2) ** -2
    for star in chosen:
        place = star["x_px"], star["y_px"]
        # Whole pixels: the exact mask scales those that it cuts, which would take a few percent off the sky.
        annulus = CircularAnnulus(place, 35, 55).to_mask(method="center")
        background = np.median(annulus.get_values(star_frame))
        total = aperture_photometry(star_frame - background, CircularAperture(place, radius))["aperture_sum"][
            0
        ]
        # Flats are normalised to their median: the truth is without vignetting, as after dividing by the flat.
        assert total == pytest.approx(star["electrons"] * enclosed, rel=0.02)
        x0, y0 = int(place[0]) - 20, int(place[1]) - 20
        x, y = centroid_2dg(star_frame[y0 : y0 + 41, x0 : x0 + 41] - background)
        assert (x0 + x, y0 + y) == pytest.approx(place, abs=0.06)


def test_the_companion_is_there(stars: Taken, star_frame: np.ndarray) -> None:
    target, companion = stars.truth["stars"][:2]
    assert companion["name"] == f"{target['name']} companion"
    for star in (target, companion):
        x, y = round(star["x_px"]), round(star["y_px"])
        box = star_frame[y - 15 : y + 16, x - 15 : x + 16]
        assert np.abs(np.subtract(np.unravel_index(box.argmax(), box.shape), 15)).max() <= 2
        assert box.max() > 10_000


def test_places_are_those_of_a_tangent_plane(stars: Taken) -> None:
    """The truth's pointing and parity as astropy's WCS gives them."""
    pointing, scale = stars.truth["pointing_deg"], stars.truth["arcsec_per_px"] / 3600
    assert (stars.primary["RA"], stars.primary["DEC"], stars.primary["ROTPA"]) == (
        pointing["ra"],
        pointing["dec"],
        pointing["rotpa"],
    )
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crpix = [p + 1 for p in stars.truth["boresight_px"]]
    wcs.wcs.crval = [pointing["ra"], pointing["dec"]]
    # The frame is mirrored: x at position angle ROTPA + 90, y at ROTPA; a position angle turns from north to east.
    x_angle, y_angle = np.deg2rad([pointing["rotpa"] + 90, pointing["rotpa"]])
    wcs.wcs.cd = scale * np.array([[np.sin(x_angle), np.sin(y_angle)], [np.cos(x_angle), np.cos(y_angle)]])
    star = stars.exposure.star
    assert star is not None
    x, y = wcs.all_world2pix(star.ra_deg, star.dec_deg, 0)
    target = stars.truth["stars"][0]
    assert (x, y) == pytest.approx((target["x_px"], target["y_px"]), abs=1e-5)
    assert (x, y) == pytest.approx((1780, 1800), abs=1e-5), "on the sweet spot"
    field = np.transpose(wcs.all_world2pix(*field_of(star)[:2], 0))
    shown = [(s["x_px"], s["y_px"]) for s in stars.truth["stars"] if s["name"] == "field"]
    assert len(shown) > 20
    for place in shown:
        assert np.abs(field - place).max(axis=1).min() < 1e-5


@pytest.mark.parametrize(
    ("day_obs", "turn"),
    [
        (20201015, 0),
        (20201117, 0),
        (20201118, 180),
        (20210315, 180),
        (20211027, 180),
        (20211028, 0),
        (20211115, 0),
    ],
)
def test_the_zero_of_rotpa_is_that_of_the_night(day_obs: int, turn: int) -> None:
    """As lsst.obs.lsst corrects the header before afw's makeCdMatrix takes it, with flipX."""
    exposure = planned(direct, day_obs=day_obs, rotpa_deg=37.25)
    header = primary_header(exposure, NIGHT.conditions(np.array([exposure.shutter_open_tai_ns] * 2)))
    assert header["ROTPA"] == 37.25
    orientation = np.deg2rad(header["ROTPA"] - turn)
    cos, sin = np.cos(orientation), np.sin(orientation)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crpix = [2037.5, 2001.5]
    wcs.wcs.crval = [header["RA"], header["DEC"]]
    wcs.wcs.cd = 0.0952 / 3600 * np.array([[cos, sin], [-sin, cos]])
    frame, truth = render(NIGHT, exposure)
    for star in truth["stars"]:
        x, y = wcs.all_world2pix(star["ra_deg"], star["dec_deg"], 0)
        assert (x, y) == pytest.approx((star["x_px"], star["y_px"]), abs=1e-5)
    assert exposure.star is not None
    x, y = (round(float(p)) for p in wcs.all_world2pix(exposure.star.ra_deg, exposure.star.dec_deg, 0))
    box = frame[y - 40 : y + 41, x - 40 : x + 41]
    assert np.abs(np.subtract(np.unravel_index(box.argmax(), box.shape), 40)).max() <= 1


def test_what_the_page_is_tested_with_is_what_the_simulator_makes() -> None:
    """fixtures/sky/simulated-stars.json; fixtures/generate_sky.py writes it anew."""
    exposures = json.loads((Path(__file__).parents[2] / "fixtures/sky/simulated-stars.json").read_text())
    assert len(exposures) == 4
    for written in exposures:
        rotpa = written["cards"]["ROTPA"]
        exposure = planned(direct, day_obs=written["dayObs"], rotpa_deg=rotpa)
        ra, dec = pointing_deg(exposure)
        assert (ra, dec) == pytest.approx((written["cards"]["RA"], written["cards"]["DEC"]), abs=1e-10)
        for star in (written["target"], *written["field"]):
            east, north = project_deg(star["raDeg"], star["decDeg"], ra, dec)
            place = detector_px(east, north, y_position_angle_deg(exposure))
            measured = star is written["target"]
            assert place == pytest.approx((star["x"], star["y"]), abs=0.1 if measured else 1e-5)


def test_the_wcs_cards_are_those_that_nobody_can_use(stars: Taken) -> None:
    """Of two real raws of 2022-02-08, by their ROTPA."""
    real = {
        188.807943149402: (0.099918380603264, -0.0322694471229563),
        338.983127195963: (0.100030856424552, 0.031919081486951),
    }
    conditions = NIGHT.conditions(np.array([stars.exposure.shutter_open_tai_ns] * 2))
    for rotpa, (cd11, cd12) in real.items():
        header = primary_header(replace(stars.exposure, rotpa_deg=rotpa), conditions)
        matrix = [header[f"CD{i}_{j}"] for i in (1, 2) for j in (1, 2)]
        assert matrix == pytest.approx([cd11, cd12, -cd12, cd11], rel=1e-11)
        assert (header["CRPIX1"], header["CRPIX2"], header["CTYPE1"]) == (2000, 2036, "RA---TAN")
    bias = planned(lambda e: e.image_type == "BIAS")
    assert "CTYPE1" not in primary_header(bias, conditions)


def test_dead_and_hot_columns_and_cosmic_rays_are_in_the_pixels(stars: Taken) -> None:
    light = {}
    for name, pixels in stars.raw.items():
        light[name.removeprefix("Segment")] = (
            pixels[:2000, 3:512] - np.median(overscan(pixels), axis=1)[:, None]
        )
    structure = {a.segment: a.bias_structure_adu for a in detector().amplifiers}

    def column(x: int, upper: bool) -> np.ndarray:
        segment = f"{int(upper)}{x // 509}"
        return (light[segment] - structure[segment])[:, 508 - x % 509]

    sky = 1.6 * stars.exposure.exposure_time_s
    for x in stars.truth["dead_columns"]["x_px"]:
        gain = GAIN[f"1{x // 509}"]
        dead, beside = np.median(column(x, True)) * gain, np.median(column(x + 3, True)) * gain
        assert beside - dead == pytest.approx(0.96 * sky, abs=2.5)
        assert stars.truth["dead_columns"]["response"] == 0.04
    for hot in stars.truth["hot_columns"]:
        x, (low, high) = hot["x_px"], hot["y_px"]
        excess = (column(x, False) - column(x - 3, False)) * GAIN[f"0{x // 509}"]
        expected = hot["electron_per_s"] * stars.exposure.dark_time_s
        assert low == 0 and np.median(excess[: high + 1]) == pytest.approx(expected, abs=4)
        assert np.median(excess[high + 1 :]) == pytest.approx(0, abs=6)
    assert len(stars.truth["cosmics"]) > 10
    found = 0
    for cosmic in stars.truth["cosmics"]:
        x, y = round(cosmic["x_px"]), round(cosmic["y_px"])
        if 3 < x < 4068 and 3 < y < 3996 and not 1996 < y < 2004:
            segment = f"{int(y >= 2000)}{x // 509}"
            row = 3999 - y if y >= 2000 else y
            box = light[segment][max(0, row - 2) : row + 3, max(0, 506 - x % 509) : 511 - x % 509]
            found += box.max() * GAIN[segment] > 0.2 * cosmic["electron_per_px"]
    assert found >= len(stars.truth["cosmics"]) - 3


def test_the_spectrum_lies_where_the_truth_says(spectrum: Taken, spectrum_frame: np.ndarray) -> None:
    truth = spectrum.truth["spectrum"]
    sky = 1.6 * spectrum.exposure.exposure_time_s
    # From 745 nm on order 2 lies over order 1, beside it by its own refraction.
    for nm in (500, 600, 700):
        k = truth["wavelength_nm"].index(nm)
        x, y = truth["x_px"][k], round(truth["y_px"][k])
        left = round(x) - 25
        profile = np.median(spectrum_frame[y - 10 : y + 11, left : left + 51], axis=0) - sky
        centre = left + (profile * np.arange(51)).sum() / profile.sum()
        assert centre == pytest.approx(x, abs=0.3), nm


def _row_sums(taken: Taken, frame: np.ndarray) -> np.ndarray:
    truth = taken.truth["spectrum"]
    centre = np.rint(np.interp(np.arange(4000), truth["y_px"], truth["x_px"])).astype(int)
    columns = centre[:, None] + np.arange(-50, 51)
    sky = 1.6 * taken.exposure.exposure_time_s
    values = np.take_along_axis(frame, columns, axis=1)
    # A cosmic ray is one or two pixels of a row; the neighbouring rows do not have it.
    smooth = np.median(np.stack([values, np.roll(values, 2, 0), np.roll(values, -2, 0)]), axis=0)
    return np.asarray((np.where(values > smooth + 200, smooth, values) - sky).sum(axis=1))


def test_lines_and_bands_are_at_their_places(spectrum: Taken, spectrum_frame: np.ndarray) -> None:
    sums = _row_sums(spectrum, spectrum_frame)
    lines = {line["name"]: line for line in spectrum.truth["spectrum"]["lines"]}
    assert {"H alpha", "H beta", "O2 A", "O2 B"} <= set(lines)
    for name in ("H alpha", "H beta"):
        at = lines[name]["y_px"]
        window = np.arange(round(at) - 45, round(at) + 46)
        wings = np.abs(window - at) > 28
        continuum = np.polyval(np.polyfit(window[wings] - at, sums[window][wings], 2), window - at)
        missing = np.clip(1 - sums[window] / continuum, 0, None) * ~wings
        assert missing.max() > 0.15
        assert (missing * window).sum() / missing.sum() == pytest.approx(at, abs=1.0)
    # A band falls steeply at its head, then recovers towards the red.
    at = round(lines["O2 A"]["y_px"])
    blue, in_band, red = (sums[at + a : at + b].mean() for a, b in ((-30, -15), (4, 14), (40, 55)))
    assert in_band < 0.8 * min(blue, red)
    assert np.diff(sums[at - 25 : at + 25][::5]).argmin() * 5 - 25 == pytest.approx(0, abs=8)


def test_the_spectrum_has_the_truths_electrons(spectrum: Taken, spectrum_frame: np.ndarray) -> None:
    truth = spectrum.truth["spectrum"]
    nm, y = np.array(truth["wavelength_nm"]), np.array(truth["y_px"])
    fine = np.arange(520.0, 640.0, 0.5)
    planted = np.trapezoid(np.interp(fine, nm, truth["electrons_per_nm"]), fine)
    low, high = (np.interp(limit, nm, y) for limit in (fine[0], fine[-1]))
    measured = _row_sums(spectrum, spectrum_frame)[round(low) : round(high)].sum()
    assert measured == pytest.approx(planted, rel=0.02)


def test_dispersion_follows_the_grating_equation(spectrum: Taken) -> None:
    """Distances from order 0 as computed apart for the ronchi170 at 183.0 mm."""
    truth = spectrum.truth["spectrum"]
    table = dict(zip(truth["wavelength_nm"], truth["y_px"], strict=True))
    x0, y0 = truth["order0_px"]
    assert (x0, y0) == pytest.approx((1750, 300), abs=0.01)
    theta = np.deg2rad((300 - 2000.5) * 0.0952 / 3600)
    for nm in (400.0, 550.0, 1000.0):
        out = np.arcsin(np.sin(theta) + 170e-6 * nm)
        assert table[nm] - y0 == pytest.approx(182.998 / 0.010 * (np.tan(out) - np.tan(theta)), abs=0.02)


def test_light_is_refracted_towards_the_zenith(spectrum: Taken) -> None:
    truth = spectrum.truth["spectrum"]
    straight = truth["order0_px"][0] + np.tan(np.deg2rad(truth["tilt_deg"])) * (
        np.array(truth["y_px"]) - truth["order0_px"][1]
    )
    shift = dict(zip(truth["wavelength_nm"], np.array(truth["x_px"]) - straight, strict=True))
    middle = (spectrum.exposure.shutter_open_tai_ns + spectrum.exposure.shutter_close_tai_ns) // 2
    zenith_distance = 90 - NIGHT.conditions(np.array([middle])).el_demand_deg[0]

    def air(nm: float) -> float:
        """n - 1 of standard air: Peck and Reeder 1972 (JOSA 62, 958), another fit than the simulator's."""
        sigma2 = (1000 / nm) ** 2
        return 8060.51e-8 + 2480990e-8 / (132.274 - sigma2) + 17455.7e-8 / (39.32957 - sigma2)

    for nm in (400.0, 500.0, 1000.0):
        arcsec = np.rad2deg(air(nm) - air(620.0)) * 3600 * np.tan(np.deg2rad(zenith_distance)) * 743 / 1013.25
        assert shift[nm] == pytest.approx(arcsec / 0.0952, abs=0.1)
    assert shift[400.0] > 5 > 0 > shift[1000.0]


def _image_of(exposure: PlannedExposure) -> tuple[np.ndarray, dict[str, Any]]:
    frame, truth = render(NIGHT, exposure)
    target = truth["stars"][0]
    x, y = round(target["x_px"]), round(target["y_px"])
    return frame[y - 100 : y + 101, x - 100 : x + 101].astype(float), truth


def test_a_mount_step_trails_the_stars_along_the_elevation() -> None:
    def stepping(e: PlannedExposure) -> bool:
        return e.image_type == "OBJECT" and e.mount_step is not None and e.grating == "empty"

    steady, _ = _image_of(planned(direct))
    trailed, truth = _image_of(planned(stepping))
    round_star, long_star = (
        data_properties(np.clip(image - np.median(image), 0, None), mask=image < 0.02 * image.max())
        for image in (steady, trailed)
    )
    assert round_star.elongation < 1.1
    assert long_star.elongation > 1.5
    # 3.0 arcsec along the elevation (x) and 1.2 against the azimuth (y).
    assert long_star.orientation.to_value("deg") == pytest.approx(np.rad2deg(np.arctan(1.2 / 3.0)), abs=6)
    assert truth["psf"]["path_rms_px"][0] > 3


def test_a_planted_trail_and_a_donut_have_their_sizes() -> None:
    trail, _ = _image_of(planned(direct, "trailed"))
    rows = trail.sum(axis=1) - np.median(trail.sum(axis=1))
    assert np.ptp(np.nonzero(rows > rows.max() / 2)[0]) == pytest.approx(60, abs=4)
    donut, truth = _image_of(planned(lambda e: e.reason == "cwfs"))
    radius = truth["psf"]["donut_radius_px"]
    assert radius == pytest.approx(80, abs=4)
    y, x = np.mgrid[-100:101, -100:101]
    r = np.hypot(x, y)
    ring = np.median(donut[np.abs(r - 0.7 * radius) < 3])
    edge = [np.median(donut[np.abs(r - k) < 0.7]) for k in range(int(radius) - 15, int(radius) + 15)]
    half = np.interp(-ring / 2, -np.array(edge), range(int(radius) - 15, int(radius) + 15))
    assert half == pytest.approx(radius, abs=2)
    assert np.median(donut[r < 0.2 * radius]) < 0.1 * ring


def test_a_saturated_star_bleeds_along_its_columns_and_loses_no_electron() -> None:
    exposure = planned(direct, "saturated", "bleed")
    electrons, truth = render(NIGHT, exposure)
    before = electrons.sum(dtype=float)
    digitised = Digitiser(detector(), SEED).digitise(electrons, None, exposure)
    cosmics_and_dark = electrons.sum(dtype=float) - before
    assert 0 < cosmics_and_dark < 0.05 * before
    x, y = round(truth["stars"][0]["x_px"]), round(truth["stars"][0]["y_px"])
    [k] = [k for k, a in enumerate(detector().amplifiers) if a.segment == f"0{x // 509}"]
    amplifier = detector().amplifiers[k]
    raw = digitised.segments[k][:2000, 3:512][:, ::-1] - amplifier.bias_level_adu
    full = raw > 1.05 * SATURATION_ADU
    columns = np.nonzero(full.any(axis=0))[0] + int(amplifier.segment[1]) * 509
    assert set(columns) <= set(digitised.truth["bleed_columns_px"])
    height, width = np.ptp(np.nonzero(full.any(axis=1))[0]), np.ptp(columns)
    assert height > 100 and height > 3 * width
    assert raw[y, x - int(amplifier.segment[1]) * 509] < 1.07 * SATURATION_ADU
    assert digitised.segments[k].max() < 2**18 - 1
    # The neighbours read the same places at the same moment and see a little of it.
    rows, places = np.nonzero(full)
    for j in (k - 1, k + 1):
        victim = detector().amplifiers[j]
        beside = digitised.segments[j][:2000, 3:512][:, ::-1] - victim.bias_level_adu
        beside = beside - victim.bias_structure_adu[:, ::-1]
        level = np.median(beside[rows.min() : rows.max(), places.max() + 40 : places.max() + 140])
        ghost = (beside[rows, places].mean() - level) * victim.gain_electron_per_adu
        expected = digitised.truth["crosstalk"]["fraction"] * amplifier.full_well_electron
        assert ghost == pytest.approx(expected, rel=0.06)


def test_every_amplifier_fills_above_the_configured_saturation() -> None:
    """The same overflow in each: what it holds is in the pixels, under the ADC's end, and the rest has run along y."""
    electrons = np.zeros((4000, 4072), np.float32)
    boxes = [(a.detector_box[0].start + 1000, a.detector_box[1].start + 250) for a in detector().amplifiers]
    for y, x in boxes:
        electrons[y : y + 4, x : x + 4] = 6e5
    exposure = planned(direct)
    digitised = Digitiser(detector(), SEED).digitise(electrons, None, exposure)
    assert len(digitised.segments) == 16
    for (y, x), amplifier, raw in zip(boxes, detector().amplifiers, digitised.segments, strict=True):
        level = raw[:2000, 3:512] - amplifier.bias_level_adu - amplifier.bias_structure_adu
        # From readout order to the detector's.
        level = level[:, ::-1][::-1] if amplifier.segment[0] == "1" else level[:, ::-1]
        row, column = y - amplifier.detector_box[0].start, x - amplifier.detector_box[1].start
        full = level[row : row + 4, column : column + 4]
        assert full.min() > 1.05 * SATURATION_ADU and full.max() < 1.07 * SATURATION_ADU, amplifier.name
        assert raw.max() < 2**18 - 1
        assert (level[row - 4 : row, column : column + 4] > 1.05 * SATURATION_ADU).all(), "a bleed along y"
        assert np.median(level[row : row + 4, column + 6 : column + 20]) < 100, "none along x"


def test_no_two_frames_are_equal() -> None:
    digitiser = Digitiser(detector(), SEED)
    bias = next(e for e in map(NIGHT.exposure, range(60)) if e.image_type == "BIAS")
    following = replace(bias, seq_num=bias.seq_num + 1)
    first, other = (
        digitiser.digitise(np.zeros((4000, 4072), np.float32), None, e).truth["amplifiers"][0]["raw_sha256"]
        for e in (bias, following)
    )
    assert first != other


def test_a_master_is_lossless_up_to_its_rounding(tmp_path: Path) -> None:
    frame = bias_frame(detector())
    write_master(tmp_path / "bias.fits", "bias", "adu", None, frame, 32)
    with fits.open(tmp_path / "bias.fits", disable_image_compression=True) as hdus:
        header = hdus["IMAGE"].header
        assert (header["ZCMPTYPE"], header["ZTILE1"], header["ZTILE2"]) == ("GZIP_2", 4072, 1)
    with fits.open(tmp_path / "bias.fits") as hdus:
        assert hdus["IMAGE"].data.dtype.newbyteorder("=") == np.float32
        assert np.abs(hdus["IMAGE"].data - frame).max() <= 1 / 64
