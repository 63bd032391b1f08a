"""Writes what the engine's figures read: a raw of the simulated camera and master calibs as a pipeline makes them.

    python inputs.py FOLDER        raw.fits.fz, bias.fits, dark.fits, flat.fits; the same bytes every time

The raw is a direct image of stars as the demo site takes them: 16 RICE_1 segments of 576x2048, int32, with read and
photon noise. The masters carry the noise of the frames that they are the mean of, so that they compress as real ones
do; each has an image, its mask and its variance.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from gzip import compress
from pathlib import Path
from unittest import mock

import numpy as np
from astropy.io import fits

from summit_notebook.demo.detector import FRAME_HEIGHT, FRAME_WIDTH, Detector, Floats
from summit_notebook.demo.digitise import Digitiser
from summit_notebook.demo.masters import bias_frame, dark_frame
from summit_notebook.demo.night import SECOND_NS, Night
from summit_notebook.demo.night_runs import Run
from summit_notebook.demo.raw_file import write_raw
from summit_notebook.demo.scene import render

SEED = 20261122
FILTER = "empty~empty"
FRAMES_IN_A_MASTER = 20
DARK_EXPOSURE_S = 300.0
# afw's mask planes, as it writes them into every file.
MASK_PLANES = (
    *("BAD", "SAT", "INTRP", "CR", "EDGE", "DETECTED", "DETECTED_NEGATIVE", "SUSPECT", "NO_DATA"),
    *("UNMASKEDNAN", "CROSSTALK"),
)


def write_exposure(path: Path, detector: Detector) -> None:
    night = Night(SEED, (Run(0, 1, 1_795_294_800 * SECOND_NS, 15 * SECOND_NS, "night"),))
    exposure = next(
        e
        for e in map(night.exposure, range(60))
        if e.image_type == "OBJECT" and e.filter == e.grating == "empty" and e.mount_step is None
    )
    exposure = replace(exposure, step=replace(exposure.step, planted=()))
    electrons, _ = render(night, exposure)
    digitised = Digitiser(detector, SEED).digitise(electrons, detector.flat(FILTER), exposure)
    ends = np.array([exposure.shutter_open_tai_ns, exposure.shutter_close_tai_ns], dtype=np.int64)
    write_raw(path, exposure, night.conditions(ends), digitised.segments)


def write_master(path: Path, kind: str, unit: str, frame: Floats, sigma: Floats, seed: int) -> None:
    """``sigma`` is the standard deviation of each pixel of the master."""
    random = np.random.default_rng([SEED, seed])
    image = frame + sigma * random.standard_normal(frame.shape, np.float32)
    primary = fits.PrimaryHDU()
    primary.header["INSTRUME"] = "LATISS"
    primary.header["DETECTOR"] = 0
    primary.header["OBSTYPE"] = kind
    primary.header["BUNIT"] = unit
    planes = {"IMAGE": image, "MASK": np.zeros(frame.shape, np.int32), "VARIANCE": sigma * sigma}
    hdus = [
        fits.CompImageHDU(
            pixels, name=name, compression_type="GZIP_2", tile_shape=(1, FRAME_WIDTH), quantize_level=0.0
        )
        for name, pixels in planes.items()
    ]
    for bit, plane in enumerate(MASK_PLANES):
        hdus[1].header[f"HIERARCH MP_{plane}"] = bit
    fits.HDUList([primary, *hdus]).writeto(path, overwrite=True)


def main() -> None:
    folder = Path(sys.argv[1])
    detector = Detector(SEED)
    write_exposure(folder / "raw.fits.fz", detector)
    bias, dark, flat = bias_frame(detector), dark_frame(detector), detector.flat(FILTER)
    read_noise_adu = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.float32)
    for amplifier in detector.amplifiers:
        read_noise_adu[amplifier.detector_box] = (
            amplifier.read_noise_electron / amplifier.gain_electron_per_adu
        )
    of_mean = np.float32(1 / np.sqrt(FRAMES_IN_A_MASTER))
    dark_variance = (np.square(read_noise_adu) + dark * np.float32(DARK_EXPOSURE_S)) / np.float32(
        DARK_EXPOSURE_S**2
    )
    # Pipelines write with cfitsio, which takes zlib's fastest level.
    fastest = mock.patch(
        "astropy.io.fits.hdu.compressed._codecs.gzip_compress", partial(compress, compresslevel=1)
    )
    with fastest:
        write_master(folder / "bias.fits", "bias", "adu", bias, read_noise_adu * of_mean, 1)
        write_master(folder / "dark.fits", "dark", "adu/s", dark, np.sqrt(dark_variance) * of_mean, 2)
        write_master(folder / "flat.fits", "flat", "", flat, np.sqrt(flat / 50_000) * of_mean, 3)


if __name__ == "__main__":
    main()
