"""The simulated LATISS detector: an ITL 3800C with 16 amplifiers, its fixed properties drawn from a seed.

Geometry as in the LATISS camera of lsst/obs_lsst: a raw segment has 3 prescan, 509 image and 64 serial overscan
columns, 2000 image and 48 parallel overscan rows. Frames are arrays [y, x] in the Data Management orientation, 4000 x
4072; "readout" arrays are one amplifier's 2000 x 509 image section in the order it is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

FRAME_WIDTH, FRAME_HEIGHT = 4072, 4000
AMP_WIDTH, AMP_HEIGHT = 509, 2000
PRESCAN, SERIAL_OVERSCAN, PARALLEL_OVERSCAN = 3, 64, 48
RAW_WIDTH = PRESCAN + AMP_WIDTH + SERIAL_OVERSCAN
RAW_HEIGHT = AMP_HEIGHT + PARALLEL_OVERSCAN
SEGMENTS = ("10", "11", "12", "13", "14", "15", "16", "17", "07", "06", "05", "04", "03", "02", "01", "00")
"""In the order of the HDUs."""
SATURATION_ADU = 142_857.0
"""Of the camera's amplifier table, above the bias level."""
FULL_WELL_ABOVE_SATURATION = 1.06
DEAD_COLUMN_RESPONSE = 0.04
HOT_COLUMN_ELECTRON_PER_S = 12.0
# Gain [electron/adu] and read noise [electron] per segment: amplifier table of the LATISS camera in lsst/obs_lsst.
GAIN = (
    *(1.0811, 1.0470, 1.0795, 1.0810, 1.0644, 1.0669, 1.0795, 1.0560),
    *(1.1033, 1.1039, 1.1047, 1.0840, 1.0939, 1.0874, 1.0933, 1.0972),
)
READ_NOISE = (8.4, 8.5, 8.4, 8.6, 8.4, 8.4, 8.4, 8.0, 8.5, 10.0, 10.3, 9.7, 9.1, 9.4, 9.9, 9.1)
FLAT_FILTERS = ("empty~empty", "SDSSr_65mm~empty", "empty~holo4_003")
"""What flats were taken for; other combinations have none, as happens on the mountain."""


@dataclass(frozen=True)
class Amplifier:
    segment: str
    gain_electron_per_adu: float
    read_noise_electron: float
    bias_level_adu: float
    cti: float
    """Charge left behind per serial transfer."""
    drift_adu: float
    bias_structure_adu: Floats
    """Readout order."""

    @property
    def name(self) -> str:
        return f"C{self.segment}"

    @property
    def full_well_electron(self) -> float:
        return SATURATION_ADU * FULL_WELL_ABOVE_SATURATION * self.gain_electron_per_adu

    @property
    def detector_box(self) -> tuple[slice, slice]:
        """Where its image section lies in the frame: rows, columns."""
        x0 = int(self.segment[1]) * AMP_WIDTH
        y0 = AMP_HEIGHT if self.segment[0] == "1" else 0
        return slice(y0, y0 + AMP_HEIGHT), slice(x0, x0 + AMP_WIDTH)

    def readout(self, frame: Floats) -> Floats:
        """Its part of a frame in readout order: towards smaller x, and in the upper half from the top edge down."""
        section = frame[self.detector_box][:, ::-1]
        return section[::-1] if self.segment[0] == "1" else section

    def into_frame(self, readout: Floats, frame: Floats) -> None:
        section = readout[::-1] if self.segment[0] == "1" else readout
        frame[self.detector_box] = section[:, ::-1]


class Detector:
    """Everything here is known to the master calibs; what changes per exposure is in ``digitise``."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed, 2])
        self.amplifiers = tuple(self._amplifier(k, random) for k in range(16))
        self._seed = seed
        self.dark_electron_per_s = np.full((FRAME_HEIGHT, FRAME_WIDTH), 0.02, np.float32)
        hot = random.integers(0, FRAME_HEIGHT * FRAME_WIDTH, 1500)
        self.dark_electron_per_s.ravel()[hot] = random.exponential(30, hot.size)
        self.hot_columns = tuple(
            (int(x), int(random.integers(400, 1900))) for x in random.integers(50, FRAME_WIDTH - 50, 2)
        )
        """x, and how many rows from y = 0 on."""
        for x, rows in self.hot_columns:
            self.dark_electron_per_s[:rows, x] = HOT_COLUMN_ELECTRON_PER_S
        self.dead_columns = tuple(sorted(int(x) for x in random.integers(50, FRAME_WIDTH - 50, 3)))
        self._pixel_response = (
            1 + 0.006 * random.standard_normal((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
        ).astype(np.float32)
        self._pixel_response[:, list(self.dead_columns)] = DEAD_COLUMN_RESPONSE

    @staticmethod
    def _amplifier(k: int, random: np.random.Generator) -> Amplifier:
        column = np.arange(AMP_WIDTH)
        row = np.arange(AMP_HEIGHT)[:, None]
        edge = random.uniform(2, 9) * np.exp(-column / random.uniform(4, 25))
        edge = edge + 0.35 * random.standard_normal(AMP_WIDTH)
        glow = random.uniform(-1.5, 1.5) * np.exp(-row / random.uniform(60, 300))
        return Amplifier(
            segment=SEGMENTS[k],
            gain_electron_per_adu=GAIN[k] * (1 + 0.01 * float(random.standard_normal())),
            read_noise_electron=READ_NOISE[k],
            bias_level_adu=round(float(random.uniform(14_000, 26_000)), 1),
            cti=float(random.uniform(1e-5, 8e-5)),
            drift_adu=float(random.uniform(1, 6)),
            # In steps of 1/32 adu, so that the lossless master compresses.
            bias_structure_adu=(np.round((edge + glow) * 32) / 32).astype(np.float32),
        )

    def flat(self, physical_filter: str) -> Floats:
        """Relative response through a filter and grating: pixel response, vignetting and dust, median one."""
        key = sum(ord(letter) * (place + 1) for place, letter in enumerate(physical_filter))
        random = np.random.default_rng([self._seed, 3, key])
        y = np.linspace(-0.5, 0.5, FRAME_HEIGHT, dtype=np.float32)[:, None]
        x = np.linspace(-0.5, 0.5, FRAME_WIDTH, dtype=np.float32)[None, :]
        flat = self._pixel_response * (1 - np.float32(random.uniform(0.15, 0.25)) * (x * x + y * y))
        for _ in range(40):
            cx, cy = int(random.integers(80, FRAME_WIDTH - 80)), int(random.integers(80, FRAME_HEIGHT - 80))
            dy, dx = np.mgrid[-60:61, -60:61]
            ring = 1 - 0.02 * np.exp(-0.5 * ((np.hypot(dx, dy) - random.uniform(15, 45)) / 5) ** 2)
            flat[cy - 60 : cy + 61, cx - 60 : cx + 61] *= ring.astype(np.float32)
        flat /= np.float32(np.median(flat[::16, ::16]))
        return flat
