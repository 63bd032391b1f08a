"""World coordinates of an image, by the browser's engine."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .hdus import read_hdu
from .module import Module

Points = npt.NDArray[np.float64]

# A longitude or latitude with a projection: RA---TAN, DEC--SIN, GLON-ZEA.
_CELESTIAL = re.compile(r"(?:RA|DEC|\w{1,2}(?:ON|AT|LN|LT))-+\w")
_INFO = struct.Struct("<16s16s16sdii")


@dataclass(frozen=True)
class WcsInfo:
    """`types` are CTYPE of longitude and latitude; `equinox` is None where the frame has none."""

    types: tuple[str, str]
    frame: str
    equinox: float | None
    longitude_axis: int
    distorted: bool


class Wcs:
    """Pixels to degrees and back.

    Points are arrays of (count, 2): x and y, 0-based with pixel centres at integers, or longitude and latitude in
    degrees, longitude in [0, 360). A point without a counterpart becomes NaN, NaN. `alternate` is a letter, or nothing
    for the primary description; without `hdu` it is the first one with sky coordinates under that letter.
    """

    def __init__(self, module: Module, content: bytes, hdu: int | None = None, alternate: str = "") -> None:
        self._module = module
        letter = ord(alternate) if alternate else 0
        with module.opened(content) as stream:
            index = _first_with_sky(module, stream, alternate) if hdu is None else hdu
            self._handle = module.call("af_wcs_new", stream, index, letter, module.error)
            if self._handle == 0:
                raise module.failure()
        self.info = self._read_info()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the memory back; harmless the second time."""
        self._module.call("af_wcs_free", self._handle)
        self._handle = 0

    def to_sky(self, xy: npt.ArrayLike) -> Points:
        """In the frame of the header."""
        return self._in_place(xy, "af_wcs_to_sky", moving=True)

    def to_pixel(self, lonlat: npt.ArrayLike) -> Points:
        """From the frame of the header."""
        return self._in_place(lonlat, "af_wcs_to_pixel", moving=True)

    def to_icrs(self, lonlat: npt.ArrayLike) -> Points:
        """From the frame of the header; raises `FitsError` (UnsupportedFits) for FK4 and frames that are not known."""
        return self._in_place(lonlat, "af_wcs_to_icrs", moving=False)

    def from_icrs(self, lonlat: npt.ArrayLike) -> Points:
        """To the frame of the header, as `to_icrs`."""
        return self._in_place(lonlat, "af_wcs_from_icrs", moving=False)

    def _read_info(self) -> WcsInfo:
        with self._module.scratch(_INFO.size) as address:
            self._module.call("af_wcs_info", self._handle, address)
            fields: tuple[Any, ...] = _INFO.unpack(self._module.read(address, _INFO.size))
        longitude, latitude, frame = (text.split(b"\0", 1)[0].decode("latin-1") for text in fields[:3])
        equinox = None if np.isnan(fields[3]) else float(fields[3])
        return WcsInfo((longitude, latitude), frame, equinox, fields[4], fields[5] == 1)

    def _in_place(self, points: npt.ArrayLike, routine: str, *, moving: bool) -> Points:
        if self._handle == 0:
            raise ValueError("the coordinates were closed")
        given = np.ascontiguousarray(points, np.float64)
        if given.ndim != 2 or given.shape[1] != 2:
            raise ValueError("points are an array of (count, 2)")
        count = len(given)
        with self._module.scratch(max(given.nbytes, 8)) as address:
            self._module.write(address, given.tobytes())
            if moving:
                self._module.call(routine, self._handle, address, address, count)
            else:
                status = self._module.call(routine, self._handle, address, count, self._module.error)
                self._module.check(status)
            changed = self._module.read(address, given.nbytes)
        return np.frombuffer(changed, np.float64).reshape(count, 2).copy()


def _first_with_sky(module: Module, stream: int, alternate: str) -> int:
    for index in range(module.call("af_stream_hdu_count", stream)):
        cards = read_hdu(module, stream, index, None).cards
        if any(card.keyword == f"CTYPE1{alternate}" and _CELESTIAL.match(str(card.value)) for card in cards):
            return index
    return 0
