"""Where the pixels of a raw lie, in plain numpy and astropy: what `isr_twin.py` takes apart and puts together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

F = np.float32


@dataclass
class Amplifier:
    """One segment. `pixels` is the whole raw, row 0 is read first; `data` is (x0, x1, y0, y1) of its image area."""

    pixels: np.ndarray
    data: tuple[int, int, int, int]
    serial: tuple[int, int]  # the columns of the serial overscan
    corner: tuple[int, int]  # x, y of the result
    flip_x: bool
    flip_y: bool
    gain: np.float32
    gain_exact: float
    read_noise: float
    saturation: float

    @property
    def image(self) -> np.ndarray:
        """A view of the image area."""
        x0, x1, y0, y1 = self.data
        return self.pixels[y0:y1, x0:x1]

    def view(self, frame: np.ndarray) -> np.ndarray:
        """This amplifier's part of a frame, in readout order."""
        x, y = self.corner
        rows, columns = self.image.shape
        part = frame[y : y + rows, x : x + columns]
        return part[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]


def section(header: fits.Header, keyword: str) -> list[tuple[int, int]]:
    """The numbers of "[x1:x2,y1:y2]", from 1 and both included."""
    x, y = header[keyword].strip("[]").split(",")
    return [(int(first), int(last)) for first, last in (x.split(":"), y.split(":"))]


def read_raw(
    path: Path, saturation: Sequence[float], by_header: bool
) -> tuple[list[Amplifier], tuple[int, int], fits.Header]:
    """The segments in the order of the file, the shape of the detector, and the primary header."""
    amplifiers = []
    with fits.open(path) as hdus:
        primary = hdus[0].header.copy()
        segments = [
            hdu
            for hdu in hdus[1:]
            if re.fullmatch("Segment[01][0-7]", hdu.header.get("EXTNAME", ""), re.IGNORECASE)
        ]
        half = len(segments) == 8
        imsim = primary.get("TESTTYPE") == "IMSIM"
        e2v = primary.get("CCD_MANU") == "E2V"
        x0, width, height = (10, 512, 2002) if e2v else (3, 509, 2000)
        if by_header:
            (_, columns), (_, rows) = section(segments[0].header, "DETSIZE")
        else:
            # Raws of a wavefront half have the DETSIZE of a whole CCD.
            columns, rows = 8 * width, height if half else 2 * height
        for index, hdu in enumerate(segments):
            name = hdu.header["EXTNAME"][-2:]
            # Segment1x is the upper half but in imSim; DETSEC has that upside down.
            upper = not half and (name[0] == "1") != imsim
            (first, last), _ = section(hdu.header, "DETSEC")
            if by_header:
                (x1, x2), (y1, y2) = section(hdu.header, "DATASEC")
                data, corner_x = (x1 - 1, x2, y1 - 1, y2), min(first, last) - 1
            else:
                data, corner_x = (x0, x0 + width, 0, height), (7 - index if half else int(name[1])) * width
            serial = (data[1], hdu.data.shape[1])
            if "BIASSEC" in hdu.header:
                (x1, x2), _ = section(hdu.header, "BIASSEC")
                serial = (x1 - 1, x2)
            amplifiers.append(
                Amplifier(
                    pixels=hdu.data.astype(F),
                    data=data,
                    serial=serial,
                    corner=(corner_x, rows - (data[3] - data[2]) if upper else 0),
                    flip_x=half or first > last,
                    flip_y=half or upper,
                    gain=F(hdu.header["GAIN"]),
                    gain_exact=hdu.header["GAIN"],
                    read_noise=hdu.header["RDNOISE"],
                    saturation=saturation[index % len(saturation)],
                )
            )
    return amplifiers, (rows, columns), primary
