"""Files that the engine writes, as astropy reads them: pixels, columns, cards and checksums."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from summit_notebook.engine import CardToWrite, Engine, FitsError

INTEGERS = ("u1", "i1", "i2", "u2", "i4", "u4")
WIDE = ("i8", "u8", "f4", "f8")


def some_pixels(dtype: str, shape: tuple[int, int]) -> Any:
    rng = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        pixels = rng.normal(0, 1e3, shape).astype(dtype)
        pixels[0, :4] = np.nan, np.inf, -np.inf, -0.0
        return pixels
    info = np.iinfo(dtype)
    pixels = rng.normal(info.max // 3, min(info.max // 20, 9), shape).round().astype(dtype)
    pixels[0, :2] = info.min, info.max
    return pixels


def read_checked(content: bytes) -> fits.HDUList:
    """Everything that astropy or a wrong checksum would warn of is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hdus = fits.open(io.BytesIO(content), checksum=True)
        hdus.verify("exception")
        for hdu in hdus:
            assert hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1
        return hdus


@pytest.mark.parametrize(
    ("compression", "dtype"),
    [("none", d) for d in INTEGERS + WIDE]
    + [("RICE_1", d) for d in INTEGERS]
    + [("GZIP_2", d) for d in INTEGERS + WIDE],
)
@pytest.mark.parametrize("shape", [(1, 4), (37, 53), (5, 1000)])
def test_images(engine: Engine, compression: str, dtype: str, shape: tuple[int, int]) -> None:
    pixels = some_pixels(dtype, shape)
    with engine.writer() as writer:
        writer.image(pixels, name="IMAGE", compression=compression)
        content = writer.to_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(io.BytesIO(content), checksum=True) as hdus:
            hdus.verify("exception")
            data = hdus["IMAGE"].data
    assert data.dtype.newbyteorder("=") == pixels.dtype
    assert data.astype(pixels.dtype).tobytes() == pixels.tobytes()
    # The compressed table's own sums, not those of the image in it.
    with fits.open(io.BytesIO(content), checksum=True, disable_image_compression=True) as hdus:
        for hdu in hdus:
            assert hdu.verify_checksum() == 1
            assert hdu.verify_datasum() == 1


def test_rice_is_not_larger_than_astropys(engine: Engine) -> None:
    pixels = np.random.default_rng(3).normal(22000, 8, (64, 576)).round().astype(np.int32)
    with engine.writer() as writer:
        writer.image(pixels, compression="RICE_1")
        ours = len(writer.to_bytes())
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(pixels, compression_type="RICE_1")]).writeto(buffer)
    assert ours <= len(buffer.getvalue())


def test_tables(engine: Engine) -> None:
    rng = np.random.default_rng(5)
    columns: dict[str, Any] = {
        "x_px": rng.normal(2000, 500, 30),
        "peak_adu": rng.normal(1e4, 1e3, 30).astype(np.float32),
        "id": np.arange(30, dtype=np.uint64) + 2**63,
        "flags": rng.integers(0, 2**32, 30, dtype=np.uint32),
        "counts": rng.integers(-100, 100, (30, 3), dtype=np.int16),
        "small": rng.integers(-128, 128, 30, dtype=np.int8),
        "byte": rng.integers(0, 256, 30, dtype=np.uint8),
        "saturated": rng.integers(0, 2, 30).astype(bool),
        "name": np.array([f"star {i}" for i in range(30)]),
    }
    with engine.writer() as writer:
        writer.table(columns, units={"x_px": "pixel"}, name="SOURCES")
        content = writer.to_bytes()
    with read_checked(content) as hdus:
        assert hdus["SOURCES"].columns["x_px"].unit == "pixel"
        for name, values in columns.items():
            got = hdus["SOURCES"].data[name]
            assert np.array_equal(got, values), name
            # astropy scales columns of signed bytes to floats, although it knows their convention in images.
            assert got.dtype.kind == ("f" if name == "small" else values.dtype.kind), name


def test_a_file_of_several_hdus(engine: Engine) -> None:
    image = some_pixels("f4", (10, 20))
    with engine.writer() as writer:
        writer.image(
            image, name="IMAGE", compression="GZIP_2", cards=[CardToWrite("OBJECT", "HD 1", "target")]
        )
        writer.image(np.zeros((10, 20), np.int32), name="MASK", compression="RICE_1")
        writer.table({"a": np.arange(3)}, name="CATALOGUE")
        content = writer.to_bytes()
    with fits.open(io.BytesIO(content), checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "IMAGE", "MASK", "CATALOGUE"]
        assert hdus["IMAGE"].header["OBJECT"] == "HD 1"
        assert "OBJECT" not in hdus["MASK"].header


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200).map(str.rstrip)
VALUES = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)


@settings(max_examples=200, deadline=None)
@given(keyword=st.sampled_from(["OBJECT", "A-KEY_9", "ESO long keyword"]), value=VALUES)
def test_cards(keyword: str, value: str | bool | int | float) -> None:
    engine = Engine() if not _ENGINES else _ENGINES[0]
    _ENGINES[:] = [engine]
    with engine.writer() as writer:
        writer.image(
            np.zeros((1, 1), np.int16), cards=[CardToWrite(keyword, value, ""), CardToWrite("NAXIS1", 9, "")]
        )
        content = writer.to_bytes()
    with warnings.catch_warnings():
        # astropy warns of every long string that it reads in CONTINUE cards under HIERARCH.
        warnings.simplefilter("ignore")
        header = fits.getheader(io.BytesIO(content))
    assert header[keyword] == value
    assert type(header[keyword]) is type(value)
    assert header["NAXIS1"] == 1


_ENGINES: list[Engine] = []


def test_what_fits_cannot_hold_is_refused(engine: Engine) -> None:
    with engine.writer() as writer:
        for card in (CardToWrite("SEEING", float("nan"), ""), CardToWrite("OBSERVER", "Zoë", "")):
            with pytest.raises(FitsError, match=card.keyword):
                writer.image(np.zeros((1, 1), np.int16), cards=[card])
        with pytest.raises(FitsError, match="GZIP_2"):
            writer.image(np.zeros((2, 2), np.float32), compression="RICE_1")
