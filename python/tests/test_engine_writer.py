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


def header_block(*cards: str) -> bytes:
    return "".join(card.ljust(80) for card in (*cards, "END")).ljust(2880).encode()


def test_numpy_scalars_are_the_numbers_that_they_are(engine: Engine) -> None:
    values = {
        "REAL": np.float32(1.5),
        "INTEGER": np.int64(-7),
        "LOGICAL": np.bool_(True),
        "TEXT": np.str_("x"),
    }
    with engine.writer() as writer:
        cards = [CardToWrite(keyword, value, "") for keyword, value in values.items()]
        writer.image(np.zeros((1, 1), np.int16), cards=cards)
        header = fits.getheader(io.BytesIO(writer.to_bytes()))
        for keyword, value in values.items():
            assert header[keyword] == value
        for wrong, error in ((1j, TypeError), (b"x", TypeError), (2**63, ValueError)):
            with pytest.raises(error, match="WRONG"):
                writer.image(np.zeros((1, 1), np.int16), cards=[CardToWrite("WRONG", wrong, "")])  # type: ignore[arg-type]


def test_the_cards_of_a_file_can_be_passed_as_they_are(engine: Engine) -> None:
    cards = (
        "SIMPLE  = T",
        "BITPIX  = 8",
        "NAXIS   = 0",
        "BADCARD = what is this",
        "NOVALUE some text",
        "NONE    =",
    )
    (hdu,) = engine.read(header_block(*cards))
    with engine.writer() as writer:
        writer.image(np.zeros((1, 1), np.int16), cards=hdu.cards)
        (back,) = engine.read(writer.to_bytes())
    assert "NOVALUE some text".ljust(80) in back.raw
    assert {(card.keyword, card.kind) for card in back.cards} >= {
        ("BADCARD", "commentary"),
        ("NONE", "undefined"),
    }
    assert back.problems == ()


def test_tables_without_rows_or_of_other_byte_order(engine: Engine) -> None:
    with engine.writer() as writer:
        empty = {"x_px": np.zeros(0), "name": np.zeros(0, "S4"), "box": np.zeros((0, 4), np.int16)}
        writer.table(empty, name="NONE")
        writer.table(
            {"a": np.arange(3, dtype=">i4"), "b": np.arange(6, dtype=">f8").reshape(3, 2)}, name="TURNED"
        )
        writer.image(np.arange(6, dtype=">i2").reshape(2, 3), name="IMAGE")
        content = writer.to_bytes()
    with read_checked(content) as hdus:
        assert len(hdus["NONE"].data) == 0
        assert hdus["NONE"].columns["box"].format == "4I"
        assert hdus["TURNED"].data["a"].tolist() == [0, 1, 2]
        assert hdus["TURNED"].data["b"].tolist() == [[0, 1], [2, 3], [4, 5]]
        assert hdus["IMAGE"].data.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_arguments_are_refused_in_words(engine: Engine) -> None:
    pixels = np.zeros((2, 2), np.int16)
    with engine.writer() as writer:
        with pytest.raises(ValueError, match="compression 'PLIO_1', only none, RICE_1, GZIP_2"):
            writer.image(pixels, compression="PLIO_1")
        for shape in ((4,), (1, 2, 2), (0, 3)):
            with pytest.raises(ValueError, match="two dimensions"):
                writer.image(np.zeros(shape, np.int16), cards=[CardToWrite("LEFT", 1, "")])
        with pytest.raises(TypeError, match="complex64"):
            writer.image(pixels.astype(np.complex64))
        for values in (np.array([["ab", "cd"]]), np.zeros((1, 2, 2)), np.float64(3)):
            with pytest.raises(ValueError, match="the column a"):
                writer.table({"a": values})  # type: ignore[dict-item]
        masked = np.ma.masked_equal(np.array([7, 8], np.int16), 7)
        with pytest.raises(ValueError, match="the column a has masked values"):
            writer.table({"a": masked})
        with pytest.raises(ValueError, match="masked values"):
            writer.image(masked[np.newaxis])
        for card in (CardToWrite("A\0B", 1, ""), CardToWrite("A", "x\0y", ""), CardToWrite("A", 1, "x\0y")):
            with pytest.raises(FitsError, match="printable ASCII"):
                writer.image(pixels, cards=[card])
        with pytest.raises(FitsError, match="ASCII"):
            writer.image(pixels, name="a\0b")
        writer.image(pixels)
        assert "LEFT" not in fits.getheader(io.BytesIO(writer.to_bytes()))
    for action in (writer.to_bytes, lambda: writer.image(pixels), lambda: writer.table({"a": np.arange(3)})):
        with pytest.raises(ValueError, match="closed"):
            action()
    with pytest.raises(ValueError, match="form of pixels"):
        engine.read(writer_of_one(engine, pixels), form="phys")
    with pytest.raises(ValueError, match="-1 bytes"):
        Engine(memory_limit=-1)


def writer_of_one(engine: Engine, pixels: Any) -> bytes:
    with engine.writer() as writer:
        writer.image(pixels)
        return writer.to_bytes()
