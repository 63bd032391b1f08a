"""Slitless spectra of the simulated telescope: a star's light through a grating onto the detector, orders 1 and 2.

Dispersion by the grating equation with incidence angle; constants from Spectractor (grooves, distance 115 mm + LINSPOS,
4 mm more for the hologram, 10 um pixels). Line and band positions: NIST for the Balmer series, HITRAN band heads for O2
and H2O as commonly quoted (nm in air).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .detector import FRAME_HEIGHT, FRAME_WIDTH, Floats
from .optics import PLATE_SCALE_ARCSEC_PER_PX, PointSpread, moffat_alpha

Doubles = npt.NDArray[np.float64]

PIXEL_MM = 0.010
BORESIGHT_PX = (2036.5, 2000.5)
LINSPOS_MM = 67.998
GROOVES_PER_MM = {"holo4_003": 150.0, "ronchi170lpmm": 170.0, "blue300lpmm_qn1": 300.0}
TILT_DEG = {"holo4_003": 0.35, "ronchi170lpmm": 1.052, "blue300lpmm_qn1": 0.5}
ORDER_EFFICIENCY = {0: 0.1, 1: 0.62, 2: 0.05}
"""Of the light that falls on the grating."""
CROSS_HALF_PX = 90
BALMER_NM = {"H alpha": 656.28, "H beta": 486.13, "H gamma": 434.05, "H delta": 410.17}
# Band head, red end, depth at the head: absorption eases off towards the red.
BANDS_NM = {"O2 B": (686.7, 692.5, 0.32), "O2 A": (759.4, 770.0, 0.62), "H2O 720": (716.0, 732.0, 0.12)}
WATER_NM = (935.0, 14.0, 0.35)


@dataclass(frozen=True)
class SpectrumTruth:
    grating: str
    grooves_per_mm: float
    distance_mm: float
    tilt_deg: float
    order0_px: tuple[float, float]
    electrons_order1: float
    lines: list[dict[str, float | str]]
    wavelength_nm: list[float]
    x_px: list[float]
    y_px: list[float]
    electrons_per_nm: list[float]


def distance_mm(grating: str) -> float:
    return 115.0 + LINSPOS_MM + (4.0 if grating == "holo4_003" else 0.0)


def place_along_px(wavelength_nm: Doubles, grating: str, order: int, order0_y_px: float) -> Doubles:
    """Distance from order 0 along the dispersion, in pixels."""
    distance = distance_mm(grating)
    incidence = math.radians((order0_y_px - BORESIGHT_PX[1]) * PLATE_SCALE_ARCSEC_PER_PX / 3600)
    sine = math.sin(incidence) + order * GROOVES_PER_MM[grating] * 1e-6 * wavelength_nm
    along: Doubles = distance * (np.tan(np.arcsin(sine)) - math.tan(incidence)) / PIXEL_MM
    return along


def photon_spectrum(wavelength_nm: Doubles, temperature_k: float) -> Doubles:
    """Relative photons per nm that reach the detector: black body, Balmer lines, telluric bands, throughput."""
    photons = wavelength_nm**-4 / np.expm1(1.4388e7 / (wavelength_nm * temperature_k))
    balmer_depth = 0.55 * math.exp(-(((temperature_k - 10_000) / 9000) ** 2)) + 0.08
    for centre in BALMER_NM.values():
        core = np.exp(-0.5 * ((wavelength_nm - centre) / 0.5) ** 2)
        wings = 1 / (1 + ((wavelength_nm - centre) / 1.6) ** 2)
        photons = photons * (1 - balmer_depth * (0.35 * core + 0.65 * wings))
    for head, end, depth in BANDS_NM.values():
        ramp = np.clip((wavelength_nm - head) / 0.4, 0, 1) * np.clip(
            (end - wavelength_nm) / (end - head), 0, 1
        )
        comb = 0.75 + 0.25 * np.cos(2 * np.pi * (wavelength_nm - head) / 1.1)
        photons = photons * (1 - depth * ramp * comb)
    centre, width, depth = WATER_NM
    photons = photons * (1 - depth * np.exp(-0.5 * ((wavelength_nm - centre) / width) ** 2))
    blue_cut = 1 / (1 + np.exp(-(wavelength_nm - 372) / 8))
    red_cut = 1 / (1 + np.exp((wavelength_nm - 1035) / 11))
    result: Doubles = photons * blue_cut * red_cut * np.exp(-0.5 * ((wavelength_nm - 620) / 190) ** 2)
    return result


def refraction_arcsec(wavelength_nm: Doubles, altitude_deg: float) -> Doubles:
    """Differential atmospheric refraction against 620 nm; (n - 1) of dry air after Edlen, scaled to 743 hPa."""
    sigma2 = (1000.0 / wavelength_nm) ** 2
    reference = (1000.0 / 620.0) ** 2
    n = 6.4328e-5 + 2.94981e-2 / (146 - sigma2) + 2.554e-4 / (41 - sigma2)
    n0 = 6.4328e-5 + 2.94981e-2 / (146 - reference) + 2.554e-4 / (41 - reference)
    shift: Doubles = 206265.0 * (743.0 / 1013.0) * (n - n0) / math.tan(math.radians(altitude_deg))
    return shift


def add_spectrum(
    frame: Floats,
    spread: PointSpread,
    grating: str,
    order0_px: tuple[float, float],
    electrons: float,
    temperature_k: float,
    altitude_deg: float,
) -> SpectrumTruth:
    """Adds orders 1 and 2 (``electrons`` is the star's light before the grating) and tells what was added.

    Refraction moves light towards the zenith, which is detector +x.
    """
    step_nm = 0.05
    wavelength = np.arange(345.0, 1080.0, step_nm)
    photons = photon_spectrum(wavelength, temperature_k)
    photons *= electrons / photons.sum()
    tilt = math.tan(math.radians(TILT_DEG[grating]))
    refraction_px = refraction_arcsec(wavelength, altitude_deg) / PLATE_SCALE_ARCSEC_PER_PX
    for order in (1, 2):
        along = place_along_px(wavelength, grating, order, order0_px[1])
        light = photons * ORDER_EFFICIENCY[order]
        _deposit(frame, spread, wavelength, along, refraction_px, tilt, order0_px, light)
    first = place_along_px(wavelength, grating, 1, order0_px[1])

    def place(nm: float) -> tuple[float, float]:
        u = float(np.interp(nm, wavelength, first))
        shift = float(np.interp(nm, wavelength, refraction_px))
        return order0_px[0] + tilt * u + shift, order0_px[1] + u

    features = BALMER_NM | {name: head for name, (head, _, _) in BANDS_NM.items()}
    table = np.arange(350.0, 1061.0, 10.0)
    return SpectrumTruth(
        grating=grating,
        grooves_per_mm=GROOVES_PER_MM[grating],
        distance_mm=distance_mm(grating),
        tilt_deg=TILT_DEG[grating],
        order0_px=order0_px,
        electrons_order1=float(electrons * ORDER_EFFICIENCY[1]),
        lines=[
            {"name": name, "nm": nm, "x_px": place(nm)[0], "y_px": place(nm)[1]}
            for name, nm in features.items()
            if place(nm)[1] < FRAME_HEIGHT
        ],
        wavelength_nm=table.tolist(),
        x_px=[place(float(nm))[0] for nm in table],
        y_px=[place(float(nm))[1] for nm in table],
        electrons_per_nm=(np.interp(table, wavelength, photons) * ORDER_EFFICIENCY[1] / step_nm).tolist(),
    )


def _deposit(
    frame: Floats,
    spread: PointSpread,
    wavelength_nm: Doubles,
    along_px: Doubles,
    refraction_px: Doubles,
    tilt: float,
    order0_px: tuple[float, float],
    electrons: Doubles,
) -> None:
    """Rows of the frame are the dispersion axis: light is split over rows, blurred along them, then spread across."""
    y = order0_px[1] + along_px
    row = np.floor(y).astype(int)
    # Light from beyond the frame's edge blurs into it.
    height = FRAME_HEIGHT + CROSS_HALF_PX
    inside = (row >= 0) & (row < height - 1)
    profile = np.zeros(height)
    moment = np.zeros(height)
    for offset, share in ((0, 1 - (y - row)), (1, y - row)):
        light = electrons[inside] * share[inside]
        np.add.at(profile, row[inside] + offset, light)
        np.add.at(moment, row[inside] + offset, light * wavelength_nm[inside])
    # Seen along one axis a beta = 3 Moffat is a beta = 2.5 profile; Kolmogorov seeing narrows as wavelength**-0.2.
    reach = np.arange(-CROSS_HALF_PX, CROSS_HALF_PX + 1)
    kernel = (1 + (reach / moffat_alpha(spread.fwhm_px)) ** 2) ** -2.5
    kernel /= kernel.sum()
    blurred = np.convolve(profile, kernel, mode="same")[:FRAME_HEIGHT]
    rows = np.nonzero(blurred > 0.01)[0]
    if len(rows) == 0:
        return
    mean_nm = np.convolve(moment, kernel, mode="same")[:FRAME_HEIGHT][rows] / blurred[rows]
    alpha = moffat_alpha(spread.fwhm_px) * (mean_nm / 550.0) ** -0.2
    centre = order0_px[0] + tilt * (rows - order0_px[1]) + np.interp(mean_nm, wavelength_nm, refraction_px)
    left = math.floor(centre.min()) - CROSS_HALF_PX
    columns = np.arange(left, math.ceil(centre.max()) + CROSS_HALF_PX)
    cross = (1 + ((columns - centre[:, None]) / alpha[:, None]) ** 2) ** -2.5
    cross *= (blurred[rows] / cross.sum(axis=1))[:, None]
    strip = np.zeros((FRAME_HEIGHT, len(columns)))
    strip[rows] = cross
    trailed = _trailed(strip, spread.path_px)
    seen = (columns >= 0) & (columns < FRAME_WIDTH)
    frame[:, columns[seen]] += np.clip(trailed[:, seen], 0, None).astype(np.float32)


def _trailed(strip: Doubles, path_px: Doubles) -> Doubles:
    """The image as it wandered along the path."""
    reach = math.ceil(np.abs(path_px).max()) + 1
    # Room at the far edges, so that what leaves at one side does not come in at the other.
    shape = (strip.shape[0] + 2 * reach, strip.shape[1] + 2 * reach)
    path = np.zeros(shape)
    whole = np.floor(path_px).astype(int)
    part = path_px - whole
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            np.add.at(path, (reach + whole[:, 1] + dy, reach + whole[:, 0] + dx), share / len(path_px))
    blurred = np.fft.irfft2(np.fft.rfft2(strip, shape) * np.fft.rfft2(path), shape)
    return blurred[reach : reach + strip.shape[0], reach : reach + strip.shape[1]]
