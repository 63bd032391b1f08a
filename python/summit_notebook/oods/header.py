"""From the primary header of a LATISS raw to the dimension records of its exposure.

Follows the conventions of the LATISS translator of lsst/obs_lsst (universe 8 of daf_butler).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astropy.time import Time
from lsst.daf.butler import Timespan

# obs_lsst: who controlled the camera. Its index is the prefix digit of ids (C: 3018..., S: 7024...).
CONTROLLERS = "OCPHQS"

# Others need more than the header to become TAI: UT1 a table from the network, LOCAL a clock nobody knows.
TIME_SYSTEMS = ("TAI", "UTC", "TT", "TDB")

# What a Butler's Timespan holds; it clips whatever lies outside.
EPOCH, END_OF_TIME = Time(["1970-01-01", "2100-01-01"], scale="tai")

# Widths of the string columns of universe 8. A raw is worth more than the end of a long name.
WIDTHS = {
    "physical_filter": 32,
    "observation_type": 16,
    "observation_reason": 68,
    "target_name": 64,
    "science_program": 64,
    "group": 64,
}


class BadRaw(Exception):
    """A file that cannot be an exposure of this instrument; the message says which card and why."""


@dataclass(frozen=True)
class ExposureRecords:
    """What the registry is told about one raw."""

    exposure: int
    obs_id: str
    day_obs: int
    physical_filter: str
    group: str
    record: dict[str, Any]
    """Fields of the ``exposure`` dimension."""


def exposure_records(header: Mapping[str, Any], instrument: str) -> ExposureRecords:
    """Raises BadRaw with the card that is missing or wrong."""
    seen = str(header.get("INSTRUME", "")).strip()
    if seen != instrument:
        raise BadRaw(f"INSTRUME is {seen or 'missing'}, this repository holds {instrument}")
    obs_id = _text(header, "OBSID")
    day_obs = _integer(header, "DAYOBS")
    seq_num = _integer(header, "SEQNUM")
    if not 19700101 <= day_obs <= 99991231:
        raise BadRaw(f"DAYOBS {day_obs} is not a day YYYYMMDD")
    if not 0 <= seq_num < 100_000:
        raise BadRaw(f"SEQNUM {seq_num} is not between 0 and 99999")
    controller = str(header.get("CONTRLLR") or "O").strip()
    if controller not in CONTROLLERS or len(controller) != 1:
        raise BadRaw(f"CONTRLLR {controller!r} is none of {', '.join(CONTROLLERS)}")
    exposure = (day_obs + 10_000_000 * CONTROLLERS.index(controller)) * 100_000 + seq_num

    physical_filter = f"{_element(header, 'FILTER')}~{_element(header, 'GRATING')}"
    exposure_time = _number(header, "EXPTIME")
    dark_time = _optional_number(header, "DARKTIME")
    begin, end = _shutter(header)
    # Undefined cards read as None; they are common in real headers.
    group = str(header.get("GROUPID") or exposure)
    altitude = _optional_number(header, "ELSTART")
    record: dict[str, Any] = {
        "instrument": instrument,
        "id": exposure,
        "obs_id": obs_id,
        "physical_filter": physical_filter,
        "day_obs": day_obs,
        "group": group,
        "seq_num": seq_num,
        "seq_start": seq_num,
        "seq_end": seq_num,
        "exposure_time": exposure_time,
        "dark_time": exposure_time if dark_time is None else dark_time,
        "observation_type": _observation_type(_text(header, "IMGTYPE")),
        "observation_reason": str(header.get("REASON") or "unknown").strip().lower() or "unknown",
        "target_name": str(header.get("OBJECT") or "UNKNOWN").strip() or "UNKNOWN",
        "science_program": str(header.get("PROGRAM") or "unknown").strip() or "unknown",
        "tracking_ra": _optional_number(header, "RA"),
        "tracking_dec": _optional_number(header, "DEC"),
        "sky_angle": _optional_number(header, "ROTPA"),
        "azimuth": _optional_number(header, "AZSTART"),
        "zenith_angle": None if altitude is None else 90.0 - altitude,
        "has_simulated": any(bool(header[key]) for key in header if str(key).startswith("SIMULATE")),
        "can_see_sky": None,
        "timespan": Timespan(begin, end),
    }
    for name, width in WIDTHS.items():
        record[name] = record[name][:width]
    return ExposureRecords(
        exposure=exposure,
        obs_id=obs_id,
        day_obs=day_obs,
        physical_filter=record["physical_filter"],
        group=record["group"],
        record=record,
    )


def obs_id_of(header: Mapping[str, Any]) -> str | None:
    """The name of an exposure whose header may be wrong in any other way."""
    try:
        value = header.get("OBSID")
    except Exception:  # astropy parses a card when it is asked for, and a damaged one fails in many ways
        return None
    return value.strip() or None if isinstance(value, str) else None


def obs_id_in(file_name: str) -> str | None:
    """Raws are named by their exposure, which tells it where the header cannot."""
    found = re.match(rf"[A-Z]{{2}}_[{CONTROLLERS}]_[0-9]{{8}}_[0-9]{{6}}(?=[_.])", file_name)
    return found.group() if found else None


def _observation_type(image_type: str) -> str:
    kind = image_type.lower()
    return "science" if kind in ("object", "skyexp") else kind


def _element(header: Mapping[str, Any], card: str) -> str:
    """An optical element. Empty slots are numbered in headers (empty_1), never in physical filters."""
    name = _text(header, card)
    return "empty" if re.fullmatch(r"(?i)empty(_\d+)?", name) else name


def _shutter(header: Mapping[str, Any]) -> tuple[Time, Time]:
    system = str(header.get("TIMESYS") or "TAI").strip()
    if system.upper() not in TIME_SYSTEMS:
        raise BadRaw(f"TIMESYS {system!r} is none of {', '.join(TIME_SYSTEMS)}")
    scale = system.lower()
    times = []
    for card in ("DATE-BEG", "DATE-END"):
        text = _text(header, card)
        try:
            times.append(Time(text, format="isot", scale=scale).tai)
        except ValueError as cause:
            raise BadRaw(f"{card} {text!r} is not a time in the scale {scale}") from cause
    begin, end = times
    if begin < EPOCH or end > END_OF_TIME:
        raise BadRaw(f"DATE-BEG {begin.isot} to DATE-END {end.isot} is not in the years 1970 to 2099")
    if not begin < end:
        raise BadRaw(f"DATE-END {end.isot} is not after DATE-BEG {begin.isot}")
    return begin, end


def _text(header: Mapping[str, Any], card: str) -> str:
    value = header.get(card)
    text = "" if value is None else str(value).strip()
    if not text:
        raise BadRaw(f"card {card} is missing or empty")
    return text


def _integer(header: Mapping[str, Any], card: str) -> int:
    text = _text(header, card)
    try:
        return int(text)
    except ValueError as cause:
        raise BadRaw(f"{card} {text!r} is not a whole number") from cause


def _number(header: Mapping[str, Any], card: str) -> float:
    text = _text(header, card)
    try:
        number = float(text)
    except ValueError as cause:
        raise BadRaw(f"{card} {text!r} is not a number") from cause
    if not math.isfinite(number):
        raise BadRaw(f"{card} {text!r} is not a number")
    return number


def _optional_number(header: Mapping[str, Any], card: str) -> float | None:
    """None for a card that is missing or undefined."""
    return None if header.get(card) is None else _number(header, card)
