"""The preview route on a real server, with a simulated raw and the real process; the bound of what is kept."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path

import influx_server
import numpy as np
import pytest
from astropy.io import fits
from oods_server import DATASET, DataServer, make_site, tiny_registry
from test_raw_measures import NIGHT, direct, planned

from summit_notebook.demo.simulator import Telescope
from summit_notebook.engine import Engine
from summit_notebook.hub_service import previews as previews_module
from summit_notebook.hub_service.measurer import Measurer
from summit_notebook.hub_service.previews import Previews
from summit_notebook.hub_service.raw_preview import Masters

ROUTE = f"api/repositories/OODS/files/{DATASET}/preview"


def test_the_route_gives_binned_pixels_of_the_engine(engine: Engine, tmp_path: Path) -> None:
    repository = tiny_registry(tmp_path, {DATASET: "raw.fits"})
    raw = repository / "raw.fits"
    Telescope(influx_server.make_site(tmp_path, None)).take(NIGHT, planned(direct, "saturated"), raw)

    async def story() -> None:
        async with DataServer(make_site(repository)) as server:
            answer = await server.fetch(ROUTE)
            assert answer.code == 200, answer.body
            width, height = map(int, answer.headers["X-Preview-Size"].split())
            pixels = np.frombuffer(answer.body, "<f4").reshape(height, width)
            full = engine.isr(raw.read_bytes()).image
            assert answer.headers["X-Preview-Bin"] == "8"
            assert "serial-overscan" in answer.headers["X-Preview-Steps"].split(",")
            assert (width, height) == (full.shape[1] // 8, full.shape[0] // 8)
            for row, column in ((0, 0), (17, 300), (height - 1, width - 1)):
                cell = full[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
                assert pixels[row, column] == pytest.approx(cell.mean(dtype=np.float64), rel=1e-6)
            assert "bias" not in answer.headers["X-Preview-Steps"]
            first = server.measurer.pid
            raw.unlink()
            assert (await server.fetch(ROUTE)).code == 410
            assert first is not None and server.measurer.pid == first

    asyncio.run(story())


def test_masters_are_used_where_they_can_be_read(engine: Engine, tmp_path: Path) -> None:
    masters = {"bias": "b" * 32, "dark": "d" * 32, "flat": "f" * 32}
    files = {DATASET: "raw.fits", **{dataset: f"{kind}.fits" for kind, dataset in masters.items()}}
    repository = tiny_registry(tmp_path, files)
    raw = repository / "raw.fits"
    site = influx_server.make_site(tmp_path, None)
    Telescope(site).take(NIGHT, planned(direct, "saturated"), raw)
    for kind, seed in (("bias", 1), ("dark", 2)):
        write_master(repository / f"{kind}.fits", seed)
    (repository / "flat.fits").write_bytes(b"no FITS file")
    query = "&".join(f"{kind}={dataset}" for kind, dataset in masters.items())

    async def story() -> None:
        async with DataServer(make_site(repository)) as server:
            answer = await server.fetch(f"{ROUTE}?{query}")
            assert answer.code == 200, answer.body
            steps = answer.headers["X-Preview-Steps"].split(",")
            assert {"bias", "dark"} <= set(steps) and "flat" not in steps
            width, height = map(int, answer.headers["X-Preview-Size"].split())
            pixels = np.frombuffer(answer.body, "<f4").reshape(height, width)
            calibs = {kind: (repository / f"{kind}.fits").read_bytes() for kind in ("bias", "dark")}
            wanted = engine.bin(engine.isr(raw.read_bytes(), calibs).image, 8)
            assert np.array_equal(pixels, wanted, equal_nan=True)
            # Another picture than that without them, and than that with a master that was replaced.
            plain = (await server.fetch(ROUTE)).body
            assert plain != answer.body
            write_master(repository / "bias.fits", 3)
            assert (await server.fetch(f"{ROUTE}?{query}")).body not in (plain, answer.body)
            unknown = await server.fetch(f"{ROUTE}?bias={'0' * 32}")
            assert unknown.code == 200 and unknown.body == plain

    asyncio.run(story())


def write_master(path: Path, seed: int) -> None:
    level = np.random.default_rng(seed).normal(0, 5, (4000, 4072)).astype(np.float32)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(level)]).writeto(path, overwrite=True)


def test_decoded_masters_are_few_and_those_of_last(engine: Engine, tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.fits" for i in range(3)]
    for seed, path in enumerate(paths):
        write_master(path, seed)
    read: list[str] = []

    def read_file(path: Path) -> bytes:
        read.append(path.name)
        return path.read_bytes()

    camera = engine.camera("LATISS", 0)
    masters = Masters(engine, read_file, most=2)
    for i in (0, 1, 0, 2, 0, 1):
        assert masters.of({"bias": str(paths[i])}, camera).keys() == {"bias"}
    # 2 drives out 1, which was asked for longer ago than 0.
    assert read == ["0.fits", "1.fits", "2.fits", "1.fits"]
    assert masters.of({"bias": str(tmp_path / "gone.fits")}, camera) == {}
    masters.free()


def test_nobody_sees_it_without_a_session_and_a_missing_file_is_told(tmp_path: Path) -> None:
    repository = tiny_registry(tmp_path, {DATASET: "raw.fits"})

    async def story() -> None:
        async with DataServer(make_site(repository)) as server:
            gone = await server.fetch(ROUTE)
            assert gone.code == 410 and b"has left OODS" in gone.body
            (repository / "raw.fits").write_bytes(b"no FITS file")
            bad = await server.fetch(ROUTE)
            assert bad.code == 422 and b"cannot be measured" in bad.body
            server.caller = None
            assert (await server.fetch(ROUTE)).code == 401

    asyncio.run(story())


COUNTING = f"""
import json, sys
print(json.dumps({{"ready": True}}), flush=True)
for count, line in enumerate(sys.stdin, 1):
    preview = {{"width": count, "height": 1, "binPx": 8, "steps": [],
               "pixels": {base64.b64encode(b"").decode()!r}}}
    print(json.dumps({{"preview": preview}}), flush=True)
"""


def test_the_last_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews_module, "MOST_KEPT", 2)
    a, b, c = (tmp_path / name for name in "abc")
    for path in (a, b, c):
        path.write_bytes(b"")

    async def story() -> None:
        previews = Previews(Measurer((sys.executable, "-c", COUNTING)))
        made = [(await previews.of(path, {})).width for path in (a, b, a, c, a, b)]
        # c drives out b, which was asked for longer ago than a.
        assert made == [1, 2, 1, 3, 1, 4]
        await previews.close()

    asyncio.run(story())
