"""Tiled compression under wasmtime against astropy: every algorithm, type, tile shape and quantization, bit for bit."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from astropy.io import fits
from astropy_pixels import assert_equal_bits, read_by_astropy
from hypothesis import given, settings
from hypothesis import strategies as st

from summit_notebook.engine import Engine, FitsError

Array = npt.NDArray[Any]

INTEGER_TYPES = ["u1", "i1", "i2", "u2", "i4", "u4"]
LOSSLESS = ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS"]
# Image and tile, slowest axis first: one to four axes, tiles that do and do not divide the image.
TILINGS = [
    ((50,), (50,)),
    ((50,), (7,)),
    ((31, 44), (1, 44)),
    ((31, 44), (31, 44)),
    ((31, 44), (8, 11)),
    ((31, 44), (6, 9)),
    ((31, 44), (1, 5)),
    ((6, 10, 12), (1, 5, 4)),
    ((6, 10, 12), (4, 3, 5)),
    ((6, 10, 12), (6, 1, 12)),
    ((3, 4, 6, 10), (2, 2, 4, 3)),
    ((3, 1, 6, 10), (1, 1, 6, 10)),
]


def compressed(pixels: Array, **how: Any) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(pixels, **how)]).writeto(buffer)
    return buffer.getvalue()


def assert_as_astropy(engine: Engine, content: bytes) -> Array:
    wanted = read_by_astropy(content, 1)
    got = engine.read(content, form="physical")[1].data
    assert_equal_bits(got, wanted)
    return wanted


def scene(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Noise on a slope with spikes, within the type."""
    level = rng.normal(60, 9, shape) + np.arange(shape[-1]) * 0.3
    level.flat[rng.integers(0, level.size, 5)] += rng.choice([50, 3000, 1e5], 5)
    if dtype.kind == "f":
        return level.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(level.round(), info.min, info.max).astype(dtype)


def two_long_sides(shape: tuple[int, ...], tile: tuple[int, ...]) -> bool:
    """HCOMPRESS tiles are two-dimensional, at the edges too."""
    edges = [{t, s % t or t} for s, t in zip(shape, tile, strict=True)]
    sides = [edge for edge in edges if edge != {1}]
    # The writer looks at the last two axes.
    return len(sides) == 2 and all(min(edge) >= 4 for edge in edges[-2:])


INTEGERS = [
    (algorithm, dtype, tiling)
    for algorithm in LOSSLESS
    for dtype in INTEGER_TYPES
    for tiling in TILINGS
    if algorithm != "HCOMPRESS_1" or two_long_sides(*tiling)
    # PLIO holds no negative numbers, which the other signedness is stored as.
    if algorithm != "PLIO_1" or dtype in ("u1", "i2", "i4")
]


@pytest.mark.parametrize(("algorithm", "dtype", "tiling"), INTEGERS, ids=str)
def test_integers_equal_astropy(
    engine: Engine, algorithm: str, dtype: str, tiling: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    shape, tile = tiling
    pixels = scene(np.random.default_rng(1), shape, np.dtype(dtype))
    wanted = assert_as_astropy(
        engine, compressed(pixels, compression_type=algorithm, tile_shape=tile, hcomp_scale=0)
    )
    assert_equal_bits(wanted, pixels)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_integers_come_back(engine: Engine, data: st.DataObject) -> None:
    """Numbers of the whole type, in every algorithm that promises to keep them."""
    dtype = np.dtype(data.draw(st.sampled_from(INTEGER_TYPES)))
    algorithm = data.draw(st.sampled_from(["RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"]))
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 40)))
    tile = tuple(data.draw(st.integers(1, side)) for side in shape)
    info = np.iinfo(dtype)
    seed = data.draw(st.integers(0, 2**32))
    pixels = np.random.default_rng(seed).integers(info.min, info.max, shape, dtype, endpoint=True)
    assert_equal_bits(
        assert_as_astropy(engine, compressed(pixels, compression_type=algorithm, tile_shape=tile)), pixels
    )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_mask_comes_back(engine: Engine, data: st.DataObject) -> None:
    """PLIO: runs of few values up to 2^24, long runs and single pixels."""
    values = data.draw(st.lists(st.integers(0, 2**24 - 1), min_size=1, max_size=5))
    runs = data.draw(
        st.lists(st.tuples(st.sampled_from([0, *values]), st.integers(1, 9000)), min_size=1, max_size=8)
    )
    line = np.concatenate([np.full(length, value, np.int32) for value, length in runs])
    height = data.draw(st.integers(1, 3))
    pixels = np.tile(line, (height, 1))
    assert_as_astropy(engine, compressed(pixels, compression_type="PLIO_1", tile_shape=(1, line.size)))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_hcompress_equals_astropy(engine: Engine, data: st.DataObject) -> None:
    """Lossless and with scale, smoothed and not, square and long tiles, values over the whole of 31 bits."""
    shape = data.draw(st.tuples(st.integers(4, 40), st.integers(4, 40)))
    amplitude = data.draw(st.sampled_from([0, 1, 30, 1000, 2**20, 2**29]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    pixels = rng.integers(-amplitude, amplitude, shape, np.int32, endpoint=True)
    if data.draw(st.booleans()):
        pixels = np.cumsum(pixels // 64, axis=1, dtype=np.int32)
    scale = data.draw(st.sampled_from([0, 0, 4, 17, 500]))
    content = compressed(
        pixels,
        compression_type="HCOMPRESS_1",
        tile_shape=shape,
        hcomp_scale=scale,
        hcomp_smooth=data.draw(st.integers(0, 1)),
    )
    wanted = assert_as_astropy(engine, content)
    if scale == 0:
        assert_equal_bits(wanted, pixels)


def test_hcompress_smooths_what_scale_made_coarse(engine: Engine) -> None:
    """A smooth image, strongly compressed: smoothing must change it, or this file tests nothing."""
    y, x = np.mgrid[0:64, 0:80]
    pixels = (1000 * np.exp(-((x - 40) ** 2 + (y - 30) ** 2) / 300)).astype(np.int32)
    read = [
        assert_as_astropy(
            engine,
            compressed(
                pixels,
                compression_type="HCOMPRESS_1",
                tile_shape=(64, 80),
                hcomp_scale=60,
                hcomp_smooth=smooth,
            ),
        )
        for smooth in (0, 1)
    ]
    assert (read[0] != read[1]).any()
    errors = [np.abs(image.astype(float) - pixels).mean() for image in read]
    assert errors[1] < errors[0]


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("algorithm", ["GZIP_1", "GZIP_2", "NOCOMPRESS"])
def test_lossless_floats_equal_astropy(
    engine: Engine, algorithm: str, dtype: str, tiling: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    shape, tile = tiling
    pixels = scene(np.random.default_rng(2), shape, np.dtype(dtype))
    pixels.flat[3], pixels.flat[4], pixels.flat[5] = np.nan, -0.0, -np.inf
    content = compressed(pixels, compression_type=algorithm, tile_shape=tile, quantize_level=0)
    assert_equal_bits(assert_as_astropy(engine, content), pixels)


QUANTIZED = [
    (algorithm, method, tiling)
    for algorithm in ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "NOCOMPRESS")
    for method in (-1, 1, 2)
    for tiling in TILINGS
    if algorithm != "HCOMPRESS_1" or two_long_sides(*tiling)
]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("algorithm", "method", "tiling"), QUANTIZED, ids=str)
def test_quantized_floats_equal_astropy(
    engine: Engine,
    algorithm: str,
    method: int,
    tiling: tuple[tuple[int, ...], tuple[int, ...]],
    dtype: str,
) -> None:
    shape, tile = tiling
    pixels = scene(np.random.default_rng(3), shape, np.dtype(dtype))
    pixels.flat[::7] = 0
    content = compressed(
        pixels,
        compression_type=algorithm,
        tile_shape=tile,
        quantize_level=-0.5,
        quantize_method=method,
        dither_seed=9993,
    )
    wanted = assert_as_astropy(engine, content)
    assert np.abs(wanted - pixels).max() < 1
    if method == 2:
        assert (wanted.flat[::7] == 0).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("method", [-1, 1, 2])
@pytest.mark.parametrize("seed", [1, 2, 5000, 9999, 10000])
def test_dithering_walks_the_whole_sequence(engine: Engine, method: int, seed: int, dtype: str) -> None:
    """Tiles longer than the 10,000 random numbers, and more tiles than seeds remain."""
    pixels = np.random.default_rng(4).normal(100, 3, (4, 23456)).astype(dtype)
    how = {"quantize_level": 16, "quantize_method": method, "dither_seed": seed}
    assert_as_astropy(engine, compressed(pixels, compression_type="RICE_1", tile_shape=(1, 23456), **how))


@pytest.mark.parametrize("method", [-1, 1, 2])
def test_tiles_that_cannot_be_quantized_are_kept_as_they_are(engine: Engine, method: int) -> None:
    """Constant and wild tiles lie in GZIP_COMPRESSED_DATA beside quantized ones; NaNs are in both."""
    rng = np.random.default_rng(5)
    pixels = rng.normal(10, 2, (6, 200)).astype(np.float32)
    pixels[1] = 3.25
    pixels[3] = rng.normal(0, 1, 200).astype(np.float32) * 10.0 ** rng.integers(-30, 30, 200)
    pixels[4, 10] = np.nan
    content = compressed(
        pixels, compression_type="RICE_1", tile_shape=(1, 200), quantize_level=4, quantize_method=method
    )
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        lengths = [len(cell) for cell in hdus[1].data["GZIP_COMPRESSED_DATA"]]
        assert any(lengths) and not all(lengths)
    wanted = assert_as_astropy(engine, content)
    assert_equal_bits(wanted[1], pixels[1])
    assert np.isnan(wanted[4, 10])


# --- tables made by hand: what astropy does not write -------------------------------------------------------------


def tile_table(columns: list[fits.Column], shape: tuple[int, int], bitpix: int, **cards: Any) -> bytes:
    """A compressed image of one-row tiles from the columns of its table."""
    table = fits.BinTableHDU.from_columns(columns)
    header = table.header
    header["ZIMAGE"], header["ZBITPIX"], header["ZNAXIS"] = True, bitpix, 2
    header["ZNAXIS1"], header["ZNAXIS2"] = shape[1], shape[0]
    header["ZTILE1"], header["ZTILE2"] = shape[1], 1
    for keyword, value in cards.items():
        header[keyword] = value
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(buffer)
    return buffer.getvalue()


def bytes_column(name: str, cells: list[bytes]) -> fits.Column:
    """Of variable length; an empty cell is one that the tile does not use."""
    array = np.empty(len(cells), object)
    array[:] = [np.frombuffer(cell, np.uint8) for cell in cells]
    return fits.Column(name=name, format="1PB()", array=array)


def test_scale_zero_and_blank_may_be_keywords(engine: Engine) -> None:
    stored = np.array([[5, -3, 77, 1000], [0, 9, -3, 2**31 - 1]], ">i4")
    cells = [row.tobytes() for row in stored]
    content = tile_table(
        [bytes_column("COMPRESSED_DATA", cells)],
        (2, 4),
        -32,
        ZCMPTYPE="NOCOMPRESS",
        ZSCALE=0.1,
        ZZERO=-7.3,
        ZBLANK=-3,
        ZQUANTIZ="NO_DITHER",
    )
    wanted = (stored * 0.1 + -7.3).astype(np.float32)
    wanted[stored == -3] = np.nan
    assert_equal_bits(engine.read(content, form="physical")[1].data, wanted)


def test_blank_may_be_a_column(engine: Engine) -> None:
    stored = np.array([[5, -3, 77], [5, -3, 77]], ">i4")
    content = tile_table(
        [
            bytes_column("COMPRESSED_DATA", [row.tobytes() for row in stored]),
            fits.Column(name="ZSCALE", format="D", array=[2.5, 0.25]),
            fits.Column(name="ZZERO", format="D", array=[1.0, 2.0]),
            fits.Column(name="ZBLANK", format="J", array=[5, -3]),
        ],
        (2, 3),
        -64,
        ZCMPTYPE="NOCOMPRESS",
    )
    assert_equal_bits(
        assert_as_astropy(engine, content), np.array([[np.nan, -6.5, 193.5], [3.25, np.nan, 21.25]])
    )


def test_tiles_may_be_stored_uncompressed(engine: Engine) -> None:
    stored = np.array([[1.5, -0.0, np.nan], [3, 4, 5]], ">f4")
    array = np.empty(2, object)
    array[:] = [stored[0], np.empty(0, ">f4")]
    integers = np.array([[30, 40, 50]], ">i4")
    content = tile_table(
        [
            bytes_column("COMPRESSED_DATA", [b"", integers.tobytes()]),
            fits.Column(name="UNCOMPRESSED_DATA", format="1PE()", array=array),
            fits.Column(name="ZSCALE", format="D", array=[0.0, 0.1]),
            fits.Column(name="ZZERO", format="D", array=[0.0, 0.0]),
        ],
        (2, 3),
        -32,
        ZCMPTYPE="NOCOMPRESS",
    )
    assert_equal_bits(assert_as_astropy(engine, content)[1], np.array([3, 4, 5], "f4"))


@pytest.mark.parametrize("algorithm", ["RICE_1", "GZIP_2", "HCOMPRESS_1"])
@pytest.mark.parametrize(
    ("dtype", "cards"),
    [
        ("i2", {"BSCALE": 0.137, "BZERO": 12.5}),
        ("i2", {"BLANK": 61}),
        ("i4", {"BSCALE": 2.0, "BLANK": 61}),
        ("i4", {"BZERO": 2147483648, "BLANK": 61}),
        ("u1", {"BZERO": -128}),
        ("f4", {"BSCALE": 3.0, "BZERO": -1.0}),
        ("f8", {"BSCALE": 3.0}),
    ],
)
def test_scaling_holds_under_compression(
    engine: Engine, algorithm: str, dtype: str, cards: dict[str, float]
) -> None:
    """The cards are added to the table's header, as other writers do; astropy would apply them first."""
    pixels = scene(np.random.default_rng(6), (16, 20), np.dtype(dtype))
    plain = compressed(
        pixels, compression_type=algorithm, tile_shape=(8, 20), quantize_level=-0.25, hcomp_scale=0
    )
    with fits.open(io.BytesIO(plain), disable_image_compression=True) as hdus:
        for keyword, value in cards.items():
            hdus[1].header[keyword] = value
        buffer = io.BytesIO()
        hdus.writeto(buffer)
    assert_as_astropy(engine, buffer.getvalue())


# --- what is refused ----------------------------------------------------------------------------------------------


def edited(content: bytes, **cards: Any) -> bytes:
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        for keyword, value in cards.items():
            hdus[1].header[keyword] = value
        buffer = io.BytesIO()
        hdus.writeto(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("algorithm", "cards", "tag", "why"),
    [
        ("RICE_1", {"ZCMPTYPE": "BZIP2"}, "UnsupportedFits", "unknown compression"),
        ("RICE_1", {"ZNAME2": "BYTEPIX", "ZVAL2": 8}, "UnsupportedFits", "RICE pixels"),
        ("RICE_1", {"ZVAL1": 0}, "MalformedFits", "block size"),
        ("RICE_1", {"ZBITPIX": 12}, "MalformedFits", "pixel type"),
        ("RICE_1", {"ZNAXIS1": 2**31, "ZNAXIS2": 2**31}, "UnsupportedFits", "larger than any memory"),
        ("RICE_1", {"ZNAXIS1": -31}, "MalformedFits", "ZNAXIS"),
        ("RICE_1", {"ZTILE2": 7}, "MalformedFits", "number of tiles"),
        ("GZIP_1", {"ZCMPTYPE": "PLIO_1"}, "MalformedFits", "PLIO"),
        ("GZIP_1", {"ZCMPTYPE": "HCOMPRESS_1"}, "MalformedFits", "HCOMPRESS"),
        ("GZIP_1", {"ZCMPTYPE": "NOCOMPRESS"}, "MalformedFits", "length"),
    ],
)
def test_bad_compression_is_refused(
    engine: Engine, algorithm: str, cards: dict[str, Any], tag: str, why: str
) -> None:
    pixels = scene(np.random.default_rng(7), (12, 31), np.dtype("i2"))
    content = edited(compressed(pixels, compression_type=algorithm, tile_shape=(4, 31)), **cards)
    with pytest.raises(FitsError, match=why) as caught:
        engine.read(content)
    assert (caught.value.tag, caught.value.hdu) == (tag, 1)


@pytest.mark.parametrize(("method", "seed"), [(1, 0), (2, 10001), (1, -5)])
def test_dithering_wants_its_seed(engine: Engine, method: int, seed: int) -> None:
    pixels = scene(np.random.default_rng(8), (4, 50), np.dtype("f4"))
    content = compressed(
        pixels, compression_type="RICE_1", quantize_level=4, quantize_method=method, dither_seed=7
    )
    with pytest.raises(FitsError, match="seed"):
        engine.read(edited(content, ZDITHER0=seed))


def test_unknown_quantization_is_refused(engine: Engine) -> None:
    pixels = scene(np.random.default_rng(9), (4, 50), np.dtype("f4"))
    content = compressed(pixels, compression_type="RICE_1", quantize_level=4, quantize_method=1)
    with pytest.raises(FitsError, match="unknown way") as caught:
        engine.read(edited(content, ZQUANTIZ="SOMETHING_NEW"))
    assert caught.value.tag == "UnsupportedFits"


def test_masks_of_null_pixels_are_refused(engine: Engine) -> None:
    content = tile_table(
        [bytes_column("COMPRESSED_DATA", [b"\1\2\3"]), bytes_column("NULL_PIXEL_MASK", [b"\1\0\1"])],
        (1, 3),
        8,
        ZCMPTYPE="NOCOMPRESS",
        ZMASKCMP="RICE_1",
    )
    with pytest.raises(FitsError, match="null pixels") as caught:
        engine.read(content)
    assert caught.value.tag == "UnsupportedFits"


MIB = 1 << 20


def test_a_tile_stays_within_the_memory_limit() -> None:
    """Each image fits the limit; what its one tile claims does not, and is not taken."""
    side = 2000
    zeros = compressed(
        np.zeros((side, side)), compression_type="GZIP_1", tile_shape=(side, side), quantize_level=0
    )
    sizes = b"\xdd\x99" + 2 * side.to_bytes(4, "big") + bytes(15)
    wavelets = tile_table(
        [bytes_column("COMPRESSED_DATA", [sizes])], (side, side), 32, ZCMPTYPE="HCOMPRESS_1", ZTILE2=side
    )
    for content in (zeros, wavelets):
        engine = Engine(memory_limit=20 * MIB)
        with pytest.raises(FitsError, match="a tile larger than the memory limit") as caught:
            engine.read(content)
        assert (caught.value.tag, caught.value.tile) == ("UnsupportedFits", 0)
        assert engine.memory_bytes < 50 * MIB
    pixels = Engine(memory_limit=100 * MIB).read(zeros)[1].data
    assert pixels is not None and (pixels == 0).all()


def test_a_tile_that_unpacks_to_more_than_its_pixels_is_refused(engine: Engine) -> None:
    bomb = gzip.compress(bytes(50 * MIB))
    content = tile_table([bytes_column("COMPRESSED_DATA", [bomb])], (1, 100), 32, ZCMPTYPE="GZIP_1")
    before = engine.memory_bytes
    with pytest.raises(FitsError, match="longer than its pixels"):
        engine.read(content)
    assert engine.memory_bytes - before < MIB
