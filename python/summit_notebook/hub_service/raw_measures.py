"""What one raw tells about detector and sky by itself, without masters: the measured columns of the night table.

The raw is reduced by the application's engine with its rapid recipe: saturation, both overscans, assembly. Levels and
noise are in adu, as the raw has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from summit_notebook.engine import Engine, Hdu, IsrResult

from .amplifier_health import amplifier_health, serial_overscan, shared_noise
from .raw_size import camera_of
from .star_widths import binned, star_widths_px

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

ARCSEC_PER_PX = {"LATISS": 0.0952}
"""Spectractor's auxtel.ini. Without a plate scale there is no FWHM in arcsec."""
STARLESS_TYPES = ("bias", "dark", "flat", "cflat")
"""Observation types whose images show no sky."""
FEWEST_STARS = 3
STRIDE = 3
"""Levels and noise of the image are taken from each third column of each third row."""
MESH_PX = 64
SIGMA_PER_MAD = 1.4826
DIGITS = 4


def measure_raw(engine: Engine, raw: bytes, observation_type: str) -> dict[str, Any]:
    """Measured columns by name, and `amplifiers`; None for what cannot be known. Raises FitsError for a file that
    cannot be reduced, and OtherSize for segments that are not of the camera's size."""
    camera_of(engine, raw)
    isr = engine.isr(raw)
    done = {step["name"] for step in isr.report["steps"] if step["done"]}
    saturated = None
    if "saturation" in done and isr.mask is not None:
        saturated = (isr.mask & (1 << isr.report["mask_planes"]["SAT"])) != 0
    dither = np.random.default_rng(1)
    segments = engine.read(raw, hdus=[amplifier["hdu"] for amplifier in isr.report["amplifiers"]])
    amplifiers = _amplifiers(engine, isr, {hdu.index: hdu for hdu in segments})
    sample = isr.image[::STRIDE, ::STRIDE]
    # Pixels less the median of their row lie on a grid of whole and half adu; see `_spread`.
    sample = sample + _spread(sample.shape, dither)
    mesh = _Mesh(sample)
    noise = _robust_sigma(sample - mesh.at(sample.shape))
    widths, fwhm = None, None
    scale = ARCSEC_PER_PX.get(isr.report["instrument"])
    if scale is not None and observation_type not in STARLESS_TYPES and noise is not None:
        cells = binned(isr.image)
        widths = star_widths_px(isr.image, saturated, cells - mesh.at(cells.shape), noise)
        fwhm = float(np.median(widths)) * scale if len(widths) >= FEWEST_STARS else None
    return {
        "biasLevelAdu": _rounded(_median([a["biasLevelAdu"] for a in amplifiers])),
        "overscanNoiseAdu": _rounded(_median([a["overscanNoiseAdu"] for a in amplifiers])),
        # Without an overscan there is no zero to measure from.
        "backgroundAdu": _rounded(_median(sample)) if "serial-overscan" in done else None,
        "noiseAdu": _rounded(noise),
        "saturatedPixels": None if saturated is None else int(np.count_nonzero(saturated)),
        "fwhmArcsec": _rounded(fwhm),
        "fwhmStars": None if widths is None else len(widths),
        "amplifiers": amplifiers,
    }


def _amplifiers(engine: Engine, isr: IsrResult, hdus: dict[int, Hdu]) -> list[dict[str, Any]]:
    camera = engine.camera(isr.report["instrument"], isr.report["detector"])
    boxes = {amplifier["name"]: amplifier for amplifier in camera["amplifiers"]}
    read = [(boxes[done["name"]], hdus[done["hdu"]].data) for done in isr.report["amplifiers"]]
    segments = [(amplifier, pixels) for amplifier, pixels in read if pixels is not None]
    overscans = [serial_overscan(pixels, amplifier) for amplifier, pixels in segments]
    shared = shared_noise(overscans)
    return [
        {
            "name": amplifier["name"],
            **{
                name: _rounded(value) for name, value in amplifier_health(pixels, amplifier, overscan).items()
            },
            "correlation": _rounded(correlation),
        }
        for (amplifier, pixels), overscan, correlation in zip(segments, overscans, shared, strict=True)
    ]


def _spread(shape: tuple[int, ...], dither: np.random.Generator) -> Floats:
    """Spreads whole numbers evenly over their step.

    The median deviation of whole numbers is itself whole or a half, which for a noise of 8 adu leaves steps of 9 %. A
    uniform spread of one adu adds 1/12 adu^2 to the variance: 0.1 % of that noise.
    """
    return dither.random(shape, np.float32) - np.float32(0.5)


class _Mesh:
    """The background: medians of cells of about 64 x 64 pixels of the image, linear in between."""

    def __init__(self, sample: Floats) -> None:
        rows, columns = (max(1, round(side * STRIDE / MESH_PX)) for side in sample.shape)
        self._cells = np.empty((rows, columns), np.float32)
        for row, band in enumerate(np.array_split(sample, rows, axis=0)):
            for column, cell in enumerate(np.array_split(band, columns, axis=1)):
                finite = cell[np.isfinite(cell)]
                self._cells[row, column] = np.median(finite) if finite.size else np.nan
        empty = np.isnan(self._cells)
        if empty.any():
            self._cells[empty] = np.nan if empty.all() else np.nanmedian(self._cells)

    def at(self, shape: tuple[int, ...]) -> Floats:
        """On an image of the same field with this many rows and columns."""
        rows, columns = (_weights(cells, side) for cells, side in zip(self._cells.shape, shape, strict=True))
        background: Floats = rows @ self._cells @ columns.T
        return background


def _weights(cells: int, side: int) -> Floats:
    """A matrix [side, cells] that interpolates between the centres of the cells and is constant beyond them."""
    place = np.clip((np.arange(side) + 0.5) * cells / side - 0.5, 0, cells - 1)
    below = np.minimum(place.astype(np.intp), max(0, cells - 2))
    weights = np.zeros((side, cells), np.float32)
    every = np.arange(side)
    weights[every, below] = 1 - (place - below)
    weights[every, np.minimum(below + 1, cells - 1)] += place - below
    return weights


def _robust_sigma(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None
    return SIGMA_PER_MAD * float(np.median(np.abs(finite - np.median(finite))))


def _median(values: Sequence[float | None] | Floats) -> float | None:
    """Of the known ones: neither None nor NaN."""
    known = np.asarray(values, np.float32 if isinstance(values, np.ndarray) else np.float64)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if known.size else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
