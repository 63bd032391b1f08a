"""Instrument signature removal on an exposure of each instrument: one result in numpy, wasmtime, Node and natively."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from conftest import LONG
from scipy.interpolate import CubicSpline

from summit_notebook.engine import Engine, FitsError, IsrResult
from summit_notebook.engine.isr import CALIBS, OVERSCANS, RECIPES, STEPS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "wasm" / "test"))
import exposures  # noqa: E402
import isr_twin  # noqa: E402

COMMAND = ROOT / "wasm" / "bin" / "astro-fits-wasm.mjs"
UNITS = {"rapid": "adu", "full": "electron"}
# The twin leaves linearity, cosmic rays and the brighter-fatter effect to their own oracles.
KNOWN_STEPS = [name for name in STEPS if name not in ("linearity", "cosmic-rays", "brighter-fatter")]
HALF = "LSSTCam-wavefront"  # the smallest detector
ALL, UPRIGHT = " ".join(exposures.CALIBS), "bias"
# Every instrument; all masters with both recipes on a half and on a whole CCD, elsewhere a bias to tell up from down.
# Long runs take all of them everywhere.
EXPOSURES = (
    [(name, recipe, ALL) for name in exposures.INSTRUMENTS for recipe in RECIPES]
    if LONG
    else [
        (HALF, "rapid", ALL),
        (HALF, "full", ALL),
        ("LATISS", "rapid", ALL),
        ("LSSTCam-ITL", "full", UPRIGHT),
        ("LSSTComCam", "rapid", UPRIGHT),
        ("LSSTCam-E2V", "full", ALL),
        ("LSSTCam-imSim", "rapid", UPRIGHT),
    ]
)


@dataclass
class Exposure:
    raw: Path
    calibs: dict[str, Path]
    recipe: str
    result: IsrResult = field(init=False)

    @property
    def options(self) -> dict[str, Any]:
        steps = [step for step in KNOWN_STEPS if step in self.calibs or step not in CALIBS]
        return {"recipe": self.recipe, "steps": steps}


@pytest.fixture(scope="module", params=EXPOSURES, ids="-".join)
def exposure(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exposure]:
    """A detector of true size with its masters, reduced by wasmtime. Only one is kept at a time."""
    name, recipe, kinds = request.param
    folder = tmp_path_factory.mktemp("exposure")
    raw = folder / "raw.fits.fz"
    exposures.write_raw(raw, exposures.INSTRUMENTS[name], seed=4)
    calibs = exposures.write_masters(folder, exposures.INSTRUMENTS[name], UNITS[recipe], kinds.split())
    made = Exposure(raw, calibs, recipe)
    made.result = run(engine, raw, calibs, **made.options)
    yield made
    shutil.rmtree(folder)


def run(engine: Engine, raw: Path, calibs: dict[str, Path], **options: Any) -> IsrResult:
    return engine.isr(raw.read_bytes(), {kind: path.read_bytes() for kind, path in calibs.items()}, **options)


def twin(result: IsrResult, raw: Path, calibs: dict[str, Path], **options: Any) -> isr_twin.Result:
    """The camera table's levels come from the report; the table is checked against the camera files elsewhere."""
    levels = [amplifier["saturation_threshold"] or np.inf for amplifier in result.report["amplifiers"]]
    steps = set(options.pop("steps", ()))
    with np.errstate(invalid="ignore", divide="ignore"):
        return isr_twin.reduce(raw, calibs, saturation=levels, steps=steps or None, **options)


def assert_same(result: IsrResult, expected: isr_twin.Result) -> None:
    assert result.sha256 == isr_twin.sha256(expected.image)
    if result.mask is not None:
        assert {name: result.report["mask_planes"][name] for name in expected.planes} == dict(expected.planes)
        np.testing.assert_array_equal(result.mask, expected.mask)
    else:
        assert not expected.mask.any()
    assert (result.variance is None) == (expected.variance is None)
    if result.variance is not None and expected.variance is not None:
        assert isr_twin.sha256(result.variance) == isr_twin.sha256(expected.variance)


def command(raw: Path, calibs: dict[str, Path], **options: Any) -> dict[str, Any]:
    arguments = [str(COMMAND), "isr", str(raw), "--json"]
    for kind, path in calibs.items():
        arguments += [f"--{kind}", str(path)]
    for name, value in options.items():
        text = value if isinstance(value, str) else ",".join(str(part) for part in value)
        arguments += [f"--{name.replace('_', '-')}", text]
    done = subprocess.run(["node", *arguments], check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_every_step_equals_numpy(exposure: Exposure) -> None:
    done = {step["name"] for step in exposure.result.report["steps"] if step["done"]}
    assert done == set(exposure.options["steps"])
    assert_same(exposure.result, twin(exposure.result, exposure.raw, exposure.calibs, **exposure.options))


def test_the_command_line_gives_the_same(exposure: Exposure) -> None:
    answer, report = command(exposure.raw, exposure.calibs, **exposure.options), exposure.result.report
    assert answer["sha256"] == exposure.result.sha256
    assert answer["steps"] == [
        {**step, "with": str(exposure.calibs[step["name"]])} if step["name"] in exposure.calibs else step
        for step in report["steps"]
    ]
    for key in (
        "instrument",
        "detector_name",
        "saturation",
        "dark_scale",
        "amplifiers",
        "mask_planes",
        "warnings",
    ):
        assert answer[key] == report[key]


@pytest.fixture(scope="module")
def program() -> str:
    build = ["node", str(ROOT / "wasm" / "test" / "isr-program.mjs")]
    done = subprocess.run(build, check=False, capture_output=True, text=True)
    if "No C++ compiler" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_native_build_gives_the_same(exposure: Exposure, program: str, tmp_path: Path) -> None:
    bits = sum(1 << STEPS.index(step) for step in exposure.options["steps"])
    out = tmp_path / "image"
    given = [f"{CALIBS.index(kind)}={path}" for kind, path in exposure.calibs.items()]
    recipe = str(RECIPES.index(exposure.recipe))
    subprocess.run([program, str(out), recipe, "0", str(bits), str(exposure.raw), *given], check=True)
    native = np.fromfile(out, "<f4").reshape(exposure.result.image.shape)
    assert isr_twin.sha256(native) == exposure.result.sha256


# A CCD that is not in the camera table, so that its headers are obeyed: a twelfth of the pixels. The saturation level
# of LATISS in the full recipe does not need the table.
SMALL = exposures.Instrument(
    {"INSTRUME": "LATISS", "CAMCODE": "AT"},
    prescan=12,
    width=160,
    height=500,
    raw_width=220,
    raw_height=540,
)
RIGHT, LEFT = "[181:215,1:540]", "[1:12,1:540]"


def uncompress(path: Path, out: Path, primary: dict[str, Any], cards: dict[str, Any]) -> Path:
    """Astropy takes long over many tiles. The cards go into the primary header and into those of all segments."""
    with fits.open(path) as hdus:
        hdus[0].header.update(primary)
        plain = [
            fits.ImageHDU(hdu.data, hdu.header) if isinstance(hdu, fits.CompImageHDU) else hdu
            for hdu in hdus[1:]
        ]
        for hdu in plain:
            hdu.header.update(cards)
        fits.HDUList([hdus[0], *plain]).writeto(out)
    return out


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The raw with more cards in its primary header or its segments, and the masters by recipe."""
    folder = tmp_path_factory.mktemp("small")
    written = folder / "raw.fits.fz"
    exposures.write_raw(written, SMALL, seed=11)
    masters = {
        recipe: {
            kind: uncompress(path, path.with_suffix(".plain.fits"), {}, {})
            for kind, path in exposures.write_masters(folder, SMALL, unit).items()
        }
        for recipe, unit in UNITS.items()
    }
    made: dict[str, Path] = {}

    def raw(primary: dict[str, Any] | None = None, **cards: Any) -> Path:
        key = f"{primary}{cards}"
        if key not in made:
            made[key] = uncompress(written, folder / f"raw{len(made)}.fits", primary or {}, cards)
        return made[key]

    return raw, masters


def both(engine: Engine, raw: Path, calibs: dict[str, Path], **options: Any) -> IsrResult:
    """The engine's, held against the twin's."""
    result = run(engine, raw, calibs, geometry="header", **options)
    assert_same(result, twin(result, raw, calibs, geometry="header", **options))
    return result


SKIPS = [((3, 3), (3, 3)), ((0, 0), (0, 0)), ((0, 5), (7, 1)), ((30, 0), (0, 39)), ((30, 20), (20, 20))]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("overscan", OVERSCANS)
def test_every_overscan_equals_numpy(engine: Engine, small: Any, recipe: str, overscan: str) -> None:
    raw, _ = small
    hashes = set()
    for serial, parallel in SKIPS:
        options = {"overscan": overscan, "recipe": recipe, "serial_skip": serial, "parallel_skip": parallel}
        result = both(engine, raw(), {}, **options)
        hashes.add(result.sha256)
        left_out = {step["name"]: step["reason"] for step in result.report["steps"] if not step["done"]}
        nothing_left = serial == (30, 20)
        assert ("no overscan column is left" in left_out.values()) == nothing_left
        assert ("no overscan row is left" in left_out.values()) == nothing_left
    assert len(hashes) == len(SKIPS)


@pytest.mark.parametrize(
    ("biassec", "serial_skip"), [(RIGHT, (0, 0)), (RIGHT, (2, 9)), (LEFT, (1, 4)), (LEFT, (4, 1))]
)
def test_biassec_gives_the_columns(
    engine: Engine, small: Any, biassec: str, serial_skip: tuple[int, int]
) -> None:
    raw, _ = small
    result = both(engine, raw(BIASSEC=biassec), {}, serial_skip=serial_skip)
    assert result.sha256 != both(engine, raw(), {}, serial_skip=serial_skip).sha256


def test_datasec_is_obeyed(engine: Engine, small: Any) -> None:
    """Of LATISS's raws it is wrong by the prescan; and rows that no segment covers."""
    raw, _ = small
    shifted = both(engine, raw(DATASEC="[1:160,1:500]"), {}, steps=KNOWN_STEPS, recipe="full")
    assert shifted.sha256 != both(engine, raw(), {}, steps=KNOWN_STEPS, recipe="full").sha256
    result = both(engine, raw(DATASEC="[13:172,4:500]"), {}, steps=KNOWN_STEPS, recipe="full")
    assert np.isnan(result.image[497:503]).all()
    assert np.isfinite(result.image[:497]).all()


@pytest.mark.parametrize("seed", range(LONG * 200 or 24))
def test_any_steps_equal_numpy(engine: Engine, small: Any, seed: int) -> None:
    raw, masters = small
    rng = np.random.default_rng(seed)
    recipe = RECIPES[seed % 2]
    steps = ["assemble", *(step for step in KNOWN_STEPS if step != "assemble" and rng.random() < 0.7)]
    # Now and then of the other recipe's unit, which leaves them out.
    given = masters[recipe if rng.random() < 0.8 else RECIPES[1 - seed % 2]]
    calibs = {kind: path for kind, path in given.items() if rng.random() < 0.7}
    skips = {name: tuple(rng.integers(0, 25, 2).tolist()) for name in ("serial_skip", "parallel_skip")}
    both(
        engine,
        raw(),
        calibs,
        recipe=recipe,
        steps=steps,
        overscan=OVERSCANS[rng.integers(len(OVERSCANS))],
        **skips,
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_calibration_alone_equals_numpy(engine: Engine, small: Any, recipe: str) -> None:
    raw, masters = small
    hashes = {both(engine, raw(), {}, recipe=recipe, steps=KNOWN_STEPS).sha256}
    for kind, path in masters[recipe].items():
        result = both(engine, raw(), {kind: path}, recipe=recipe, steps=KNOWN_STEPS)
        assert {step["name"]: step["done"] for step in result.report["steps"]}[kind]
        hashes.add(result.sha256)
    assert len(hashes) == 1 + len(masters[recipe])


def test_an_amplifier_that_is_all_saturated_is_bad(engine: Engine, small: Any, tmp_path: Path) -> None:
    raw, _ = small
    path = tmp_path / "raw.fits"
    shutil.copy(raw(), path)
    with fits.open(path, mode="update") as hdus:
        hdus["SEGMENT12"].data[:500, 12:172] = 200000
    options = {"recipe": "full", "steps": ["saturation", "serial-overscan", "assemble"]}
    marked = []
    for each in (path, raw()):
        result = both(engine, each, {}, **options)
        assert result.mask is not None
        marked.append(int((result.mask & 1 << result.report["mask_planes"]["BAD"] != 0).sum()))
    assert marked == [160 * 500, 0]


def test_crosstalk_is_not_corrected_twice(engine: Engine, small: Any) -> None:
    raw, masters = small
    given = {"crosstalk": masters["rapid"]["crosstalk"]}
    corrected = both(engine, raw({"HIERARCH LSST ISR CROSSTALK APPLIED": True}), given)
    assert corrected.sha256 == both(engine, raw(), {}).sha256 != both(engine, raw(), given).sha256


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_dark_time_is_darktime_or_else_exptime(engine: Engine, small: Any, recipe: str) -> None:
    raw, masters = small
    given = {"dark": masters[recipe]["dark"]}
    scales = [
        both(engine, raw(cards), given, recipe=recipe, steps=KNOWN_STEPS).report["dark_scale"]
        for cards in (None, {"DARKTIME": 40.0}, {"DARKTIME": None})
    ]
    assert scales == [15.25 / 20, 40.0 / 20, 15.0 / 20]


@pytest.mark.parametrize("rows", [1, 2, 63, 95, 96, 160, 161, 2000])
def test_the_spline_is_that_of_scipy(engine: Engine, tmp_path: Path, rows: int) -> None:
    """An image of zeros less the levels. They are rounded to float32 once: half an eps, and one for all of float64."""
    rng = np.random.default_rng(rows)
    levels = (20000 + np.cumsum(rng.normal(0, 1, rows))).astype(np.float32)
    pixels = np.zeros((rows, 8), np.float32)
    pixels[:, 4:] = levels[:, None]
    segment = fits.ImageHDU(pixels)
    segment.header.update(
        {"EXTNAME": "Segment00", "DATASEC": f"[1:4,1:{rows}]", "DETSEC": f"[1:4,1:{rows}]", "GAIN": 1.0}
    )
    segment.header["DETSIZE"] = f"[1:4,1:{rows}]"
    primary = fits.PrimaryHDU()
    primary.header["INSTRUME"] = "TestCam"
    raw = tmp_path / "raw.fits"
    fits.HDUList([primary, segment]).writeto(raw)
    options: dict[str, Any] = {"overscan": "spline", "serial_skip": (0, 0), "geometry": "header"}
    result = run(engine, raw, {}, steps=["serial-overscan", "assemble"], **options)
    knots = max(2, (rows + 32) // 64)
    if rows < knots:
        expected = levels.astype(float)
    else:
        parts = [np.arange(rows)[i * rows // knots : (i + 1) * rows // knots] for i in range(knots)]
        places = [part.mean() for part in parts]
        means = [levels[part].astype(float).mean() for part in parts]
        expected = CubicSpline(places, means, bc_type="natural")(np.arange(rows))
    tolerance = 1.5 * np.finfo(np.float32).eps * np.abs(expected).max()
    np.testing.assert_allclose(-result.image, np.repeat(expected[:, None], 4, axis=1), rtol=0, atol=tolerance)


def test_the_default_steps_are_those_of_the_files(engine: Engine, small: Any) -> None:
    raw, masters = small
    given = {kind: masters["rapid"][kind] for kind in ("dark", "flat")}
    result = both(engine, raw(), given)
    done = [step["name"] for step in result.report["steps"]]
    # The saturation level of a CCD that the table does not have is not known.
    assert [step["name"] for step in result.report["steps"] if not step["done"]] == ["saturation"]
    assert done == ["saturation", "serial-overscan", "parallel-overscan", "assemble", "dark", "flat"]


def test_a_master_of_another_unit_is_not_applied(engine: Engine, small: Any) -> None:
    raw, masters = small
    result = both(engine, raw(), {"bias": masters["full"]["bias"]})
    assert "it is in electron, the image at this step in adu" in [
        step["reason"] for step in result.report["steps"] if not step["done"]
    ]


def test_wrong_words_are_told(engine: Engine, small: Any) -> None:
    raw, masters = small
    with pytest.raises(ValueError, match="no recipe 'slow', only rapid, full"):
        engine.isr(b"", recipe="slow")
    with pytest.raises(ValueError, match="no step 'dusting'"):
        engine.isr(b"", steps=["dusting"])
    with pytest.raises(ValueError, match="no kind of calibration 'dust'"):
        engine.isr(b"", {"dust": b""})
    with pytest.raises(FitsError) as failure:
        engine.isr(masters["rapid"]["bias"].read_bytes())
    assert failure.value.tag == "MalformedFits"
    assert run(engine, raw(), {}).report["unit"] == "adu"  # The engine goes on.
