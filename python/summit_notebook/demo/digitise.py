"""From electrons to the 16 raw segments: the detector's response, noise and defects of one exposure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .detector import (
    AMP_HEIGHT,
    AMP_WIDTH,
    DEAD_COLUMN_RESPONSE,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    HOT_COLUMN_ELECTRON_PER_S,
    PRESCAN,
    RAW_HEIGHT,
    RAW_WIDTH,
    Amplifier,
    Detector,
    Floats,
)
from .night import PlannedExposure

Ints = npt.NDArray[np.int32]

ADC_MAX = 2**18 - 1
CROSSTALK = 3.0e-4
"""Fraction of an amplifier's signal that its neighbours see at the same moment of the readout."""
NOISY_AMPLIFIER = 13
"""Index of C02, whose read noise rises sixfold in exposures that plant it."""
NOISY_FACTOR = 6.0


@dataclass(frozen=True)
class Digitised:
    segments: list[Ints]
    truth: dict[str, Any]


class Digitiser:
    def __init__(self, detector: Detector, seed: int) -> None:
        self._detector = detector
        self._seed = seed

    def digitise(self, electrons: Floats, flat: Floats | None, exposure: PlannedExposure) -> Digitised:
        """``electrons`` is changed in place. ``flat`` is the response of its filter; None without light."""
        random = np.random.default_rng([self._seed, 6, exposure.exposure_id])
        if flat is not None:
            electrons *= flat
        if exposure.image_type != "BIAS":
            electrons += self._detector.dark_electron_per_s * np.float32(exposure.dark_time_s)
        cosmics = _add_cosmics(electrons, exposure, random)
        # The optics know no full well: what a saturated star lays on a pixel first runs along its column.
        bleeds = _bleed(electrons, self._detector.amplifiers) if exposure.image_type != "FLAT" else []
        sections = [amplifier.readout(electrons) for amplifier in self._detector.amplifiers]
        segments = []
        for k, amplifier in enumerate(self._detector.amplifiers):
            ghosts = [sections[j] for j in (k - 1, k + 1) if 0 <= j < 16 and j // 8 == k // 8]
            noise = amplifier.read_noise_electron * self._noise_factor(k, exposure)
            segments.append(self._segment(amplifier, sections[k], ghosts, noise, random))
        truth = {
            "cosmics": cosmics,
            "bleed_columns_px": bleeds,
            "dead_columns": {"x_px": list(self._detector.dead_columns), "response": DEAD_COLUMN_RESPONSE},
            "hot_columns": [
                {"x_px": x, "y_px": [0, rows - 1], "electron_per_s": HOT_COLUMN_ELECTRON_PER_S}
                for x, rows in self._detector.hot_columns
            ],
            "crosstalk": {
                "fraction": CROSSTALK,
                "victims": f"{AMP_WIDTH} px to the left and right, same half",
            },
            "noisy_amplifier": f"C{self._detector.amplifiers[NOISY_AMPLIFIER].segment}"
            if "noisy_amplifier" in exposure.planted
            else None,
            "amplifiers": [
                {
                    "name": amplifier.name,
                    "gain_electron_per_adu": amplifier.gain_electron_per_adu,
                    "read_noise_electron": amplifier.read_noise_electron,
                    "bias_level_adu": amplifier.bias_level_adu,
                    "full_well_electron": amplifier.full_well_electron,
                    "noise_electron": amplifier.read_noise_electron * self._noise_factor(k, exposure),
                    "raw_median_adu": float(np.median(segment[::16])),
                    "raw_sha256": hashlib.sha256(segment.astype("<i4").tobytes()).hexdigest(),
                }
                for k, (amplifier, segment) in enumerate(
                    zip(self._detector.amplifiers, segments, strict=True)
                )
            ],
        }
        return Digitised(segments, truth)

    @staticmethod
    def _noise_factor(k: int, exposure: PlannedExposure) -> float:
        return NOISY_FACTOR if k == NOISY_AMPLIFIER and "noisy_amplifier" in exposure.planted else 1.0

    @staticmethod
    def _segment(
        amplifier: Amplifier,
        section: Floats,
        ghosts: list[Floats],
        read_noise_electron: float,
        random: np.random.Generator,
    ) -> Ints:
        """Raw adu of one amplifier, all pixels, rows and columns in the order of the readout."""
        gain = np.float32(amplifier.gain_electron_per_adu)
        well = np.float32(amplifier.full_well_electron)
        image = (slice(0, AMP_HEIGHT), slice(PRESCAN, PRESCAN + AMP_WIDTH))
        variance = np.full((RAW_HEIGHT, RAW_WIDTH), np.float32(read_noise_electron**2))
        # Shot noise as a normal of the right width; a full well holds no more, whatever falls on it.
        variance[image] += np.where(section < well, np.maximum(section, 0), 0)
        raw = random.standard_normal((RAW_HEIGHT, RAW_WIDTH), np.float32)
        raw *= np.sqrt(variance, out=variance)
        light = np.minimum(section, well)
        for ghost in ghosts:
            light += np.float32(CROSSTALK) * ghost
        raw[image] += light
        trail = light[:, -1] * np.float32(amplifier.cti * AMP_WIDTH)
        for k in range(4):
            raw[:AMP_HEIGHT, PRESCAN + AMP_WIDTH + k] += trail * np.float32(0.6 * 0.4**k)
        raw /= gain
        raw[image] += amplifier.bias_structure_adu
        raw += _row_level(amplifier, random)[:, None]
        np.rint(raw, out=raw)
        np.clip(raw, 0, ADC_MAX, out=raw)
        return raw.astype(np.int32)


def _row_level(amplifier: Amplifier, random: np.random.Generator) -> Floats:
    """The bias level of each row: a decay after the start of the readout, a slow wave and a random walk."""
    row = np.arange(RAW_HEIGHT)
    wave = 0.8 * np.sin(2 * np.pi * row / random.uniform(700, 2200) + random.uniform(0, 6))
    walk = np.cumsum(random.standard_normal(RAW_HEIGHT)) * 0.03
    level: Floats = (
        amplifier.bias_level_adu + amplifier.drift_adu * np.exp(-row / 350.0) + wave + walk
    ).astype(np.float32)
    return level


def _add_cosmics(
    frame: Floats, exposure: PlannedExposure, random: np.random.Generator
) -> list[dict[str, float]]:
    if exposure.image_type in ("BIAS", "FLAT"):
        return []
    tracks = []
    for _ in range(int(4 + 1.5 * exposure.exposure_time_s)):
        x, y = random.uniform(0, FRAME_WIDTH), random.uniform(0, FRAME_HEIGHT)
        angle, length = random.uniform(0, 2 * np.pi), min(1 + random.exponential(9), 120)
        per_px = random.uniform(300, 2500)
        along = np.linspace(0, length, int(length * 3) + 1)
        column = np.rint(x + np.cos(angle) * along).astype(int)
        row = np.rint(y + np.sin(angle) * along).astype(int)
        seen = (column >= 0) & (column < FRAME_WIDTH) & (row >= 0) & (row < FRAME_HEIGHT)
        np.add.at(frame, (row[seen], column[seen]), np.float32(per_px / 3))
        tracks.append(
            {"x_px": x, "y_px": y, "angle_rad": angle, "length_px": float(length), "electron_per_px": per_px}
        )
    return tracks


def _bleed(frame: Floats, amplifiers: tuple[Amplifier, ...]) -> list[int]:
    """Charge above the full well spills along y within its amplifier. Returns the columns (x) that bled."""
    columns = []
    for amplifier in amplifiers:
        rows, box_columns = amplifier.detector_box
        section = frame[rows, box_columns]
        well = np.float32(amplifier.full_well_electron)
        for column in np.nonzero((section > well).any(axis=0))[0]:
            section[:, column] = _spill(section[:, column], float(well))
            columns.append(int(box_columns.start + column))
    return columns


def _spill(column: Floats, well: float) -> Floats:
    """Half of each pixel's excess runs each way until it finds room; what reaches the end of the column is lost."""
    for direction in (1, -1):
        carried = 0.0
        for y in range(len(column))[::direction]:
            value = float(column[y])
            if direction == 1 and value > well:
                carried += (value - well) / 2
                # The other half waits above the well for the pass in the other direction.
                column[y] = well + (value - well) / 2
            elif value > well:
                carried += value - well
                column[y] = well
            elif carried > 0:
                taken = min(carried, well - value)
                column[y] = value + taken
                carried -= taken
    return column
