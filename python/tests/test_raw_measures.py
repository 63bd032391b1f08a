"""What is measured on raws against the simulator's truth, and the process that does it."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from influx_server import make_site

from summit_notebook.demo.exposure_plan import PlannedExposure
from summit_notebook.demo.night import SECOND_NS, Night
from summit_notebook.demo.night_runs import Run
from summit_notebook.demo.simulator import Telescope
from summit_notebook.engine import Engine, FitsError
from summit_notebook.hub_service import measurer as measurer_module
from summit_notebook.hub_service.measurer import PROMPT, Measurer, MeasurerAway, NotMeasured
from summit_notebook.hub_service.measuring_process import NICENESS
from summit_notebook.hub_service.raw_measures import measure_raw
from summit_notebook.hub_service.star_widths import binned, star_widths_px

NIGHT = Night(7, (Run(0, 1, 1_795_294_800 * SECOND_NS, 15 * SECOND_NS, "night"),))
SATURATION_ADU = 142_857
"""Of the camera's amplifier table."""
ARCSEC_PER_PX = 0.0952


def planned(kind: Callable[[PlannedExposure], bool], *planted: str) -> PlannedExposure:
    exposure = next(e for e in map(NIGHT.exposure, range(60)) if kind(e))
    return replace(exposure, step=replace(exposure.step, planted=planted))


def direct(exposure: PlannedExposure) -> bool:
    steady = exposure.mount_step is None and exposure.filter == exposure.grating == "empty"
    return exposure.image_type == "OBJECT" and steady


@pytest.fixture(scope="module")
def take(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[PlannedExposure], tuple[Path, dict[str, Any]]]:
    site = make_site(tmp_path_factory.mktemp("measures"), None)
    telescope = Telescope(site)

    def taken(exposure: PlannedExposure) -> tuple[Path, dict[str, Any]]:
        path = site.state_dir / f"{exposure.obs_id}_{'_'.join(exposure.planted)}.fits.fz"
        return path, telescope.take(NIGHT, exposure, path)

    return taken


@pytest.fixture(scope="module")
def star_field(take: Callable[[PlannedExposure], tuple[Path, dict[str, Any]]]) -> tuple[Path, dict[str, Any]]:
    return take(planned(direct, "saturated", "noisy_amplifier"))


def noise_of(truth: dict[str, Any], variance_electron2: Callable[[dict[str, Any]], float]) -> float:
    """In adu, of as many pixels of each amplifier, as a robust sigma sees it: one of them is much noisier."""
    random = np.random.default_rng(2)
    pixels = np.concatenate(
        [
            random.normal(0, math.sqrt(variance_electron2(a)) / a["gain_electron_per_adu"], 50_000)
            for a in truth["amplifiers"]
        ]
    )
    return float(1.4826 * np.median(np.abs(pixels)))


def test_a_field_of_stars(engine: Engine, star_field: tuple[Path, dict[str, Any]]) -> None:
    path, truth = star_field
    content = path.read_bytes()
    measured = measure_raw(engine, content, "science")
    for amplifier, true in zip(measured["amplifiers"], truth["amplifiers"], strict=True):
        assert amplifier["name"] == true["name"]
        assert amplifier["biasLevelAdu"] == pytest.approx(true["bias_level_adu"], abs=8)
        noise = true["noise_electron"] / true["gain_electron_per_adu"]
        assert amplifier["overscanNoiseAdu"] == pytest.approx(noise, rel=0.03)
    noises = [a["noise_electron"] / a["gain_electron_per_adu"] for a in truth["amplifiers"]]
    assert measured["overscanNoiseAdu"] == pytest.approx(np.median(noises), rel=0.03)
    levels = [a["bias_level_adu"] for a in truth["amplifiers"]]
    assert measured["biasLevelAdu"] == pytest.approx(np.median(levels), abs=8)
    # The sky, and 0.02 electrons of dark current a second.
    plan = truth["plan"]
    light = 1.6 * plan["exposure_time_s"] + 0.02 * plan["dark_time_s"]
    gain = np.median([a["gain_electron_per_adu"] for a in truth["amplifiers"]])
    assert measured["backgroundAdu"] == pytest.approx(light / gain, abs=0.5)
    # The level of a row and that of a column are medians of 58 and 42 pixels, whose own noise they bring in.
    levels_noise = math.pi / 2 * (1 / 58 + 1 / 42)
    expected = noise_of(truth, lambda a: a["noise_electron"] ** 2 * (1 + levels_noise) + light)
    assert measured["noiseAdu"] == pytest.approx(expected, rel=0.03)
    with fits.open(path) as hdus:
        saturated = [int((hdu.data[:2000, 3:512] >= SATURATION_ADU).sum()) for hdu in hdus[1:]]
    assert sum(saturated) > 100
    assert [a["saturatedPixels"] for a in measured["amplifiers"]] == saturated
    assert measured["saturatedPixels"] == sum(saturated)
    assert measured["fwhmArcsec"] == pytest.approx(truth["psf"]["fwhm_arcsec"], rel=0.05)
    assert 10 <= measured["fwhmStars"] <= 30
    with pytest.raises(FitsError):
        measure_raw(engine, content[: len(content) // 2], "science")


def test_a_spectrum_is_no_star(
    engine: Engine, take: Callable[[PlannedExposure], tuple[Path, dict[str, Any]]]
) -> None:
    path, truth = take(planned(lambda e: e.grating == "ronchi170lpmm"))
    measured = measure_raw(engine, path.read_bytes(), "science")
    assert measured["fwhmStars"] >= 3
    assert measured["fwhmArcsec"] == pytest.approx(truth["psf"]["fwhm_arcsec"], rel=0.05)


def test_what_is_a_star() -> None:
    """Gaussian stars of a known width among what is none: each kind alone, and all together."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[:900, :1200]
    noise = 5.0

    def spot(column: float, row: float, sigma_x: float, sigma_y: float, peak: float = 3000.0) -> Any:
        return peak * np.exp(-(((x - column) / sigma_x) ** 2 + ((y - row) / sigma_y) ** 2) / 2)

    radius = np.hypot(x - 950, y - 450)
    none = {
        "hot pixel": np.where((x == 100) & (y == 700), 20_000.0, 0),
        "cosmic ray": np.where((abs(x - y) <= 1) & (x > 250) & (x < 270), 4000.0, 0),
        "trail": spot(300, 450, 3, 14),
        "spectrum": spot(500, 700, 150, 4),
        "donut": np.where((radius > 12) & (radius < 30), 800.0, 0),
        "pair": spot(700, 500, 4, 4) + spot(720, 500, 4, 4),
        "edge": spot(10, 500, 4, 4),
        "too wide": spot(950, 200, 30, 30),
        "saturated": spot(950, 760, 4, 4),
        "no value": np.where((x == 803) & (y == 801), np.nan, spot(800, 800, 4, 4)),
    }
    stars = [spot(100.3 + 130 * k, 100.7 + 20 * k, 4, 4, 300.0 * (k + 1)) for k in range(6)]
    saturated = (x == 950) & (y == 760)

    def widths(scene: Any) -> list[float]:
        image = (scene + random.normal(0, noise, x.shape)).astype(np.float32)
        return star_widths_px(image, saturated, binned(image), noise)

    for name, scene in none.items():
        assert widths(scene) == [], name
    found = widths(sum([*none.values(), *stars]))
    assert len(found) == 6
    assert found == pytest.approx([4 * math.sqrt(8 * math.log(2))] * 6, rel=0.03)
    assert widths(np.full(x.shape, np.nan)) == [] and widths(np.zeros(x.shape)) == []


# --- the process -----------------------------------------------------------------------------


def test_the_process_itself(star_field: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, _ = star_field
    short = tmp_path / "short.fits.fz"
    short.write_bytes(path.read_bytes()[:1_000_000])
    os.mkfifo(tmp_path / "pipe")

    async def story() -> None:
        measurer = Measurer()
        await measurer.ready()
        assert measurer.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, measurer.pid) == min(
            19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        )
        environment = Path(f"/proc/{measurer.pid}/environ").read_bytes()
        assert b"JUPYTERHUB_API_TOKEN" not in environment
        for bad, again, said in (
            (short, False, "cannot be measured"),
            (tmp_path / "missing", True, "No such file"),
            (tmp_path / "pipe", True, "cannot be read"),
        ):
            with pytest.raises(NotMeasured, match=said) as caught:
                await measurer.measure(bad, "science")
            assert caught.value.again is again
        # After all these the same process goes on.
        measured = await measurer.measure(path, "dark")
        assert measured["saturatedPixels"] > 100 and len(measured["amplifiers"]) == 16
        # Nobody looks for stars on a dark.
        assert measured["fwhmStars"] is None and measured["fwhmArcsec"] is None
        await measurer.close()

    os.environ["JUPYTERHUB_API_TOKEN"] = "secret"
    try:
        asyncio.run(story())
    finally:
        del os.environ["JUPYTERHUB_API_TOKEN"]


PARENT = """
import asyncio
from summit_notebook.hub_service.measurer import Measurer
async def main():
    measurer = Measurer()
    await measurer.ready()
    print(measurer.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_process_ends_with_a_service_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return PROMPT[-1].encode() in command


# Obeys the text of its question: the path.
OBEDIENT = """
import json, os, sys, time
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    word = json.loads(line)["path"]
    if word == "die":
        os._exit(3)
    if word == "hang":
        time.sleep(60)
    print("garbage" if word == "garbage" else json.dumps({"measures": {"noiseAdu": 1.0}}), flush=True)
"""


@pytest.mark.parametrize("word", ["die", "hang", "garbage"])
def test_a_process_that_fails_is_replaced(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurer_module, "MEASURE_SECONDS", 0.5)
    monkeypatch.setattr(measurer_module, "FIRST_PAUSE_SECONDS", 0.1)

    async def story() -> None:
        measurer = Measurer((sys.executable, "-c", OBEDIENT))
        pauses = []
        for _ in range(3):
            begin = time.monotonic()
            await measurer.ready()
            pauses.append(time.monotonic() - begin)
            first = measurer.pid
            with pytest.raises(NotMeasured) as caught:
                await measurer.measure(Path(word), "science")
            assert caught.value.again is True
            assert measurer.pid is None and first is not None and not _exists(first)
        # Longer and longer, until one has measured something.
        assert pauses[1] >= 0.1 and pauses[2] >= 0.2
        monkeypatch.setattr(measurer_module, "MEASURE_SECONDS", 60.0)
        await measurer.ready()
        assert await measurer.measure(Path("good"), "science") == {"noiseAdu": 1.0}
        pid = measurer.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 20
        while measurer.pid == pid:
            assert time.monotonic() < end, "nobody saw that it was killed"
            await asyncio.sleep(0.02)
            await measurer.ready()
        # A question that nobody waits for any more leaves no answer behind for the next one.
        asked = asyncio.create_task(measurer.measure(Path("hang"), "science"))
        await asyncio.sleep(0.1)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert measurer.pid is None
        await measurer.close()

    asyncio.run(story())


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('hello')", "did not start"),
        ("raise SystemExit(1)", "did not start"),
        ('print(\'{"ready": false, "problem": "no engine"}\')', "no engine"),
    ],
)
def test_a_process_that_cannot_start(program: str, said: str) -> None:
    async def story() -> None:
        measurer = Measurer((sys.executable, "-c", program))
        with pytest.raises(MeasurerAway, match=said):
            await measurer.ready()
        with pytest.raises(MeasurerAway, match="not running"):
            await measurer.measure(Path("x"), "science")
        await measurer.close()

    asyncio.run(story())
