"""The primary header of a raw: read alone, from whole and broken files, and what its cards mean."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from summit_notebook.hub_service.raw_header import BadHeader, header_columns, read_primary_header


def header(*cards: str) -> bytes:
    return b"".join(card.ljust(80).encode("latin-1") for card in ("SIMPLE  =                    T", *cards))


def test_header_columns() -> None:
    values, problems = header_columns(
        header(
            "AMSTART = ",
            "AMEND   =                 1.25 / Airmass at the end",
            "FOCUSZ  =               -120.0 / [um] Focus Z position",
            "ELSTART = 1.0D1 / [deg]",
            "ELEND   =                   20",
            "AZSTART =                350.0",
            "AZEND   =                 20.0 / [deg]",
            "ROTPA   = 'north   '           / [deg]",
            "RA      =                    T",
            "DEC     =                  -0.",
            "AIRTEMP =               283.15 / [K] Outside temperature",
            "PRESSURE=              74325.0 / [Pa] Outside pressure",
            "HUMIDITY=                  1e999 / [percent]",
            "WINDSPD =                 10.0 / [furlong/fortnight] Wind",
            "AMEND   =                  9.0",
            "RA      = 1.0  garbage",
        )
    )
    assert values == {
        "airmass": 1.25,
        "focusZMm": -0.12,
        "elevationDeg": 15.0,
        "azimuthDeg": 5.0,
        "rotpaDeg": None,
        "raDeg": None,
        "decDeg": 0.0,
        "airTemperatureC": 10.0,
        "pressureHpa": 743.25,
        "humidityPercent": None,
        "windSpeedMS": None,
    }
    assert problems == ["WINDSPD is in [furlong/fortnight], a unit that is not known here"]
    assert header_columns(header("AIRMASS = 1.1"))[0]["airmass"] == 1.1
    assert set(header_columns(b"\xff\x00" * 4000)[0].values()) == {None}


def test_header_is_read_alone(tmp_path: Path) -> None:
    """Of a file with 1 TB behind it, and of one in gzip's wrapper."""
    path = tmp_path / "raw.fits"
    cards = header(*(f"COMMENT {n}" for n in range(500)), "FOCUSZ  = 1.5")
    path.write_bytes(cards + b"END".ljust(80))
    os.truncate(path, 1 << 40)
    assert read_primary_header(path) == cards
    packed = tmp_path / "raw.fits.gz"
    packed.write_bytes(gzip.compress(cards + b"END".ljust(80) + os.urandom(1_000_000)))
    assert read_primary_header(packed) == cards
    packed.write_bytes(packed.read_bytes()[:500_000])
    assert read_primary_header(packed) == cards


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin"),
        (b"SIMPLE  =", "ends inside"),
        (header("A = 1"), "ends inside"),
        (header("A = 1") + bytes(400_000), "no END"),
        (gzip.compress(header("A = 1"), mtime=0), "ends inside"),
        (gzip.compress(header("A = 1") + bytes(1 << 24), mtime=0), "no END"),
        (b"\x1f\x8b" + b"x" * 1000, "damaged gzip"),
    ],
)
def test_files_without_a_header(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "raw.fits"
    path.write_bytes(content)
    with pytest.raises(BadHeader, match=said):
        read_primary_header(path)


def test_pipe_is_no_raw(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "raw.fits")
    with pytest.raises(FileNotFoundError):
        read_primary_header(tmp_path / "raw.fits")
