"""Writes one exposure as a LATISS raw: header cards named and ordered as the DM Header Service did in 2022."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.time import Time

from .detector import (
    AMP_HEIGHT,
    AMP_WIDTH,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    PRESCAN,
    RAW_WIDTH,
    SEGMENTS,
    SERIAL_OVERSCAN,
)
from .digitise import Ints
from .night import SECOND_NS, Conditions, PlannedExposure
from .scene import pointing_deg
from .sky import LATITUDE_DEG, LONGITUDE_DEG
from .spectra import LINSPOS_MM

WRONG_DATASEC = "wrong_datasec"


def _tai(tai_ns: int) -> Time:
    return Time(tai_ns / SECOND_NS, format="unix_tai", scale="tai")


def primary_header(exposure: PlannedExposure, conditions: Conditions) -> fits.Header:
    """``conditions`` holds two times: shutter opening and closing."""
    begin, end = _tai(exposure.shutter_open_tai_ns), _tai(exposure.shutter_close_tai_ns)
    on_sky = exposure.star is not None
    ra, dec = pointing_deg(exposure) if on_sky else (None, None)
    dispersed = exposure.grating != "empty"
    elevation, azimuth = conditions.el_demand_deg, conditions.az_demand_deg
    airmass = 1 / np.sin(np.deg2rad(elevation))
    cards: list[tuple[str, Any, str]] = [
        ("ORIGIN", "simulated", "not real data"),
        ("TIMESYS", "TAI", "The time scale used"),
        ("DATE", end.isot, "Creation Date and Time of File"),
        ("DATE-OBS", begin.isot, "Date of the observation"),
        ("DATE-BEG", begin.isot, "Time at the start of integration"),
        ("DATE-END", end.isot, "end date of the observation"),
        ("MJD", end.mjd, "Modified Julian Date that the file was written"),
        ("MJD-OBS", begin.mjd, "Modified Julian Date of observation"),
        ("MJD-BEG", begin.mjd, "Modified Julian Date derived from DATE-BEG"),
        ("MJD-END", end.mjd, "Modified Julian Date derived from DATE-END"),
        ("OBSID", exposure.obs_id, "ImageName from Camera StartIntegration"),
        ("GROUPID", exposure.group_id, "Ties the exposures of one set"),
        ("IMGTYPE", exposure.image_type, "BIAS, DARK, FLAT, ACQ, FOCUS, OBJECT, ENGTEST"),
        ("BUNIT", "adu", "Brightness units for pixel array"),
        ("FACILITY", "Vera C. Rubin Observatory", "Facility name"),
        ("TELESCOP", "LSST AuxTelescope", "Telescope name"),
        ("INSTRUME", "LATISS", "Instrument used to obtain these data"),
        ("OBSERVER", "LSST", "Observer name(s)"),
        ("OBS-LONG", LONGITUDE_DEG, "[deg] Observatory east longitude"),
        ("OBS-LAT", LATITUDE_DEG, "[deg] Observatory latitude"),
        ("OBS-ELEV", 2663.0, "[m] Observatory elevation"),
        ("RA", ra, "[deg] RA of the boresight"),
        ("DEC", dec, "[deg] DEC of the boresight"),
        ("ROTPA", exposure.rotpa_deg, "[deg] Rotation angle relative to the sky"),
        ("ROTCOORD", "sky", "Telescope rotation coordinates"),
        ("ELSTART", float(elevation[0]), "[deg] Elevation at the start"),
        ("AZSTART", float(azimuth[0]), "[deg] Azimuth at the start"),
        ("AMSTART", float(airmass[0]), "Airmass at the start"),
        ("ELEND", float(elevation[-1]), "[deg] Elevation at the end"),
        ("AZEND", float(azimuth[-1]), "[deg] Azimuth at the end"),
        ("AMEND", float(airmass[-1]), "Airmass at the end"),
        ("TRACKSYS", "SIDEREAL" if on_sky else "LOCAL", "Tracking system"),
        ("RADESYS", "ICRS", "Equatorial coordinate system"),
        ("FOCUSZ", exposure.focus_z_mm, "[mm] Focus Z position"),
        ("OBJECT", exposure.target, "Name of the observed object"),
        ("CAMCODE", "AT", "The code for the camera"),
        ("CONTRLLR", "O", "The controller (e.g. O for OCS, C for CCS)"),
        ("DAYOBS", str(exposure.day_obs), "The observation day as defined by image name"),
        ("SEQNUM", exposure.seq_num, "The sequence number from the image name"),
        ("TESTTYPE", exposure.image_type, "BIAS, DARK, FLAT, OBS, PPUMP, QE, SFLAT"),
        ("PROGRAM", exposure.program, "Name of the program"),
        ("REASON", exposure.reason, "Reason for observation"),
        ("TEMP_SET", -94.15, "[deg C] Temperature set point"),
        ("CCDTEMP", None, "[deg C] Measured temperature"),
        ("FILTBAND", "r" if exposure.filter.startswith("SDSSr") else "empty", "Name of the filter band"),
        ("FILTER", exposure.filter, "Name of the physical filter"),
        ("FILTSLOT", 0, "Filter home slot"),
        ("GRATING", exposure.grating, "Name of the second disperser"),
        ("GRATBAND", exposure.grating, "Name of the grating band"),
        ("GRATSLOT", 1 if dispersed else 0, "Grating home slot"),
        ("LINSPOS", LINSPOS_MM, "[mm] Linear Stage"),
        ("EXPTIME", exposure.exposure_time_s, "[s] Exposure time"),
        ("SHUTTIME", exposure.exposure_time_s, "[s] Shutter exposure time"),
        ("DARKTIME", exposure.dark_time_s, "[s] Dark time"),
        ("AIRTEMP", float(conditions.air_temperature_c[0]), "[deg C] Outside temperature"),
        ("PRESSURE", float(conditions.pressure_hpa[0]), "[hPa] Outside pressure"),
        ("HUMIDITY", float(conditions.humidity_percent[0]), "[percent] Outside relative humidity"),
        ("WINDSPD", float(conditions.wind_speed_m_s[0]), "[m/s] Outside wind speed"),
        ("WINDDIR", float(conditions.wind_direction_deg[0]), "[deg] Outside wind direction"),
        ("SEEING", None, "[arcsec] Seeing"),
        ("FILENAME", f"{exposure.obs_id}.fits", "Original file name"),
        ("HEADVER", "2.9.4", "Version of header"),
        ("CCD_MANU", "ITL", "CCD Manufacturer"),
        ("CCD_SERN", "20862", "Manufacturers' CCD Serial Number"),
        ("LSST_NUM", "ITL-3800C-068", "LSST Assigned CCD Number"),
        ("SEQCKSUM", "2552520002", "Checksum of Sequencer"),
        ("SEQNAME", "FP_ITL_2s_ir2_v25.seq", "SequenceName from Camera"),
        ("CCDSLOT", "S00", "The CCD slot"),
        ("RAFTBAY", "R00", "The raft bay"),
        ("DETSIZE", f"[1:{FRAME_WIDTH},1:{FRAME_HEIGHT}]", "Size of sensor"),
        ("OVERH", SERIAL_OVERSCAN, "Over-scan pixels"),
        ("OVERV", 48, "Vert-overscan pix"),
        ("PREH", 0 if WRONG_DATASEC in exposure.planted else PRESCAN, "Pre-scan pixels"),
    ]
    if ra is not None and dec is not None and exposure.rotpa_deg is not None:
        cards += _unusable_wcs(ra, dec, exposure.rotpa_deg)
    header = fits.Header()
    for keyword, value, comment in cards:
        header[keyword] = (value, comment)
    return header


def _unusable_wcs(ra_deg: float, dec_deg: float, rotpa_deg: float) -> list[tuple[str, Any, str]]:
    """As in the raws of 2022, where no reader can use it.

    The matrix holds 0.105, in whatever unit, for degrees per pixel; it is turned by ROTPA's degrees taken for radians
    (two real headers agree to twelve digits); and the axes of the reference pixel are exchanged.
    """
    along, across = 0.105 * math.cos(rotpa_deg), 0.105 * math.sin(rotpa_deg)
    return [
        ("WCSAXES", 2, "WCS Dimensionality"),
        ("CTYPE1", "RA---TAN", "Coordinate type"),
        ("CTYPE2", "DEC--TAN", "Coordinate type"),
        ("CUNIT1", "deg", ""),
        ("CUNIT2", "deg", ""),
        ("CRVAL1", ra_deg, "[deg] WCS Reference Coordinate (RA)"),
        ("CRVAL2", dec_deg, "[deg] WCS Reference Coordinate (DEC)"),
        ("CRPIX1", 2000.0, "Reference pixel axis 1"),
        ("CRPIX2", 2036.0, "Reference pixel axis 2"),
        ("CD1_1", along, "DL/DX World coordinate transformation matrix"),
        ("CD1_2", -across, "DL/DY World coordinate transformation matrix"),
        ("CD2_1", across, "DM/DX World coordinate transformation matrix"),
        ("CD2_2", along, "DM/DY World coordinate transformation matrix"),
        ("EQUINOX", 2000.0, "Equinox of coordinates"),
    ]


def segment_header(segment: str, wrong_datasec: bool) -> fits.Header:
    """DETSEC describes the frame upside down, as in real raws; DATASEC is three columns off when asked."""
    column = int(segment[1])
    high, low = (column + 1) * AMP_WIDTH, column * AMP_WIDTH + 1
    upper = segment[0] == "1"
    first = 1 if wrong_datasec else PRESCAN + 1
    header = fits.Header()
    header["INHERIT"] = (True, "Inherits global header")
    header["EXTNAME"] = f"Segment{segment}"
    header["DATASEC"] = f"[{first}:{first + AMP_WIDTH - 1},1:{AMP_HEIGHT}]"
    header["DETSEC"] = (
        f"[{high}:{low},{1 if upper else FRAME_HEIGHT}:{AMP_HEIGHT if upper else AMP_HEIGHT + 1}]"
    )
    header["DETSIZE"] = f"[1:{FRAME_WIDTH},1:{FRAME_HEIGHT}]"
    header["DTV1"], header["DTV2"] = high + 1, 0 if upper else FRAME_HEIGHT + 1
    header["DTM1_1"], header["DTM2_2"] = -1.0, 1.0 if upper else -1.0
    header["DTM1_2"], header["DTM2_1"] = 0, 0
    return header


def write_raw(path: Path, exposure: PlannedExposure, conditions: Conditions, segments: list[Ints]) -> None:
    hdus: list[Any] = [fits.PrimaryHDU(header=primary_header(exposure, conditions))]
    wrong = WRONG_DATASEC in exposure.planted
    for segment, pixels in zip(SEGMENTS, segments, strict=True):
        hdus.append(
            fits.CompImageHDU(
                pixels,
                header=segment_header(segment, wrong),
                compression_type="RICE_1",
                tile_shape=(1, RAW_WIDTH),
            )
        )
    fits.HDUList(hdus).writeto(path, overwrite=True)
