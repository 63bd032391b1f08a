"""The statistics of physical pixels, from the command line and in Python, against astropy and numpy."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from astropy.io import fits
from astropy_pixels import image_file, read_by_astropy

from summit_notebook.engine import Engine

Array = npt.NDArray[Any]
ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / "wasm" / "bin" / "astro-fits-wasm.mjs"
FIXTURES = sorted((ROOT / "fixtures" / "engine").glob("*.fits"))
ZERO = {"u1": -128, "i2": 1 << 15, "i4": 1 << 31, "i8": 1 << 63}


def stored_numbers(dtype: str, shape: tuple[int, ...], seed: int) -> Array:
    rng = np.random.default_rng(seed)
    if dtype[0] == "f":
        pixels = rng.normal(100, 1e6, shape).astype(dtype)
        pixels.flat[:3] = np.nan, -0.0, np.inf
        return pixels
    info = np.iinfo(dtype)
    pixels = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    pixels.flat[:2] = info.min, info.max
    return pixels


def as_extension(content: bytes, name: str) -> bytes:
    """A primary image as an IMAGE extension."""
    end = content.index(b"END" + b" " * 77)
    cards = [b"XTENSION= 'IMAGE   '".ljust(80), content[80:end]]
    cards += [
        f"{card}".encode().ljust(80) for card in ("PCOUNT  = 0", "GCOUNT  = 1", f"EXTNAME = '{name}'", "END")
    ]
    header = b"".join(cards)
    data = content[end + 80 + -(end + 80) % 2880 :]
    return header + b" " * (-len(header) % 2880) + data


def plain_images() -> bytes:
    """Every BITPIX with every kind of scaling, in one to four axes."""
    shapes = [(37,), (5, 9), (2, 3, 4), (2, 1, 3, 2)]
    parts = [image_file(stored_numbers("i2", (3, 4), 0))]
    for number, dtype in enumerate(["u1", "i2", "i4", "i8", "f4", "f8"]):
        scalings: list[dict[str, float]] = [{}, {"BSCALE": 0.25, "BZERO": -7.125}]
        if dtype in ZERO:
            scalings += [{"BZERO": ZERO[dtype]}, {"BLANK": 77}, {"BSCALE": 2.0, "BLANK": 77}]
        for kind, cards in enumerate(scalings):
            stored = stored_numbers(dtype, shapes[(number + kind) % 4], 10 * number + kind)
            if "BLANK" in cards:
                stored.flat[4:6] = 77
            parts.append(as_extension(image_file(stored, **cards), f"{dtype} {kind}"))
    nothing = np.full((2, 3), np.nan, np.float32)
    return b"".join([*parts, as_extension(image_file(nothing), "all NaN")])


def compressed_images() -> bytes:
    """Lossless ones of every type, unsigned too, and quantized floats."""
    hdus = fits.HDUList([fits.PrimaryHDU()])
    rng = np.random.default_rng(8)
    for compression in ("RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"):
        for dtype in ("u1", "i2", "i4") if compression == "PLIO_1" else ("u1", "i2", "u2", "i4"):
            pixels = rng.integers(0, 100, (24, 30)).astype(dtype)
            hdus.append(
                fits.CompImageHDU(pixels, name=f"{compression} {dtype}", compression_type=compression)
            )
    for compression in ("GZIP_1", "GZIP_2"):
        for dtype in ("f4", "f8"):
            pixels = stored_numbers(dtype, (24, 30), 5)
            name = f"{compression} {dtype}"
            hdus.append(fits.CompImageHDU(pixels, name=name, compression_type=compression, quantize_level=0))
    for method in (-1, 1, 2):
        pixels = rng.normal(1000, 20, (24, 30)).astype(np.float32)
        pixels[3, 4:9] = np.nan
        hdu = fits.CompImageHDU(
            pixels, name="", compression_type="RICE_1", quantize_method=method, dither_seed=3
        )
        hdus.append(hdu)
    out = io.BytesIO()
    hdus.writeto(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "make",
    [plain_images, compressed_images, *FIXTURES],
    ids=lambda make: getattr(make, "stem", "") or make.__name__,
)
def test_they_equal_astropy(engine: Engine, tmp_path: Path, make: Any) -> None:
    content = make.read_bytes() if isinstance(make, Path) else make()
    path = tmp_path / "a file.fits"
    path.write_bytes(content)
    done = subprocess.run(
        ["node", str(COMMAND), "stats", str(path), "--json"], check=True, capture_output=True, text=True
    )
    answers = json.loads(done.stdout)
    in_python = [dataclasses.asdict(image) for image in engine.stats(content)]
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    with fits.open(io.BytesIO(content)) as hdus:
        expected = [
            (i, hdu.name if i else hdu.header.get("EXTNAME", ""))
            for i, hdu in enumerate(hdus)
            if hdu.is_image
        ]
        expected = [(i, name) for i, name in expected if hdus[i].shape and 0 not in hdus[i].shape]
    assert [answer["index"] for answer in answers] == [i for i, _ in expected]
    for answer, python, (index, name) in zip(answers, in_python, expected, strict=True):
        with np.errstate(all="ignore"):
            pixels = read_by_astropy(content, index)
        assert answer["extname"] == name
        assert answer["shape"] == list(pixels.shape)
        assert answer["dtype"] == pixels.dtype.name
        assert answer["sha256"] == hashlib.sha256(pixels.tobytes()).hexdigest()
        assert_figures(answer, pixels)
        for key, value in python.items():
            wanted = tuple(answer[key]) if key == "shape" else answer[key]
            assert value == wanted or (wanted is None and np.isnan(value))


def assert_figures(answer: dict[str, Any], pixels: Array) -> None:
    """Minimum, maximum and median exactly; the mean to 4 roundings of the mean magnitude."""
    good = np.sort(pixels[~np.isnan(pixels)] if pixels.dtype.kind == "f" else pixels.ravel())
    if good.size == 0:
        assert [answer[key] for key in ("min", "max", "mean", "median")] == [None] * 4
        return
    assert answer["min"] == float(good[0])
    assert answer["max"] == float(good[-1])
    assert answer["median"] == (float(good[(good.size - 1) // 2]) + float(good[good.size // 2])) / 2
    mean = float(np.mean(good.astype(np.longdouble)))
    if np.isfinite(mean):
        tolerance = 4 * np.finfo(float).eps * float(np.mean(np.abs(good.astype(float))))
        assert abs(answer["mean"] - mean) <= tolerance
    else:
        assert answer["mean"] == mean
