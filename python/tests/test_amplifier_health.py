"""The service's health of amplifiers against fixtures/amplifier-health, which the page's is compared with, too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summit_notebook.hub_service.amplifier_health import (
    amplifier_health,
    column_defects,
    serial_overscan,
    shared_noise,
)

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "amplifier-health"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())
GEOMETRY: dict[str, Any] = EXPECTED["geometry"]
SEGMENTS = np.frombuffer(gzip.decompress((FOLDER / "segments.i32.gz").read_bytes()), "<i4").reshape(
    -1, GEOMETRY["rawHeight"], GEOMETRY["rawWidth"]
)


@pytest.mark.parametrize("k", range(len(SEGMENTS)))
def test_every_quantity_is_numpys(k: int) -> None:
    truth = EXPECTED["amplifiers"][k]["health"]
    health = amplifier_health(SEGMENTS[k], GEOMETRY, serial_overscan(SEGMENTS[k], GEOMETRY))
    for name, value in health.items():
        if name.endswith("Columns"):
            assert value == (None if truth[name] is None else len(truth[name])), name
        else:
            # float32 of some ten thousand adu are 0.002 adu apart.
            assert value == pytest.approx(truth[name], abs=0.002), name


def test_the_strongest_shared_noise_is_numpys() -> None:
    matrix = np.array(EXPECTED["correlation"])
    np.fill_diagonal(matrix, 0)
    strongest = matrix[np.arange(len(matrix)), np.abs(matrix).argmax(axis=1)]
    assert shared_noise([serial_overscan(s, GEOMETRY) for s in SEGMENTS]) == pytest.approx(
        strongest, abs=1e-4
    )


def test_a_raw_without_overscan_has_none_of_it() -> None:
    cut = SEGMENTS[0][:, : GEOMETRY["serialOverscan"]["x0"] + 5]
    assert serial_overscan(cut, GEOMETRY) is None
    health = amplifier_health(cut, GEOMETRY, None)
    assert {name for name, value in health.items() if value is not None} == {"saturatedPixels"}
    assert shared_noise([None, serial_overscan(SEGMENTS[0], GEOMETRY)]) == [None, None]


def test_pixels_without_a_number_are_left_out() -> None:
    holed = SEGMENTS[1].astype(np.float32)
    holed[5:9, 20] = np.nan
    holed[40, :] = np.nan
    whole, partly = (
        amplifier_health(s, GEOMETRY, serial_overscan(s, GEOMETRY)) for s in (SEGMENTS[1], holed)
    )
    for name, value in whole.items():
        assert partly[name] == pytest.approx(value, rel=0.05, abs=1), name
    nothing = np.full_like(holed, np.nan)
    health = amplifier_health(nothing, GEOMETRY, serial_overscan(nothing, GEOMETRY))
    assert {name for name, value in health.items() if value is not None} == {"saturatedPixels"}


def test_bad_columns_are_found_up_to_the_edges() -> None:
    medians = np.full(120, 500, np.float32)
    medians[[0, 60, 119]] = 700
    medians[[30, 31]] = 20
    assert column_defects(medians, 250, 8.0) == ([0, 60, 119], [30, 31])
    assert column_defects(medians / np.float32(100), 250, 8.0) == ([], None)
