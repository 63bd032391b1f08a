"""FITS files from numpy arrays: images (plain, RICE_1, GZIP_2) and binary tables; see AfWriter."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from .hdus import Card
from .module import ALL_ROWS, Array, Module

COMPRESSIONS = ("none", "RICE_1", "GZIP_2")  # by AfWriteForm

_CARD = struct.Struct("<IIIiqd")
_COLUMN = struct.Struct("<IIIi")
_COMMENTARY, _UNDEFINED, _TEXT, _LOGICAL, _INTEGER, _REAL = range(6)  # of AfCardType
_COMMENTARY_KEYWORDS = ("COMMENT", "HISTORY", "")


@dataclass(frozen=True)
class CardToWrite:
    """None is a keyword without a value; COMMENT, HISTORY and blank ones take their text from `comment`."""

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
        are left out, because the writer sets them itself.
        """
        module = self._module
        form = COMPRESSIONS.index(compression)
        self._cards(cards)
        with module.plane(array) as plane, _texts(module, [name]) as (address,):
            module.check(module.call("af_writer_image", self._handle, plane, form, address, module.error))
            module.check(module.call("af_writer_step", self._handle, ALL_ROWS, module.error))

    def table(
        self,
        columns: Mapping[str, Array],
        *,
        units: Mapping[str, str] | None = None,
        name: str = "",
        cards: Sequence[Card | CardToWrite] = (),
    ) -> None:
        """A binary table; each column has the rows in its first axis. Text is ASCII (`S` or `U`), logicals are bool."""
        module = self._module
        self._cards(cards)
        planes = {column: _column(values) for column, values in columns.items()}
        with ExitStack() as stack:
            texts = stack.enter_context(
                _texts(module, [name, *columns, *((units or {}).get(column, "") for column in columns)])
            )
            addresses = [stack.enter_context(module.plane(values)) for values, _ in planes.values()]
            count = len(columns)
            packed = b"".join(
                _COLUMN.pack(texts[1 + i], texts[1 + count + i], address, ord(letter) if letter else 0)
                for i, (address, (_, letter)) in enumerate(zip(addresses, planes.values(), strict=True))
            )
            memory = stack.enter_context(module.scratch(max(1, len(packed))))
            module.write(memory, packed)
            module.check(module.call("af_writer_table", self._handle, memory, count, texts[0], module.error))

    def to_bytes(self) -> bytes:
        """The file so far."""
        module = self._module
        with module.scratch(4) as size:
            address = module.call("af_writer_bytes", self._handle, size)
            (count,) = struct.unpack("<I", module.read(size, 4))
            return module.read(address, count)

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
    match card.value:
        case bool():
            return _LOGICAL, int(card.value), 0.0
        case int():
            return _INTEGER, card.value, 0.0
        case float():
            return _REAL, 0, card.value
        case str():
            return _TEXT, 0, 0.0
        case _:
            return _COMMENTARY if card.keyword in _COMMENTARY_KEYWORDS else _UNDEFINED, 0, 0.0


def _column(values: Array) -> tuple[Array, str]:
    """The rows of a column as a plane, and its letter where the type alone does not tell."""
    rows = len(values)
    if values.dtype.kind in "SU":
        text = np.char.encode(values, "ascii") if values.dtype.kind == "U" else values
        return np.frombuffer(text.tobytes(), np.uint8).reshape(rows, -1), "A"
    if values.dtype.kind == "b":
        return values.reshape(rows, -1).astype(np.uint8), "L"
    return values.reshape(rows, -1), ""


@contextmanager
def _texts(module: Module, texts: Sequence[str]) -> Iterator[list[int]]:
    """Addresses of zero-terminated texts. What is not ASCII becomes a byte that the engine refuses."""
    encoded = [text.encode("latin-1", "replace") + b"\0" for text in texts]
    with module.scratch(max(1, sum(map(len, encoded)))) as memory:
        module.write(memory, b"".join(encoded))
        starts = np.cumsum([0, *map(len, encoded)])[:-1]
        yield [memory + int(start) for start in starts]
