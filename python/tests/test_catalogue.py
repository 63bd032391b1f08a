"""Tables of a notebook as the image display takes them."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from IPython.core.interactiveshell import InteractiveShell

from summit_notebook.catalogue import MOST_ROWS, Csv, as_csv


def rows(table: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(table))))


STARS = {"x": np.array([1.5, 2.25, np.nan]), "name": ["a", 'b "two", c', "é"]}
WANTED = [["x", "name"], ["1.5", "a"], ["2.25", 'b "two", c'], ["", "é"]]


def test_mappings_and_structured_arrays() -> None:
    assert rows(STARS) == WANTED
    array = np.array([(1, 2.5), (3, np.nan)], dtype=[("n", "i4"), ("v", "f8")])
    assert rows(array) == [["n", "v"], ["1", "2.5"], ["3", ""]]


def test_astropy_tables_with_units_and_masks() -> None:
    table = Table({"ra": [10.0, 20.0] * u.deg, "flag": [True, False]})
    table["flux"] = MaskedColumn([1.0, 2.0], mask=[False, True])
    table["image"] = np.zeros((2, 3))
    assert rows(table) == [["ra [deg]", "flag", "flux"], ["10.0", "1", "1.0"], ["20.0", "0", ""]]
    assert rows(QTable({"ra": [1.0, 2.0] * u.rad})) == [["ra [rad]"], ["1.0"], ["2.0"]]


def test_floats_come_back_as_they_were() -> None:
    values = np.random.default_rng(5).normal(size=200) * 10.0 ** np.arange(-100, 100)
    text = [row[0] for row in rows({"v": values, "w": values})[1:]]
    assert np.array_equal(np.array(text, dtype=float), values)


class Frame:
    """What is used of a pandas DataFrame, which the test environment does not have."""

    columns = ("x", "name")

    def __getitem__(self, name: str) -> object:
        return STARS[name]


def test_data_frames() -> None:
    assert rows(Frame()) == WANTED


class Catalogue:
    def asAstropy(self) -> Table:
        return Table({"coord_ra": [0.5] * u.rad})


def test_afw_catalogues() -> None:
    assert rows(Catalogue()) == [["coord_ra [rad]"], ["0.5"]]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (3, "int is no DataFrame"),
        ({}, "no columns"),
        ({"a": [1], "b": [1, 2]}, "differ in length"),
        ({"a": np.zeros(MOST_ROWS + 1)}, "at most 200000"),
    ],
)
def test_says_what_it_cannot_take(table: object, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        as_csv(table)


def test_a_kernel_answers_with_csv() -> None:
    formatter = InteractiveShell.instance().display_formatter
    assert formatter is not None
    data, _ = formatter.format(Csv(STARS))
    assert data["text/csv"] == as_csv(STARS)
    assert data["text/plain"] == "3 rows as CSV"
