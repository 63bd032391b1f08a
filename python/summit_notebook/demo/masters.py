"""Writes the master bias, dark and flats of the simulated detector: noise-free, float32, in the detector frame.

They are compressed as the Rubin pipelines write theirs: one GZIP_2 image extension with a row per tile, lossless.
Values are rounded so that the files stay small: bias to 1/32 adu, dark and flat to 2**-12.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..site import Site, load_site
from .detector import FLAT_FILTERS, FRAME_HEIGHT, FRAME_WIDTH, Detector, Floats

log = logging.getLogger("masters")


def bias_frame(detector: Detector) -> Floats:
    frame = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    for amplifier in detector.amplifiers:
        amplifier.into_frame(amplifier.bias_structure_adu, frame)
    return frame


def dark_frame(detector: Detector) -> Floats:
    """adu per second."""
    frame = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    for amplifier in detector.amplifiers:
        box = amplifier.detector_box
        frame[box] = detector.dark_electron_per_s[box] / np.float32(amplifier.gain_electron_per_adu)
    return frame


def write_master(
    path: Path, kind: str, unit: str, physical_filter: str | None, frame: Floats, steps: int
) -> None:
    primary = fits.PrimaryHDU()
    primary.header["INSTRUME"] = "LATISS"
    primary.header["DETECTOR"] = 0
    primary.header["OBSTYPE"] = kind
    primary.header["BUNIT"] = unit
    if physical_filter is not None:
        primary.header["FILTER"], primary.header["GRATING"] = physical_filter.split("~")
    rounded = (np.round(frame * steps) / steps).astype(np.float32)
    image = fits.CompImageHDU(
        rounded, name="IMAGE", compression_type="GZIP_2", tile_shape=(1, FRAME_WIDTH), quantize_level=0.0
    )
    scratch = path.with_suffix(".part")
    fits.HDUList([primary, image]).writeto(scratch, overwrite=True)
    scratch.replace(path)


def make_masters(site: Site) -> None:
    """All masters and, last, their manifest; does nothing when the manifest is there and of this seed."""
    folder = site.masters_dir
    manifest = folder / "masters.json"
    if manifest.exists() and json.loads(manifest.read_text()).get("seed") == site.simulator.seed:
        return
    folder.mkdir(parents=True, exist_ok=True)
    detector = Detector(site.simulator.seed)
    entries = []

    def add(name: str, kind: str, unit: str, physical_filter: str | None, frame: Floats, steps: int) -> None:
        write_master(folder / name, kind, unit, physical_filter, frame, steps)
        entries.append(
            {
                "datasetType": kind,
                "path": name,
                "detector": 0,
                "physicalFilter": physical_filter,
                "validBeginTaiNs": None,
                "validEndTaiNs": None,
            }
        )
        log.info("%s is written", name)

    add("bias-det000.fits", "bias", "adu", None, bias_frame(detector), 32)
    add("dark-det000.fits", "dark", "adu/s", None, dark_frame(detector), 4096)
    for physical_filter in FLAT_FILTERS:
        name = f"flat-{physical_filter.replace('~', '-')}-det000.fits"
        add(name, "flat", "", physical_filter, detector.flat(physical_filter), 4096)
    scratch = manifest.with_suffix(".part")
    scratch.write_text(json.dumps({"seed": site.simulator.seed, "masters": entries}, indent=1))
    scratch.replace(manifest)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the simulated detector's master calibs.")
    parser.add_argument("--site", required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    make_masters(load_site(arguments.site))


if __name__ == "__main__":
    main()
