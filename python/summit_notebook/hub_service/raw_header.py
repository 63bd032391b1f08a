"""The primary header of a raw: its first blocks alone, and what the night table takes from them."""

from __future__ import annotations

import math
import os
import re
import zlib
from pathlib import Path

from .file_stream import open_plain

BLOCK_BYTES = 2880
CARD_BYTES = 80
MOST_BLOCKS = 128
"""Real primary headers have 3 to 10 blocks."""
READ_BYTES = 8 * BLOCK_BYTES
GZIP_MAGIC = b"\x1f\x8b"
DIGITS = 6

# Units as header comments write them in brackets, and what they are to the column's own unit: factor and offset.
_MM = {"mm": (1.0, 0.0), "um": (1e-3, 0.0), "micron": (1e-3, 0.0), "m": (1e3, 0.0)}
_DEG = {"deg": (1.0, 0.0), "degree": (1.0, 0.0), "degrees": (1.0, 0.0), "rad": (180 / math.pi, 0.0)}
_CELSIUS = {
    name: (1.0, 0.0) for name in ("c", "degc", "deg c", "deg_c", "celsius", "degree c", "deg celsius")
} | {"k": (1.0, -273.15)}
_HPA = {"hpa": (1.0, 0.0), "mbar": (1.0, 0.0), "pa": (0.01, 0.0), "kpa": (10.0, 0.0)}
_PERCENT = {"percent": (1.0, 0.0), "%": (1.0, 0.0)}
_M_S = {"m/s": (1.0, 0.0), "m s-1": (1.0, 0.0), "km/h": (1 / 3.6, 0.0)}
_NO_UNIT = {"": (1.0, 0.0), "airmass": (1.0, 0.0)}
_Units = dict[str, tuple[float, float]]


class BadHeader(Exception):
    """The message says what is wrong with the file."""


NUMBER = re.compile(r" *([+-]?(?:\d+\.?\d*|\.\d+)(?:[ED][+-]?\d+)?) *(?:/(.*))?", re.ASCII)
"""Value and comment of a card, integer or real of FITS standard 4.0, sections 4.2.3 and 4.2.4."""


def read_primary_header(path: Path) -> bytes:
    """The cards before END. Reads little more than the header's own blocks, at most 128; the file may be gzip-wrapped.

    Raises BadHeader for what is no FITS file, and OSError for a file that cannot be read.
    """
    descriptor = open_plain(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        text = file.read(READ_BYTES)
        unpack = zlib.decompressobj(wbits=31) if text.startswith(GZIP_MAGIC) else None
        header = _unpacked(unpack, text, MOST_BLOCKS * BLOCK_BYTES) if unpack else text
        if not header.startswith(b"SIMPLE  ="):
            raise BadHeader("does not begin as a FITS file")
        while (end := _end(header)) is None:
            room = MOST_BLOCKS * BLOCK_BYTES - len(header)
            if room <= 0:
                raise BadHeader(f"has no END card in its first {MOST_BLOCKS} blocks")
            more = file.read(READ_BYTES)
            if not more:
                raise BadHeader("ends inside its primary header")
            header += _unpacked(unpack, more, room) if unpack else more
    return header[:end]


def _unpacked(unpack: zlib._Decompress, packed: bytes, most: int) -> bytes:
    try:
        return unpack.decompress(packed, most)
    except zlib.error as error:
        raise BadHeader(f"is a damaged gzip file ({error})") from error


def _end(header: bytes) -> int | None:
    """Where the END card is, among the whole cards read."""
    for start in range(0, len(header) - CARD_BYTES + 1, CARD_BYTES):
        if header[start : start + 8] == b"END     ":
            return start
    return None


def header_columns(header: bytes) -> tuple[dict[str, float | None], list[str]]:
    """Values by column of the night table, None where nothing is known, and which units were not understood."""
    cards = _Cards(header)
    airmass = cards.mean("AMSTART", "AMEND", units=_NO_UNIT)
    values = {
        "airmass": cards.mean("AIRMASS", units=_NO_UNIT) if airmass is None else airmass,
        "focusZMm": cards.mean("FOCUSZ", units=_MM),
        "elevationDeg": cards.mean("ELSTART", "ELEND", units=_DEG),
        "azimuthDeg": cards.circular_mean_deg("AZSTART", "AZEND"),
        "rotpaDeg": cards.mean("ROTPA", units=_DEG),
        "raDeg": cards.mean("RA", units=_DEG),
        "decDeg": cards.mean("DEC", units=_DEG),
        "airTemperatureC": cards.mean("AIRTEMP", units=_CELSIUS),
        "pressureHpa": cards.mean("PRESSURE", units=_HPA),
        "humidityPercent": cards.mean("HUMIDITY", units=_PERCENT),
        "windSpeedMS": cards.mean("WINDSPD", units=_M_S),
    }
    rounded = {name: None if value is None else round(value, DIGITS) for name, value in values.items()}
    return rounded, cards.problems


class _Cards:
    """Cards with numbers. What is blank, text or damaged is no number; of equal keywords the first counts."""

    def __init__(self, header: bytes) -> None:
        self.problems: list[str] = []
        self._numbers: dict[str, tuple[float, str]] = {}
        for start in range(0, len(header), CARD_BYTES):
            card = header[start : start + CARD_BYTES].decode("latin-1")
            found = NUMBER.fullmatch(card[10:]) if card[8:10] == "= " else None
            if found and math.isfinite(value := float(found.group(1).replace("D", "E"))):
                self._numbers.setdefault(card[:8].rstrip(), (value, found.group(2) or ""))

    def mean(self, *keywords: str, units: _Units) -> float | None:
        """Of those that have a value."""
        known = self._known(keywords, units)
        return sum(known) / len(known) if known else None

    def circular_mean_deg(self, *keywords: str) -> float | None:
        """From 0 to 360: the mean of 359 and 1 is 0."""
        known = [math.radians(value) for value in self._known(keywords, _DEG)]
        if not known:
            return None
        return math.degrees(math.atan2(sum(map(math.sin, known)), sum(map(math.cos, known)))) % 360

    def _known(self, keywords: tuple[str, ...], units: _Units) -> list[float]:
        return [value for keyword in keywords if (value := self._number(keyword, units)) is not None]

    def _number(self, keyword: str, units: _Units) -> float | None:
        """In the column's unit, which a card without a unit in its comment is taken to have."""
        value, comment = self._numbers.get(keyword, (None, ""))
        unit = re.search(r"\[([^\]]*)\]", comment)
        if value is None or unit is None:
            return value
        scale = units.get(" ".join(unit.group(1).lower().split()))
        if scale is None:
            self.problems.append(f"{keyword} is in [{unit.group(1)}], a unit that is not known here")
            return None
        return value * scale[0] + scale[1]
