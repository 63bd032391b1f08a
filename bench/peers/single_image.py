"""Writes the pixels of raws as one RICE_1 image each, for viewers that do not join the segments of a raw.

    python single_image.py FOLDER RAW...        FOLDER/NAME.fits.fz for each raw of that name

The segments without their overscans, each where its DETSEC puts it and less its own bias level in whole adu: beside the
differences of these levels nothing else could be seen. The noise, and with it the work of unpacking, stays as it is.
The world coordinates are a tangent plane at 0, 0: one viewer wants some to place an image at all.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

from summit_notebook.demo.optics import PLATE_SCALE_ARCSEC_PER_PX

OVERSCAN_SKIP_PX = 3
"""The first columns of an overscan still hold charge of the image."""


def axis(first: int, last: int) -> slice:
    """Of a FITS section: 1-based and inclusive; from high to low is a mirrored axis."""
    if first <= last:
        return slice(first - 1, last)
    return slice(first - 1, last - 2 if last > 1 else None, -1)


def section(text: str) -> tuple[slice, slice]:
    """ "[x1:x2,y1:y2]" as rows and columns."""
    x1, x2, y1, y2 = (int(number) for number in re.findall(r"\d+", text))
    return axis(y1, y2), axis(x1, x2)


def single_image(raw: Path) -> fits.HDUList:
    with fits.open(raw) as hdus:
        segments = [hdu for hdu in hdus if "DETSEC" in hdu.header]
        _, width, _, height = (int(n) for n in re.findall(r"\d+", segments[0].header["DETSIZE"]))
        image = np.zeros((height, width), np.int32)
        for hdu in segments:
            rows, columns = section(hdu.header["DATASEC"])
            overscan = hdu.data[rows, columns.stop + OVERSCAN_SKIP_PX :]
            level_adu = int(np.median(overscan))
            image[section(hdu.header["DETSEC"])] = hdu.data[rows, columns] - level_adu
    header = fits.Header()
    for number, (kind, size) in enumerate((("RA---TAN", width), ("DEC--TAN", height)), start=1):
        header[f"CTYPE{number}"] = kind
        header[f"CRVAL{number}"] = 0.0
        header[f"CRPIX{number}"] = (size + 1) / 2
        header[f"CDELT{number}"] = PLATE_SCALE_ARCSEC_PER_PX / 3600 * (-1 if number == 1 else 1)
    return fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(image, header, compression_type="RICE_1")])


def main() -> None:
    folder = Path(sys.argv[1])
    for raw in map(Path, sys.argv[2:]):
        single_image(raw).writeto(folder / raw.name, overwrite=True)


if __name__ == "__main__":
    main()
