"""What passes to InfluxDB and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_notebook.hub_service.efd_query_guard import (
    MAX_LENGTH,
    MAX_STATEMENTS,
    SOURCE_COMMENT,
    QueryRefused,
    checked_query,
)

TOPIC = '"lsst.sal.ATMCS.trajectory"'
GOOD = [
    f'SELECT "elevation0" FROM {TOPIC} WHERE time >= 1764000000050123457 AND time < 1764000000050123458',
    f'SELECT "a", "b" FROM "efd"."autogen".{TOPIC} WHERE time > now() - 10m AND salIndex = 2',
    f"select min(a) from efd..{TOPIC} where time >= '2026-11-22T04:00:00Z' group by time(1m) fill(none)",
    f"SELECT a::float FROM {TOPIC}, other WHERE time > 0 ORDER BY time DESC LIMIT 3",
    f"SELECT a FROM {TOPIC} WHERE \"name\" = 'DROP DATABASE efd; /* -- */' AND time > 0",
    "SHOW MEASUREMENTS",
    f'SHOW FIELD KEYS ON "efd" FROM {TOPIC}',
    f"SELECT min(a) FROM {TOPIC} WHERE time > 0; SELECT max(a) FROM {TOPIC} WHERE time > 0;",
]

BAD = [
    "",
    ";;",
    "DROP DATABASE efd",
    f"SELECT a FROM {TOPIC} WHERE time > 0; DROP MEASUREMENT x",
    f"SELECT a INTO other FROM {TOPIC} WHERE time > 0",
    f'SELECT a INTO "x"."y"."z" FROM {TOPIC} WHERE time > 0',
    f"SELECT a FROM _internal..{TOPIC} WHERE time > 0",
    f'SELECT a FROM "_internal"."monitor".{TOPIC} WHERE time > 0',
    f'SELECT a FROM {TOPIC}, "_internal"."monitor"."database" WHERE time > 0',
    f"SELECT a FROM (SELECT a FROM {TOPIC} WHERE time > 0) WHERE time > 0",
    f"SELECT a FROM {TOPIC} WHERE time > 0 -- AND salIndex = 1",
    f"SELECT a FROM {TOPIC} /* */ WHERE time > 0",
    "SELECT a FROM /.*/ WHERE time > 0",
    f"SELECT a FROM {TOPIC} WHERE b =~ /x/ AND time > 0",
    f"SELECT a FROM {TOPIC} WHERE b = $b AND time > 0",
    f"SELECT a FROM {TOPIC}",
    "SELECT a WHERE time > 0",
    "SELECT a FROM WHERE",
    f"SELECT a FROM {TOPIC} WHERE time > 0 \x00",
    f"SELECT a FROM {TOPIC} WHERE b = 'it\\' OR 1 = 1' AND time > 0; KILL QUERY 1",
    f"SELECT a FROM {TOPIC} WHERE b = '\\x' AND time > 0",
    f"SELECT a FROM {TOPIC} WHERE b = 'x\" AND time > 0",
    "SHOW DATABASES",
    "SHOW USERS",
    "SHOW QUERIES",
    "SHOW GRANTS FOR reader",
    "SHOW STATS",
    "SHOW MEASUREMENTS ON _internal",
    "SHOW TAG KEYS ON efd FROM _internal..x",
    "KILL QUERY 3",
    "GRANT ALL TO reader",
    "SET PASSWORD FOR admin = 'x'",
    f"EXPLAIN ANALYZE SELECT a FROM {TOPIC} WHERE time > 0",
    "CREATE CONTINUOUS QUERY q ON efd BEGIN SELECT a INTO b FROM c GROUP BY time(1m) END",
    "; ".join([f"SELECT a FROM {TOPIC} WHERE time > 0"] * (MAX_STATEMENTS + 1)),
    f"SELECT {'a' * MAX_LENGTH} FROM {TOPIC} WHERE time > 0",
    f"SELECT a FROM {TOPIC} WHERE time > 0 \uff53",
]


@pytest.mark.parametrize("text", GOOD)
def test_reads_of_the_one_database_pass_with_their_source(text: str) -> None:
    assert checked_query(text, "efd") == SOURCE_COMMENT + text


@pytest.mark.parametrize("text", BAD)
def test_everything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(QueryRefused, match=r"\.$|\.\.\.\"}\.$"):
        checked_query(text, "efd")


@pytest.mark.parametrize("body", [None, 3, ["SELECT"], {"q": "x"}])
def test_a_query_is_text(body: object) -> None:
    with pytest.raises(QueryRefused):
        checked_query(body, "efd")


@given(
    st.lists(
        st.sampled_from([*"\"'\\;/*-.,() \n", "a", "efd", "DROP", "INTO", "SELECT", "FROM", "time", "1"])
    )
)
def test_no_text_outside_quotes_can_write(pieces: list[str]) -> None:
    """Whatever passes has, once its quoted parts are taken out by another method, no forbidden word or comment."""
    text = "".join(pieces)
    try:
        checked_query(text, "efd")
    except QueryRefused:
        return
    bare, quote, i = [], "", 0
    while i < len(text):
        c = text[i]
        if quote:
            if c == "\\":
                i += 1
            elif c == quote:
                quote = ""
        elif c in "\"'":
            quote = c
        else:
            bare.append(c)
        i += 1
    assert quote == ""
    outside = "".join(bare)
    assert "--" not in outside and "/" not in outside
    assert not {"DROP", "INTO"} & set(outside.replace(";", " ").replace(",", " ").split())
