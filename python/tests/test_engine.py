"""The engine under wasmtime against astropy and numpy: pixels bit for bit, display limits as stated."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from astropy.io import fits
from astropy.visualization import ZScaleInterval

from summit_notebook.engine import Engine, FitsError

Array = npt.NDArray[Any]


def as_bytes(*hdus: Any) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(buffer)
    return buffer.getvalue()


def astropy_pixels(content: bytes, index: int = 1) -> Array:
    """What astropy reads, in the engine's two pixel types."""
    with fits.open(io.BytesIO(content)) as hdus:
        data = hdus[index].data
        return data.astype(np.float32) if data.dtype.kind == "f" or data.dtype.itemsize == 8 else data


def assert_same_bits(got: Array | None, wanted: Array) -> None:
    assert got is not None
    assert got.shape == wanted.shape
    wanted = wanted.astype(got.dtype)  # byte order; and unsigned integers, which the engine gives as f32
    assert got.tobytes() == wanted.tobytes()


def noisy(rng: np.random.Generator, shape: tuple[int, int], spikes: int = 20) -> npt.NDArray[np.int32]:
    """A raw-like image: bias, noise, and spikes whose RICE codes are longer than any fast path takes."""
    pixels = rng.normal(25000, 7, shape).round().astype(np.int32)
    where = rng.integers(0, pixels.size, spikes)
    pixels.flat[where] += rng.integers(-25000, 250000, spikes).astype(np.int32)
    return pixels


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.uint8, 0, 255),
        (np.int16, -3000, 3000),
        (np.int32, -(2**31), 2**31 - 1),
        (np.int64, -(2**62), 2**62),
    ],
)
def test_plain_integers_equal_astropy(engine: Engine, dtype: Any, low: int, high: int) -> None:
    rng = np.random.default_rng(1)
    content = as_bytes(fits.ImageHDU(rng.integers(low, high, (37, 53), dtype=dtype)))
    data = engine.read(content)[1].data
    assert data is not None
    assert data.dtype == (np.float32 if dtype is np.int64 else np.int32)
    assert_same_bits(data, astropy_pixels(content))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_plain_floats_equal_astropy(engine: Engine, dtype: Any) -> None:
    pixels = np.random.default_rng(2).normal(0, 1e3, (29, 61)).astype(dtype)
    pixels[3, 4], pixels[5, 6], pixels[7, 8] = np.inf, -np.inf, -0.0
    content = as_bytes(fits.ImageHDU(pixels))
    assert_same_bits(engine.read(content)[1].data, astropy_pixels(content))
    pixels[0, 0] = np.nan
    data = engine.read(as_bytes(fits.ImageHDU(pixels)))[1].data
    assert data is not None and np.isnan(data[0, 0]) and not np.isnan(data[0, 1])


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int8])
def test_unsigned_conventions_equal_astropy(engine: Engine, dtype: Any) -> None:
    info = np.iinfo(dtype)
    rng = np.random.default_rng(3)
    # float32 holds integers up to 2^24 exactly
    pixels = rng.integers(info.min, min(info.max, 2**24), (31, 47), dtype=dtype)
    data = engine.read(as_bytes(fits.ImageHDU(pixels)))[1].data
    assert_same_bits(data, pixels.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_scaled_and_blank_integers_equal_astropy(engine: Engine, dtype: Any) -> None:
    stored = np.random.default_rng(4).integers(-30000, 30000, (23, 41), dtype=dtype)
    stored[2, 3] = -32768
    plain = as_bytes(fits.ImageHDU(stored))
    # The cards are written by hand: astropy would apply them to the pixels. They replace two blank cards before END.
    at = plain.index(b"END" + b" " * 77, 2880)
    cards = b"".join(
        card.ljust(80)
        for card in (b"BSCALE  =              0.137", b"BZERO   =  1234.5", b"BLANK   = -32768")
    )
    content = plain[:at] + cards + plain[at : at + 80] + plain[at + 80 + len(cards) :]
    data = engine.read(content)[1].data
    assert data is not None and np.isnan(data[2, 3])
    wanted = astropy_pixels(content)
    finite = np.isfinite(wanted)
    assert finite.sum() == wanted.size - 1
    assert data[finite].tobytes() == wanted[finite].astype(np.float32).tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32])
@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_1", "GZIP_2"])
@pytest.mark.parametrize("tile", [(1, 131), (1, 40), (7, 131), (16, 32)])
def test_compressed_integers_equal_astropy(
    engine: Engine, dtype: Any, compression: str, tile: tuple[int, int]
) -> None:
    rng = np.random.default_rng(5)
    pixels = noisy(rng, (45, 131))
    if dtype is not np.int32:
        pixels = pixels % np.iinfo(dtype).max
    content = as_bytes(fits.CompImageHDU(pixels.astype(dtype), compression_type=compression, tile_shape=tile))
    hdu = engine.read(content)[1]
    assert hdu.kind == "compressed-image"
    assert_same_bits(hdu.data, pixels.astype(dtype))


@pytest.mark.parametrize("kind", ["constant", "alternating", "random", "ramp"])
def test_rice_of_extreme_pixels_equals_astropy(engine: Engine, kind: str) -> None:
    """All-zero blocks, plain blocks and codes of any length."""
    rng = np.random.default_rng(6)
    shape = (9, 100)
    pixels = {
        "constant": np.full(shape, -77, np.int32),
        "alternating": np.tile(np.array([-(2**30), 2**30], np.int32), (9, 50)),
        "random": rng.integers(-(2**31), 2**31 - 1, shape, dtype=np.int32),
        "ramp": np.arange(900, dtype=np.int32).reshape(shape) ** 2,
    }[kind]
    content = as_bytes(fits.CompImageHDU(pixels, compression_type="RICE_1", tile_shape=(1, 100)))
    assert_same_bits(engine.read(content)[1].data, pixels)


@pytest.mark.parametrize("compression", ["GZIP_1", "GZIP_2"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lossless_compressed_floats_equal_astropy(engine: Engine, compression: str, dtype: Any) -> None:
    pixels = np.random.default_rng(7).normal(1, 0.01, (40, 300)).astype(dtype)
    hdu = fits.CompImageHDU(pixels, compression_type=compression, tile_shape=(1, 300), quantize_level=0)
    content = as_bytes(hdu)
    assert_same_bits(engine.read(content)[1].data, astropy_pixels(content))


def test_quantized_floats_equal_astropy(engine: Engine) -> None:
    pixels = np.random.default_rng(8).normal(100, 3, (40, 300)).astype(np.float32)
    pixels[3, 5] = np.nan
    hdu = fits.CompImageHDU(
        pixels, compression_type="RICE_1", tile_shape=(1, 300), quantize_level=16, quantize_method=-1
    )
    content = as_bytes(hdu)
    data = engine.read(content)[1].data
    wanted = astropy_pixels(content)
    assert data is not None and np.isnan(data[3, 5])
    np.testing.assert_array_equal(data, wanted)


def test_raw_of_sixteen_segments_in_gzip(engine: Engine) -> None:
    rng = np.random.default_rng(9)
    segments = [noisy(rng, (64, 576)) for _ in range(16)]
    hdus = [
        fits.CompImageHDU(pixels, name=f"Segment{i:02o}", compression_type="RICE_1", tile_shape=(1, 576))
        for i, pixels in enumerate(segments)
    ]
    plain = as_bytes(*hdus)
    for content in (plain, gzip.compress(plain), gzip.compress(plain[:5000]) + gzip.compress(plain[5000:])):
        for chunk in (977, 1 << 20):
            read = engine.read(content, chunk=chunk)
            assert [hdu.name for hdu in read[1:]] == [f"SEGMENT{i:02o}" for i in range(16)]
            for hdu, pixels in zip(read[1:], segments, strict=True):
                assert_same_bits(hdu.data, pixels)


def test_header_cards_equal_astropy(engine: Engine) -> None:
    hdu = fits.ImageHDU(np.zeros((2, 2), np.int16))
    header = hdu.header
    header["TEXT"] = ("it's /not/ a comment", "a comment")
    header["EMPTY"] = ("", "empty text")
    header["LONGTEXT"] = ("a long text " * 20).strip()
    header["TRUTH"], header["LIE"] = True, False
    header["WHOLE"], header["HUGE"] = -42, 2**62
    header["REAL"], header["TINY"] = 59905.123456789012, -1.5e-300
    header["HIERARCH a long keyword"] = 7
    header["NOTHING"] = (None, "undefined")
    header["COMMENT"] = "a remark"
    header["TEXT2"] = "trailing &"
    cards = {card.keyword: card for card in engine.read(as_bytes(hdu))[1].cards}
    for keyword in ("TEXT", "EMPTY", "LONGTEXT", "TRUTH", "LIE", "WHOLE", "HUGE", "REAL", "TINY", "TEXT2"):
        assert cards[keyword].value == header[keyword], keyword
        assert type(cards[keyword].value) is type(header[keyword]), keyword
    assert cards["TEXT"].comment == "a comment"
    assert cards["a long keyword"].value == 7
    assert cards["NOTHING"].value is None and cards["NOTHING"].comment == "undefined"
    assert cards["COMMENT"].comment == "a remark"


@pytest.mark.parametrize("length", [0, 1, 100, 2879, 2881, 6000, -1000])
def test_truncated_files_say_so(engine: Engine, length: int) -> None:
    content = as_bytes(fits.ImageHDU(np.zeros((100, 100), np.int32)))
    # Not 2880: a file that ends behind its primary HDU is whole.
    with pytest.raises(FitsError, match=r"truncated|empty") as caught:
        engine.read(content[:length])
    assert caught.value.tag == "MalformedFits"


def test_other_files_are_refused_at_once(engine: Engine) -> None:
    for content in (b"<!doctype html>", b"\x1f\x8b\x08\x00nonsense nonsense", gzip.compress(b"GIF89a")):
        with pytest.raises(FitsError) as caught:
            engine.read(content)
        assert caught.value.tag == "MalformedFits"


def test_broken_rice_tile_is_named(engine: Engine) -> None:
    pixels = noisy(np.random.default_rng(10), (30, 576))
    content = as_bytes(fits.CompImageHDU(pixels, compression_type="RICE_1", tile_shape=(1, 576)))
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        info = hdus[1].fileinfo()
    # Row 12 of the table: its descriptor (count, offset) of big-endian int32 is made to claim 3 bytes.
    at = info["datLoc"] + 12 * 8
    broken = content[:at] + (3).to_bytes(4, "big") + content[at + 4 :]
    with pytest.raises(FitsError, match="RICE") as caught:
        engine.read(broken)
    assert (caught.value.tag, caught.value.hdu, caught.value.tile) == ("MalformedFits", 1, 12)


# --- display ----------------------------------------------------------------------------------------------------


def images() -> dict[str, Array]:
    rng = np.random.default_rng(16)
    stars = rng.normal(100, 5, (300, 400)).astype(np.float32)
    stars.flat[rng.integers(0, stars.size, 4000)] += rng.exponential(5000, 4000).astype(np.float32)
    holes = stars.copy()
    holes.flat[rng.integers(0, stars.size, 5000)] = np.nan
    return {
        "stars": stars,
        "holes": holes,
        "constant": np.full((50, 60), 7, np.float32),
        "integers": rng.integers(-50, 70000, (200, 111), dtype=np.int32),
        "ramp": np.arange(100 * 90, dtype=np.float32).reshape(100, 90),
        "three": np.array([[1, 5, 2]], np.float32),
        "bimodal": np.where(rng.random((120, 130)) < 0.5, 0, 1000).astype(np.float32),
    }


@pytest.mark.parametrize("name", images().keys())
def test_zscale_equals_astropy(engine: Engine, name: str) -> None:
    """To 1e-9 of the pixels' range: the line is fitted by another, equally exact, method."""
    pixels = images()[name]
    wanted = ZScaleInterval().get_limits(pixels)
    extent = float(np.nanmax(pixels)) - float(np.nanmin(pixels))
    assert engine.zscale(pixels) == pytest.approx(wanted, abs=1e-9 * max(extent, 1.0))


def test_statistics_equal_numpy(engine: Engine) -> None:
    fractions = [0.0, 0.01, 0.5, 0.995, 1.0]
    for pixels in images().values():
        good = pixels[np.isfinite(pixels)].astype(np.float64)
        got = engine.statistics(pixels, fractions)
        assert got[:2] == (good.min(), good.max())
        stride = -(-good.size // 100_000)
        np.testing.assert_allclose(got[2:], np.quantile(good[::stride], fractions), rtol=1e-12, atol=1e-12)
    assert np.isnan(engine.statistics(np.full((3, 3), np.nan, np.float32), [0.5])).all()


@pytest.mark.parametrize("factor", [1, 3, 8, 500])
def test_bin_equals_numpy(engine: Engine, factor: int) -> None:
    """To one rounding of float32: means are summed in float64 in another order."""
    pixels = images()["holes"]
    pixels[:8, :8] = np.nan
    height, width = pixels.shape
    wanted = np.array(
        [
            [
                np.mean(cell[np.isfinite(cell)], dtype=np.float64) if np.isfinite(cell).any() else np.nan
                for x in range(0, width, factor)
                for cell in [pixels[y : y + factor, x : x + factor]]
            ]
            for y in range(0, height, factor)
        ]
    )
    np.testing.assert_allclose(engine.bin(pixels, factor), wanted, rtol=np.finfo(np.float32).eps)
