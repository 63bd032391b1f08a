"""The camera table, under wasmtime, against the camera files of lsst/obs_lsst (afw amplifier tables)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from summit_notebook.engine import Engine, FitsError

SHARED = (
    Path(os.environ.get("SUMMIT_NOTEBOOK_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    / "data"
    / "obs_lsst"
)


def text_of(characters: Any) -> str:
    return "".join(characters)


def detectors_of(camera_file: Path) -> Iterator[tuple[Any, Any]]:
    """Rows of the detector table, each with its rows of the amplifier table; HDU 1 is the archive's index of both."""
    with fits.open(camera_file) as hdus:
        places: dict[int, dict[int, Any]] = {}
        for row in hdus[1].data:
            if row["name"].strip() == "Detector":
                places.setdefault(int(row["id"]), {})[int(row["cat.persistable"])] = row
        for rows in places.values():
            detector, first = hdus[3].data[rows[0]["row0"]], int(rows[1]["row0"])
            yield detector, hdus[6].data[first : first + int(rows[1]["nrows"])]


def box_of(row: Any, name: str) -> dict[str, int]:
    x0, y0 = int(row[f"{name}_min_x"]), int(row[f"{name}_min_y"])
    return {
        "x0": x0,
        "y0": y0,
        "x1": x0 + int(row[f"{name}_extent_x"]),
        "y1": y0 + int(row[f"{name}_extent_y"]),
    }


@pytest.mark.parametrize(
    ("repository", "instrument", "count"),
    [
        ("latiss", "LATISS", 1),
        ("comCam", "LSSTComCam", 9),
        ("lsstCam", "LSSTCam", 205),
        ("imsim", "LSSTCam-imSim", 189),
    ],
)
def test_every_detector_equals_the_camera_file(
    engine: Engine, repository: str, instrument: str, count: int
) -> None:
    folder = SHARED / repository / instrument / "calib" / "unbounded" / "camera"
    camera_file = folder / f"camera_{instrument}_{instrument}_calib_unbounded.fits"
    if not camera_file.exists():
        pytest.skip(f"no camera file {camera_file}: the facts typed off it are checked below")
    seen = 0
    for detector, amplifiers in detectors_of(camera_file):
        ours = engine.camera(instrument, int(detector["id"]))
        assert ours["name"] == text_of(detector["name"])
        assert ours["type"] == text_of(detector["physicalType"])
        assert (ours["width"], ours["height"]) == (detector["bbox_max_x"] + 1, detector["bbox_max_y"] + 1)
        assert [a["name"] for a in ours["amplifiers"]] == [text_of(row["name"]) for row in amplifiers]
        for amplifier, row in zip(ours["amplifiers"], amplifiers, strict=True):
            assert amplifier["detector"] == box_of(row, "bbox")
            assert amplifier["data"] == box_of(row, "raw_databbox")
            # Camera files leave the rows of the parallel overscan out of the serial one, and have raws of 544 columns.
            serial = box_of(row, "raw_horizontaloverscanbbox")
            assert (amplifier["serialOverscan"]["x0"], amplifier["serialOverscan"]["y0"]) == (
                serial["x0"],
                serial["y0"],
            )
            assert amplifier["parallelOverscan"] == box_of(row, "raw_verticaloverscanbbox")
            assert amplifier["rawHeight"] == row["raw_bbox_extent_y"]
            # flags: hasrawinfo, raw_flip_x, raw_flip_y
            assert (amplifier["flipX"], amplifier["flipY"]) == (row["flags"][1], row["flags"][2])
            # Decimal numbers of few digits: the same doubles.
            assert amplifier["gainElectronPerAdu"] == row["gain"]
            assert amplifier["readNoiseElectron"] == row["readnoise"]
            assert amplifier["saturationAdu"] == row["saturation"]
        seen += 1
    assert seen == count


# Of camera files: instrument, detector, amplifier, box in the detector, flips, gain, read noise, saturation.
FACTS = [
    ("LATISS", 0, "C14", (2036, 2000, 2545, 4000), (True, True), 1.0644, 8.4, 142857),
    ("LATISS", 0, "C05", (2545, 0, 3054, 2000), (True, False), 1.1047, 10.3, 142857),
    ("LSSTComCam", 0, "C10", (0, 2000, 509, 4000), (True, True), 1.3517, 8.7, 142857),
    ("LSSTComCamSim", 0, "C10", (0, 2000, 509, 4000), (True, True), 1.64357, 11.061, 119032),
    ("LSSTCam", 0, "C14", (2036, 2000, 2545, 4000), (True, True), 1.45458, 6.548, 35079),
    ("LSSTCam", 36, "C17", (3584, 2002, 4096, 4004), (True, True), 1.13269, 5.239, 95929),
    ("LSSTCam", 36, "C00", (0, 0, 512, 2002), (False, False), 1.1679, 5.461, 103133),
    ("LSSTCam", 189, "C07", (3563, 0, 4072, 2000), (True, False), 1.16507, 11.935, 79470),
    ("LSSTCam", 191, "C10", (3563, 0, 4072, 2000), (True, True), 1.01211, 8.48, 75057),
    ("LSSTCam-imSim", 188, "C10", (0, 0, 509, 2000), (True, False), 0.7, 7, 142857),
    ("LSSTCam-imSim", 188, "C00", (0, 2000, 509, 4000), (True, True), 0.7, 7, 142857),
]


@pytest.mark.parametrize("fact", FACTS)
def test_facts_typed_off_the_camera_files(engine: Engine, fact: tuple[Any, ...]) -> None:
    instrument, detector, name, (x0, y0, x1, y1), flips, gain, noise, saturation = fact
    found = engine.camera(instrument, detector)
    (amplifier,) = (a for a in found["amplifiers"] if a["name"] == name)
    assert amplifier["detector"] == {"x0": x0, "y0": y0, "x1": x1, "y1": y1}
    assert (amplifier["flipX"], amplifier["flipY"]) == flips
    assert amplifier["gainElectronPerAdu"] == gain
    assert amplifier["readNoiseElectron"] == noise
    assert amplifier["saturationAdu"] == saturation


@pytest.mark.parametrize(
    ("instrument", "detector", "type_name", "shape"),
    [
        ("LATISS", 0, "ITL", (4000, 4072)),
        ("LSSTCamSim", 94, "E2V", (4004, 4096)),
        ("LSSTComCamSim", 8, "ITL", (4000, 4072)),
        ("LSSTCam", 204, "ITL_WF", (2000, 4072)),
        ("LSSTCam-PhoSim", 94, "ITL", (4000, 4072)),
    ],
)
def test_amplifiers_tile_the_detector(
    engine: Engine, instrument: str, detector: int, type_name: str, shape: tuple[int, int]
) -> None:
    found = engine.camera(instrument, detector)
    covered = np.zeros((found["height"], found["width"]), np.uint8)
    for amplifier in found["amplifiers"]:
        box, data = amplifier["detector"], amplifier["data"]
        covered[box["y0"] : box["y1"], box["x0"] : box["x1"]] += 1
        assert (box["x1"] - box["x0"], box["y1"] - box["y0"]) == (
            data["x1"] - data["x0"],
            data["y1"] - data["y0"],
        )
    assert (found["type"], covered.shape) == (type_name, shape)
    assert np.all(covered == 1)


@pytest.mark.parametrize(
    ("instrument", "detector"), [("HSC", 0), ("LATISS", 1), ("LSSTCam", 205), ("LSSTCam", -1)]
)
def test_unknown_detectors_are_refused(engine: Engine, instrument: str, detector: int) -> None:
    with pytest.raises(FitsError, match=f"no detector {detector} of {instrument}"):
        engine.camera(instrument, detector)
