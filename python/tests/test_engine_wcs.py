"""World coordinates, under wasmtime, against astropy.wcs on grids: 1e-9 degrees and 1e-6 pixels."""

from __future__ import annotations

import io
import warnings
from typing import Any

import astropy.units as u
import numpy as np
import numpy.typing as npt
import pytest
from astropy.coordinates import FK5, ICRS, Galactic, SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from summit_notebook.engine import Engine, FitsError

Array = npt.NDArray[Any]
Cards = dict[str, float | str]

SKY_DEGREES, PIXELS = 1e-9, 1e-6


DETECTOR: Cards = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 2036.5, "CRPIX2": 2000.5, "CRVAL1": 150.1, "CRVAL2": -30.2,
    "CD1_1": -5e-5, "CD1_2": 1.3e-5, "CD2_1": 1.2e-5, "CD2_2": 5.1e-5,
}  # fmt: skip
SCALED: Cards = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 100.0, "CRPIX2": 90.0, "CRVAL1": 150.1, "CRVAL2": -30.2,
    "CDELT1": -1e-3, "CDELT2": 2e-3,
}  # fmt: skip
SIP: Cards = {
    "A_ORDER": 3, "B_ORDER": 3, "A_2_0": 2e-6, "A_0_2": -1e-6, "A_1_1": 3e-7, "A_3_0": 1e-10, "A_1_0": 1e-5,
    "B_2_0": 1e-6, "B_1_1": -2e-6, "B_0_3": 2e-10,
}  # fmt: skip
# Every degree of the polynomials, odd powers of r, and both ends of a degree's terms.
TPV: Cards = {
    "PV1_0": 1e-4, "PV1_1": 1.001, "PV1_2": 2e-4, "PV1_3": 1e-5, "PV1_4": 3e-3, "PV1_7": 0.01, "PV1_11": 0.02,
    "PV1_31": 0.4, "PV1_39": 0.2, "PV2_1": 0.999, "PV2_4": -2e-3, "PV2_5": 1e-3, "PV2_10": 0.03, "PV2_16": 0.02,
    "PV2_23": 0.1, "PV2_24": 0.2, "PV2_30": 0.1, "PV2_38": 0.3,
}  # fmt: skip


def projected(code: str, base: Cards = DETECTOR, **more: float) -> Cards:
    return {**base, "CTYPE1": f"RA---{code}", "CTYPE2": f"DEC--{code}", **more}


# Poles, both sides of the wrap of right ascension, the equator.
PLACES = [
    (150.1, -30.2),
    (0.0, 90.0),
    (20.0, -90.0),
    (77.0, 89.99),
    (0.001, 12.0),
    (359.999, -89.9),
    (10.0, 0.0),
]
CASES: dict[str, Cards] = {
    **{
        f"{code} at {lon}, {lat}": projected(code, CRVAL1=lon, CRVAL2=lat)
        for code in ("TAN", "SIN", "STG", "ARC", "ZEA")
        for lon, lat in PLACES
    },
    "SIN with slant": projected("SIN", PV2_1=0.3, PV2_2=-0.2),
    "ZPN of degree 1": projected("ZPN", PV2_1=1.1),
    "ZPN of degree 2": projected("ZPN", PV2_1=1.0, PV2_2=-0.3),
    "ZPN of degree 3": projected("ZPN", PV2_1=1.0, PV2_3=42.0),
    "ZPN of degree 8": projected(
        "ZPN", PV2_1=0.05, PV2_2=0.975, PV2_3=-0.807, PV2_4=0.337, PV2_5=-0.065, PV2_6=0.01, PV2_7=0.003, PV2_8=-0.001
    ),
    "SIP": {**projected("TAN-SIP"), **SIP},
    "SIP with orders as reals": {**projected("TAN-SIP"), **SIP, "A_ORDER": 3.0, "B_ORDER": 3.0},
    "SIP with an inverse": {
        **projected("TAN-SIP"), **SIP, "AP_ORDER": 2, "BP_ORDER": 2, "AP_2_0": -2e-6, "BP_1_1": 2e-6,
    },
    "TPV": {**projected("TPV"), **TPV},
    "TPV under the name of TAN": {**DETECTOR, **TPV},
    "TAN with parameters of no meaning": {**DETECTOR, "PV2_1": 1.001},
    "pole in PV1": projected("TAN", PV1_3=150.0, PV1_4=80.0),
    "declination first": {
        "CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRPIX1": 100.0, "CRPIX2": 90.0, "CRVAL1": -30.2, "CRVAL2": 150.1,
        "CD1_1": -5e-5, "CD1_2": 1.3e-5, "CD2_1": 1.2e-5, "CD2_2": 5.1e-5,
    },
    "CDELT": SCALED,
    "PC": {**SCALED, "PC1_1": 0.9, "PC1_2": 0.3, "PC2_1": -0.3, "PC2_2": 0.8},
    "PC in part": {**SCALED, "PC1_2": 0.3},
    "CROTA2": {**SCALED, "CROTA2": 33.0},
    "CROTA1 with declination first": {
        **SCALED, "CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": 20.0, "CRVAL2": 200.0, "CROTA1": 33.0,
    },
    "PC rather than CROTA2": {**SCALED, "PC1_2": 0.1, "CROTA2": 33.0},
    "CD rather than CDELT": {**DETECTOR, "CDELT1": 3.0, "CDELT2": 2.0},
    "CD in part": {**SCALED, "CD1_1": 1e-3, "CD2_2": 1e-3},
    "LONPOLE": {**SCALED, "LONPOLE": 33.0},
    "PV1_3 rather than LONPOLE": projected("ARC", SCALED, LONPOLE=33.0, PV1_3=70.0),
    "reference point off the pole": projected("ZEA", SCALED, PV1_1=10.0, PV1_2=60.0),
    "the southern of two poles": projected(
        "ZEA", SCALED, CRVAL2=10.0, PV1_1=10.0, PV1_2=60.0, PV1_3=100.0, LATPOLE=-90.0
    ),
    "reference point moved into the plane": projected("STG", SCALED, PV1_0=1.0, PV1_1=10.0, PV1_2=60.0),
    "arcsec and arcmin": {
        **SCALED, "CUNIT1": "arcsec", "CUNIT2": "arcmin", "CRVAL1": 540360.0, "CRVAL2": -1812.0, "CDELT1": -3.0,
        "CDELT2": 0.1,
    },
    "galactic": {**SCALED, "CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"},
    "most of the sphere": projected("ZEA", SCALED, CDELT1=-0.4, CDELT2=0.4),
}  # fmt: skip


def image_with(cards: Cards, axes: int = 2) -> bytes:
    hdu = fits.PrimaryHDU(np.zeros((2,) * axes, np.int16))
    hdu.header.update(cards)
    file = io.BytesIO()
    hdu.writeto(file)
    return file.getvalue()


def by_astropy(content: bytes, key: str = " ") -> WCS:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        return WCS(fits.getheader(io.BytesIO(content)), key=key)


def grid_about(cards: Cards) -> Array:
    reach = (
        np.linspace(-2200, 2200, 15)
        if "CD1_1" in cards and "CDELT1" not in cards
        else np.linspace(-150, 150, 15)
    )
    centre = np.array([cards["CRPIX1"], cards["CRPIX2"]], np.float64) - 1
    grid = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2) + centre
    return np.vstack([grid, centre + np.array([[1e-3, 0], [0, -1e-3]])])


def apart_degrees(a: Array, b: Array) -> Array:
    wrapped = np.mod(a[:, 0] - b[:, 0] + 180, 360) - 180
    return np.asarray(np.hypot(wrapped * np.cos(np.radians(b[:, 1])), a[:, 1] - b[:, 1]))


@pytest.mark.parametrize("name", CASES)
def test_pixels_and_sky_equal_astropy(engine: Engine, name: str) -> None:
    cards = CASES[name]
    content = image_with(cards)
    pixels = grid_about(cards)
    sky = by_astropy(content).all_pix2world(pixels, 0)
    if str(cards["CTYPE1"]).startswith("DEC"):
        sky = sky[:, ::-1]
    with engine.wcs(content) as wcs:
        ours = wcs.to_sky(pixels)
        assert np.max(apart_degrees(ours, sky)) < SKY_DEGREES
        assert np.all((ours[:, 0] >= 0) & (ours[:, 0] < 360))
        assert np.max(np.abs(wcs.to_pixel(sky) - pixels)) < PIXELS
        assert wcs.info.longitude_axis == int(str(cards["CTYPE1"]).startswith("DEC"))


def test_polynomials_are_inverted_as_astropy_iterates(engine: Engine) -> None:
    """The sky first: astropy's own inverse, without AP and BP."""
    content = image_with({**projected("TAN-SIP"), **SIP})
    astropy = by_astropy(content)
    sky = astropy.wcs_pix2world(grid_about(DETECTOR), 0)
    with engine.wcs(content) as wcs:
        assert np.max(np.abs(wcs.to_pixel(sky) - astropy.all_world2pix(sky, 0, tolerance=1e-9))) < PIXELS


def test_alternates(engine: Engine) -> None:
    cards = {**DETECTOR, **{f"{key}B": value for key, value in projected("ARC", SCALED).items()}}
    content = image_with(cards)
    pixels = grid_about(SCALED)
    with engine.wcs(content, alternate="B") as wcs:
        sky = by_astropy(content, "B").all_pix2world(pixels, 0)
        assert np.max(apart_degrees(wcs.to_sky(pixels), sky)) < SKY_DEGREES
    with pytest.raises(FitsError, match="CTYPE is missing"):
        engine.wcs(content, alternate="C")


def test_the_first_hdu_with_a_sky_is_taken(engine: Engine) -> None:
    sky = fits.ImageHDU(header=fits.Header(DETECTOR))
    linear = fits.ImageHDU(header=fits.Header({"CTYPE1": "LINEAR", "CTYPE2": "LINEAR"}))
    both = fits.ImageHDU(
        header=fits.Header({**DETECTOR, **{f"{key}B": value for key, value in DETECTOR.items()}})
    )
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), linear, sky, both]).writeto(buffer)
    for letter in ("", "B"):
        with engine.wcs(buffer.getvalue(), alternate=letter) as wcs:
            assert wcs.info.types == (DETECTOR["CTYPE1"], DETECTOR["CTYPE2"])
    with pytest.raises(FitsError, match="HDU 1"):
        engine.wcs(buffer.getvalue(), 1)


def test_a_third_axis_is_left_out(engine: Engine) -> None:
    content = image_with({**SCALED, "CTYPE3": "FREQ", "CRVAL3": 1.0}, axes=3)
    pixels = grid_about(SCALED)
    with engine.wcs(content) as wcs:
        sky = by_astropy(content).celestial.all_pix2world(pixels, 0)
        assert np.max(apart_degrees(wcs.to_sky(pixels), sky)) < SKY_DEGREES


@pytest.mark.parametrize(
    ("cards", "frame"),
    [
        ({"RADESYS": "ICRS"}, ICRS()),
        ({}, ICRS()),
        ({"RADESYS": "FK5"}, FK5()),
        ({"EQUINOX": 2000.0}, FK5()),
        ({"RADESYS": "FK5", "EQUINOX": 1975.0}, FK5(equinox="J1975")),
        ({"RADESYS": "FK5", "EQUINOX": 2030.5}, FK5(equinox="J2030.5")),
        ({"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}, Galactic()),
    ],
)
def test_frames_become_icrs_as_in_astropy(engine: Engine, cards: Cards, frame: Any) -> None:
    lonlat = np.array([[lon, lat] for lon in (0.0, 0.001, 123.4, 359.999) for lat in (-90, -45.5, 0, 89.999)])
    there = SkyCoord(lonlat[:, 0] * u.deg, lonlat[:, 1] * u.deg, frame=frame).transform_to(ICRS())
    wanted = np.stack([there.ra.deg, there.dec.deg], axis=1)
    with engine.wcs(image_with({**SCALED, **cards})) as wcs:
        ours = wcs.to_icrs(lonlat)
        assert np.max(apart_degrees(ours, wanted)) < SKY_DEGREES
        assert np.max(apart_degrees(wcs.from_icrs(ours), lonlat)) < 1e-12


def test_fk4_is_not_passed_off_as_icrs(engine: Engine) -> None:
    with engine.wcs(image_with({**SCALED, "RADESYS": "FK4"})) as wcs:
        assert (wcs.info.frame, wcs.info.equinox) == ("FK4", 1950)
        with pytest.raises(FitsError, match="not converted to ICRS"):
            wcs.to_icrs([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("cards", "message", "keyword"),
    [
        ({}, "CTYPE is missing", "CTYPE1"),
        ({**SCALED, "CTYPE1": "RA---AIT", "CTYPE2": "DEC--AIT"}, "only TAN, SIN", "CTYPE1"),
        ({**SCALED, "CDELT1": 0.0}, "cannot be inverted", "CD1_1"),
    ],
)
def test_unusable_coordinates_say_what_is_wrong(
    engine: Engine, cards: Cards, message: str, keyword: str
) -> None:
    with pytest.raises(FitsError, match=message) as caught:
        engine.wcs(image_with(cards))
    assert keyword in str(caught.value) and caught.value.hdu == 0
