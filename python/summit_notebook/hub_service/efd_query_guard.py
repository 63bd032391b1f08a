"""Which InfluxQL the browser may send.

The database's own reader account is the real lock; this guard keeps the door narrow as well, since InfluxDB 1.6
runs a writing statement from any request and an expensive one costs everybody. What passes is listed, not what is
refused: every token must be of a known kind and every statement must be one of two shapes.
Grammar: https://docs.influxdata.com/influxdb/v1.6/query_language/spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_STATEMENTS = 12
MAX_LENGTH = 20_000

SOURCE_COMMENT = "/* source: summit-notebook */ "
"""Lets the database's administrators see in their slow log who asked (Sasquatch's custom)."""

# No `/`: it opens comments and regular expressions, and its rare use as division is not worth telling them
# apart. No `-` after `-` for the same reason. No backslash in quotes other than before a quote or a backslash:
# there the server's own scanner and this one could disagree.
_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n]+)
    | (?P<name>"(?:[^"\\\x00-\x1f\x7f]|\\["\\])+")
    | (?P<string>'(?:[^'\\\x00-\x1f\x7f]|\\['\\])*')
    | (?P<number>(?:[0-9]+(?:\.[0-9]+)?)(?:ns|us|u|ms|s|m|h|d|w)?(?![A-Za-z0-9_.]))
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<operator><=|>=|<>|!=|::|-(?!-)|[<>=+*(),.;])
    """,
    re.VERBOSE,
)

_WRITING = frozenset(
    (
        "into",
        "drop",
        "delete",
        "create",
        "alter",
        "grant",
        "revoke",
        "kill",
        "set",
        "password",
        "explain",
        "analyze",
    )
)
_SHOW = (
    ("measurements",),
    ("field", "keys"),
    ("tag", "keys"),
    ("tag", "values"),
    ("retention", "policies"),
)


class QueryRefused(ValueError):
    """The text is not a query that this service forwards; the message says why."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str

    @property
    def key(self) -> str:
        """What it is compared by: keywords ignore case, quoted names do not."""
        return self.text.lower() if self.kind == "word" else self.text

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.key in words

    @property
    def identifier(self) -> str | None:
        if self.kind == "word":
            return self.text
        if self.kind == "name":
            return re.sub(r"\\(.)", r"\1", self.text[1:-1])
        return None


def checked_query(text: object, database: str) -> str:
    """The query with its source comment, ready to send. Raises QueryRefused."""
    if not isinstance(text, str) or not text.strip():
        raise QueryRefused('The request has no query: send {"q": "SELECT ..."}.')
    if len(text) > MAX_LENGTH:
        raise QueryRefused(f"The query is longer than {MAX_LENGTH} characters: ask for less at once.")
    statements = [s for s in _split(_tokens(text)) if s]
    if not statements:
        raise QueryRefused('The request has no query: send {"q": "SELECT ..."}.')
    if len(statements) > MAX_STATEMENTS:
        raise QueryRefused(f"More than {MAX_STATEMENTS} statements: split the request.")
    for statement in statements:
        _check_statement(statement, database)
    return SOURCE_COMMENT + text.strip()


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryRefused(
                f"The query has {text[position]!r} at character {position + 1}, which this service does not "
                "forward: no comments, regular expressions, divisions, parameters or control characters."
            )
        kind = match.lastgroup or ""
        if kind != "space":
            yield Token(kind, match.group())
        position = match.end()


def _split(tokens: Iterator[Token]) -> list[list[Token]]:
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == ";":
            statements.append([])
        else:
            statements[-1].append(token)
    return statements


def _check_statement(statement: Sequence[Token], database: str) -> None:
    first = statement[0]
    for token in statement:
        if token.kind == "word" and token.key in _WRITING:
            raise QueryRefused(f"{token.text.upper()} is not forwarded: the EFD is read-only here.")
    if first.is_word("select"):
        _check_select(statement, database)
    elif first.is_word("show"):
        _check_show(statement, database)
    else:
        raise QueryRefused(f"A statement begins with {first.text!r}: only SELECT and SHOW are forwarded.")


def _check_select(statement: Sequence[Token], database: str) -> None:
    rest = statement[1:]
    if any(token.is_word("select", "show") for token in rest):
        raise QueryRefused("A query inside a query is not forwarded.")
    froms = [i for i, token in enumerate(rest) if token.is_word("from")]
    if len(froms) != 1:
        raise QueryRefused("A SELECT needs one FROM.")
    if not any(token.is_word("time", "limit") or token.text == '"time"' for token in rest[froms[0] :]):
        raise QueryRefused("A SELECT needs a time range or a LIMIT: the whole history is too much at once.")
    _check_sources(rest[froms[0] + 1 :], database)


def _check_show(statement: Sequence[Token], database: str) -> None:
    rest = statement[1:]
    if not any(tuple(t.key for t in rest[: len(shape)]) == shape for shape in _SHOW):
        raise QueryRefused(
            "Of SHOW only MEASUREMENTS, FIELD KEYS, TAG KEYS, TAG VALUES and RETENTION POLICIES."
        )
    for i, token in enumerate(rest):
        if token.is_word("on"):
            named = rest[i + 1].identifier if i + 1 < len(rest) else None
            if named != database:
                raise QueryRefused(f"Only the database {database} can be asked here.")
        if token.is_word("from"):
            _check_sources(rest[i + 1 :], database)


def _check_sources(tokens: Sequence[Token], database: str) -> None:
    """The measurements after FROM: names of one to three parts, `db.rp.m` or `db..m`, separated by commas."""
    i = 0
    while True:
        parts: list[str] = []
        dots = 0
        while i < len(tokens):
            identifier = tokens[i].identifier
            if identifier is not None and len(parts) == dots:
                # A second name without a dot between is the next clause (WHERE, GROUP, ...).
                parts.append(identifier)
            elif tokens[i].text == "." and tokens[i].kind == "operator":
                dots += 1
                if len(parts) < dots:
                    parts.append("")
            else:
                break
            i += 1
        if not parts or not parts[-1] or len(parts) != dots + 1:
            raise QueryRefused("FROM needs the name of a measurement.")
        if len(parts) > 3:
            raise QueryRefused("A measurement has at most three parts: database, retention policy, name.")
        if len(parts) == 3 and parts[0] != database:
            raise QueryRefused(f"Only the database {database} can be asked here.")
        if i < len(tokens) and tokens[i].text == "," and tokens[i].kind == "operator":
            i += 1
            continue
        return
