"""The engine of the browser, the identical WebAssembly module, run from Python on numpy arrays.

Pixels and reduced images are bit for bit what the browser shows. Needs the `wasmtime` package and the module that
`npm run build` writes to wasm/dist/astro_fits.wasm. The structs are those of wasm/include/astro_fits.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from summit_notebook.engine_table import COLUMN, Column, cell_values, column_values

Array = npt.NDArray[Any]

MODULE_PATH = Path(__file__).resolve().parents[2] / "wasm" / "dist" / "astro_fits.wasm"
HDU_KINDS = ("primary", "image", "compressed-image", "bintable", "other")
CARD_KINDS = ("commentary", "undefined", "text", "logical", "integer", "real", "bad")
CHECKSUM_STATES = ("absent", "good", "bad")

PLANE_DTYPES = tuple(
    np.dtype(name)
    for name in ("i4", "f4", "u1", "i1", "i2", "u2", "u4", "i8", "u8", "f8")  # by AfPlaneType
)
PIXEL_FORMS = ("working", "physical")

_OK, _MORE, _MALFORMED, _UNSUPPORTED, _LIMIT = range(5)
_ERROR_SIZE, _PLANE_SIZE, _HDU_SIZE, _CARD_SIZE = 200, 20, 56, 48
_CHECKSUM = struct.Struct("<2i2I")
_AMPLIFIER = struct.Struct("<I14i")
_REDUCTION = struct.Struct("<IIIiIIIIIxxxxd")
_ALL_ROWS = 0x7FFFFFFF


class FitsError(Exception):
    """`tag` is MalformedFits, UnsupportedFits or WasmFailed; `hdu`, `tile`, `byte_offset` are None where unknown."""

    def __init__(
        self, tag: str, message: str, hdu: int | None, tile: int | None, byte_offset: int | None
    ) -> None:
        super().__init__(message)
        self.tag = tag
        self.hdu = hdu
        self.tile = tile
        self.byte_offset = byte_offset


@dataclass(frozen=True)
class Card:
    """`value` is None for commentary, undefined and broken cards.

    `kind` is one of CARD_KINDS; `number` tells the (first) card's place in the stored header, from 1.
    """

    keyword: str
    value: str | bool | int | float | None
    comment: str
    kind: str
    number: int


@dataclass(frozen=True)
class Problem:
    """What breaks the FITS standard and reading can do without; `card` counts from 1, 0 is the HDU as a whole."""

    card: int
    text: str


@dataclass(frozen=True)
class Hdu:
    """`data` is a copy, row 0 first, axes beyond the second stacked; None for HDUs without pixels.

    `raw` has the cards as they are stored, 80 characters each, END included.
    """

    index: int
    name: str
    kind: str
    cards: tuple[Card, ...]
    data: Array | None
    problems: tuple[Problem, ...]
    raw: str


@dataclass(frozen=True)
class Verification:
    """What is wrong with one HDU; checksum and datasum are one of CHECKSUM_STATES."""

    hdu: int
    problems: tuple[Problem, ...]
    checksum: str
    datasum: str
    computed_datasum: int


@dataclass(frozen=True)
class Box:
    """Half-open: x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class Amplifier:
    """One amplifier's raw pixels and where its `data` box goes; see AfAmplifier."""

    raw: Array
    data: Box
    serial_overscan: Box
    detector: Box
    flip_x: bool
    flip_y: bool


class Engine:
    """One instance of the module with its own memory; use it from one thread at a time."""

    def __init__(self, path: Path = MODULE_PATH) -> None:
        self._store = wasmtime.Store()
        module = wasmtime.Module.from_file(self._store.engine, str(path))
        self._exports = wasmtime.Instance(self._store, module, []).exports(self._store)
        memory = self._exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        self._memory = memory
        self._call("_initialize")
        self._error = self._alloc(_ERROR_SIZE)
        self.version = self._text(self._call("af_version"))

    @property
    def memory_bytes(self) -> int:
        """Size of the instance's memory, which never shrinks."""
        return int(self._memory.data_len(self._store))

    def read(self, content: bytes, *, chunk: int = 1 << 22, form: str | None = "working") -> list[Hdu]:
        """Reads a whole file, with or without a gzip wrapper.

        `form` "working" gives pixels as int32 or float32, "physical" in the type that keeps them; see AfPixelForm. None
        reads the headers alone.
        """
        with self._opened(content, chunk) as stream:
            count = self._call("af_stream_hdu_count", stream)
            return [self._read_hdu(stream, index, form) for index in range(count)]

    def read_table(self, content: bytes, hdu: int = 1) -> dict[str, Array]:
        """Columns by name, as astropy types and shapes them; those of variable length are arrays of objects.

        Of columns with equal names the first; a column without a name is `col1` and so on.
        """
        with self._opened(content) as stream:
            table = self._call("af_table_new", stream, hdu, self._error)
            if table == 0:
                raise self._failure()
            try:
                read: dict[str, Array] = {}
                for index in range(self._call("af_table_column_count", table)):
                    column = self._read_column(table, index)
                    if column.name not in read:
                        read[column.name] = self._read_values(table, index, column)
                return read
            finally:
                self._call("af_table_free", table)

    def verify(self, content: bytes) -> list[Verification]:
        """Bad cards, faults of the structure and checksums, HDU by HDU."""
        with self._opened(content) as stream:
            return [
                self._verify_hdu(stream, index) for index in range(self._call("af_stream_hdu_count", stream))
            ]

    def reduce(
        self,
        shape: tuple[int, int],
        amplifiers: Sequence[Amplifier],
        *,
        overscan: bool = True,
        bias: Array | None = None,
        dark: Array | None = None,
        dark_scale: float = 1.0,
        flat: Array | None = None,
    ) -> Array:
        """Instrument signature removal into a float32 array of `shape` (rows, columns); see AfReduction."""
        planes: list[int] = []

        def plane(array: Array | None, dtype: type[np.generic] | None = np.float32) -> int:
            if array is None:
                return 0
            planes.append(self._new_plane(array if dtype is None else array.astype(dtype, copy=False)))
            return planes[-1]

        try:
            packed = b"".join(
                _AMPLIFIER.pack(
                    plane(a.raw, None),
                    *(
                        side
                        for box in (a.data, a.serial_overscan, a.detector)
                        for side in (box.x0, box.y0, box.x1, box.y1)
                    ),
                    int(a.flip_x),
                    int(a.flip_y),
                )
                for a in amplifiers
            )
            calibs = plane(bias), plane(dark), plane(flat)
            options = self._alloc(_REDUCTION.size + len(packed))
            header = (shape[1], shape[0], len(amplifiers), int(overscan), options + _REDUCTION.size)
            self._write(options, _REDUCTION.pack(*header, *calibs, 0, dark_scale) + packed)
            reduction = self._call("af_reduction_new", options, self._error)
            self._call("af_free", options)
            if reduction == 0:
                raise self._failure()
            planes.append(self._call("af_reduction_plane", reduction))
            status = self._check(self._call("af_reduction_step", reduction, _ALL_ROWS, self._error))
            while status == _MORE:
                status = self._check(self._call("af_reduction_step", reduction, _ALL_ROWS, self._error))
            self._call("af_reduction_free", reduction)
            return self._read_plane(planes[-1])
        finally:
            for address in planes:
                self._call("af_plane_free", address)

    def bin(self, array: Array, factor: int) -> Array:
        """Mean of the finite pixels of each factor x factor cell."""
        plane = self._new_plane(array)
        binned = self._call("af_bin", plane, factor, self._error)
        self._call("af_plane_free", plane)
        if binned == 0:
            raise self._failure()
        result = self._read_plane(binned)
        self._call("af_plane_free", binned)
        return result

    def zscale(self, array: Array) -> tuple[float, float]:
        """Display limits by the IRAF algorithm."""
        plane = self._new_plane(array)
        limits = self._alloc(16)
        try:
            self._check(self._call("af_zscale", plane, limits, self._error))
            low, high = struct.unpack("<2d", self._read(limits, 16))
            return low, high
        finally:
            self._call("af_free", limits)
            self._call("af_plane_free", plane)

    def statistics(self, array: Array, fractions: Sequence[float]) -> tuple[float, ...]:
        """Minimum, maximum, then the percentiles; see af_statistics."""
        plane = self._new_plane(array)
        count = len(fractions)
        memory = self._alloc(8 * (2 * count + 2))
        try:
            self._write(memory, struct.pack(f"<{count}d", *fractions))
            out = memory + 8 * count
            self._check(self._call("af_statistics", plane, memory, count, out, self._error))
            return struct.unpack(f"<{count + 2}d", self._read(out, 8 * (count + 2)))
        finally:
            self._call("af_free", memory)
            self._call("af_plane_free", plane)

    def summary(self, array: Array) -> tuple[float, float, float, float]:
        """Minimum, maximum, mean and median of what is not NaN; see af_plane_summary."""
        plane = self._new_plane(array)
        out = self._alloc(32)
        self._call("af_plane_summary", plane, out)
        low, high, mean, median = struct.unpack("<4d", self._read(out, 32))
        self._call("af_free", out)
        self._call("af_plane_free", plane)
        return low, high, mean, median

    @contextmanager
    def _opened(self, content: bytes, chunk: int = 1 << 22) -> Iterator[int]:
        """The stream of a whole file."""
        stream = self._call("af_stream_new", 0)
        if stream == 0:
            raise self._out_of_memory()
        piece = 0
        try:
            piece = self._alloc(min(chunk, max(len(content), 1)))
            for start in range(0, len(content), chunk):
                part = content[start : start + chunk]
                self._write(piece, part)
                self._check(self._call("af_stream_push", stream, piece, len(part), self._error))
            self._check(self._call("af_stream_end", stream, self._error))
            yield stream
        finally:
            self._call("af_free", piece)
            self._call("af_stream_free", stream)

    def _read_column(self, table: int, index: int) -> Column:
        memory = self._alloc(COLUMN.size)
        try:
            self._check(self._call("af_table_column", table, index, memory, self._error))
            fields = COLUMN.unpack(self._read(memory, COLUMN.size))
        finally:
            self._call("af_free", memory)
        name, name_length, unit, unit_length, letter, pointer, kind, width, shape, count, *rest = fields
        has_null, _, scale, zero, null = rest
        return Column(
            name=self._read(name, name_length).decode("latin-1") or f"col{index + 1}",
            unit=self._read(unit, unit_length).decode("latin-1"),
            type=chr(letter),
            variable_length=pointer != 0,
            dtype=PLANE_DTYPES[kind],
            width=width,
            dimensions=struct.unpack(f"<{count}I", self._read(shape, 4 * count)),
            scale=scale,
            zero=zero,
            null=null if has_null else None,
        )

    def _read_values(self, table: int, index: int, column: Column) -> Array:
        rows = self._call("af_table_rows", table)
        out = self._alloc(4)

        def numbers(routine: str, width: int, *where: int) -> Array:
            self._check(self._call(routine, table, index, *where, out, self._error))
            (plane,) = struct.unpack("<I", self._read(out, 4))
            if plane == 0:
                return np.zeros((where[-1], width), column.dtype)
            try:
                return self._read_plane(plane)
            finally:
                self._call("af_plane_free", plane)

        try:
            if not column.variable_length:
                return column_values(column, numbers("af_table_values", column.width, 0, rows))
            cells = np.empty(rows, object)
            for row in range(rows):
                cells[row] = cell_values(column, numbers("af_table_cell", 0, row).ravel())
            return cells
        finally:
            self._call("af_free", out)

    def _verify_hdu(self, stream: int, index: int) -> Verification:
        hdu = self._read_hdu(stream, index, None)
        problems = list(hdu.problems)
        if hdu.kind in ("bintable", "compressed-image"):
            table = self._call("af_table_new", stream, index, self._error)
            if table == 0 or self._call("af_table_check", table, self._error) != _OK:
                problems.append(Problem(0, str(self._failure())))
            self._call("af_table_free", table)
        memory = self._alloc(_CHECKSUM.size)
        try:
            self._check(self._call("af_hdu_checksum", stream, index, memory, self._error))
            data, whole, computed, _ = _CHECKSUM.unpack(self._read(memory, _CHECKSUM.size))
        finally:
            self._call("af_free", memory)
        return Verification(index, tuple(problems), CHECKSUM_STATES[whole], CHECKSUM_STATES[data], computed)

    def _call(self, name: str, *arguments: int) -> int:
        routine = self._exports[name]
        assert isinstance(routine, wasmtime.Func)
        result = routine(self._store, *(_signed(argument) for argument in arguments))
        return int(result) & 0xFFFFFFFF if result is not None else 0

    def _alloc(self, size: int) -> int:
        address = self._call("af_alloc", size)
        if address == 0:
            raise self._out_of_memory()
        return address

    def _read(self, address: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, address, address + size))

    def _write(self, address: int, content: bytes) -> None:
        self._memory.write(self._store, content, address)

    def _text(self, address: int) -> str:
        return self._read(address, 128).split(b"\0", 1)[0].decode("latin-1")

    def _new_plane(self, array: Array) -> int:
        if array.dtype not in PLANE_DTYPES:
            raise TypeError(f"a plane of {array.dtype} is not possible, only of {PLANE_DTYPES}")
        kind = PLANE_DTYPES.index(array.dtype)
        height, width = array.shape
        plane = self._call("af_plane_new", kind, width, height)
        if plane == 0:
            raise self._out_of_memory()
        (data,) = struct.unpack("<I", self._read(plane + 16, 4))
        self._write(data, np.ascontiguousarray(array).tobytes())
        return plane

    def _read_plane(self, plane: int) -> Array:
        kind, width, height, _, data = struct.unpack("<5I", self._read(plane, _PLANE_SIZE))
        dtype = PLANE_DTYPES[kind]
        content = self._read(data, dtype.itemsize * width * height)
        return np.frombuffer(content, dtype).reshape(height, width).copy()

    def _read_hdu(self, stream: int, index: int, form: str | None) -> Hdu:
        memory = self._alloc(_HDU_SIZE)
        try:
            self._check(self._call("af_stream_hdu", stream, index, memory, self._error))
            fields = struct.unpack("<6Iq6I", self._read(memory, _HDU_SIZE))
        finally:
            self._call("af_free", memory)
        kind, _, width, height, card_count, text_length, _, card_address, text_address, *more = fields
        raw_address, raw_length, problem_count, problem_address = more
        text = self._read(text_address, text_length)
        packed = self._read(card_address, card_count * _CARD_SIZE)
        cards = tuple(_card(text, fields) for fields in struct.iter_unpack("<6IiIqd", packed))
        listed = struct.iter_unpack("<2I", self._read(problem_address, 8 * problem_count))
        problems = tuple(Problem(number, self._text(address)) for number, address in listed)
        raw = self._read(raw_address, raw_length).decode("latin-1")
        name = next((str(card.value) for card in cards if card.keyword == "EXTNAME"), "")
        data = None
        if form is not None and kind in (0, 1, 2) and width > 0 and height > 0:
            data = self._decode(stream, index, PIXEL_FORMS.index(form))
        return Hdu(index, name, HDU_KINDS[kind], cards, data, problems, raw)

    def _decode(self, stream: int, index: int, form: int) -> Array:
        decoding = self._call("af_decoding_new", stream, index, form, self._error)
        if decoding == 0:
            raise self._failure()
        try:
            plane = self._call("af_decoding_plane", decoding)
            self._check(self._call("af_decoding_step", decoding, _ALL_ROWS, self._error))
            data = self._read_plane(plane)
            self._call("af_plane_free", plane)
            return data
        finally:
            self._call("af_decoding_free", decoding)

    def _check(self, status: int) -> int:
        if status > _MORE:
            raise self._failure()
        return status

    def _failure(self) -> FitsError:
        content = self._read(self._error, _ERROR_SIZE)
        status, hdu, tile, _, byte_offset = struct.unpack_from("<4iq", content)
        keyword = content[24:40].split(b"\0", 1)[0].decode("latin-1")
        message = content[40:].split(b"\0", 1)[0].decode("latin-1")
        places = [
            f"HDU {hdu}" if hdu >= 0 else "",
            f"tile {tile}" if tile >= 0 else "",
            keyword,
            f"byte {byte_offset}" if byte_offset >= 0 else "",
        ]
        where = ", ".join(place for place in places if place)
        tags = {_MALFORMED: "MalformedFits", _UNSUPPORTED: "UnsupportedFits", _LIMIT: "UnsupportedFits"}
        return FitsError(
            tags.get(status, "WasmFailed"),
            f"{message} ({where})" if where else message,
            hdu if hdu >= 0 else None,
            tile if tile >= 0 else None,
            byte_offset if byte_offset >= 0 else None,
        )

    def _out_of_memory(self) -> FitsError:
        return FitsError("WasmFailed", "the engine is out of memory", None, None, None)


def _signed(value: int) -> int:
    """The i32 that wasmtime wants for an address or a count."""
    return value - (1 << 32) if value >= 1 << 31 else value


def _card(text: bytes, fields: tuple[Any, ...]) -> Card:
    keyword, keyword_length, value, value_length, comment, comment_length, kind, number, integer, real = (
        fields
    )

    def part(start: int, length: int) -> str:
        return text[start : start + length].decode("latin-1")

    values: dict[int, str | bool | int | float] = {
        2: part(value, value_length),
        3: integer == 1,
        4: integer,
        5: real,
    }
    parsed = CARD_KINDS[kind]
    return Card(
        part(keyword, keyword_length), values.get(kind), part(comment, comment_length), parsed, number
    )
