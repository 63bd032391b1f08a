"""FITS files from numpy arrays: images (plain, RICE_1, GZIP_2) and binary tables; see AfWriter."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from .hdus import Card
from .module import ALL_ROWS, PLANE_DTYPES, Array, Module, number_of, refuse_masked

COMPRESSIONS = ("none", "RICE_1", "GZIP_2")  # by AfWriteForm

_CARD = struct.Struct("<IIIiqd")
_COLUMN = struct.Struct("<IIIi")
_PLANE = struct.Struct("<5I")
_COMMENTARY, _UNDEFINED, _TEXT, _LOGICAL, _INTEGER, _REAL = range(6)  # of AfCardType
_COMMENTARY_KEYWORDS = ("COMMENT", "HISTORY", "")


@dataclass(frozen=True)
class CardToWrite:
    """None is a keyword without a value; COMMENT, HISTORY and blank ones take their text from `comment`.

    Numpy's scalars are taken as the numbers that they are.
    """

    keyword: str
    value: str | bool | int | float | None = None
    comment: str = ""


class FitsWriter:
    """Collects HDUs in the engine's memory; every one gets CHECKSUM and DATASUM. Use it in a `with` statement."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._handle = module.call("af_writer_new")
        if self._handle == 0:
            raise module.out_of_memory()

    def __enter__(self) -> FitsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._module.call("af_writer_free", self._handle)
        self._handle = 0

    def image(
        self,
        array: Array,
        *,
        name: str = "",
        compression: str = "none",
        cards: Sequence[Card | CardToWrite] = (),
    ) -> None:
        """A two-dimensional image of any integer or float type, row 0 first.

        RICE_1 takes integers of 8, 16 and 32 bits, GZIP_2 every type without loss. Cards that tell an HDU's structure
        are left out, because the writer sets them itself, and one that could not be parsed keeps its text only: those
        of another file can be passed as they are where they are printable ASCII.
        """
        module, handle = self._module, self._open()
        form = number_of(COMPRESSIONS, compression, "compression")
        with module.plane(array) as plane, _texts(module, [name]) as (address,):
            self._cards(cards)
            module.check(module.call("af_writer_image", handle, plane, form, address, module.error))
            module.check(module.call("af_writer_step", handle, ALL_ROWS, module.error))

    def table(
        self,
        columns: Mapping[str, Array],
        *,
        units: Mapping[str, str] | None = None,
        name: str = "",
        cards: Sequence[Card | CardToWrite] = (),
    ) -> None:
        """A binary table, which may have no rows.

        A column has the rows in its first axis, and may have a second one. Text is ASCII (`S` or `U`) with the rows
        alone; logicals are bool.
        """
        module, handle = self._module, self._open()
        planes = {column: _column(column, np.asanyarray(values)) for column, values in columns.items()}
        with ExitStack() as stack:
            texts = stack.enter_context(
                _texts(module, [name, *columns, *((units or {}).get(column, "") for column in columns)])
            )
            addresses = [stack.enter_context(_plane(module, values)) for values, _ in planes.values()]
            count = len(columns)
            packed = b"".join(
                _COLUMN.pack(texts[1 + i], texts[1 + count + i], address, ord(letter) if letter else 0)
                for i, (address, (_, letter)) in enumerate(zip(addresses, planes.values(), strict=True))
            )
            memory = stack.enter_context(module.scratch(max(1, len(packed))))
            module.write(memory, packed)
            self._cards(cards)
            module.check(module.call("af_writer_table", handle, memory, count, texts[0], module.error))

    def to_bytes(self) -> bytes:
        """The file so far."""
        module = self._module
        with module.scratch(4) as size:
            address = module.call("af_writer_bytes", self._open(), size)
            (count,) = struct.unpack("<I", module.read(size, 4))
            return module.read(address, count)

    def _open(self) -> int:
        if self._handle == 0:
            raise ValueError("the writer was closed")
        return self._handle

    def _cards(self, cards: Sequence[Card | CardToWrite]) -> None:
        module = self._module
        texts = [
            text
            for card in cards
            for text in (
                card.keyword,
                card.value if isinstance(card.value, str) else card.comment,
                card.comment,
            )
        ]
        with _texts(module, texts) as addresses, module.scratch(max(1, len(cards) * _CARD.size)) as memory:
            packed = b"".join(
                _CARD.pack(*addresses[3 * i : 3 * i + 3], *_value(card)) for i, card in enumerate(cards)
            )
            module.write(memory, packed)
            module.check(module.call("af_writer_cards", self._handle, memory, len(cards), module.error))


def _value(card: Card | CardToWrite) -> tuple[int, int, float]:
    """Kind, integer and real of a card."""
    value = card.value.item() if isinstance(card.value, np.generic) else card.value
    match value:
        case bool():
            return _LOGICAL, int(value), 0.0
        case int() if -(2**63) <= value < 2**63:
            return _INTEGER, value, 0.0
        case int():
            raise ValueError(f"the card {card.keyword} has an integer of more than 64 bits")
        case float():
            return _REAL, 0, value
        case str():
            return _TEXT, 0, 0.0
        case None:
            stored = isinstance(card, Card) and card.kind in ("commentary", "bad")
            return _COMMENTARY if stored or card.keyword in _COMMENTARY_KEYWORDS else _UNDEFINED, 0, 0.0
        case _:
            raise TypeError(
                f"the card {card.keyword} has a value of {type(value).__name__}, which FITS has not"
            )


def _column(name: str, values: Array) -> tuple[Array, str]:
    """The rows of a column as a plane, and its letter where the type alone does not tell."""
    text = values.dtype.kind in "SU"
    refuse_masked(values, f"the column {name}")
    if not 1 <= values.ndim <= (1 if text else 2):
        raise ValueError(
            f"the column {name} has the shape {values.shape}: {'one axis' if text else 'one or two axes'}"
        )
    rows = len(values)
    if text:
        encoded = np.char.encode(values, "ascii") if values.dtype.kind == "U" else values
        return np.frombuffer(encoded.tobytes(), np.uint8).reshape(rows, encoded.dtype.itemsize), "A"
    plane = values.reshape(rows, values.shape[1] if values.ndim == 2 else 1)
    return (plane.astype(np.uint8), "L") if values.dtype.kind == "b" else (plane, "")


@contextmanager
def _plane(module: Module, values: Array) -> Iterator[int]:
    """As `Module.plane`, but for a table, whose columns may be empty."""
    if values.size > 0 or values.dtype.newbyteorder("=") not in PLANE_DTYPES:
        with module.plane(values) as plane:
            yield plane
        return
    with module.scratch(_PLANE.size) as address:
        kind = PLANE_DTYPES.index(values.dtype.newbyteorder("="))
        module.write(address, _PLANE.pack(kind, values.shape[1], values.shape[0], 0, 0))
        yield address


@contextmanager
def _texts(module: Module, texts: Sequence[str]) -> Iterator[list[int]]:
    """Addresses of zero-terminated texts. What is not ASCII, or would end one, becomes a byte that it refuses."""
    encoded = [text.replace("\0", "\xff").encode("latin-1", "replace") + b"\0" for text in texts]
    with module.scratch(max(1, sum(map(len, encoded)))) as memory:
        module.write(memory, b"".join(encoded))
        starts = np.cumsum([0, *map(len, encoded)])[:-1]
        yield [memory + int(start) for start in starts]
