"""Instrument signature removal on an exposure of each instrument: one result in numpy, wasmtime, Node and natively."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
LONG = bool(os.environ.get("SUMMIT_NOTEBOOK_LONG"))
HALF = "LSSTCam-wavefront"  # the smallest
EVERY = [(name, recipe) for name in exposures.INSTRUMENTS for recipe in RECIPES]
# Every instrument, and both recipes on a half: a whole detector takes some 15 s in numpy.
SOME = [
    (HALF, "rapid"),
    (HALF, "full"),
    ("LATISS", "rapid"),
    ("LSSTCam-ITL", "full"),
    ("LSSTComCam", "rapid"),
    ("LSSTCam-E2V", "full"),
    ("LSSTCam-imSim", "rapid"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Raw and masters of an instrument by name and recipe, made when first wanted."""
    folder = tmp_path_factory.mktemp("exposures")

    @cache
    def raw(name: str) -> Path:
        path = folder / f"{name}.fits.fz"
        exposures.write_raw(path, exposures.INSTRUMENTS[name], seed=4)
        return path

    @cache
    def masters(name: str, recipe: str) -> dict[str, Path]:
        directory = folder / name
        directory.mkdir(exist_ok=True)
        return exposures.write_masters(directory, exposures.INSTRUMENTS[name], UNITS[recipe])

    return lambda name, recipe: (raw(name), masters(name, recipe))


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
    if expected.variance is not None:
        assert result.variance is not None
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


@pytest.mark.parametrize(("name", "recipe"), EVERY if LONG else SOME)
def test_every_step_equals_numpy_and_the_command_line(
    engine: Engine, files: Any, name: str, recipe: str
) -> None:
    raw, calibs = files(name, recipe)
    options = {"recipe": recipe, "steps": KNOWN_STEPS}
    result = run(engine, raw, calibs, **options)
    left_out = [step["name"] for step in result.report["steps"] if not step["done"]]
    assert left_out == []
    assert_same(result, twin(result, raw, calibs, **options))
    answer = command(raw, calibs, **options)
    assert answer["sha256"] == result.sha256
    assert answer["steps"] == [
        {**step, "with": str(calibs[step["name"]])} if step["name"] in calibs else step
        for step in result.report["steps"]
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
        assert answer[key] == result.report[key]


@pytest.mark.parametrize("name", exposures.INSTRUMENTS if LONG else [HALF])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("overscan", OVERSCANS)
def test_every_overscan_equals_numpy(
    engine: Engine, files: Any, name: str, recipe: str, overscan: str
) -> None:
    raw, _ = files(name, recipe)
    skips = {"serial_skip": (0, 5), "parallel_skip": (7, 1)} if recipe == "full" else {}
    options = {"overscan": overscan, "recipe": recipe, **skips}
    result = run(engine, raw, {}, **options)
    assert_same(result, twin(result, raw, {}, **options))


@pytest.fixture(scope="module")
def program() -> str:
    build = ["node", str(ROOT / "wasm" / "test" / "isr-program.mjs")]
    done = subprocess.run(build, check=False, capture_output=True, text=True)
    if "No C++ compiler" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(("name", "recipe"), EVERY if LONG else [*SOME[:2], ("LSSTCam-E2V", "full")])
def test_the_native_build_gives_the_same(
    engine: Engine, files: Any, program: str, tmp_path: Path, name: str, recipe: str
) -> None:
    raw, calibs = files(name, recipe)
    result = run(engine, raw, calibs, recipe=recipe, steps=KNOWN_STEPS)
    bits = sum(1 << STEPS.index(step) for step in KNOWN_STEPS)
    out = tmp_path / "image"
    given = [f"{CALIBS.index(kind)}={path}" for kind, path in calibs.items()]
    subprocess.run(
        [program, str(out), str(RECIPES.index(recipe)), "0", str(bits), str(raw), *given], check=True
    )
    native = np.fromfile(out, "<f4").reshape(result.image.shape)
    assert isr_twin.sha256(native) == result.sha256


def test_the_default_steps_are_those_of_the_files(engine: Engine, files: Any) -> None:
    raw, calibs = files(HALF, "rapid")
    given = {"dark": calibs["dark"], "flat": calibs["flat"]}
    result = run(engine, raw, given)
    done = [step["name"] for step in result.report["steps"]]
    assert done == ["saturation", "serial-overscan", "parallel-overscan", "assemble", "dark", "flat"]
    assert_same(result, twin(result, raw, given))


def test_a_master_of_another_unit_is_not_applied(engine: Engine, files: Any) -> None:
    raw, _ = files(HALF, "rapid")
    _, electron = files(HALF, "full")
    given = {"bias": electron["bias"]}
    result = run(engine, raw, given)
    assert [step["reason"] for step in result.report["steps"] if not step["done"]] == [
        "it is in electron, the image at this step in adu"
    ]
    # Its plane numbers stay.
    assert_same(result, twin(result, raw, given, steps=isr_twin.ALWAYS))


def test_wrong_words_are_told(engine: Engine, files: Any) -> None:
    raw, calibs = files(HALF, "rapid")
    with pytest.raises(ValueError, match="no recipe 'slow', only rapid, full"):
        engine.isr(b"", recipe="slow")
    with pytest.raises(ValueError, match="no step 'dusting'"):
        engine.isr(b"", steps=["dusting"])
    with pytest.raises(ValueError, match="no kind of calibration 'dust'"):
        engine.isr(b"", {"dust": b""})
    with pytest.raises(FitsError) as failure:
        engine.isr(calibs["bias"].read_bytes())
    assert failure.value.tag == "MalformedFits"
    assert run(engine, raw, {}).report["unit"] == "adu"  # The engine goes on.
