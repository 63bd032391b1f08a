#!/usr/bin/env python3
"""Makes raw exposures and master calibrations of Rubin's instruments at their true size.

    python exposures.py --out DIR [--instrument NAME] [--seed N]

The pixels look like those of the detectors where it matters to instrument signature removal: overscans with slopes, a
random walk and outliers, noise, stars, a saturated one with its bleed into both overscans, bad columns. Raws are
RICE_1 of int32, masters GZIP_2 of float32 with BUNIT, in the DM frame. The headers follow real raws of each instrument.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

SEGMENTS = (*(f"1{column}" for column in range(8)), *(f"0{column}" for column in range(7, -1, -1)))
ADC_LIMIT = (1 << 18) - 1
CALIBS = ("bias", "dark", "flat", "defects", "crosstalk")


@dataclass(frozen=True)
class Instrument:
    """What tells one instrument's raws from another's. Sizes in pixels."""

    cards: dict[str, str | int | float]
    prescan: int = 3
    width: int = 509  # of the image area of a segment
    height: int = 2000
    raw_width: int = 576
    raw_height: int = 2048
    segments: tuple[str, ...] = SEGMENTS
    e2v: bool = False
    detsize: bool = True
    datasec_x0: int | None = None  # where the header is wrong about it

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the assembled detector."""
        return self.height * len(self.segments) // 8, self.width * 8


ITL = {"CCD_MANU": "ITL"}
INSTRUMENTS = {
    "LATISS": Instrument(
        {"INSTRUME": "LATISS", "CAMCODE": "AT", "RAFTBAY": "R00", "CCDSLOT": "S00", **ITL}, datasec_x0=0
    ),
    "LSSTComCam": Instrument({"INSTRUME": "COMCAM", "RAFTBAY": "R22", "CCDSLOT": "S01", **ITL}),
    "LSSTCam-ITL": Instrument({"INSTRUME": "lsstCam", "RAFTBAY": "R02", "CCDSLOT": "S02", **ITL}),
    "LSSTCam-E2V": Instrument(
        {"INSTRUME": "lsstCam", "RAFTBAY": "R22", "CCDSLOT": "S11", "CCD_MANU": "E2V"},
        prescan=10,
        width=512,
        height=2002,
        e2v=True,
    ),
    "LSSTCam-wavefront": Instrument(
        {"INSTRUME": "lsstCam", "RAFTBAY": "R00", "CCDSLOT": "SW0", **ITL}, segments=SEGMENTS[:8]
    ),
    "LSSTCam-imSim": Instrument(
        {"INSTRUME": "CAMERA", "TESTTYPE": "IMSIM", "CHIPID": "R11_S20"}, raw_width=544, detsize=False
    ),
}


def segment_header(instrument: Instrument, index: int) -> fits.Header:
    """DETSEC has Segment1x below, as the headers of all these instruments do."""
    segment = instrument.segments[index]
    column, below = int(segment[1]), segment[0] == "1"
    width, height = instrument.width, instrument.height
    mirrored = below or not instrument.e2v
    x = (column * width + 1, (column + 1) * width)
    x1, x2 = (x[1], x[0]) if mirrored else x
    y1, y2 = (1, height) if below else (2 * height, height + 1)
    data = instrument.prescan if instrument.datasec_x0 is None else instrument.datasec_x0
    header = fits.Header()
    header["EXTNAME"] = f"Segment{segment}"
    header["DATASEC"] = f"[{data + 1}:{data + width},1:{height}]"
    header["DETSEC"] = f"[{x1}:{x2},{y1}:{y2}]"
    if instrument.detsize:
        # Raws of a wavefront half give the size of a whole detector.
        header["DETSIZE"] = f"[1:{8 * width},1:{2 * height}]"
    header["GAIN"] = round(0.7 + 0.05 * index, 3)
    header["RDNOISE"] = round(5.5 + 0.25 * index, 3)
    return header


def segment_pixels(instrument: Instrument, index: int, rng: np.random.Generator) -> np.ndarray:
    """One segment in readout order, in adu."""
    rows, columns = instrument.raw_height, instrument.raw_width
    x0, width, height = instrument.prescan, instrument.width, instrument.height
    row, column = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)
    walk = np.cumsum(rng.standard_normal(rows)).astype(np.float32)[:, None] * np.float32(0.05)
    pixels = np.float32(rng.uniform(14000, 26000)) + 6 * np.exp(-row / 350) + walk
    pixels = pixels + 7 * rng.standard_normal((rows, columns), dtype=np.float32)
    image = pixels[:height, x0 : x0 + width]
    image += 300 + 0.02 * row[:height] + 4 * np.exp(-column[:width] / 12)
    for _ in range(20):
        x, y, flux = rng.integers(8, width - 8), rng.integers(8, height - 8), 10 ** rng.uniform(2, 4.5)
        dy, dx = np.mgrid[-8:8, -8:8]
        image[y - 8 : y + 8, x - 8 : x + 8] += (flux * np.exp(-(dx**2 + dy**2) / 12.5)).astype(np.float32)
    # A saturated star: it bleeds along its column to the end of the parallel overscan, and its rows trail behind.
    x, y = int(rng.integers(60, width - 60)), int(rng.integers(200, height - 200))
    image[y - 12 : y + 12, x - 12 : x + 12] += 240000
    pixels[y:, x0 + x - 1 : x0 + x + 2] += 150000
    trail = np.float32(4000) * np.exp(-np.arange(columns - x0 - width, dtype=np.float32) / 3)
    pixels[y - 12 : y + 12, x0 + width :] += trail
    # Cosmic rays do not spare the overscans' electronics of a simulation.
    hits = rng.integers(0, rows, 40), rng.integers(0, columns, 40)
    pixels[hits] += rng.uniform(50, 3000, 40).astype(np.float32)
    return np.clip(np.rint(pixels), 0, ADC_LIMIT).astype(np.int32)


def write_raw(path: Path, instrument: Instrument, seed: int) -> None:
    """The exposure has 15 s of exposure and 15.25 s of dark time."""
    primary = fits.PrimaryHDU()
    primary.header.update({**instrument.cards, "EXPTIME": 15.0, "DARKTIME": 15.25})
    hdus = fits.HDUList([primary])
    for index in range(len(instrument.segments)):
        pixels = segment_pixels(instrument, index, np.random.default_rng([seed, index]))
        hdus.append(
            fits.CompImageHDU(
                pixels,
                header=segment_header(instrument, index),
                compression_type="RICE_1",
                tile_shape=(1, instrument.raw_width),
            )
        )
    hdus.writeto(path, overwrite=True)


def _write_image(
    path: Path, image: np.ndarray, cards: dict[str, str | float], mask: np.ndarray | None
) -> None:
    # Real ones have tiles of a row each, which astropy takes long over.
    tile = (16, image.shape[1])
    hdus = fits.HDUList([fits.PrimaryHDU()])
    hdus.append(
        fits.CompImageHDU(image, name="IMAGE", compression_type="GZIP_2", tile_shape=tile, quantize_level=0)
    )
    hdus[1].header.update(cards)
    if mask is not None:
        hdus.append(fits.CompImageHDU(mask, name="MASK", compression_type="GZIP_2", tile_shape=tile))
        # Other numbers than afw's defaults, which a reader must not take for granted.
        for name, bit in (("BAD", 1), ("SAT", 2), ("INTRP", 3), ("NO_DATA", 0), ("UNMASKEDNAN", 12)):
            hdus[2].header[f"HIERARCH MP_{name}" if len(name) > 5 else f"MP_{name}"] = bit
    hdus.writeto(path, overwrite=True)


def write_masters(
    directory: Path, instrument: Instrument, unit: str, kinds: Sequence[str] = CALIBS
) -> dict[str, Path]:
    """Bias and dark in `unit` (adu or electron), the dark of 20 s; a flat with pixels that cannot be; defects;
    crosstalk."""
    height, width = instrument.shape
    x, y = np.arange(width), np.arange(height)[:, None]

    def stepped(step: float, xs: int, ys: int) -> np.ndarray:
        """Steps along x and y, asymmetric in both: soon compressed, and wrong wherever it is turned."""
        return ((x // xs % 13) * step + (y // ys) * (step / 7)).astype(np.float32)

    bias, dark, flat = stepped(0.37, 5, 90), 0.4 + stepped(0.003, 40, 77), 1.1 - stepped(0.011, 61, 130)
    dark[:, 700] = 55
    for index, value in enumerate((0, -1, np.nan, np.inf)):
        flat[100 + index, 200:210] = value
    mask = np.zeros(instrument.shape, np.int32)
    mask[:, 1200] = 1 << 1
    mask[500:520, 300:330] = 1 << 3
    paths = {name: directory / f"{name}-{unit}.fits" for name in kinds}
    if "bias" in paths:
        _write_image(paths["bias"], bias, {"BUNIT": unit}, mask)
    if "dark" in paths:
        _write_image(paths["dark"], dark, {"BUNIT": unit, "EXPTIME": 20.0}, None)
    if "flat" in paths:
        _write_image(paths["flat"], flat, {}, None)
    if "defects" in paths:
        _write_defects(paths["defects"], instrument)
    if "crosstalk" in paths:
        _write_crosstalk(paths["crosstalk"], len(instrument.segments), unit)
    return paths


def _write_defects(path: Path, instrument: Instrument) -> None:
    height, width = instrument.shape
    boxes = np.array([[0, 0, 3, height], [700, 900, 12, 5], [width - 4, 10, 9, 2]])
    columns = [
        fits.Column(name, "J", array=boxes[:, index])
        for index, name in enumerate(("x0", "y0", "width", "height"))
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path, overwrite=True)


def _write_crosstalk(path: Path, count: int, unit: str) -> None:
    ratios = 1e-4 / (1 + np.abs(np.subtract.outer(np.arange(count), np.arange(count)))) * (1 - np.eye(count))
    ratios[::3, 1] *= -1
    column = fits.Column("CT_COEFFS", f"{count * count}D", array=ratios.reshape(1, -1))
    table = fits.BinTableHDU.from_columns([column])
    table.header.update({"NAMP": count, "HIERARCH CROSSTALK_RATIOS_UNITS": unit})
    table.writeto(path, overwrite=True)


def main() -> None:
    """Writes raw and masters of one instrument, or of all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--instrument", choices=INSTRUMENTS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in [options.instrument] if options.instrument else INSTRUMENTS:
        directory = options.out / name
        directory.mkdir(parents=True, exist_ok=True)
        write_raw(directory / "raw.fits.fz", INSTRUMENTS[name], options.seed)
        for unit in ("adu", "electron"):
            write_masters(directory, INSTRUMENTS[name], unit)
        print(directory)


if __name__ == "__main__":
    main()
