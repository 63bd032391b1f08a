"""Raws and masters of another size than the camera, in files of a few kilobytes: refused from their headers; and a raw
in which no pixel has a value."""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from influx_server import make_site
from test_raw_measures import NIGHT, direct, planned
from tiny_raw import SEGMENTS

from summit_notebook.demo.simulator import Telescope
from summit_notebook.engine import Engine, FitsError
from summit_notebook.hub_service import measuring_process
from summit_notebook.hub_service.measurer import Measurer, NotMeasured
from summit_notebook.hub_service.raw_measures import measure_raw
from summit_notebook.hub_service.raw_preview import Masters, preview_raw
from summit_notebook.hub_service.raw_size import OtherSize, camera_of


def constant_image(name: str, width: int, height: int, **cards: int | str) -> bytes:
    """RICE_1 of zeros, every tile of it the same few bytes of the heap."""
    one = io.BytesIO()
    row = fits.CompImageHDU(
        np.zeros((1, width), np.int32), name=name, compression_type="RICE_1", tile_shape=(1, width)
    )
    fits.HDUList([fits.PrimaryHDU(), row]).writeto(one)
    with fits.open(io.BytesIO(one.getvalue()), disable_image_compression=True) as hdus:
        header, heap = hdus[1].header, int(hdus[1].header["PCOUNT"])
        row_bytes = int(header["NAXIS1"])
        start = hdus[1].fileinfo()["datLoc"]
        header["NAXIS2"] = header["ZNAXIS2"] = height
        header.update(cards)
        text = header.tostring().encode()
    data = one.getvalue()[start : start + row_bytes] * height
    data += one.getvalue()[start + row_bytes : start + row_bytes + heap]
    return text + data + bytes(-len(data) % 2880)


def write_raw(path: Path, width: int, height: int, instrument: str = "LATISS", **cards: int | str) -> Path:
    primary = io.BytesIO()
    header = fits.Header({"INSTRUME": instrument, "EXPTIME": 1.0})
    fits.PrimaryHDU(header=header).writeto(primary)
    path.write_bytes(
        primary.getvalue() + b"".join(constant_image(name, width, height, **cards) for name in SEGMENTS)
    )
    return path


def resident_mib(pid: int) -> int:
    """What the process has in memory now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16384, 16384), (544, 2048)])
def test_segments_of_another_size_are_named(engine: Engine, tmp_path: Path, width: int, height: int) -> None:
    raw = write_raw(tmp_path / "raw.fits", width, height).read_bytes()
    said = f"Segment10 is {width} x {height} px; those of LATISS are 576 x 2048."
    before = engine.memory_bytes
    with pytest.raises(OtherSize) as measured:
        measure_raw(engine, raw, "science")
    masters = Masters(engine, Path.read_bytes)
    with pytest.raises(OtherSize) as previewed:
        preview_raw(engine, raw, masters, {})
    assert str(measured.value) == str(previewed.value) == said
    assert engine.memory_bytes - before < 64 << 20


def test_the_right_size_is_that_of_the_camera(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "raw.fits"
    for instrument, name in (("lsst_atiss", "LATISS"), ("ComCam", "LSSTComCam"), ("LSSTCam", "LSSTCam")):
        raw = write_raw(path, 576, 2048, instrument).read_bytes()
        assert camera_of(engine, raw)["instrument"] == name
    with pytest.raises(FitsError, match="no detector 0 of MyCam; it knows LATISS"):
        camera_of(engine, write_raw(path, 576, 2048, "MyCam").read_bytes())


def test_of_a_raw_without_a_value_nothing_is_known(engine: Engine, tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw.fits", 576, 2048, BLANK=0).read_bytes()
    assert all(np.isnan(hdu.data).all() for hdu in engine.read(raw) if hdu.data is not None)
    measured = measure_raw(engine, raw, "science")
    amplifiers = measured.pop("amplifiers")
    # None of their pixels is saturated, and no star was found.
    assert {name: value for name, value in measured.items() if value is not None} == {"saturatedPixels": 0}
    assert len(amplifiers) == 16
    for amplifier in amplifiers:
        assert {value for key, value in amplifier.items() if key not in ("name", "saturatedPixels")} == {None}
    preview = preview_raw(engine, raw, Masters(engine, Path.read_bytes), {})
    assert np.isnan(np.frombuffer(base64.b64decode(preview["pixels"]), "<f4")).all()
    json.dumps(measured, allow_nan=False)


def test_the_process_does_not_grow(tmp_path: Path) -> None:
    large = write_raw(tmp_path / "large.fits", 16384, 16384)
    assert large.stat().st_size < 4 << 20

    async def story() -> None:
        measurer = Measurer()
        await measurer.ready()
        assert measurer.pid is not None
        before = resident_mib(measurer.pid)
        with pytest.raises(NotMeasured, match="Segment10 is 16384 x 16384 px") as caught:
            await measurer.measure(large, "science")
        assert caught.value.again is False
        with pytest.raises(NotMeasured, match="those of LATISS are 576 x 2048"):
            await measurer.preview(large, {})
        assert resident_mib(measurer.pid) - before < 64
        await measurer.close()

    asyncio.run(story())


def test_a_master_of_another_size_is_left_out(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "raw.fits.fz"
    Telescope(make_site(tmp_path, None)).take(NIGHT, planned(direct), path)
    raw = path.read_bytes()
    empty = fits.PrimaryHDU()
    small, large = tmp_path / "bias.fits", tmp_path / "dark.fits"
    fits.HDUList([empty, fits.ImageHDU(np.zeros((8, 8), np.float32))]).writeto(small)
    primary = io.BytesIO()
    empty.writeto(primary)
    large.write_bytes(primary.getvalue() + constant_image("IMAGE", 16384, 16384))
    masters = Masters(engine, Path.read_bytes)
    plain = preview_raw(engine, raw, masters, {})
    before = engine.memory_bytes
    with_others = preview_raw(engine, raw, masters, {"bias": str(small), "dark": str(large)})
    assert with_others == plain
    assert {"bias", "dark"}.isdisjoint(with_others["steps"])
    assert engine.memory_bytes - before < 64 << 20
    masters.free()


@pytest.mark.parametrize(
    ("cards", "used"),
    [
        ({"RAFTBAY": "R22", "CCDSLOT": "S11"}, True),
        ({"CHIPID": "R22_S11"}, True),
        ({"RAFTBAY": "R01", "CCDSLOT": "S00"}, False),
    ],
)
def test_a_master_is_held_against_the_raws_own_detector(
    engine: Engine, tmp_path: Path, cards: dict[str, str], used: bool
) -> None:
    """R22_S11 is of E2V, 4096 x 4004 px; R01_S00, detector 0, of ITL, 4072 x 4000."""
    raw = write_raw(tmp_path / "raw.fits", 576, 2048, "LSSTCam", **cards).read_bytes()
    primary = io.BytesIO()
    fits.PrimaryHDU().writeto(primary)
    bias = tmp_path / "bias.fits"
    bias.write_bytes(primary.getvalue() + constant_image("IMAGE", 4096, 4004))
    masters = Masters(engine, Path.read_bytes)
    preview = preview_raw(engine, raw, masters, {"bias": str(bias)})
    assert ("bias" in preview["steps"]) is used
    masters.free()


def test_memory_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as a raw has taken more than the process may keep."""
    made: list[weakref.ref[Engine]] = []

    class Noted(Engine):
        def __init__(self, *, memory_limit: int = 0) -> None:
            super().__init__(memory_limit=memory_limit)
            made.append(weakref.ref(self))

    monkeypatch.setattr("summit_notebook.engine.Engine", Noted)
    path = tmp_path / "raw.fits.fz"
    Telescope(make_site(tmp_path, None)).take(NIGHT, planned(direct), path)
    raw = path.read_bytes()
    measure = measuring_process.load()
    first = measure(raw, {"masters": {}})
    assert measure(raw, {"masters": {}}) == first
    assert len(made) == 1
    kept = made[0]()
    assert kept is not None
    monkeypatch.setattr(measuring_process, "MOST_KEPT_BYTES", kept.memory_bytes - 1)
    del kept
    assert measure(raw, {"masters": {}}) == first
    gc.collect()
    assert len(made) == 2 and made[0]() is None
    fresh = made[1]()
    assert fresh is not None and fresh.memory_bytes < 16 << 20
    assert measure(raw, {"masters": {}}) == first
