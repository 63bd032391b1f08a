"""What a file takes in memory, told from its headers: its pixels may be many times as large as its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from summit_notebook.engine import Engine, FitsError, Hdu

INSTRUMENTS = {
    "lsst_atiss": "LATISS",
    "comcam": "LSSTComCam",
    "comcamsim": "LSSTComCamSim",
    **{name.lower(): name for name in ("LATISS", "LSSTCam", "LSSTCamSim", "LSSTComCam", "LSSTComCamSim")},
}
"""The Butler's names by those of INSTRUME, as the engine takes them."""


class OtherSize(ValueError):
    """The message is a sentence that names the segment, its size and the right one."""


def camera_of(engine: Engine, raw: bytes) -> dict[str, Any]:
    """The raw's detector as `Engine.camera` tells it.

    Nothing is decoded. Raises OtherSize for a raw with a segment of another size than the camera's, and FitsError for
    what is no FITS file and for a camera that the table does not know.
    """
    hdus = engine.read(raw, form=None)
    instrument = _text(hdus, "INSTRUME")
    if instrument.lower() == "lsst_camera" and _text(hdus, "TELCODE") == "CC":
        instrument = "ComCam"
    camera = _detector_of(engine, INSTRUMENTS.get(instrument.lower(), instrument), hdus)
    amplifiers = {amplifier["hduName"].lower(): amplifier for amplifier in camera["amplifiers"]}
    for hdu in hdus:
        amplifier = amplifiers.get(hdu.name.lower())
        if amplifier is None or hdu.width_px == 0:
            continue
        right = (amplifier["rawWidth"], amplifier["rawHeight"])
        if (hdu.width_px, hdu.height_px) != right:
            raise OtherSize(
                f"{amplifier['hduName']} is {hdu.width_px} x {hdu.height_px} px; those of {camera['instrument']} are "
                f"{right[0]} x {right[1]}."
            )
    return camera


def _detector_of(engine: Engine, instrument: str, hdus: Sequence[Hdu]) -> dict[str, Any]:
    """By the name in the headers. The first one where the table has no such name, as with those of LATISS."""
    raft, slot = _text(hdus, "RAFTBAY"), _text(hdus, "CCDSLOT")
    name = f"{raft}_{slot}" if raft and slot else _text(hdus, "CHIPID")
    first = camera = engine.camera(instrument, 0)
    while camera["name"] != name:
        try:
            camera = engine.camera(instrument, camera["detector"] + 1)
        except FitsError:
            return first
    return camera


def _text(hdus: Sequence[Hdu], keyword: str) -> str:
    """Of the primary header, else of the first that has it."""
    cards = (card for hdu in hdus for card in hdu.cards)
    return next((str(card.value) for card in cards if card.keyword == keyword and card.value), "")


def refuse_larger(engine: Engine, master: bytes, width_px: int, height_px: int) -> None:
    """Raises OtherSize for a master with an image that is larger than the detector. One that is smaller is left out by
    the engine, which knows the detector itself."""
    for hdu in engine.read(master, form=None):
        if hdu.width_px > width_px or hdu.height_px > height_px:
            raise OtherSize(
                f"It has {hdu.width_px} x {hdu.height_px} pixels, the detector {width_px} x {height_px}."
            )
