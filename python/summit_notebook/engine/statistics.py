"""The physical pixels of an image in figures and as a hash, as `astro-fits-wasm stats` has them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .hdus import Hdu
from .module import Array


@dataclass(frozen=True)
class ImageStatistics:
    """`shape` has the slowest axis first; min to median are of the pixels that are not NaN, NaN when none is."""

    index: int
    extname: str
    shape: tuple[int, ...]
    dtype: str
    min: float
    max: float
    mean: float
    median: float
    sha256: str


def image_statistics(hdu: Hdu, pixels: Array, summary: tuple[float, float, float, float]) -> ImageStatistics:
    """`pixels` are the physical ones; their hash is of C order, little-endian."""
    sha256 = hashlib.sha256(pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()).hexdigest()
    return ImageStatistics(hdu.index, hdu.name, hdu.shape, pixels.dtype.name, *summary, sha256)
