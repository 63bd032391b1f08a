"""Where the simulated telescope looks: sidereal time, precession, horizon coordinates and the tangent plane.

Good to about 0.01 degrees on the sky, which is what a demand angle and an airmass need: nutation, aberration, UT1 - UTC
and refraction of the pointing are left out. Angles are degrees throughout. Tangent-plane coordinates are exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Angles = npt.NDArray[np.float64]

LATITUDE_DEG, LONGITUDE_DEG = -30.244639, -70.749417
"""Of the Auxiliary Telescope on Cerro Pachon, as in its image headers."""
_TAI_OF_J2000_NS = 946_728_037_000_000_000
"""2000-01-01T12:00:00 UTC counted as TAI nanoseconds with today's 37 s, so that differences are elapsed UTC."""
_DAY_NS = 86_400_000_000_000
ROTPA_TURNED_DAY_OBS = (20201118, 20211027)
"""First and last night on which LATISS headers gave ROTPA turned by 180 degrees.

lsst/obs_lsst, translators/latiss.py: 2020-11-19T00:00 to 2021-10-29T00:00 UTC. A day_obs begins at noon UTC.
"""


def sidereal_deg(tai_ns: npt.NDArray[np.int64]) -> Angles:
    """Local mean sidereal time: Meeus, Astronomical Algorithms (1998), equation 12.4, with UTC for UT1."""
    since = np.asarray(tai_ns, dtype=np.int64) - _TAI_OF_J2000_NS
    # Whole days apart from the rest: a double of all nanoseconds would be coarse.
    days, rest = since // _DAY_NS, since % _DAY_NS / _DAY_NS
    turned = days * 0.98564736629 + rest * 360.98564736629
    local: Angles = (280.46061837 + turned + LONGITUDE_DEG) % 360.0
    return local


def precessed_deg(ra_deg: float, dec_deg: float, tai_ns: int) -> tuple[float, float]:
    """From J2000 to the mean equator of date: Lieske et al. 1977 (A&A 58, 1), first terms."""
    centuries = (tai_ns - _TAI_OF_J2000_NS) / _DAY_NS / 36_525
    zeta = np.deg2rad((2306.2181 + 0.30188 * centuries) * centuries / 3600)
    z = np.deg2rad((2306.2181 + 1.09468 * centuries) * centuries / 3600)
    theta = np.deg2rad((2004.3109 - 0.42665 * centuries) * centuries / 3600)
    ra, dec = np.deg2rad(ra_deg) + zeta, np.deg2rad(dec_deg)
    east = np.cos(dec) * np.sin(ra)
    along = np.cos(theta) * np.cos(dec) * np.cos(ra) - np.sin(theta) * np.sin(dec)
    north = np.sin(theta) * np.cos(dec) * np.cos(ra) + np.cos(theta) * np.sin(dec)
    return float(np.rad2deg(np.arctan2(east, along) + z) % 360), float(np.rad2deg(np.arcsin(north)))


def horizontal_deg(tai_ns: npt.NDArray[np.int64], ra_deg: float, dec_deg: float) -> tuple[Angles, Angles]:
    """Azimuth (north 0, east 90) and elevation of a place of date."""
    hour_angle = np.deg2rad(sidereal_deg(tai_ns) - ra_deg)
    dec, latitude = np.deg2rad(dec_deg), np.deg2rad(LATITUDE_DEG)
    up = np.sin(dec) * np.sin(latitude) + np.cos(dec) * np.cos(latitude) * np.cos(hour_angle)
    north = np.sin(dec) * np.cos(latitude) - np.cos(dec) * np.sin(latitude) * np.cos(hour_angle)
    east = -np.cos(dec) * np.sin(hour_angle)
    return np.rad2deg(np.arctan2(east, north)) % 360.0, np.rad2deg(np.arctan2(up, np.hypot(east, north)))


def parallactic_deg(tai_ns: int, ra_deg: float, dec_deg: float) -> float:
    """Position angle (from north through east) of the zenith, at a place of date."""
    hour_angle = np.deg2rad(sidereal_deg(np.array([tai_ns], dtype=np.int64))[0] - ra_deg)
    dec, latitude = np.deg2rad(dec_deg), np.deg2rad(LATITUDE_DEG)
    toward_north = np.tan(latitude) * np.cos(dec) - np.sin(dec) * np.cos(hour_angle)
    return float(np.rad2deg(np.arctan2(np.sin(hour_angle), toward_north)))


def rotpa_turned_deg(angle_deg: float, day_obs: int) -> float:
    """The position angle of detector y for a header's ROTPA; half a turn is its own inverse, so also the reverse."""
    first, last = ROTPA_TURNED_DAY_OBS
    return (angle_deg + (180.0 if first <= day_obs <= last else 0.0)) % 360.0


def project_deg(
    ra_deg: float | Angles, dec_deg: float | Angles, ra0_deg: float, dec0_deg: float
) -> tuple[Angles, Angles]:
    """Gnomonic (TAN) projection about (ra0, dec0): east and north in the tangent plane."""
    ra, dec, dec0 = np.deg2rad(ra_deg - ra0_deg), np.deg2rad(dec_deg), np.deg2rad(dec0_deg)
    toward = np.sin(dec) * np.sin(dec0) + np.cos(dec) * np.cos(dec0) * np.cos(ra)
    east = np.cos(dec) * np.sin(ra) / toward
    north = (np.sin(dec) * np.cos(dec0) - np.cos(dec) * np.sin(dec0) * np.cos(ra)) / toward
    return np.rad2deg(east), np.rad2deg(north)


def deproject_deg(
    east_deg: Angles, north_deg: Angles, ra0_deg: float, dec0_deg: float
) -> tuple[Angles, Angles]:
    """The inverse of ``project_deg``: right ascension and declination."""
    east, north, dec0 = np.deg2rad(east_deg), np.deg2rad(north_deg), np.deg2rad(dec0_deg)
    across = np.cos(dec0) - north * np.sin(dec0)
    ra = (ra0_deg + np.rad2deg(np.arctan2(east, across))) % 360.0
    dec = np.rad2deg(np.arctan2(np.sin(dec0) + north * np.cos(dec0), np.hypot(east, across)))
    return ra, dec


def tangent_point_deg(
    ra_deg: float, dec_deg: float, east_deg: float, north_deg: float
) -> tuple[float, float]:
    """The (ra0, dec0) about which a place projects to (east, north)."""
    east, north, dec = np.deg2rad(east_deg), np.deg2rad(north_deg), np.deg2rad(dec_deg)
    # The unit vector's polar component is (sin dec0 + north cos dec0) / sqrt(1 + east^2 + north^2).
    length = np.sqrt(1 + east**2 + north**2)
    dec0 = np.arcsin(np.sin(dec) * length / np.hypot(1, north)) - np.arctan(north)
    ra0 = ra_deg - np.rad2deg(np.arctan2(east, np.cos(dec0) - north * np.sin(dec0)))
    return float(ra0 % 360), float(np.rad2deg(dec0))
