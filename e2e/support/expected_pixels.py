"""The reduced value of single pixels, worked out with numpy and astropy alone: what the app must show there.

Prints JSON: [{"x", "y", "raw_adu", "value_adu"}, ...]. Positions are 0-based in the detector frame. The serial overscan
is a median per row of the columns within 3 sigma of it, sigma from the quartiles; then the same by column for the
parallel one. The three columns and rows at either end of an overscan are left out.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from astropy.io import fits

WIDTH, HEIGHT, PRESCAN, SKIP = 509, 2000, 3, 3


def masters_of(folder: Path, physical_filter: str) -> dict[str, fits.CompImageSection]:
    """bias, dark and, where there is one for this filter, flat. Only the rows that are asked for are unpacked."""
    found = {}
    for master in json.loads((folder / "masters.json").read_text())["masters"]:
        if master["physicalFilter"] in (None, physical_filter):
            found[master["datasetType"]] = fits.open(folder / master["path"])["IMAGE"].section
    return found


def level(overscan: np.ndarray) -> float:
    q25, q50, q75 = np.percentile(overscan, [25, 50, 75])
    kept = overscan[np.abs(overscan - q50) <= 3 * 0.74 * (q75 - q25)]
    return float(np.median(kept))


def without_serial_overscan(row: np.ndarray, column: int) -> float:
    return float(row[column]) - level(row[PRESCAN + WIDTH + SKIP : -SKIP])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--masters", type=Path, required=True)
    parser.add_argument("--points", required=True, help="x,y;x,y;...")
    args = parser.parse_args()
    with fits.open(args.raw) as hdus:
        header = hdus[0].header
        masters = masters_of(args.masters, f"{header['FILTER']}~{header['GRATING']}")
        image_type = header["IMGTYPE"]
        steps = {"BIAS": [], "DARK": ["bias"], "FLAT": ["bias", "dark"]}.get(
            image_type, ["bias", "dark", "flat"]
        )
        values = []
        for text in args.points.split(";"):
            x, y = (int(part) for part in text.split(","))
            column, upper = x // WIDTH, y >= HEIGHT
            segment = hdus[f"Segment{'1' if upper else '0'}{column}"].section
            # Every amplifier is read towards smaller x; the upper half is read from the top edge.
            raw_column = PRESCAN + WIDTH - 1 - (x - column * WIDTH)
            raw_row = 2 * HEIGHT - 1 - y if upper else y
            row = segment[raw_row, :].astype(float)
            value = without_serial_overscan(row, raw_column)
            above = segment[HEIGHT + SKIP :, :][:-SKIP].astype(float)
            value -= level(np.array([without_serial_overscan(each, raw_column) for each in above]))
            if "bias" in steps:
                value -= masters["bias"][y, x]
            if "dark" in steps:
                value -= masters["dark"][y, x] * header["DARKTIME"]
            if "flat" in steps and "flat" in masters:
                value /= masters["flat"][y, x]
            values.append({"x": x, "y": y, "raw_adu": float(row[raw_column]), "value_adu": float(value)})
    print(json.dumps(values))


if __name__ == "__main__":
    main()
