"""The physical form of pixels and their summary, under wasmtime, against astropy and numpy: bit for bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from astropy_pixels import assert_equal_bits, image_file, read_by_astropy
from hypothesis import given, settings
from hypothesis import strategies as st

from summit_notebook.engine import Engine, FitsError

Array = npt.NDArray[Any]
CANONICAL_NAN = {4: b"\x00\x00\xc0\x7f", 8: b"\x00\x00\x00\x00\x00\x00\xf8\x7f"}


STORED = {
    np.dtype(kind): (st.integers(np.iinfo(kind).min, np.iinfo(kind).max))
    for kind in (np.uint8, np.int16, np.int32, np.int64)
}
SCALES = st.sampled_from([1.0, 2.0, 0.137, -1.5, 1e-7, 3e20])
ZEROS = st.sampled_from([0.0, -0.0, 1234.5, -128, 32768, 2147483648, 9223372036854775808, -7.25e-3])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_integers_equal_astropy(engine: Engine, data: st.DataObject) -> None:
    """Every BITPIX with every kind of scaling, unsigned conventions and BLANK among them."""
    dtype = data.draw(st.sampled_from(sorted(STORED, key=str)))
    numbers = data.draw(st.lists(STORED[dtype], min_size=1, max_size=40))
    stored = np.array(numbers, dtype)
    cards: dict[str, float] = {}
    if data.draw(st.booleans()):
        cards["BSCALE"] = data.draw(SCALES)
    if data.draw(st.booleans()):
        cards["BZERO"] = data.draw(ZEROS)
    if data.draw(st.booleans()):
        cards["BLANK"] = int(data.draw(st.sampled_from([*numbers, 0])))
    if cards.get("BZERO") == -128 and dtype.itemsize == 1 and cards.get("BSCALE", 1) == 1:
        cards.pop("BLANK", None)
    content = image_file(stored, **cards)
    assert_equal_bits(engine.read(content, form="physical")[0].data, read_by_astropy(content))


@pytest.mark.parametrize(
    ("dtype", "zero", "wanted"),
    [
        (np.uint8, -128, np.int8),
        (np.int16, 32768, np.uint16),
        (np.int32, 2147483648, np.uint32),
        (np.int64, 9223372036854775808, np.uint64),
    ],
)
def test_the_other_signedness_keeps_every_bit(engine: Engine, dtype: Any, zero: int, wanted: Any) -> None:
    info = np.iinfo(dtype)
    stored = np.array([info.min, info.min + 1, 0, 1, info.max - 1, info.max], dtype)
    for cards in ({"BZERO": zero}, {"BZERO": zero, "BSCALE": 1.0, "BLANK": 1}):
        pixels = engine.read(image_file(stored, **cards), form="physical")[0].data
        assert pixels is not None and pixels.dtype == wanted
        assert [int(pixel) for pixel in pixels[0]] == [int(number) + zero for number in stored]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_floats_equal_astropy(engine: Engine, data: st.DataObject) -> None:
    width = data.draw(st.sampled_from([32, 64]))
    numbers = data.draw(st.lists(st.floats(width=width), min_size=1, max_size=40))
    stored = np.array([*numbers, -0.0, np.inf], f"f{width // 8}")
    scaled = data.draw(st.booleans())
    cards = {"BSCALE": data.draw(SCALES), "BZERO": data.draw(ZEROS)} if scaled else {}
    content = image_file(stored, **cards)
    with np.errstate(all="ignore"):
        assert_equal_bits(engine.read(content, form="physical")[0].data, read_by_astropy(content))


@pytest.mark.parametrize("size", [4, 8])
def test_every_nan_is_one_nan_and_minus_zero_stays(engine: Engine, size: int) -> None:
    exponent = 0x7F800000 if size == 4 else 0x7FF0000000000000
    sign = 1 << (8 * size - 1)
    nans = [exponent + 1, exponent + 12345, sign | exponent | 1]
    others = [sign | exponent, sign, 0]
    stored = np.array(nans + others, f"u{size}").view(f"f{size}")
    cards: dict[str, float]
    for cards in ({}, {"BSCALE": 2.0}):
        pixels = engine.read(image_file(stored, **cards), form="physical")[0].data
        assert pixels is not None
        assert pixels.tobytes() == 3 * CANONICAL_NAN[size] + stored[3:].tobytes()


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4), (2, 1, 3, 1, 5), (4, 1)])
def test_axes_beyond_the_second_are_stacked(engine: Engine, shape: tuple[int, ...]) -> None:
    stored = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    pixels = engine.read(image_file(stored), form="physical")[0].data
    assert pixels is not None and pixels.shape == (stored.size // shape[-1], shape[-1])
    assert pixels.tobytes() == stored.tobytes()


def test_other_types_are_neither_reduced_nor_displayed(engine: Engine) -> None:
    pixels = np.ones((4, 4), np.uint16)
    for action in (
        lambda: engine.bin(pixels, 2),
        lambda: engine.zscale(pixels),
        lambda: engine.statistics(pixels, [0.5]),
    ):
        with pytest.raises(FitsError, match="neither i32 nor f32"):
            action()


# --- summary ----------------------------------------------------------------------------------------------------

DTYPES = ["i4", "f4", "u1", "i1", "i2", "u2", "u4", "i8", "u8", "f8"]


def wanted_summary(pixels: Array) -> tuple[float, float, float, float]:
    """With whole numbers of any size for integers, so that nothing is rounded before the end."""
    good = np.sort(pixels[~np.isnan(pixels)]) if pixels.dtype.kind == "f" else np.sort(pixels.ravel())
    if good.size == 0:
        return (np.nan,) * 4
    middle = (float(good[(good.size - 1) // 2]) + float(good[good.size // 2])) / 2
    if good.dtype.kind == "f":
        mean = math.fsum(good.tolist()) / good.size if np.isfinite(good).all() else float(np.mean(good))
    else:
        mean = sum(good.tolist()) / good.size
    return float(good[0]), float(good[-1]), mean, middle


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_summary_equals_numpy(engine: Engine, data: st.DataObject) -> None:
    """Minimum, maximum and median exactly; the mean to 4 roundings of the mean magnitude."""
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    if dtype.kind == "f":
        each = st.floats(-(2.0**100), 2.0**100, width=32 if dtype.itemsize == 4 else 64) | st.just(np.nan)
    else:
        each = st.integers(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    pixels = np.array([data.draw(st.lists(each, min_size=1, max_size=60))], dtype)
    got, wanted = engine.summary(pixels), wanted_summary(pixels)
    np.testing.assert_array_equal(got[:2], wanted[:2])
    np.testing.assert_array_equal(got[3], wanted[3])
    magnitude = float(np.nanmean(np.abs(pixels.astype(np.float64)))) if not np.isnan(wanted[0]) else 0.0
    np.testing.assert_allclose(got[2], wanted[2], rtol=0, atol=4 * np.finfo(np.float64).eps * magnitude)


def test_summary_of_infinities_and_of_nothing(engine: Engine) -> None:
    assert engine.summary(np.array([[np.inf, 1, np.nan]], np.float32)) == (1, np.inf, np.inf, np.inf)
    assert engine.summary(np.array([[-np.inf, 1, 2]], np.float64)) == (-np.inf, 2, -np.inf, 1)
    assert np.isnan(engine.summary(np.full((3, 3), np.nan, np.float32))).all()


def test_mean_of_a_large_image_is_exact(engine: Engine) -> None:
    """A sum kept in one float64 loses digits here: 16 million pixels on a pedestal."""
    pixels = np.random.default_rng(5).normal(1e6, 3, (2048, 2048)).astype(np.float32)
    exact = sum(int(pixel * 2**20) for pixel in pixels.ravel().tolist()) / 2**20 / pixels.size
    low, high, mean, median = engine.summary(pixels)
    assert (low, high, median) == (pixels.min(), pixels.max(), np.median(pixels.astype(np.float64)))
    assert abs(mean - exact) <= 1e-15 * exact
