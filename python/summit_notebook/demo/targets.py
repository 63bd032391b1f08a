"""What the simulated night points at: CALSPEC standards that are up at the time.

Names, positions (J2000) and spectral types: STScI's CALSPEC table. Temperatures are usual ones of those types;
brightness is not the catalogue's, all targets are made equally bright so that every exposure time suits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sky import horizontal_deg, precessed_deg

LOWEST_DEG, HIGHEST_DEG = 35.0, 80.0
"""Of elevation when a target is chosen. An alt-azimuth mount cannot follow through the zenith."""
ROLES = ("first", "second", "third", "polar")


@dataclass(frozen=True)
class Target:
    """A star; degrees."""

    name: str
    ra_deg: float
    dec_deg: float
    temperature_k: float


POLAR = Target("HD185975", 307.07808, -87.47221, 5700.0)
"""G3V; never sets, never higher than 33 degrees."""
CATALOGUE = (
    Target("HD2811", 7.82704, -43.60639, 8600.0),  # A3V
    Target("HD9051", 22.19376, -24.34040, 5000.0),  # G7III
    Target("HD14943", 35.72781, -51.09213, 8000.0),  # A5V
    Target("HD31128", 73.04129, -27.06415, 6600.0),  # F4V
    Target("HD37962", 85.21653, -31.35111, 5800.0),  # G2V
    Target("HD42525", 91.53909, -66.03962, 9600.0),  # A0V, eta1 Doradus
    Target("HD60753", 113.36383, -50.58425, 17500.0),  # B3IV
    Target("HD74000", 130.21168, -16.34514, 6300.0),  # sdF6
    Target("HD101452", 175.05688, -39.14658, 8800.0),  # A2/3
    Target("HD111980", 193.31272, -18.52223, 6250.0),  # F7V
    Target("HD115169", 198.94745, -29.50588, 5700.0),  # G3V
    Target("HD142331", 238.58245, -8.58038, 5600.0),  # G5V
    Target("HD160617", 265.70552, -40.32098, 6000.0),  # F
    Target("HD167060", 274.43393, -61.70878, 5700.0),  # G3V
    Target("HD200654", 316.64480, -49.96397, 5600.0),  # G
    Target("HD205905", 324.79230, -27.30658, 5750.0),  # G2V
)


def targets_at(tai_ns: int) -> dict[str, Target]:
    """A star for each role: the three highest that the mount can follow, highest first, and the polar one."""
    at = np.array([tai_ns], dtype=np.int64)

    def elevation_deg(target: Target) -> float:
        place = precessed_deg(target.ra_deg, target.dec_deg, tai_ns)
        return float(horizontal_deg(at, *place)[1][0])

    up = {target: elevation_deg(target) for target in CATALOGUE}
    usable = [target for target, elevation in up.items() if LOWEST_DEG <= elevation <= HIGHEST_DEG]
    usable.sort(key=lambda target: -up[target])
    return dict(zip(ROLES, [*usable[:3], POLAR], strict=True))
