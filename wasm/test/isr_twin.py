#!/usr/bin/env python3
"""Instrument signature removal in plain numpy and astropy, without the engine: the engine's naive twin.

    python isr_twin.py RAW [--bias F] [--dark F] [--flat F] [--defects F] [--crosstalk F] [--recipe full]
                       [--steps a,b,c] [--overscan METHOD] [--serial-skip A,B] [--parallel-skip A,B]
                       [--geometry header] [--saturation T]

prints the SHA-256 of the assembled float32 image: row 0 first, little-endian, -0.0 as +0.0, NaN as 0x7fc00000. The
command `astro-fits-wasm isr` prints the same one. It is written for reading, one function for each step; linearity,
cosmic rays and the brighter-fatter effect are checked by oracles of their own.

Raws need GAIN and RDNOISE in their segments' headers, and the saturation level (one number, or one for each segment) is
given by the caller: the camera table is the engine's. All arithmetic is float32 unless a comment says otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from overscan_twin import overscan_levels
from raw_twin import Amplifier, read_raw

F = np.float32
RAPID = (
    "saturation",
    "serial-overscan",
    "parallel-overscan",
    "assemble",
    "bias",
    "variance",
    "linearity",
    "crosstalk",
    "defects",
    "brighter-fatter",
    "dark",
    "flat",
    "gain",
    "cosmic-rays",
    "interpolate",
)
FULL = (
    "serial-overscan",
    "saturation",
    "gain",
    "crosstalk",
    "parallel-overscan",
    "linearity",
    "assemble",
    "bias",
    "dark",
    "defects",
    "brighter-fatter",
    "variance",
    "flat",
    "cosmic-rays",
    "interpolate",
)
ALWAYS = {"saturation", "serial-overscan", "parallel-overscan", "assemble"}
CALIBS = ("bias", "dark", "flat", "defects", "crosstalk")
# The numbers that afw gives to the planes of a mask.
DEFAULT_PLANES = {
    "BAD": 0,
    "SAT": 1,
    "INTRP": 2,
    "CR": 3,
    "SUSPECT": 7,
    "NO_DATA": 8,
    "UNMASKEDNAN": 9,
    "CROSSTALK": 10,
}


@dataclass
class Result:
    """In the DM frame."""

    image: np.ndarray
    mask: np.ndarray
    variance: np.ndarray | None
    planes: Mapping[str, int]


def subtract_serial(amplifier: Amplifier, method: str, skip: Sequence[int]) -> None:
    """Every row."""
    first, end = amplifier.serial
    near, far = (
        skip if first >= amplifier.data[1] else reversed(skip)
    )  # may lie on the other side of the image
    first, end = first + near, end - far
    if first < end:
        amplifier.pixels -= overscan_levels(amplifier.pixels[:, first:end], method)[:, None]


def subtract_parallel(amplifier: Amplifier, method: str, skip: Sequence[int]) -> None:
    """The rows above the image, on its columns."""
    x0, x1, _, y1 = amplifier.data
    first, end = y1 + skip[0], amplifier.pixels.shape[0] - skip[1]
    if first < end:
        amplifier.image[:] -= overscan_levels(amplifier.pixels[first:end, x0:x1].T, method)


@dataclass
class Master:
    """A calibration that is an image, with its mask and the numbers of the mask's planes."""

    pixels: np.ndarray
    unit: str  # empty when the file does not tell
    seconds: float  # dark time, 1 when there is none
    mask: np.ndarray | None
    planes: Mapping[str, int]


def read_master(path: Path) -> Master:
    with fits.open(path) as hdus:
        header = hdus["IMAGE"].header
        unit = header.get("LSST ISR UNITS", header.get("BUNIT", ""))
        seconds = float(header.get("DARKTIME", header.get("EXPTIME", 1.0)))
        pixels, mask, planes = hdus["IMAGE"].data.astype(F), None, {}
        if "MASK" in hdus:
            mask, cards = hdus["MASK"].data, hdus["MASK"].header.cards
            planes = {card.keyword[3:]: card.value for card in cards if card.keyword.startswith("MP_")}
        return Master(pixels, unit, seconds, mask, planes)


def number_planes(given: Mapping[str, int]) -> dict[str, int]:
    """A plane that the file does not name keeps its default, or moves to the first free number from 9 on."""
    planes = {name: given[name] for name in DEFAULT_PLANES if name in given}
    taken = set(given.values())
    for name, number in DEFAULT_PLANES.items():
        if name not in planes:
            free = number if number not in taken else min(set(range(9, 31)) - taken)
            planes[name] = free
            taken.add(free)
    return planes


def crosstalk_of(sources: np.ndarray, matrix: np.ndarray, target: int) -> np.ndarray:
    """What amplifier `target` gains from the others, summed in the order of the matrix."""
    total = np.zeros_like(sources[0])
    for source, ratio in zip(sources, matrix[:, target], strict=True):
        if ratio != 0:
            total += ratio * source
    return total


def mask_crosstalk(gained: np.ndarray) -> np.ndarray:
    return np.abs(gained - F(np.median(gained.astype(float)))) >= F(1)


def read_crosstalk(path: Path) -> tuple[np.ndarray, str]:
    """[source, target], and its unit; empty when the file does not tell."""
    with fits.open(path) as hdus:
        header = hdus[1].header
        matrix = np.reshape(hdus[1].data["CT_COEFFS"], (header["NAMP"], header["NAMP"]))
        return matrix.astype(F), header.get("CROSSTALK_RATIOS_UNITS", "")


def finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, F(0))


def grow(mask: np.ndarray) -> np.ndarray:
    """By the pixels that share a side."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def interpolate_row(row: np.ndarray, bad: np.ndarray) -> bool:
    """A line between the good neighbours; at the edges the nearest good value. False without a good pixel."""
    good = np.flatnonzero(~bad)
    if len(good) == 0:
        return False
    row[: good[0]] = row[good[0]]
    row[good[-1] + 1 :] = row[good[-1]]
    for gap in np.flatnonzero(np.diff(good) > 1):
        left, right = good[gap : gap + 2]
        along = np.arange(1, right - left).astype(F) / F(right - left)
        row[left + 1 : right] = row[left] + (row[right] - row[left]) * along
    return True


def reduce(
    raw: Path,
    calibs: Mapping[str, Path],
    *,
    recipe: str = "rapid",
    steps: set[str] | None = None,
    overscan: str = "median-per-row",
    serial_skip: Sequence[int] = (3, 3),
    parallel_skip: Sequence[int] = (3, 3),
    geometry: str = "table",
    saturation: Sequence[float] = (np.inf,),
) -> Result:
    """The whole recipe. A calibration needs its step and its file."""
    wanted = ALWAYS | set(calibs) if steps is None else set(steps)
    wanted -= {name for name in CALIBS if name not in calibs}
    amplifiers, shape, primary = read_raw(raw, saturation, geometry == "header")
    if primary.get("LSST ISR CROSSTALK APPLIED"):
        wanted -= {"crosstalk"}
    image, mask = np.full(shape, np.nan, F), np.zeros(shape, np.int32)
    variance: np.ndarray | None = None
    masters = {name: read_master(calibs[name]) for name in ("bias", "dark", "flat") if name in calibs}
    units = {name: master.unit for name, master in masters.items()}
    if "crosstalk" in calibs:
        matrix, units["crosstalk"] = read_crosstalk(calibs["crosstalk"])
    planes = number_planes(next((m.planes for m in masters.values() if m.planes), {}))

    def flag(where: np.ndarray, plane: str) -> None:
        mask[where] |= 1 << planes[plane]

    def master(name: str) -> np.ndarray:
        merged = masters[name]
        if merged.mask is not None:
            for plane, number in merged.planes.items():
                if plane in planes:
                    flag(merged.mask & 1 << number != 0, plane)
        return merged.pixels

    unit = "adu"
    assembled = False
    for step in RAPID if recipe == "rapid" else FULL:
        if step not in wanted or units.get(step, "") not in ("", unit):
            continue
        if step == "saturation":
            for a in amplifiers:
                saturated = a.image >= F(a.saturation)
                a.view(mask)[saturated] |= 1 << planes["SAT"]
                if recipe == "full" and saturated.all():
                    a.view(mask)[:] |= 1 << planes["BAD"]
        elif step == "serial-overscan":
            for a in amplifiers:
                subtract_serial(a, overscan, serial_skip)
        elif step == "parallel-overscan":
            for a in amplifiers:
                subtract_parallel(a, overscan, parallel_skip)
        elif step == "gain":
            unit = "electron"
            for a in amplifiers:
                if not assembled:
                    a.pixels *= a.gain
                    continue
                a.view(image)[:] *= a.gain
                if variance is not None:
                    a.view(variance)[:] *= a.gain * a.gain
        elif step == "crosstalk":
            parts = [a.view(image) if assembled else a.pixels for a in amplifiers]
            sources = np.stack([finite(part) for part in parts])
            for target, (a, part) in enumerate(zip(amplifiers, parts, strict=True)):
                gained = crosstalk_of(sources, matrix, target)
                part -= gained
                x0, x1, y0, y1 = a.data
                over = mask_crosstalk(gained if assembled else gained[y0:y1, x0:x1])
                a.view(mask)[over] |= 1 << planes["CROSSTALK"]
        elif step == "assemble":
            covered = np.zeros(shape, bool)
            for a in amplifiers:
                a.view(image)[:] = a.image
                a.view(covered)[:] = True
            flag(~covered, "NO_DATA")
            assembled = True
        elif step == "bias":
            image -= master("bias")
        elif step == "dark":
            seconds = primary.get("DARKTIME")  # None also where the card has no value
            seconds = primary["EXPTIME"] if seconds is None else seconds
            image -= master("dark") * F(seconds / masters["dark"].seconds)
        elif step == "flat":
            flat = master("flat")
            flat = np.where((flat > 0) & np.isfinite(flat), flat, F(np.nan))
            image /= flat
            if variance is not None:
                variance /= flat * flat
        elif step == "variance":
            variance = np.full(shape, np.nan, F)
            for a in amplifiers:
                gain, noise = (
                    (F(1), a.read_noise) if unit == "electron" else (a.gain, a.read_noise / a.gain_exact)
                )
                a.view(variance)[:] = a.view(image) / gain + F(noise * noise)
            flag(variance < 0, "BAD")
        elif step == "defects":
            with fits.open(calibs["defects"]) as hdus:
                for x0, y0, width, height in hdus[1].data:
                    mask[y0 : y0 + height, x0 : x0 + width] |= 1 << planes["BAD"]
        elif step == "interpolate":
            flag(np.isnan(image), "UNMASKEDNAN")
            flag(grow(mask & 1 << planes["SAT"] != 0), "SAT")
            named = sum(1 << planes[plane] for plane in ("SAT", "BAD", "UNMASKEDNAN"))
            bad = (mask & named != 0) | ~np.isfinite(image)
            for y in np.flatnonzero(bad.any(axis=1)):
                if interpolate_row(image[y], bad[y]):
                    mask[y, bad[y]] |= 1 << planes["INTRP"]
        else:
            raise SystemExit(f"{step} is not in this script")
    flag(np.isnan(image), "UNMASKEDNAN")
    return Result(image, mask, variance, planes)


def sha256(image: np.ndarray) -> str:
    """Of float32 pixels with one zero and one NaN."""
    values = image.astype("<f4")
    values[values == 0] = 0
    bits = values.view("<u4")
    bits[np.isnan(values)] = 0x7FC00000
    return hashlib.sha256(bits.tobytes()).hexdigest()


def main() -> None:
    """Prints the hash of the assembled image."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("raw", type=Path)
    for name in CALIBS:
        parser.add_argument(f"--{name}", type=Path)
    pair = lambda text: tuple(int(part) for part in text.split(","))  # noqa: E731
    parser.add_argument("--recipe", choices=("rapid", "full"), default="rapid")
    parser.add_argument("--steps", type=lambda text: set(text.split(",")))
    parser.add_argument("--overscan", default="median-per-row")
    parser.add_argument("--serial-skip", type=pair, default=(3, 3))
    parser.add_argument("--parallel-skip", type=pair, default=(3, 3))
    parser.add_argument("--geometry", choices=("table", "header"), default="table")
    parser.add_argument(
        "--saturation", type=lambda text: [float(part) for part in text.split(",")], default=[np.inf]
    )
    options = vars(parser.parse_args())
    raw = options.pop("raw")
    calibs = {name: path for name in CALIBS if (path := options.pop(name)) is not None}
    print(sha256(reduce(raw, calibs, **options).image))


if __name__ == "__main__":
    np.seterr(invalid="ignore", divide="ignore")
    main()
