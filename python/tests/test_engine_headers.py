"""Headers against astropy, card by card: its own test files, and cards made up here, good and bad."""

from __future__ import annotations

import gzip
import io
import math
import re
from pathlib import Path
from typing import Any

import astropy
import numpy as np
import pytest
from astropy.io import fits
from astropy.io.fits.card import Undefined
from astropy.io.fits.verify import VerifyError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from summit_notebook.engine import Card, Engine

pytestmark = pytest.mark.filterwarnings("ignore")

ASTROPY = Path(astropy.__file__).parent
FILES = sorted(
    path
    for path in ASTROPY.rglob("tests/**/*")
    if path.is_file() and path.name.removesuffix(".gz").endswith((".fits", ".fit", ".hdr"))
)

# Where the engine differs from astropy on purpose.
DIFFERENCES = {
    "record-valued": "DP1 = 'AXIS.1: 2' is the string that stands there; astropy makes it DP1.AXIS.1 = 2.0",
    "complex": "a complex number is kept as text as it is written",
    "integers": "an integer beyond 64 bits is a real",
    "unreadable": "a value that astropy refuses to give (VerifyError) is a card of kind bad",
}


def with_no_data(header: str) -> bytes:
    return header.encode("latin-1").ljust(math.ceil(len(header) / 2880) * 2880)


def header_of(*cards: str) -> bytes:
    mandatory = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
    ]
    return with_no_data("".join(card.ljust(80) for card in [*mandatory, *cards, "END"]))


def stored_value(card: Any) -> Any:
    try:
        return card.value
    except VerifyError:
        return VerifyError


def assert_same_card(ours: Card, theirs: Any) -> None:
    value = stored_value(theirs)
    where = str(theirs)[:80]
    if theirs.keyword.split(".")[0] != theirs.keyword and theirs.field_specifier is not None:
        assert ours.kind == "text", DIFFERENCES["record-valued"]
        assert ours.value == theirs.rawvalue, where
        return
    if value is VerifyError:
        assert ours.kind == "bad", where
        return
    if ours.kind == "commentary":
        # Python strips tabs too.
        assert ours.keyword.strip() == theirs.keyword, where
        assert ours.comment == str(value).rstrip(), where
        return
    assert ours.keyword == theirs.keyword, where
    assert ours.kind != "bad", where
    assert ours.comment == theirs.comment.rstrip(), where
    if isinstance(value, Undefined) or value is None:
        assert ours.kind == "undefined", where
    elif isinstance(value, complex):
        assert ours.kind == "text", DIFFERENCES["complex"]
        assert (
            complex(*(float(part.upper().replace("D", "E")) for part in ours.value.strip("()").split(",")))
            == value
        )  # type: ignore[union-attr]
    elif isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        assert ours.kind == "real" and ours.value == float(value), DIFFERENCES["integers"]
    else:
        assert type(ours.value) is type(value), where
        assert ours.value == value, where


def assert_same_header(engine: Engine, content: bytes, index: int, header: Any) -> None:
    ours = engine.read(content, form=None)[index].cards
    # astropy drops the blank cards at the end of a header.
    cards = list(ours)
    while cards and cards[-1].kind == "commentary" and not cards[-1].keyword and not cards[-1].comment:
        cards.pop()
    theirs = list(header.cards)
    while theirs and not theirs[-1].keyword and not str(theirs[-1].value).strip():
        theirs.pop()
    assert len(cards) == len(theirs)
    for mine, other in zip(cards, theirs, strict=True):
        assert_same_card(mine, other)


def bare_cards(content: bytes) -> list[str]:
    """Of a file that holds a header alone, in cards or in lines, with or without the mandatory keywords."""
    text = content.decode("latin-1")
    lines = text.splitlines() if "\n" in text else [text[at : at + 80] for at in range(0, len(text), 80)]
    skipped = re.compile(r"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|END) *(=|$)")
    return [line for line in lines if not skipped.match(line)]


def opened(path: Path) -> tuple[bytes, list[Any]]:
    """The bytes, and the headers as they are stored (tables of compressed images, no keywords made up)."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    # Headers alone, and files that say that they are no standard FITS (astropy then does not tell HDUs apart).
    if path.suffix == ".hdr" or not re.match(rb"SIMPLE  = +T", content):
        content = header_of(*bare_cards(content))
    with fits.open(io.BytesIO(content), disable_image_compression=True, lazy_load_hdus=False) as hdus:
        places = [hdu.fileinfo() for hdu in hdus]
    stored = [content[place["hdrLoc"] : place["datLoc"]].decode("latin-1") for place in places]
    return content, [fits.Header.fromstring(text) for text in stored]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ASTROPY)))
def test_astropys_own_files(engine: Engine, path: Path) -> None:
    content, headers = opened(path)
    for index, header in enumerate(headers):
        assert_same_header(engine, content, index, header)


PIECES = [
    "'",
    "''",
    "/",
    " ",
    "  ",
    "a",
    "B",
    "&",
    "=",
    "T",
    "F",
    "0",
    "7",
    "12",
    ".",
    "+",
    "-",
    "E",
    "e",
    "D",
    "(",
    ")",
    ",",
]
FIELDS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join).filter(lambda text: len(text) <= 70)


WELL_QUOTED = re.compile(r" *'([^']|'')*' *(/[^']*)?$")


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.lists(FIELDS, min_size=1, max_size=30))
def test_any_value_field(engine: Engine, fields: list[str]) -> None:
    cards = [f"KEY{i:<5d}= {field}" for i, field in enumerate(fields)]
    content = header_of(*cards)
    read = engine.read(content, form=None)[0].cards[3:]
    assert len(read) == len(cards)
    for field, mine, card in zip(fields, read, cards, strict=True):
        if (
            WELL_QUOTED.match(field) or "''" not in field
        ):  # astropy's own comment: its rule is wrong for odd counts
            assert_same_card(mine, fits.Card.fromstring(card.ljust(80)))


CHUNKS = st.text(alphabet="ab c'/&", max_size=20).map(str.rstrip)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=CHUNKS,
    others=st.lists(st.tuples(CHUNKS, st.text(alphabet="cd /", max_size=20)), min_size=1, max_size=5),
)
def test_any_long_string(engine: Engine, first: str, others: list[tuple[str, str]]) -> None:
    # Where nothing follows, a last ampersand is a character of the string (FITS 4.0, 4.2.1.2), which astropy drops.
    last = others[-1][0].rstrip("& ")
    strings = [*(f"{text}&" for text in (first, *(text for text, _ in others[:-1]))), last]
    quoted = ["'" + text.replace("'", "''") + "'" for text in strings]
    cards = [f"LONG    = {quoted[0]} / first"]
    cards += [f"CONTINUE  {text} / {comment}" for text, (_, comment) in zip(quoted[1:], others, strict=True)]
    card = engine.read(header_of(*cards), form=None)[0].cards[3]
    theirs = fits.Card.fromstring("".join(card.ljust(80) for card in cards))
    assert card.kind == "text"
    assert card.value == "".join(text.removesuffix("&") for text in strings).rstrip()
    if not any("'" in text for text in strings):  # astropy loses its way in joined strings with quotes
        assert card.value == stored_value(theirs)
    assert card.comment == " ".join(
        part for part in (c.strip() for c in ("first", *(c for _, c in others))) if part
    )


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("KEY     = 5", None),
        ("lower   = 5", "other characters"),
        ("KEY= 5", "columns 9 and 10"),
        ("K.Y     = 5", "other characters"),
        ("KEY     =5", "no blank behind the equals sign"),
        ("KEY     = 'open", "without a closing quote"),
        ("KEY     = 'it's'", "not doubled"),
        ("KEY     = 1 2", "no logical, number or string"),
        ("KEY     = 5 \u00b5m", "no logical, number or string"),
        ("KEY     = 5 / \u00b5m", "not printable"),
        ("CONTINUE  'nothing'", "continues no string"),
        ("BITPIX  = 8", "stands twice"),
        ("HIERARCH a key that is long = 5", None),
        ("Any text without a value", None),
        ("", None),
    ],
)
def test_bad_cards_are_reported_by_number(engine: Engine, card: str, problem: str | None) -> None:
    hdu = engine.read(header_of("GOOD    = 1", card, "AFTER   = 2"), form=None)[0]
    assert {c.keyword: c.value for c in hdu.cards}["AFTER"] == 2
    found = [(p.card, p.text) for p in hdu.problems]
    if problem is None:
        assert found == []
    else:
        assert 5 in [number for number, _ in found]
        assert any(problem in text for _, text in found), found
    assert hdu.raw[80 * 4 : 80 * 5] == card.ljust(80)
    assert [c.number for c in hdu.cards] == list(range(1, 7))


ODD_STRUCTURE = {
    "order": (lambda b: b[:80] + b[160:240] + b[80:160] + b[240:], "in their order"),
    "not blank behind END": (
        lambda b: b.replace(b"END" + b" " * 20, b"END" + b" " * 19 + b"x", 1),
        "behind END",
    ),
    "SIMPLE = F": (lambda b: b[:29] + b"F" + b[30:], "SIMPLE is not T"),
    "records behind": (lambda b: b + b"junk" * 720, "no HDU"),
    "a few bytes behind": (lambda b: b + b"junk", "no HDU"),
    "zeros behind": (lambda b: b + bytes(2880), "no HDU"),
    "dirty fill": (lambda b: b[:-1] + b"x", "fill"),
    "short fill": (lambda b: b[:-1], "fill"),
    "sound": (lambda b: b, None),
}


@pytest.mark.parametrize("name", ODD_STRUCTURE)
def test_odd_structure_is_read_and_reported(engine: Engine, name: str) -> None:
    """The data of the primary HDU are there in spite of it."""
    buffer = io.BytesIO()
    fits.PrimaryHDU(np.arange(100, dtype=np.int16)).writeto(buffer)
    change, problem = ODD_STRUCTURE[name]
    (hdu,) = engine.read(change(buffer.getvalue()))
    assert hdu.data is not None and hdu.data.ravel().tolist() == list(range(100))
    if problem is None:
        assert hdu.problems == ()
    else:
        assert any(problem in p.text for p in hdu.problems), hdu.problems
