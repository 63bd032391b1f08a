"""What astropy reads from a file, in the form in which the engine gives physical pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

Array = npt.NDArray[Any]


def image_file(stored: Array, **cards: float) -> bytes:
    """A primary image of these stored numbers; astropy would apply the scaling cards to the pixels."""
    bitpix = {"u1": 8, "i2": 16, "i4": 32, "i8": 64, "f4": -32, "f8": -64}[stored.dtype.str[1:]]
    values: dict[str, Any] = {"SIMPLE": True, "BITPIX": bitpix, "NAXIS": stored.ndim}
    values.update({f"NAXIS{n + 1}": length for n, length in enumerate(stored.shape[::-1])})
    header = fits.Header([*values.items(), *cards.items()])
    data = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    return header.tostring().encode() + data + bytes(-len(data) % 2880)


def read_by_astropy(content: bytes, index: int = 0) -> Array:
    """What astropy reads, in this machine's byte order, every NaN as the one NaN."""
    with fits.open(io.BytesIO(content)) as hdus:
        blank = hdus[index].header.get("BLANK")  # gone once the pixels are read
        data = np.array(hdus[index].data)
        if blank == 0 and data.dtype.kind == "f":  # astropy takes a BLANK of 0 for none
            with fits.open(io.BytesIO(content), do_not_scale_image_data=True) as stored:
                data[stored[index].data == 0] = np.nan
    data = data.astype(data.dtype.newbyteorder("="))
    if data.dtype.kind == "f":
        data[np.isnan(data)] = np.nan
    return data


def assert_equal_bits(got: Array | None, wanted: Array) -> None:
    assert got is not None
    assert got.dtype == wanted.dtype
    assert got.size == wanted.size
    assert got.tobytes() == wanted.tobytes()
