"""What astropy reads in a FITS file that the page saved: JSON on standard output.

python exported_fits.py --file FILE --x X --y Y
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from astropy.io import fits


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", required=True)
    parser.add_argument("--x", type=int, required=True)
    parser.add_argument("--y", type=int, required=True)
    arguments = parser.parse_args()
    with fits.open(arguments.file, checksum=True) as hdus:
        image, mask, variance = (hdus[name].data for name in ("IMAGE", "MASK", "VARIANCE"))
        cards = hdus["IMAGE"].header
        planes = {key[3:]: int(value) for key, value in hdus["MASK"].header.items() if key[:3] == "MP_"}
        rays = np.argwhere(mask & (1 << planes["CR"]))
        # Well inside, so that a view centred on it is not held back by the edge.
        inside = [(int(x), int(y)) for y, x in rays if 100 < x < 3900 and 100 < y < 3900]
        answer = {
            "obsId": cards["OBSID"],
            "unit": cards["BUNIT"],
            "history": [str(line) for line in cards["HISTORY"]],
            "value": float(image[arguments.y, arguments.x]),
            "variance": float(variance[arguments.y, arguments.x]),
            "planes": planes,
            "cosmicRay": inside[0] if inside else None,
            "cosmicRayBits": int(mask[inside[0][1], inside[0][0]]) if inside else 0,
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
