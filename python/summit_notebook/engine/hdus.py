"""HDUs: headers, pixels, and what is wrong with them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .module import ALL_ROWS, OK, Array, Module, number_of

HDU_KINDS = ("primary", "image", "compressed-image", "bintable", "other")
CARD_KINDS = ("commentary", "undefined", "text", "logical", "integer", "real", "bad")
CHECKSUM_STATES = ("absent", "good", "bad")
PIXEL_FORMS = ("working", "physical")

_HDU, _CARD, _PROBLEM = struct.Struct("<6Iq6I"), struct.Struct("<6IiIqd"), struct.Struct("<2I")
_CHECKSUM = struct.Struct("<2i2I")


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

    `width_px` and `height_px` are its size as the header gives it, 0 for HDUs without pixels. `raw` has the cards as
    they are stored, 80 characters each, END included.
    """

    index: int
    name: str
    kind: str
    cards: tuple[Card, ...]
    data: Array | None
    problems: tuple[Problem, ...]
    raw: str
    width_px: int
    height_px: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of the header, slowest first; for compressed images those of the image."""
        keyword = "ZNAXIS" if self.kind == "compressed-image" else "NAXIS"
        numbers = {card.keyword: card.value for card in reversed(self.cards) if isinstance(card.value, int)}
        return tuple(numbers[f"{keyword}{axis}"] for axis in range(numbers[keyword], 0, -1))


@dataclass(frozen=True)
class Verification:
    """What is wrong with one HDU; checksum and datasum are one of CHECKSUM_STATES."""

    hdu: int
    problems: tuple[Problem, ...]
    checksum: str
    datasum: str
    computed_datasum: int


def read_hdu(module: Module, stream: int, index: int, form: str | None) -> Hdu:
    memory = module.alloc(_HDU.size)
    try:
        module.check(module.call("af_stream_hdu", stream, index, memory, module.error))
        fields = _HDU.unpack(module.read(memory, _HDU.size))
    finally:
        module.call("af_free", memory)
    kind, _, width, height, card_count, text_length, _, card_address, text_address, *more = fields
    raw_address, raw_length, problem_count, problem_address = more
    text = module.read(text_address, text_length)
    packed = module.read(card_address, card_count * _CARD.size)
    cards = tuple(_card(text, fields) for fields in _CARD.iter_unpack(packed))
    listed = _PROBLEM.iter_unpack(module.read(problem_address, 8 * problem_count))
    problems = tuple(Problem(number, module.text(address)) for number, address in listed)
    raw = module.read(raw_address, raw_length).decode("latin-1")
    name = next((str(card.value) for card in cards if card.keyword == "EXTNAME"), "")
    data = None
    # Axes of a compressed image that are impossible are told by its decoding.
    empty = any(card.keyword.startswith("ZNAXIS") and card.value == 0 for card in cards)
    has_pixels = not empty if HDU_KINDS[kind] == "compressed-image" else width > 0 and height > 0
    has_pixels = has_pixels and kind in (0, 1, 2)
    if form is not None and has_pixels:
        data = _decode(module, stream, index, number_of(PIXEL_FORMS, form, "form of pixels"))
    size = (width, height) if has_pixels else (0, 0)
    return Hdu(index, name, HDU_KINDS[kind], cards, data, problems, raw, *size)


def _decode(module: Module, stream: int, index: int, form: int) -> Array:
    decoding = module.call("af_decoding_new", stream, index, form, module.error)
    if decoding == 0:
        raise module.failure()
    try:
        plane = module.call("af_decoding_plane", decoding)
        module.check(module.call("af_decoding_step", decoding, ALL_ROWS, module.error))
        data = module.read_plane(plane)
        module.call("af_plane_free", plane)
        return data
    finally:
        module.call("af_decoding_free", decoding)


def verify_hdu(module: Module, stream: int, index: int) -> Verification:
    hdu = read_hdu(module, stream, index, None)
    problems = list(hdu.problems)
    if hdu.kind in ("bintable", "compressed-image"):
        table = module.call("af_table_new", stream, index, module.error)
        if table == 0 or module.call("af_table_check", table, module.error) != OK:
            problems.append(Problem(0, str(module.failure())))
        module.call("af_table_free", table)
    memory = module.alloc(_CHECKSUM.size)
    try:
        module.check(module.call("af_hdu_checksum", stream, index, memory, module.error))
        data, whole, computed, _ = _CHECKSUM.unpack(module.read(memory, _CHECKSUM.size))
    finally:
        module.call("af_free", memory)
    return Verification(index, tuple(problems), CHECKSUM_STATES[whole], CHECKSUM_STATES[data], computed)


def _card(text: bytes, fields: tuple[int, ...]) -> Card:
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
