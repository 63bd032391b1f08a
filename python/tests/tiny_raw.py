"""Small real LATISS raws for tests: every header card that matters, 16 RICE_1 segments of 32x8."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time, TimeDelta

SEGMENTS = [
    f"Segment{n}" for n in (10, 11, 12, 13, 14, 15, 16, 17, "07", "06", "05", "04", "03", "02", "01", "00")
]


@cache
def segments() -> bytes:
    """The extensions of every raw here, compressed once: astropy takes 0.1 s for them."""
    rng = np.random.default_rng(1)
    hdus: list[object] = [fits.PrimaryHDU()]
    for name in SEGMENTS:
        pixels = rng.integers(9000, 9100, size=(8, 32), dtype=np.int32)
        hdus.append(fits.CompImageHDU(pixels, name=name, compression_type="RICE_1", tile_shape=(1, 32)))
    whole = io.BytesIO()
    fits.HDUList(hdus).writeto(whole)
    return whole.getvalue()[2880:]


def write_raw(path: Path, seq_num: int, *, day_obs: int = 20261121, **cards: object) -> Path:
    """Written under a hidden name and renamed, as the camera's files land. A card of None is left out."""
    begin = Time("2026-11-22T01:00:00", scale="tai") + TimeDelta(30.0 * seq_num, format="sec")
    obs_id = f"AT_O_{day_obs}_{seq_num:06d}"
    header = fits.Header()
    values: dict[str, object] = {
        "TIMESYS": "TAI",
        "DATE-BEG": begin.isot,
        "DATE-END": (begin + TimeDelta(2.0, format="sec")).isot,
        "OBSID": obs_id,
        "GROUPID": begin.isot,
        "IMGTYPE": "OBJECT",
        "INSTRUME": "LATISS",
        "RA": 102.25,
        "DEC": -26.0,
        "ROTPA": None,
        "ELSTART": 72.5,
        "AZSTART": 80.0,
        "OBJECT": "HD 49790",
        "CONTRLLR": "O",
        "DAYOBS": str(day_obs),
        "SEQNUM": seq_num,
        "PROGRAM": "TEST",
        "REASON": "object",
        "FILTER": "SDSSr_65mm",
        "GRATING": "empty_1",
        "EXPTIME": 2.0,
        "DARKTIME": 2.25,
    } | {name.replace("_", "-"): value for name, value in cards.items()}
    for name, value in values.items():
        if value is not None:
            header[name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part")
    primary = io.BytesIO()
    fits.PrimaryHDU(header=header).writeto(primary)
    scratch.write_bytes(primary.getvalue() + segments())
    scratch.rename(path)
    return path


def raw_name(seq_num: int, day_obs: int = 20261121) -> str:
    return f"AT_O_{day_obs}_{seq_num:06d}_R00_S00.fits.fz"
