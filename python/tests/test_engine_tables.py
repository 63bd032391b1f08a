"""Binary tables, checksums and verification against astropy: its own test files and tables made up here."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import astropy
import numpy as np
import numpy.typing as npt
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from summit_notebook.engine import Engine, FitsError

pytestmark = pytest.mark.filterwarnings("ignore")

Array = npt.NDArray[Any]
ASTROPY = Path(astropy.__file__).parent
FILES = sorted(
    path
    for path in ASTROPY.rglob("tests/**/*")
    if path.is_file() and path.name.removesuffix(".gz").endswith((".fits", ".fit"))
)

# Tables of astropy's test files that are refused, with the reason.
REFUSED: dict[str, str] = {}


def as_bytes(*hdus: Any, checksum: bool = False) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(buffer, checksum=checksum)
    return buffer.getvalue()


def assert_same_values(ours: Any, theirs: Any, where: str) -> None:
    """Same type, shape and bits; the byte order and the kind of string array are astropy's own affair."""
    theirs = np.asarray(theirs)
    if theirs.dtype.kind in "SU":
        wanted = np.char.rstrip(theirs.astype(str))
        assert np.asarray(ours).shape == wanted.shape, where
        assert np.asarray(ours).tolist() == wanted.tolist(), where
        return
    assert ours.shape == theirs.shape, where
    assert ours.dtype == theirs.dtype.newbyteorder("<"), where
    assert ours.tobytes() == theirs.astype(ours.dtype).tobytes(), where


def assert_same_table(engine: Engine, content: bytes, index: int, hdu: Any) -> None:
    read = engine.read_table(content, index)
    assert list(read) == list(hdu.columns.names)
    for name, format_ in zip(hdu.columns.names, hdu.columns.formats, strict=True):
        theirs, ours = hdu.data[name], read[name]
        where = f"{name} {format_}"
        if ours.dtype == object:
            assert len(ours) == len(theirs)
            for row, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
                if isinstance(mine, str):
                    other = "".join(np.asarray(other).astype(str)).rstrip()
                    assert mine == other, f"{where} row {row}"
                else:
                    assert_same_values(mine, np.asarray(other).ravel(), f"{where} row {row}")
        else:
            assert_same_values(ours, theirs, where)


def tables_of(path: Path) -> tuple[bytes, list[tuple[int, Any]]]:
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if not content.startswith(b"SIMPLE"):  # a header alone
        return content, []
    hdus = fits.open(io.BytesIO(content), disable_image_compression=True, lazy_load_hdus=False)
    return content, [(i, hdu) for i, hdu in enumerate(hdus) if isinstance(hdu, fits.BinTableHDU)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ASTROPY)))
def test_astropys_own_tables(engine: Engine, path: Path) -> None:
    content, tables = tables_of(path)
    for index, hdu in tables:
        name = f"{path.name}[{index}]"
        if name in REFUSED:
            with pytest.raises(FitsError, match=REFUSED[name]):
                engine.read_table(content, index)
        else:
            assert_same_table(engine, content, index, hdu)


LETTERS = {"L": bool, "B": np.uint8, "I": np.int16, "J": np.int32, "K": np.int64}
LETTERS |= {"E": np.float32, "D": np.float64, "C": np.complex64, "M": np.complex128}
UNSIGNED = {"I": 2**15, "J": 2**31, "K": 2**63}
ROWS = st.integers(0, 5)
TEXT = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=9)


@st.composite
def fixed_columns(draw: Any, rows: int, number: int) -> fits.Column:
    name = f"c{number}"
    letter = draw(st.sampled_from("LBIJKEDCMXAU"))
    if letter == "A":
        texts = draw(st.lists(TEXT, min_size=rows, max_size=rows))
        return fits.Column(name, "9A", array=np.array(texts, "U9"))
    shape = draw(st.lists(st.integers(1, 4), max_size=3))
    repeat = int(np.prod(shape))
    if letter == "X":
        bits = draw(hnp.arrays(bool, (rows, 3 * repeat)))
        return fits.Column(name, f"{3 * repeat}X", array=bits)
    if letter == "U":
        letter = draw(st.sampled_from("IJK"))
        dtype = np.dtype(f"u{np.dtype(LETTERS[letter]).itemsize}")
        values = draw(hnp.arrays(dtype, (rows, repeat)))
        return fits.Column(
            name, f"{repeat}{letter}", bzero=UNSIGNED[letter], array=values if repeat > 1 else values.ravel()
        )
    values = draw(hnp.arrays(LETTERS[letter], (rows, *shape)))
    dim = f"({','.join(str(n) for n in reversed(shape))})" if len(shape) > 1 else None
    return fits.Column(name, f"{repeat}{letter}", dim=dim, array=values if repeat > 1 else values.ravel())


@st.composite
def tables(draw: Any) -> fits.BinTableHDU:
    rows = draw(ROWS)
    count = draw(st.integers(1, 6))
    return fits.BinTableHDU.from_columns([draw(fixed_columns(rows, i)) for i in range(count)], nrows=rows)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(hdu=tables())
def test_any_table_of_fixed_columns(engine: Engine, hdu: fits.BinTableHDU) -> None:
    content = as_bytes(hdu)
    with fits.open(io.BytesIO(content)) as hdus:
        assert_same_table(engine, content, 1, hdus[1])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    letter=st.sampled_from("LBIJKEDCM"),
    pointer=st.sampled_from("PQ"),
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
)
def test_any_variable_length_column(
    engine: Engine, letter: str, pointer: str, lengths: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    cells = np.empty(len(lengths), object)
    for i, length in enumerate(lengths):
        cells[i] = (rng.normal(0, 100, length) + (1j if letter in "CM" else 0)).astype(LETTERS[letter])
    content = as_bytes(
        fits.BinTableHDU.from_columns(
            [
                fits.Column("n", "J", array=np.arange(len(lengths))),
                fits.Column("v", f"{pointer}{letter}()", array=cells),
            ]
        )
    )
    with fits.open(io.BytesIO(content)) as hdus:
        assert_same_table(engine, content, 1, hdus[1])


def table_of(forms: dict[str, Any], data: bytes, rows: int = 1, heap: int = 0) -> bytes:
    """A table as these bytes, for what astropy does not write."""
    cards = {
        "XTENSION": "BINTABLE",
        "BITPIX": 8,
        "NAXIS": 2,
        "NAXIS1": (len(data) - heap) // rows,
        "NAXIS2": rows,
    }
    header = fits.Header(
        {**cards, "PCOUNT": heap, "GCOUNT": 1, "TFIELDS": sum(k.startswith("TFORM") for k in forms), **forms}
    )
    return as_bytes() + header.tostring().encode() + data.ljust(-(-len(data) // 2880) * 2880, b"\0")


def test_scaling_and_undefined_values(engine: Engine) -> None:
    stored = np.array([[-1, 7], [0, 3]], ">i2")
    content = table_of(
        {"TFORM1": "2I", "TTYPE1": "v", "TSCAL1": 0.1, "TZERO1": 5.0, "TNULL1": -1}, stored.tobytes(), 2
    )
    values = engine.read_table(content)["v"]
    assert values.dtype == np.float64 and np.isnan(values[0, 0])
    assert values[0, 1] == 7 * 0.1 + 5 and values[1].tolist() == [5.0, 3 * 0.1 + 5]
    with fits.open(io.BytesIO(content)) as hdus:  # astropy scales what is undefined as well
        assert hdus[1].data["v"].ravel()[1:].tolist() == values.ravel()[1:].tolist()
    for scale in (1.0, 2.5):
        real = table_of(
            {"TFORM1": "E", "TTYPE1": "v", "TSCAL1": scale, "TZERO1": 0.25}, np.array(1.1, ">f4").tobytes()
        )
        assert engine.read_table(real)["v"].tolist() == [float(np.float32(1.1)) * scale + 0.25]


def test_signed_bytes_by_convention(engine: Engine) -> None:
    """FITS 4.0 table 19: B with TZERO -128 is a signed byte; astropy gives float64 of the same value."""
    content = table_of({"TFORM1": "3B", "TTYPE1": "v", "TZERO1": -128}, bytes([0, 128, 255]))
    values = engine.read_table(content)["v"]
    assert values.dtype == np.int8 and values.tolist() == [[-128, 0, 127]]
    with fits.open(io.BytesIO(content)) as hdus:
        assert hdus[1].data["v"].tolist() == values.tolist()


def test_undefined_logicals_strings_and_odd_cells(engine: Engine) -> None:
    data = b"T\0F" + b"ab\0cd" + b"  x  " + b""
    content = table_of(
        {
            "TFORM1": "3L",
            "TTYPE1": "l",
            "TFORM2": "5A",
            "TTYPE2": "a",
            "TFORM3": "5A",
            "TFORM4": "0D",
            "TFORM5": "0PJ",
            "TFORM6": "0A",
        },
        data,
    )
    read = engine.read_table(content)
    assert read["l"].tolist() == [[True, False, False]]
    assert read["a"].tolist() == ["ab"] and read["col3"].tolist() == ["  x"]
    assert read["col4"].shape == (1, 0) and read["col5"].shape == (1, 0) and read["col6"].tolist() == [""]


def test_strings_in_shapes(engine: Engine) -> None:
    texts = np.array([[["ab", "c"], ["", "def"], ["x y", "z"]]] * 2, "U3")
    column = fits.Column("s", "18A", dim="(3,2,3)", array=texts)
    content = as_bytes(fits.BinTableHDU.from_columns([column]))
    assert engine.read_table(content)["s"].tolist() == texts.tolist()


def test_heap_behind_a_gap(engine: Engine) -> None:
    descriptor = np.array([3, 2], ">i4").tobytes()  # three elements, two bytes into the heap
    data = descriptor + b"gap" + b"..\0\1\0\2\0\3"
    content = table_of({"TFORM1": "PI", "TTYPE1": "v", "THEAP": 11}, data, heap=len(data) - 8)
    assert engine.read_table(content)["v"][0].tolist() == [1, 2, 3]
    bits = table_of({"TFORM1": "QX", "TTYPE1": "v"}, np.array([11, 0], ">i8").tobytes() + b"\xa0\x20", heap=2)
    assert np.flatnonzero(engine.read_table(bits)["v"][0]).tolist() == [0, 2, 10]


@pytest.mark.parametrize(
    ("descriptor", "problem"),
    [
        ([4, 0], "outside the heap"),
        ([1, 6], "outside the heap"),
        ([-1, 0], "outside the heap"),
        ([1, -1], "outside the heap"),
    ],
)
def test_cells_outside_the_heap(engine: Engine, descriptor: list[int], problem: str) -> None:
    content = table_of(
        {"TFORM1": "PI", "TTYPE1": "v"}, np.array(descriptor, ">i4").tobytes() + bytes(6), heap=6
    )
    with pytest.raises(FitsError, match=problem) as caught:
        engine.read_table(content)
    assert (caught.value.tag, caught.value.hdu) == ("MalformedFits", 1)
    assert any(problem in p.text for p in engine.verify(content)[1].problems)


# --- checksums and verification ---------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(hdu=tables(), flip=st.integers(0, 2**16))
def test_checksums_of_tables(engine: Engine, hdu: fits.BinTableHDU, flip: int) -> None:
    content = as_bytes(hdu, checksum=True)
    for verification in engine.verify(content):
        assert (verification.checksum, verification.datasum, verification.problems) == ("good", "good", ())
    at = 2880 + 80 * 8 + flip % (len(content) - 2880 - 80 * 8)
    broken = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    try:
        verified = engine.verify(broken)
    except FitsError:
        return  # the flip made a structure that cannot be read
    assert "bad" in (verified[-1].checksum, verified[-1].datasum) or verified[-1].checksum == "absent"


def test_checksums_of_images_equal_astropys(engine: Engine) -> None:
    rng = np.random.default_rng(1)
    images = [fits.ImageHDU(rng.integers(-9, 9, (n, 3), dtype=np.int8).astype(np.int16)) for n in range(1, 8)]
    images += [fits.ImageHDU(rng.integers(0, 255, n, dtype=np.uint8)) for n in range(1, 9)]
    images += [
        fits.ImageHDU(np.full((1000, 100), -1, np.int32)),
        fits.CompImageHDU(rng.integers(0, 99, (50, 50))),
    ]
    content = as_bytes(*images, checksum=True)
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        sums = [int(hdu.header["DATASUM"]) for hdu in hdus]
    verified = engine.verify(content)
    assert [v.computed_datasum for v in verified] == sums
    assert {(v.checksum, v.datasum) for v in verified} == {("good", "good")}
    without = as_bytes(fits.ImageHDU(np.arange(9)))
    assert {(v.checksum, v.datasum) for v in engine.verify(without)} == {("absent", "absent")}


def test_wrong_and_empty_checksums(engine: Engine) -> None:
    content = (ASTROPY / "io/fits/tests/data/checksum_false.fits").read_bytes()
    with fits.open(io.BytesIO(content), checksum=True) as hdus:
        wanted = [{0: "bad", 1: "good", 2: "absent"}[hdu.verify_checksum()] for hdu in hdus]
        sums = [{0: "bad", 1: "good", 2: "absent"}[hdu.verify_datasum()] for hdu in hdus]
    verified = engine.verify(content)
    assert [v.checksum for v in verified] == wanted and "bad" in wanted
    assert [v.datasum for v in verified] == sums
    header = fits.Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("CHECKSUM", ""), ("DATASUM", "")])
    (empty,) = engine.verify(header.tostring().encode())
    assert (empty.checksum, empty.datasum) == ("absent", "absent")
