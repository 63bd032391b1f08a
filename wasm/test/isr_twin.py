#!/usr/bin/env python3
"""Instrument signature removal in plain numpy and astropy, without the engine: the engine's naive twin.

    python isr_twin.py RAW [--bias F] [--dark F] [--flat F] [--defects F] [--crosstalk F] [--recipe full]
                       [--steps a,b,c] [--overscan METHOD] [--serial-skip A,B] [--parallel-skip A,B] [--saturation T]

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
from itertools import pairwise
from pathlib import Path

import numpy as np
from astropy.io import fits

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
class Amplifier:
    """One segment. `pixels` is the whole raw, row 0 is read first; `data` is (x0, x1, y1) of its image area."""

    pixels: np.ndarray
    data: tuple[int, int, int]
    corner: tuple[int, int]  # x, y of the result
    flip_x: bool
    flip_y: bool
    gain: np.float32
    gain_exact: float
    read_noise: float
    saturation: float
    saturated: np.ndarray | None = None

    @property
    def image(self) -> np.ndarray:
        """A view of the image area."""
        x0, x1, y1 = self.data
        return self.pixels[:y1, x0:x1]

    def place(self, values: np.ndarray, frame: np.ndarray) -> None:
        """Puts values in readout order where they belong on the detector."""
        self.view(frame)[:] = values

    def view(self, frame: np.ndarray) -> np.ndarray:
        """This amplifier's part of a frame, in readout order."""
        x, y = self.corner
        rows, columns = self.image.shape
        part = frame[y : y + rows, x : x + columns]
        return part[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]


@dataclass
class Result:
    """In the DM frame."""

    image: np.ndarray
    mask: np.ndarray
    variance: np.ndarray | None
    planes: Mapping[str, int]


def read_raw(path: Path, saturation: Sequence[float]) -> tuple[list[Amplifier], fits.Header]:
    """The segments in the order of the file."""
    amplifiers = []
    with fits.open(path) as hdus:
        primary = hdus[0].header.copy()
        segments = [hdu for hdu in hdus[1:] if hdu.header.get("EXTNAME", "").startswith("Segment")]
        half = len(segments) == 8
        imsim = primary.get("TESTTYPE") == "IMSIM"
        e2v = primary.get("CCD_MANU") == "E2V"
        x0, width, height = (10, 512, 2002) if e2v else (3, 509, 2000)
        for index, hdu in enumerate(segments):
            name = hdu.header["EXTNAME"].removeprefix("Segment")
            # Segment1x is the upper half but in imSim; DETSEC has that upside down.
            upper = not half and (name[0] == "1") != imsim
            column = 7 - index if half else int(name[1])
            first, last = hdu.header["DETSEC"].strip("[]").split(",")[0].split(":")
            amplifiers.append(
                Amplifier(
                    pixels=hdu.data.astype(F),
                    data=(x0, x0 + width, height),
                    corner=(column * width, height if upper else 0),
                    flip_x=half or int(first) > int(last),
                    flip_y=half or upper,
                    gain=F(hdu.header["GAIN"]),
                    gain_exact=hdu.header["GAIN"],
                    read_noise=hdu.header["RDNOISE"],
                    saturation=saturation[index % len(saturation)],
                )
            )
    return amplifiers, primary


def clipped_medians(samples: np.ndarray, clip: bool) -> np.ndarray:
    """One level for each row of float64 samples; in float64."""
    middle = np.median(samples, axis=1)
    if clip:
        low, high = np.percentile(samples, [25, 75], axis=1)
        sigma = 0.74 * (high - low)
        typical = np.median(sigma)
        sigma = np.where(sigma > 2 * typical, typical, sigma)
        outliers = np.abs(samples - middle[:, None]) > 3 * sigma[:, None]
        # Behind the samples that stay; their middle two may be one.
        ordered, count = np.sort(np.where(outliers, np.inf, samples), axis=1), (~outliers).sum(axis=1)
        rows = np.arange(len(samples))
        middle = (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2
        middle[count == 0] = np.nan
    good = np.flatnonzero(np.isfinite(middle))
    for i in np.flatnonzero(~np.isfinite(middle)):
        below, above = good[good < i][-1:], good[good > i][:1]
        # The mean of the nearest rows that have a level, in float64 of float32 levels.
        middle[i] = np.mean(middle[np.concatenate([below, above])].astype(F).astype(float))
    return middle


def natural_spline(levels: np.ndarray) -> np.ndarray:
    """A natural cubic spline through the means of about 64 rows each; in float64."""
    count = len(levels)
    knots = max(2, (count + 32) // 64)
    edges = np.arange(knots + 1) * count // knots
    at = (edges[:-1] + edges[1:] - 1) / 2
    value = np.array([levels[a:b].mean() for a, b in pairwise(edges)])
    step = np.diff(at)
    # Second derivatives M: h[k-1] M[k-1] + 2 (h[k-1] + h[k]) M[k] + h[k] M[k+1] = 6 (slope[k] - slope[k-1]).
    matrix = np.eye(knots)
    right = np.zeros(knots)
    slope = np.diff(value) / step
    for k in range(1, knots - 1):
        matrix[k, k - 1 : k + 2] = step[k - 1], 2 * (step[k - 1] + step[k]), step[k]
        right[k] = 6 * (slope[k] - slope[k - 1])
    second = np.linalg.solve(matrix, right)
    x = np.arange(count)
    k = np.clip(np.searchsorted(at, x) - 1, 0, knots - 2)
    h = step[k]
    a, b = (at[k + 1] - x) / h, (x - at[k]) / h
    return a * value[k] + b * value[k + 1] + ((a**3 - a) * second[k] + (b**3 - b) * second[k + 1]) * h * h / 6


def overscan_levels(overscan: np.ndarray, method: str) -> np.ndarray:
    """A float32 level for each row of `overscan`."""
    samples = overscan.astype(float)
    if method == "mean":
        return np.full(len(samples), F(samples.mean()))
    if method == "median":
        return np.full(len(samples), F(np.median(samples)))
    if method == "mean-per-row":
        return samples.mean(axis=1).astype(F)
    levels = clipped_medians(samples, clip=method != "plain-median-per-row").astype(F)
    return natural_spline(levels.astype(float)).astype(F) if method == "spline" else levels


def subtract_serial(amplifier: Amplifier, method: str, skip: Sequence[int]) -> None:
    """The columns right of the image, on every row."""
    first, end = amplifier.data[1] + skip[0], amplifier.pixels.shape[1] - skip[1]
    if first < end:
        amplifier.pixels -= overscan_levels(amplifier.pixels[:, first:end], method)[:, None]


def subtract_parallel(amplifier: Amplifier, method: str, skip: Sequence[int]) -> None:
    """The rows above the image, on its columns."""
    x0, x1, y1 = amplifier.data
    first, end = y1 + skip[0], amplifier.pixels.shape[0] - skip[1]
    if first < end:
        amplifier.image[:] -= overscan_levels(amplifier.pixels[first:end, x0:x1].T, method)


def read_master(path: Path) -> tuple[np.ndarray, float, np.ndarray | None, dict[str, int]]:
    """Pixels, dark time in seconds (1 when there is none), mask and the numbers of its planes."""
    with fits.open(path) as hdus:
        image = hdus["IMAGE"]
        seconds = float(image.header.get("DARKTIME", image.header.get("EXPTIME", 1.0)))
        if "MASK" not in hdus:
            return image.data.astype(F), seconds, None, {}
        mask = hdus["MASK"]
        planes = {
            card.keyword[3:]: card.value for card in mask.header.cards if card.keyword.startswith("MP_")
        }
        return image.data.astype(F), seconds, mask.data, planes


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


def read_crosstalk(path: Path) -> np.ndarray:
    """[source, target]"""
    with fits.open(path) as hdus:
        count = hdus[1].header["NAMP"]
        return np.ravel(hdus[1].data["CT_COEFFS"]).reshape(count, count).astype(F)


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
    saturation: Sequence[float] = (np.inf,),
) -> Result:
    """The whole recipe. A calibration needs its step and its file."""
    wanted = ALWAYS | set(calibs) if steps is None else set(steps)
    wanted -= {name for name in CALIBS if name not in calibs}
    amplifiers, primary = read_raw(raw, saturation)
    electron = recipe == "full"
    shape = [max(a.corner[1 - axis] + a.image.shape[axis] for a in amplifiers) for axis in (0, 1)]
    image, mask = np.full(shape, np.nan, F), np.zeros(shape, np.int32)
    variance: np.ndarray | None = None
    masters = {name: read_master(calibs[name]) for name in ("bias", "dark", "flat") if name in calibs}
    planes = number_planes(next((m[3] for m in masters.values() if m[3]), {}))

    def flag(where: np.ndarray, plane: str) -> None:
        mask[where] |= 1 << planes[plane]

    def master(name: str) -> np.ndarray:
        pixels, _, bits, numbers = masters[name]
        if bits is not None:
            for plane, number in numbers.items():
                if plane in planes:
                    flag(bits & 1 << number != 0, plane)
        return pixels

    assembled = False
    for step in RAPID if recipe == "rapid" else FULL:
        if step not in wanted:
            continue
        if step == "saturation":
            for a in amplifiers:
                a.view(mask)[a.image >= F(a.saturation)] |= 1 << planes["SAT"]
        elif step == "serial-overscan":
            for a in amplifiers:
                subtract_serial(a, overscan, serial_skip)
        elif step == "parallel-overscan":
            for a in amplifiers:
                subtract_parallel(a, overscan, parallel_skip)
        elif step == "gain":
            for a in amplifiers:
                if not assembled:
                    a.pixels *= a.gain
                    continue
                a.view(image)[:] *= a.gain
                if variance is not None:
                    a.view(variance)[:] *= a.gain * a.gain
        elif step == "crosstalk":
            matrix = read_crosstalk(calibs["crosstalk"])
            parts = [a.view(image) if assembled else a.pixels for a in amplifiers]
            sources = np.stack([finite(part) for part in parts])
            for target, (a, part) in enumerate(zip(amplifiers, parts, strict=True)):
                gained = crosstalk_of(sources, matrix, target)
                part -= gained
                x0, x1, y1 = a.data
                over = mask_crosstalk(gained if assembled else gained[:y1, x0:x1])
                a.view(mask)[over] |= 1 << planes["CROSSTALK"]
        elif step == "assemble":
            for a in amplifiers:
                a.place(a.image, image)
            assembled = True
        elif step == "bias":
            image -= master("bias")
        elif step == "dark":
            seconds = primary.get("DARKTIME", primary.get("EXPTIME"))
            image -= master("dark") * F(seconds / masters["dark"][1])
        elif step == "flat":
            flat = master("flat")
            flat = np.where((flat > 0) & np.isfinite(flat), flat, F(np.nan))
            image /= flat
            if variance is not None:
                variance /= flat * flat
        elif step == "variance":
            variance = np.empty(shape, F)
            for a in amplifiers:
                gain, noise = (F(1), a.read_noise) if electron else (a.gain, a.read_noise / a.gain_exact)
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
