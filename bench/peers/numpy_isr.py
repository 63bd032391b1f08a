"""astropy and numpy decode a raw that is already in memory and reduce it as the engine's rapid recipe does.

    numpy_isr.py RAW BIAS DARK FLAT      then, for every line COUNT on standard input, that many reductions; answers
                                         "CPU_SECONDS CRC32" of image, mask and variance

Saturation, serial and parallel overscan (a median per line after clipping), assembly, bias, variance, dark, flat, mask:
float32 in the order of docs/isr.md, an amplifier at a time, so that its pixels stay in the processor's cache.
"""

from __future__ import annotations

import io
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from astropy.io import fits

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

# LATISS: an ITL sensor. A raw segment is 3 prescan, 509 image and 64 overscan columns; 2000 image and 48 overscan rows.
COLUMNS, ROWS = slice(3, 512), slice(0, 2000)
OVERSCAN_COLUMNS, OVERSCAN_ROWS = slice(512 + 3, 576 - 3), slice(2000 + 3, 2048 - 3)
SATURATION_ADU = 142_857
# Gain [electron/adu] and read noise [electron]: amplifier table of the LATISS camera in lsst/obs_lsst.
AMPLIFIERS = {
    "10": (1.0811, 8.4),
    "11": (1.0470, 8.5),
    "12": (1.0795, 8.4),
    "13": (1.0810, 8.6),
    "14": (1.0644, 8.4),
    "15": (1.0669, 8.4),
    "16": (1.0795, 8.4),
    "17": (1.0560, 8.0),
    "07": (1.1033, 8.5),
    "06": (1.1039, 10.0),
    "05": (1.1047, 10.3),
    "04": (1.0840, 9.7),
    "03": (1.0939, 9.1),
    "02": (1.0874, 9.4),
    "01": (1.0933, 9.9),
    "00": (1.0972, 9.1),
}
BAD, SAT, UNMASKEDNAN = 1 << 0, 1 << 1, 1 << 9


def median_between(ordered: Floats, low: Ints, high: Ints) -> npt.NDArray[np.float64]:
    """Of the samples [low, high) of each line; of an even count the mean of the two middle ones."""
    line = np.arange(len(ordered))
    half = low + (high - low) // 2
    upper = ordered[line, half].astype(np.float64)
    even = (ordered[line, half - 1].astype(np.float64) + upper) / 2
    return np.where((high - low) % 2 == 1, upper, even)


def levels(samples: Floats) -> Floats:
    """Of each line (first axis), without what lies 3 sigma from its median; sigma from its quartiles."""
    ordered = np.sort(samples, axis=1)
    count = ordered.shape[1]
    none, every = np.zeros(len(ordered), np.int64), np.full(len(ordered), count)
    middle = median_between(ordered, none, every)

    def quantile(fraction: float) -> npt.NDArray[np.float64]:
        below, t = divmod(fraction * (count - 1), 1)
        a, b = ordered[:, int(below)].astype(np.float64), ordered[:, int(below) + 1].astype(np.float64)
        return a + (b - a) * t if t < 0.5 else b - (b - a) * (1 - t)

    sigma = 0.74 * (quantile(0.75) - quantile(0.25))
    typical = np.median(sigma)
    reach = 3 * np.where(sigma > 2 * typical, typical, sigma)[:, None]
    distance = ordered - middle[:, None]
    low, high = (-distance > reach).sum(1), count - (distance > reach).sum(1)
    if (low >= high).any():
        raise NotImplementedError("a line of overscan without a sample that stays")
    return median_between(ordered, low, high).astype(np.float32)


class Reduction:
    def __init__(self, bias: Path, dark: Path, flat: Path) -> None:
        self.bias, self.dark, self.flat = (self._master(path) for path in (bias, dark, flat))
        self.image = np.empty(self.bias[0].shape, np.float32)
        self.mask = np.empty(self.bias[0].shape, np.int32)
        self.variance = np.empty(self.bias[0].shape, np.float32)

    @staticmethod
    def _master(path: Path) -> tuple[Floats, Ints]:
        with fits.open(path) as hdus:
            return hdus["IMAGE"].data.astype(np.float32), hdus["MASK"].data.astype(np.int32)

    def run(self, raw: bytes) -> None:
        with fits.open(io.BytesIO(raw)) as hdus:
            dark_scale = np.float32(hdus[0].header["DARKTIME"])
            for hdu in hdus[1:]:
                self._amplifier(hdu.name[-2:], hdu.data, dark_scale)

    def _amplifier(self, segment: str, raw: Ints, dark_scale: np.float32) -> None:
        saturated = raw[ROWS, COLUMNS] >= SATURATION_ADU
        pixels = raw.astype(np.float32)
        pixels -= levels(pixels[:, OVERSCAN_COLUMNS])[:, None]
        light = pixels[ROWS, COLUMNS]
        light -= levels(np.ascontiguousarray(pixels[OVERSCAN_ROWS, COLUMNS].T))[None, :]
        # Every segment is read towards smaller x, and in the upper half from the top edge down.
        upper = segment[0] == "1"
        y0, x0 = 2000 * upper, 509 * int(segment[1])
        at = slice(y0, y0 + 2000), slice(x0, x0 + 509)
        turned = (slice(None, None, -1 if upper else 1), slice(None, None, -1))

        image, mask, variance = self.image[at], self.mask[at], self.variance[at]
        np.subtract(light[turned], self.bias[0][at], out=image)
        np.multiply(saturated[turned], np.int32(SAT), out=mask)
        gain, read_noise = AMPLIFIERS[segment]
        np.divide(image, np.float32(gain), out=variance)
        variance += np.float32((read_noise / gain) ** 2)
        mask |= np.where(variance < 0, np.int32(BAD), np.int32(0))
        image -= self.dark[0][at] * dark_scale
        flat = self.flat[0][at]
        divisor = np.where((flat > 0) & np.isfinite(flat), flat, np.float32(np.nan))
        image /= divisor
        variance /= divisor * divisor
        for _, bits in (self.bias, self.dark, self.flat):
            mask |= bits[at]
        mask |= np.where(np.isnan(image), np.int32(UNMASKEDNAN), np.int32(0))

    def checksum(self) -> int:
        """-0.0 counts as +0.0, and every NaN as the quiet one without payload."""
        crc = 0
        for plane in (self.image, self.mask, self.variance):
            if plane.dtype == np.float32:
                plane = np.where(np.isnan(plane), np.float32(np.nan), plane + np.float32(0))
            crc = zlib.crc32(plane.tobytes(), crc)
        return crc


def main() -> None:
    raw = Path(sys.argv[1]).read_bytes()
    reduction = Reduction(*map(Path, sys.argv[2:5]))
    for line in sys.stdin:
        start = time.process_time()
        for _ in range(int(line)):
            reduction.run(raw)
        spent = time.process_time() - start
        print(f"{spent:.6f} {reduction.checksum()}", flush=True)


if __name__ == "__main__":
    main()
