"""The SAL topics of the simulated night as they look in the EFD: names, fields, units and clocks.

Names, units and array lengths are those of https://github.com/lsst-ts/ts_xml (July 2026). Arrays are flattened
(`elevation0` ... `elevation99`), `salIndex` is a field, and every row carries SAL's private fields.

Clocks: `private_sndStamp` (publication) and every stamp inside a topic are TAI unix seconds; the time of a row
is `private_efdStamp`, UTC unix seconds kept as a double, so it resolves about 0.2 microseconds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .efd_line_protocol import Value, format_fields, format_line
from .night import SECOND_NS, TAI_MINUS_UTC_S, Conditions, Night, PlannedExposure

PACK = 100
PACK_SPACING_NS = 10_000_000
"""The ATMCS controller samples at 100 Hz and publishes a hundred samples at once."""
PUBLICATION_DELAY_NS = 20_000_000
TRAJECTORY_PHASE_NS = 500_000_000
"""Demand and encoders are packed by different loops: their first samples do not share a stamp."""

DIMM_INDEX = 2
WEATHER_INDEX = 301
"""ESS:301 is the weather tower near the Auxiliary Telescope."""

DIMM_PERIOD_SECONDS = 60
WEATHER_PERIOD_SECONDS = 10


class SalFormatter:
    """Turns one publication into one line, with SAL's private fields."""

    def __init__(self) -> None:
        self._sequence: Counter[str] = Counter()

    def line(
        self, topic: str, sent_tai_ns: int, fields: Mapping[str, Value] | str, sal_index: int = 0
    ) -> str:
        self._sequence[topic] += 1
        csc = topic.split(".", 1)[0]
        sent = sent_tai_ns / SECOND_NS
        efd = sent - TAI_MINUS_UTC_S
        private: dict[str, Value] = {
            "salIndex": sal_index,
            "private_sndStamp": sent,
            "private_rcvStamp": sent,
            "private_kafkaStamp": sent,
            "private_efdStamp": efd,
            "private_seqNum": self._sequence[topic],
            "private_revCode": "simulated",
            "private_identity": f"{csc}:{sal_index}" if sal_index else csc,
            "private_origin": os.getpid(),
        }
        own = fields if isinstance(fields, str) else format_fields(fields)
        # Made from the double, as the real ingest does: the last digits are noise there as well.
        return format_line(f"lsst.sal.{topic}", f"{own},{format_fields(private)}", round(efd * 1e6) * 1000)


def _packed_template(*names: str) -> str:
    return ",".join(f"{name}{i}=%.8f" for name in names for i in range(PACK)) + ",cRIO_timestamp=%.6f"


_ENCODERS = _packed_template("elevationCalculatedAngle", "azimuthCalculatedAngle")
_TRAJECTORY = _packed_template("elevation", "azimuth")


def _sample_times(first_tai_ns: int) -> np.ndarray:
    return first_tai_ns + PACK_SPACING_NS * np.arange(PACK, dtype=np.int64)


def encoder_azimuth_deg(azimuth_deg: np.ndarray) -> np.ndarray:
    """The demand runs 0 to 360, the encoders over the cable wrap's -280 to 280: here the turn around 0."""
    return (azimuth_deg + 180.0) % 360.0 - 180.0


def encoders_line(sal: SalFormatter, night: Night, first_tai_ns: int) -> str:
    c = night.conditions(_sample_times(first_tai_ns))
    elevation = c.el_demand_deg + c.el_error_arcsec / 3600.0
    # The model's azimuth error is on the sky; the axis turns by more, the higher the telescope looks.
    on_axis = c.az_error_arcsec / np.cos(np.deg2rad(elevation))
    azimuth = encoder_azimuth_deg(c.az_demand_deg + on_axis / 3600.0)
    fields = _ENCODERS % (*elevation, *azimuth, first_tai_ns / SECOND_NS)
    return sal.line("ATMCS.mount_AzEl_Encoders", first_tai_ns + SECOND_NS + PUBLICATION_DELAY_NS, fields)


def trajectory_line(sal: SalFormatter, night: Night, first_tai_ns: int) -> str:
    c = night.conditions(_sample_times(first_tai_ns))
    fields = _TRAJECTORY % (*c.el_demand_deg, *(c.az_demand_deg % 360.0), first_tai_ns / SECOND_NS)
    return sal.line("ATMCS.trajectory", first_tai_ns + SECOND_NS + PUBLICATION_DELAY_NS, fields)


def slow_lines(sal: SalFormatter, night: Night, tai_ns: int) -> list[str]:
    """Topics of one sample: hexapod each second, weather each 10 s, DIMM and corrections each minute."""
    second = tai_ns // SECOND_NS
    sent = tai_ns + PUBLICATION_DELAY_NS
    c = _At(night.conditions(np.array([tai_ns], dtype=np.int64)))
    lines = [sal.line("ATHexapod.positionStatus", sent, _hexapod(c))]
    if second % WEATHER_PERIOD_SECONDS == 0:
        for topic, fields in _weather(c, tai_ns / SECOND_NS):
            lines.append(sal.line(topic, sent, fields, WEATHER_INDEX))
    if second % DIMM_PERIOD_SECONDS == 0:
        lines.append(
            sal.line("DIMM.logevent_dimmMeasurement", sent, _dimm(c, tai_ns / SECOND_NS), DIMM_INDEX)
        )
        lines.append(sal.line("ATAOS.logevent_correctionOffsets", sent, _correction_offsets(c)))
    return lines


class _At:
    """Conditions at one instant, as plain numbers."""

    def __init__(self, conditions: Conditions) -> None:
        def only(name: str) -> float:
            return float(getattr(conditions, name)[0])

        self.seeing_arcsec = only("seeing_arcsec")
        self.wind_speed = only("wind_speed_m_s")
        self.wind_direction = only("wind_direction_deg")
        self.air_c = only("air_temperature_c")
        self.truss_c = only("truss_temperature_c")
        self.pressure_hpa = only("pressure_hpa")
        self.humidity = only("humidity_percent")
        self.hexapod_z_mm = only("hexapod_z_mm")
        self.elevation_deg = only("el_demand_deg")


def _hexapod(c: _At) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    for i, position in enumerate((0.0, 0.0, c.hexapod_z_mm, 0.0, 0.0, 0.0)):
        fields[f"setpointPosition{i}"] = position
        fields[f"reportedPosition{i}"] = position
        fields[f"positionFollowingError{i}"] = 0.0
    return fields


def _correction_offsets(c: _At) -> dict[str, Value]:
    return {"x": 0.0, "y": 0.0, "z": c.hexapod_z_mm, "u": 0.0, "v": 0.0, "w": 0.0, "m1": 0.0, "m2": 0.0}


def _weather(c: _At, tai: float) -> Iterator[tuple[str, dict[str, Value]]]:
    common: dict[str, Value] = {"sensorName": "AuxTelWeather", "timestamp": tai}
    where: dict[str, Value] = {"location": "AuxTel weather tower"}
    radians = np.deg2rad(c.wind_direction)
    # Eddies by a rule of thumb: 15 % turbulence intensity near the ground.
    eddy = 0.15 * c.wind_speed
    yield (
        "ESS.airFlow",
        common
        | {
            "direction": c.wind_direction % 360.0,
            "directionStdDev": 8.0,
            "speed": c.wind_speed,
            "speedStdDev": eddy,
            "maxSpeed": c.wind_speed + 2.5 * eddy,
        }
        | where,
    )
    yield (
        "ESS.airTurbulence",
        common
        | {
            "speed0": float(-c.wind_speed * np.sin(radians)),
            "speed1": float(-c.wind_speed * np.cos(radians)),
            "speed2": 0.0,
            "speedStdDev0": eddy,
            "speedStdDev1": eddy,
            "speedStdDev2": 0.5 * eddy,
            "speedMagnitude": c.wind_speed,
            "speedMaxMagnitude": c.wind_speed + 2.5 * eddy,
            "sonicTemperature": c.air_c,
            "sonicTemperatureStdDev": 0.1,
        }
        | where,
    )
    yield (
        "ESS.temperature",
        common
        | {"numChannels": 2, "temperatureItem0": c.air_c, "temperatureItem1": c.truss_c}
        | {"location": "outside air, telescope truss"},
    )
    yield "ESS.pressure", common | {"numChannels": 1, "pressureItem0": c.pressure_hpa * 100.0} | where
    yield "ESS.relativeHumidity", common | {"relativeHumidityItem": c.humidity} | where


def _dimm(c: _At, tai: float) -> dict[str, Value]:
    fwhm = c.seeing_arcsec
    # Fried parameter of a seeing at 500 nm: fwhm = 0.98 lambda / r0 (Sarazin & Roddier 1990).
    r0_cm = 0.98 * 500e-9 / np.deg2rad(fwhm / 3600.0) * 100.0
    return {
        "timestamp": tai,
        "expiresAt": tai - TAI_MINUS_UTC_S + 2 * DIMM_PERIOD_SECONDS,
        "expiresIn": float(2 * DIMM_PERIOD_SECONDS),
        "hrNum": 2326,
        "secz": float(1.0 / np.sin(np.deg2rad(max(c.elevation_deg, 10.0)))),
        "fwhm": fwhm,
        "fwhmx": fwhm,
        "fwhmy": fwhm,
        "r0": float(r0_cm),
        "nimg": 6000,
        "flux": 21000.0,
    }


def camera_events(exposure: PlannedExposure) -> list[tuple[int, str, dict[str, Value]]]:
    """What ATCamera says during one exposure: (TAI ns, topic, fields), in order of time."""
    opened, closed = exposure.shutter_open_tai_ns, exposure.shutter_close_tai_ns
    read = exposure.readout_end_tai_ns
    start = opened / SECOND_NS
    image: dict[str, Value] = {
        "additionalKeys": "imageType:groupId:testType",
        "additionalValues": ":".join(
            # The delimiter inside a value is escaped by a backslash.
            text.replace(":", r"\:")
            for text in (exposure.image_type, exposure.group_id, exposure.reason)
        ),
        "imagesInSequence": 1,
        "imageName": exposure.obs_id,
        "imageIndex": 1,
        "imageSource": "AT",
        "imageController": "O",
        "imageDate": str(exposure.day_obs),
        "imageNumber": exposure.seq_num,
        "timestampAcquisitionStart": start,
    }
    requested = float(exposure.exposure_time_s)
    readout: dict[str, Value] = {
        "imageName": exposure.obs_id,
        "ccdLocation": "R00S00",
        "raftBay": "R00",
        "ccdSlot": "S00",
        "ccdType": 1,
        "overRows": 48,
        "overCols": 57,
        "readRows": 2000,
        "readCols": 509,
        "readCols2": 0,
        "preCols": 10,
        "preRows": 0,
        "postCols": 0,
        "underCols": 0,
        "daqFolder": "raw",
        "daqAnnotation": "",
    }
    events: list[tuple[int, str, dict[str, Value]]] = [
        (
            opened,
            "startIntegration",
            image | {"exposureTime": requested, "mode": "normal", "timeout": requested + 20.0},
        )
    ]
    if exposure.image_type not in ("BIAS", "DARK"):
        events.append((opened, "shutterDetailedState", {"substate": 2, "timestampTransition": start}))
        events.append(
            (closed, "shutterDetailedState", {"substate": 1, "timestampTransition": closed / SECOND_NS})
        )
    events += [
        (closed, "imageReadoutParameters", readout),
        (
            closed,
            "startReadout",
            image | {"exposureTime": requested, "timestampStartOfReadout": closed / SECOND_NS},
        ),
        (
            read,
            "endReadout",
            image | {"requestedExposureTime": requested, "timestampEndOfReadout": read / SECOND_NS},
        ),
    ]
    return [(at, f"ATCamera.logevent_{name}", fields) for at, name, fields in events]


def lines_between(
    sal: SalFormatter, night: Night, begin_tai_ns: int, end_tai_ns: int, spacing_seconds: int
) -> list[str]:
    """Every row published in [begin, end). Rows lie on a grid of TAI seconds, so that writing them twice is
    harmless: the same time in the same measurement is the same row.
    """
    published_after = SECOND_NS + PUBLICATION_DELAY_NS
    step = spacing_seconds * SECOND_NS
    lines: list[str] = []

    def packed(make: Callable[[SalFormatter, Night, int], str], phase_ns: int) -> None:
        first = _grid(begin_tai_ns - published_after - phase_ns, step)
        for at in range(first, end_tai_ns - published_after - phase_ns, step):
            lines.append(make(sal, night, at + phase_ns))

    packed(encoders_line, 0)
    packed(trajectory_line, TRAJECTORY_PHASE_NS)
    for at in range(
        _grid(begin_tai_ns - PUBLICATION_DELAY_NS, step), end_tai_ns - PUBLICATION_DELAY_NS, step
    ):
        lines += slow_lines(sal, night, at)
    for exposure in night.exposures(begin_tai_ns - 10 * SECOND_NS, end_tai_ns):
        for at, topic, fields in camera_events(exposure):
            if begin_tai_ns <= at < end_tai_ns:
                lines.append(sal.line(topic, at, fields))
    return lines


def _grid(at_ns: int, step_ns: int) -> int:
    """The first multiple of the step that is not before."""
    return -(-at_ns // step_ns) * step_ns
