"""A table of a notebook as CSV, which the image display asks for by its name to lay markers over the image."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

MOST_ROWS = 200_000
"""More markers than that are of no use on an image."""


class Csv:
    """A table that shows itself as `text/csv`: what a kernel answers a user expression with."""

    def __init__(self, table: object) -> None:
        self.text = as_csv(table)

    def __repr__(self) -> str:
        return f"{self.text.count(chr(10)) - 1} rows as CSV"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/csv": self.text, "text/plain": repr(self)}


def as_csv(table: object) -> str:
    """Columns with one value a row, their units in brackets behind the names: `ra [deg]`. Empty where there is none.

    `table`: a pandas DataFrame, an astropy Table, an afw catalogue, a structured array, a mapping of names to columns.
    Raises TypeError for what is none of these and ValueError for one that is too long or uneven.
    """
    columns = _columns(table)
    if not columns:
        raise ValueError("the table has no columns with one value a row")
    lengths = {name: len(values) for name, _, values in columns}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns differ in length: {lengths}")
    rows = next(iter(lengths.values()))
    if rows > MOST_ROWS:
        raise ValueError(f"{rows} rows: at most {MOST_ROWS} are shown, so take a part of the table")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"{name} [{unit}]" if unit else name for name, unit, _ in columns])
    writer.writerows(zip(*(map(_cell, values) for _, _, values in columns), strict=True))
    return text.getvalue()


def _columns(table: Any) -> list[tuple[str, str, list[Any]]]:
    """Name, unit and values of each column with one value a row."""
    if hasattr(table, "asAstropy"):  # lsst.afw.table
        table = table.asAstropy()
    if hasattr(table, "colnames"):  # astropy.table
        names, units = table.colnames, {name: str(table[name].unit or "") for name in table.colnames}
    elif isinstance(table, np.ndarray) and table.dtype.names:
        names, units = table.dtype.names, {}
    elif isinstance(table, Mapping):
        names, units = tuple(table), {}
    elif hasattr(table, "columns") and hasattr(table, "__getitem__"):  # pandas
        names, units = tuple(table.columns), {}
    else:
        kinds = "DataFrame, astropy table, afw catalogue, structured array or dict of columns"
        raise TypeError(f"{type(table).__name__} is no {kinds}")
    columns = []
    for name in names:
        values = np.ma.asanyarray(getattr(table[name], "value", table[name]))
        if values.ndim == 1:
            columns.append((str(name), units.get(name, ""), values.tolist()))
    return columns


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # The shortest text that is read as the same number.
    return repr(value) if isinstance(value, float) else str(value)
