"""Measurements against numpy, scipy and photutils, and against what the page's TypeScript gives on equal pixels."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from photutils.aperture import CircularAperture, aperture_photometry
from photutils.centroids import centroid_2dg
from photutils.profiles import CurveOfGrowth, RadialProfile
from scipy.optimize import curve_fit

from summit_notebook.measure import NoStarError, examine, line_cut, region_statistics
from summit_notebook.measure.radial import aperture_sum, radial_profile

Array = npt.NDArray[Any]
NODE = Path(__file__).with_name("measure_in_node.mjs")
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(4)


def simulated(
    fwhm: float,
    flux: float,
    *,
    beta: float | None = None,
    place: tuple[float, float] = (80.3, 79.8),
    sky: float = 200,
    tilt: float = 0.2,
    seed: int = 1,
    axis_ratio: float = 1,
    size: int = 161,
) -> Array:
    """Electrons: a star averaged over each pixel, on a tilted sky, with photon noise and 5 e- of read noise."""
    y, x = np.mgrid[:size, :size].astype(float)
    light = np.zeros((size, size))
    minor = axis_ratio * fwhm
    for px, wx in zip(POINTS / 2, WEIGHTS / 2, strict=True):
        for py, wy in zip(POINTS / 2, WEIGHTS / 2, strict=True):
            q = ((x + px - place[0]) / fwhm) ** 2 + ((y + py - place[1]) / minor) ** 2
            if beta is None:
                light += wx * wy * 4 * math.log(2) / math.pi / fwhm / minor * 2 ** (-4 * q)
            else:
                k = 4 * (2 ** (1 / beta) - 1)
                light += wx * wy * k * (beta - 1) / math.pi / fwhm / minor * (1 + k * q) ** -beta
    rng = np.random.default_rng(seed)
    expected = flux * light + sky + tilt * (x - size / 2)
    return (rng.poisson(expected) + rng.normal(0, 5, expected.shape)).astype(np.float32)


def in_node(requests: list[dict[str, Any]]) -> list[Any]:
    done = subprocess.run(["node", str(NODE)], input=json.dumps(requests), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


def cutout_of(image: Array, place: tuple[int, int] = (80, 80)) -> dict[str, Any]:
    """80 px to each side, as far as there are pixels, as the page cuts."""
    x0, y0 = max(0, place[0] - 80), max(0, place[1] - 80)
    cut = image[y0 : place[1] + 81, x0 : place[0] + 81]
    values = [None if math.isnan(v) else v for v in cut.ravel().tolist()]
    size = {"width": cut.shape[1], "height": cut.shape[0]}
    return {"x0": x0, "y0": y0, **size, "unit": "electron", "values": values}


def assert_equal(page: Any, python: Any, relative: float, at: str = "") -> None:
    if dataclasses.is_dataclass(python):
        for field in dataclasses.fields(python):
            # sky.source is `from` on the page, which Python keeps for itself; moments end in capitals there.
            name = {"source": "from"}.get(field.name, re.sub(r"_(\w)", lambda m: m[1].upper(), field.name))
            name = re.sub(r"^moment(..)$", lambda m: f"moment{m[1].upper()}", name)
            assert name in page, f"{at}: no {name}"
            looser = (
                1e-4
                if field.name in ("gaussian", "moffat", "fitted", "encircled", "ee50_px", "ee80_px")
                else 0
            )
            looser = looser or (1e-4 if "arcsec" in field.name else relative)
            assert_equal(page[name], getattr(python, field.name), looser, f"{at}.{name}")
    elif isinstance(python, dict):
        for key, value in python.items():
            assert_equal(page[str(key)], value, relative, f"{at}.{key}")
    elif isinstance(python, bool | str) or python is None:
        assert page == python, at
    elif page is None:
        assert not np.isfinite(python), at
    else:
        ours = np.asarray(python, dtype=float)
        theirs = np.asarray(page, dtype=float)
        scale = np.nanmax(np.abs(ours)) if ours.ndim else 0
        np.testing.assert_allclose(theirs, ours, rtol=relative, atol=max(1e-9, relative * scale), err_msg=at)


OPTIONS = {
    "gainElectronPerAdu": None,
    "readNoiseElectron": 5,
    "saturation": 40000,
    "plateScaleArcsecPerPx": 0.1,
}
STARS = {
    "gaussian": simulated(4, 2e4),
    "moffat": simulated(6, 1e5, beta=3, seed=2),
    "faint": simulated(5, 1500, beta=3, seed=3),
    "elongated": simulated(6, 1e5, axis_ratio=0.7, seed=4),
    "saturated": np.minimum(simulated(5, 3e6, beta=3, seed=5), 40000),
    "near the border": simulated(4, 1e5, place=(5.2, 90.1), seed=6),
    "two": simulated(4, 1e5, seed=7) + simulated(4, 5e4, place=(91, 80), seed=8),
    "wide": simulated(15, 1e6, beta=3, seed=9),
}
STARS["holes"] = STARS["gaussian"].copy()
STARS["holes"][::7, ::5] = np.nan


def test_page_and_python_give_the_same_numbers() -> None:
    """1e-6 relative; fits, and what follows from them, 1e-4."""
    places = {name: (6, 91) if name == "near the border" else (80, 81) for name in STARS}
    answers = in_node(
        [
            {
                "cutout": cutout_of(star, places[name]),
                "start": dict(zip("xy", places[name], strict=True)),
                "options": OPTIONS,
            }
            for name, star in STARS.items()
        ]
    )
    for (name, star), page in zip(STARS.items(), answers, strict=True):
        found = examine(star, *places[name], None, 5, 40000, 0.1)
        assert "failed" not in page, page
        assert_equal(page, found, 1e-6, name)


def test_page_and_python_cut_and_count_the_same() -> None:
    image = STARS["holes"]
    ends = {"start": {"x": 60.5, "y": 71.2}, "end": {"x": 101.3, "y": 88.8}}
    cuts = [
        {"what": "cut", "cutout": cutout_of(image), **ends, "widthPx": 5, "how": h}
        for h in ("mean", "median")
    ]
    mean, median, statistics = in_node([*cuts, {"what": "statistics", "cutout": cutout_of(image)}])
    assert_equal(mean, line_cut(image, (60.5, 71.2), (101.3, 88.8), 5), 1e-6)
    assert_equal(median, line_cut(image, (60.5, 71.2), (101.3, 88.8), 5, "median"), 1e-6)
    assert_equal(statistics, region_statistics(image), 1e-6)


def test_apertures_and_profiles_are_those_of_photutils() -> None:
    image = STARS["moffat"].astype(float)
    for radius in (0.3, 2.7, 9.5):
        ours, area = aperture_sum(image, (80.3, 79.8), radius)
        theirs = aperture_photometry(image, CircularAperture((80.3, 79.8), radius))["aperture_sum"][0]
        assert ours == pytest.approx(theirs, rel=1e-9)
        assert area == pytest.approx(math.pi * radius**2, rel=1e-9)
    growth = CurveOfGrowth(image, (80.3, 79.8), np.arange(1.0, 20))
    ours_grown = [aperture_sum(image, (80.3, 79.8), float(r))[0] for r in np.arange(1.0, 20)]
    np.testing.assert_allclose(ours_grown, growth.profile, rtol=1e-9)
    # photutils shares a pixel between rings, here it is in the ring of its centre: near, not equal.
    rings = RadialProfile(image, (80.3, 79.8), np.arange(0.0, 21))
    ours_rings = radial_profile(image, (80.3, 79.8), 20)
    np.testing.assert_allclose(ours_rings.mean[4:], rings.profile[4:], rtol=0.05)


def test_centroid_and_fit_are_those_of_photutils_and_scipy() -> None:
    image = STARS["gaussian"]
    found = examine(image, 80, 81, None, 5)
    assert found.gaussian is not None
    around = image[65:96, 65:96].astype(float) - found.sky.level
    x, y = centroid_2dg(around)
    assert found.x == pytest.approx(65 + x, abs=3 * found.x_error)
    assert found.y == pytest.approx(65 + y, abs=3 * found.y_error)

    v, u = np.mgrid[:31, :31].astype(float)

    def model(_: Array, peak: float, x: float, y: float, sigma: float, sky: float) -> Array:
        return (peak * np.exp(-((u - x) ** 2 + (v - y) ** 2) / 2 / sigma**2) + sky).ravel()

    best, _ = curve_fit(model, None, around.ravel(), (1000, 15, 15, 2, 0))
    # scipy's model is not averaged over the pixel, which widens sigma^2 by 1/12.
    fwhm = math.sqrt(8 * math.log(2)) * math.sqrt(best[3] ** 2 - 1 / 12)
    assert found.gaussian.fwhm_px == pytest.approx(fwhm, rel=0.02)


def test_shape_and_flags() -> None:
    elongated = examine(STARS["elongated"], 80, 81)
    assert elongated.ellipticity == pytest.approx(0.3, abs=0.02)
    assert min(elongated.position_angle_deg, 180 - elongated.position_angle_deg) < 3
    assert examine(STARS["saturated"], 80, 81, saturation=40000).peak is None
    assert examine(STARS["near the border"], 6, 91).edge
    assert examine(STARS["two"], 80, 81).blended
    assert not examine(STARS["gaussian"], 80, 81).blended


def test_says_why_there_is_no_star() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(NoStarError, match=r"no star within 15 px of \(80, 80\): the brightest pixel is"):
        examine(rng.normal(100, 10, (161, 161)), 80, 80)
    with pytest.raises(NoStarError, match="only 9 usable pixels"):
        examine(np.ones((3, 3)), 1, 1)
    with pytest.raises(NoStarError, match="0 usable pixels"):
        examine(np.full((50, 50), np.nan), 25, 25)
    with pytest.raises(NoStarError, match="no star"):
        examine(np.zeros((50, 50)), 25, 25)
    with pytest.raises(NoStarError, match="all pixels are saturated"):
        examine(np.full((50, 50), 100), 25, 25, saturation=50)


def test_statistics_are_numpys() -> None:
    values = np.random.default_rng(0).normal(1000, 30, 10001).astype(np.float32)
    values[:3] = np.nan, np.inf, -np.inf
    found, finite = region_statistics(values), values[3:].astype(float)
    assert (found.n, found.not_finite) == (9998, 3)
    assert found.standard_deviation == pytest.approx(finite.std(ddof=1), rel=1e-12)
    assert found.percentiles[95] == pytest.approx(np.percentile(finite, 95), rel=1e-12)
    assert found.robust_sigma == pytest.approx(30, rel=0.05)
