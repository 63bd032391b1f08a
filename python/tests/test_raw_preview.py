"""The preview route on a real server, with a simulated raw and the real process; the bound of what is kept."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path

import influx_server
import numpy as np
import pytest
from oods_server import DATASET, DataServer, make_site, tiny_registry
from test_raw_measures import NIGHT, direct, planned

from summit_notebook.demo.simulator import Telescope
from summit_notebook.engine import Engine
from summit_notebook.hub_service import previews as previews_module
from summit_notebook.hub_service.measurer import Measurer
from summit_notebook.hub_service.previews import Previews

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
            first = server.measurer.pid
            raw.unlink()
            assert (await server.fetch(ROUTE)).code == 410
            assert first is not None and server.measurer.pid == first

    asyncio.run(story())


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
        made = [(await previews.of(path)).width for path in (a, b, a, c, a, b)]
        # c drives out b, which was asked for longer ago than a.
        assert made == [1, 2, 1, 3, 1, 4]
        await previews.close()

    asyncio.run(story())
