"""Binary tables as the engine hands them out, made into numpy arrays as astropy shapes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from .module import PLANE_DTYPES, Array, Module

COLUMN = struct.Struct("<4I2i2I2IiI2dq")  # AfColumn


@dataclass(frozen=True)
class Column:
    """`type` is the letter of TFORM (of the elements, where the length varies), `dimensions` TDIM, fastest first."""

    name: str
    unit: str
    type: str
    variable_length: bool
    dtype: np.dtype[Any]
    width: int
    dimensions: tuple[int, ...]
    scale: float
    zero: float
    null: int | None


def cell_values(column: Column, numbers: Array) -> Array | str:
    """The values of one cell of a variable-length column from its numbers: characters become one string."""
    if column.type == "A":
        return numbers.tobytes().split(b"\0", 1)[0].decode("latin-1").rstrip(" ")
    return _values(column, numbers)


def column_values(column: Column, numbers: Array) -> Array:
    """Values of a column from its numbers, one row each; scalars for a repeat count of 1, else an axis or TDIM's."""
    rows = len(numbers)
    if column.type == "A":
        return _strings(column, numbers)
    values = _values(column, numbers)
    if column.dimensions:
        items = int(np.prod(column.dimensions))
        return values[:, :items].reshape(rows, *reversed(column.dimensions))
    return values[:, 0] if values.shape[1] == 1 and column.type != "X" else values


def _values(column: Column, numbers: Array) -> Array:
    if column.type in "CM":
        return numbers.view(np.complex64 if numbers.dtype.itemsize == 4 else np.complex128)
    return numbers == 1 if column.type in "LX" else numbers


def _strings(column: Column, numbers: Array) -> Array:
    """Up to a zero byte and without the blanks behind; TDIM's first axis is the length of a string."""
    rows, width = numbers.shape
    if width == 0:
        # A view of one empty string: an empty column may claim any number of rows.
        return np.broadcast_to(np.array(""), (rows,))
    length = column.dimensions[0] if column.dimensions else width
    shape = tuple(reversed(column.dimensions[1:]))
    if length == 0:
        return np.broadcast_to(np.array(""), (rows, *shape))
    count = int(np.prod(shape))
    # A zero byte ends a string: what stands behind it is not part of it.
    strings = numbers[:, : count * length].reshape(rows, count, length)
    ended = np.logical_or.accumulate(strings == 0, axis=2)
    characters = np.where(ended, np.uint8(0), strings).astype("<u4")
    return np.char.rstrip(characters.view(f"<U{length}").reshape(rows, *shape), " ")


def read_table(module: Module, stream: int, hdu: int) -> dict[str, Array]:
    """Columns by name."""
    table = module.call("af_table_new", stream, hdu, module.error)
    if table == 0:
        raise module.failure()
    try:
        read: dict[str, Array] = {}
        for index in range(module.call("af_table_column_count", table)):
            column = _read_column(module, table, index)
            if column.name not in read:
                read[column.name] = _read_values(module, table, index, column)
        return read
    finally:
        module.call("af_table_free", table)


def _read_column(module: Module, table: int, index: int) -> Column:
    memory = module.alloc(COLUMN.size)
    try:
        module.check(module.call("af_table_column", table, index, memory, module.error))
        fields = COLUMN.unpack(module.read(memory, COLUMN.size))
    finally:
        module.call("af_free", memory)
    name, name_length, unit, unit_length, letter, pointer, kind, width, shape, count, *rest = fields
    has_null, _, scale, zero, null = rest
    return Column(
        name=module.read(name, name_length).decode("latin-1") or f"col{index + 1}",
        unit=module.read(unit, unit_length).decode("latin-1"),
        type=chr(letter),
        variable_length=pointer != 0,
        dtype=PLANE_DTYPES[kind],
        width=width,
        dimensions=struct.unpack(f"<{count}I", module.read(shape, 4 * count)),
        scale=scale,
        zero=zero,
        null=null if has_null else None,
    )


def _read_values(module: Module, table: int, index: int, column: Column) -> Array:
    rows = module.call("af_table_rows", table)
    out = module.alloc(4)

    def numbers(routine: str, width: int, *where: int) -> Array:
        module.check(module.call(routine, table, index, *where, out, module.error))
        (plane,) = struct.unpack("<I", module.read(out, 4))
        if plane == 0:
            return np.zeros((where[-1], width), column.dtype)
        try:
            return module.read_plane(plane)
        finally:
            module.call("af_plane_free", plane)

    try:
        if not column.variable_length:
            return column_values(column, numbers("af_table_values", column.width, 0, rows))
        cells = np.empty(rows, object)
        for row in range(rows):
            cells[row] = cell_values(column, numbers("af_table_cell", 0, row).ravel())
        return cells
    finally:
        module.call("af_free", out)
