"""The night table of one repository: what is known about each exposure, in an SQLite file of the service's own.

A row has a copy of the registry's columns, numbers of the raw's primary header, and what was measured on the raw. Each
change gives its rows a new version, so that a browser can ask for what changed since. All of it can be had again from
the repository: a file that is damaged or of another release is made anew.

Copying and answering are single SQL statements, during which SQLite lets go of Python's lock: 100,000 rows do not hold
up the event loop. Use it from one thread.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .night_columns import HEADER_COLUMNS, MEASURED_COLUMNS, REGISTRY_COLUMNS
from .registry import RUN, RegistryReader
from .registry_file import DatasetTables, read_transaction, repository_paths

log = logging.getLogger(__name__)

SCHEMA_VERSION = 2
MOST_EXPOSURES = 200_000
KEPT_DAYS = 30
"""How long rows of exposures that have left the registry are kept, by their day_obs: they may come back."""
TRIES = 3
RETRY_SECONDS = 60.0
"""Before the second try; the third one waits twice as long."""


def _names(columns: Mapping[str, str] | tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


_REGISTRY = _names(REGISTRY_COLUMNS)
_NEWEST_FIRST = '"dayObs" DESC, "seqNum" DESC, exposure DESC'
_HEADER_IS_DUE = "header_unix_ms IS NULL AND raw IS NOT NULL AND gone_unix_ms IS NULL"
_MEASURING_IS_DUE = "measured_unix_ms IS NULL AND raw IS NOT NULL AND gone_unix_ms IS NULL"

# `raw` is the raw that the registry has now, `source` the one that header and measures are of. `header_unix_ms` and
# `measured_unix_ms` tell when that was done or given up.
_SCHEMA = f"""
CREATE TABLE state (version INTEGER NOT NULL, floor INTEGER NOT NULL);
CREATE TABLE night (
    exposure INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    gone_unix_ms REAL,
    {_REGISTRY},
    raw TEXT,
    source TEXT,
    {_names(HEADER_COLUMNS)},
    header_unix_ms REAL,
    header_problem TEXT,
    header_tries INTEGER NOT NULL DEFAULT 0,
    header_retry_unix_ms REAL NOT NULL DEFAULT 0,
    {_names(MEASURED_COLUMNS)},
    amplifiers TEXT,
    measured_unix_ms REAL,
    measured_problem TEXT,
    measured_tries INTEGER NOT NULL DEFAULT 0,
    measured_retry_unix_ms REAL NOT NULL DEFAULT 0
);
CREATE INDEX newest ON night ({_NEWEST_FIRST});
CREATE INDEX changed ON night (version);
CREATE INDEX header_due ON night ({_NEWEST_FIRST}) WHERE {_HEADER_IS_DUE};
CREATE INDEX measuring_due ON night ({_NEWEST_FIRST}) WHERE {_MEASURING_IS_DUE};
"""

_FORGET_SOURCE = ", ".join(
    [f'"{name}" = NULL' for name in (*HEADER_COLUMNS, *MEASURED_COLUMNS)]
    + ["source = raw, amplifiers = NULL"]
    + [
        f"{part}_unix_ms = NULL, {part}_problem = NULL, {part}_tries = 0, {part}_retry_unix_ms = 0"
        for part in ("header", "measured")
    ]
)

_WIRE_COLUMNS = {
    "exposure": "exposure",
    **{name: f'"{name}"' for name in REGISTRY_COLUMNS},
    "hasRaw": "raw IS NOT NULL",
    **{name: f'"{name}"' for name in (*HEADER_COLUMNS, *MEASURED_COLUMNS)},
    "problem": "nullif(trim(coalesce(header_problem, '') || ' ' || coalesce(measured_problem, '')), '')",
}


@dataclass(frozen=True)
class Due:
    """A raw to be looked at."""

    exposure: int
    raw: str
    """Its dataset id."""
    observation_type: str
    tries: int
    """How often it was begun and came to no end."""


class NightTable:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = self._opened()
        except (sqlite3.DatabaseError, _Unusable) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked, disk full, no permission: no fault of its content
            log.warning("%s is made anew: %s", path, error)
            for ending in ("", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            self._db = self._opened()
        self.version, self._floor = self._db.execute("SELECT version, floor FROM state").fetchone()

    def _opened(self) -> sqlite3.Connection:
        # uri: for the read-only registry that is attached below.
        db = sqlite3.connect(f"file:{quote(str(self.path))}", uri=True, isolation_level=None, timeout=5)
        try:
            # Changes are written often and can be lost without harm: no waiting for the disk at each of them.
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA temp_store = MEMORY")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                # Begins with the clock, so that versions of an earlier file are never taken for this one's.
                start = int(time.time() * 1000)
                db.executescript(
                    f"BEGIN;{_SCHEMA}INSERT INTO state VALUES ({start}, {start});"
                    f"PRAGMA user_version = {SCHEMA_VERSION};COMMIT"
                )
            elif version != SCHEMA_VERSION:
                raise _Unusable(f"it has version {version} of the schema, this release {SCHEMA_VERSION}")
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise _Unusable(f"it is damaged ({found})")
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        self._db.close()

    # --- filling -----------------------------------------------------------------------

    def copy_registry(self, reader: RegistryReader, now_unix_ms: float, most: int = MOST_EXPOSURES) -> int:
        """Takes over what changed among the newest exposures of the registry; returns how many those were.

        Only a copy of all sees which exposures have left. Raises RegistryError.
        """
        database = repository_paths(reader.name, reader.directory).database
        with read_transaction(reader.name, database) as (_, layout):
            # By an own connection: a transaction that is open cannot attach. Read-only, as the reader's is.
            self._db.execute("ATTACH ? AS registry", (f"file:{quote(str(database))}?mode=ro",))
            try:
                self._db.execute("DROP TABLE IF EXISTS temp.fresh")
                self._db.execute(
                    f"CREATE TEMP TABLE fresh (exposure INTEGER PRIMARY KEY, {_REGISTRY}, raw TEXT)"
                )
                self._db.execute(_selection(layout.tables.get("raw")), (reader.instrument, most))
            finally:
                self._db.execute("DETACH registry")
        with self._change() as version:
            before = self._db.total_changes
            self._db.execute(
                f"""INSERT INTO night (exposure, version, {_REGISTRY}, raw)
                SELECT exposure, ?, {_REGISTRY}, raw FROM fresh WHERE true
                ON CONFLICT (exposure) DO UPDATE SET version = excluded.version, gone_unix_ms = NULL,
                    raw = excluded.raw, {", ".join(f'"{name}" = excluded."{name}"' for name in REGISTRY_COLUMNS)}
                WHERE night.gone_unix_ms IS NOT NULL OR night.raw IS NOT excluded.raw
                    OR {" OR ".join(f'night."{name}" IS NOT excluded."{name}"' for name in REGISTRY_COLUMNS)}""",
                (version,),
            )
            if most == MOST_EXPOSURES:
                self._db.execute(
                    "UPDATE night SET version = ?, gone_unix_ms = ? "
                    "WHERE gone_unix_ms IS NULL AND exposure NOT IN (SELECT exposure FROM fresh)",
                    (version, now_unix_ms),
                )
            changed = self._db.total_changes - before
            # Values of a raw that has been replaced are not those of its successor.
            self._db.execute(
                f"UPDATE night SET {_FORGET_SOURCE} WHERE version = ? AND raw IS NOT NULL AND source IS NOT raw",
                (version,),
            )
            self._db.execute("DROP TABLE temp.fresh")
            self._forget_old(now_unix_ms)
        return changed

    def _forget_old(self, now_unix_ms: float) -> None:
        day = datetime.fromtimestamp(now_unix_ms / 1000, UTC) - timedelta(days=KEPT_DAYS)
        old = (int(day.strftime("%Y%m%d")),)
        condition = 'gone_unix_ms IS NOT NULL AND "dayObs" < ?'
        (last,) = self._db.execute(f"SELECT max(version) FROM night WHERE {condition}", old).fetchone()
        if last is not None:
            self._db.execute(f"DELETE FROM night WHERE {condition}", old)
            # Who has not seen yet that these went can no longer be told.
            self._floor = max(self._floor, last)
            self._db.execute("UPDATE state SET floor = ?", (self._floor,))

    def headers_due(self, now_unix_ms: float, most: int) -> list[Due]:
        """Raws whose header has not been read, newest first."""
        return self._due("header", _HEADER_IS_DUE, now_unix_ms, most)

    def measuring_due(self, now_unix_ms: float) -> Due | None:
        """The newest raw that has not been measured."""
        return next(iter(self._due("measured", _MEASURING_IS_DUE, now_unix_ms, 1)), None)

    def _due(self, part: str, condition: str, now_unix_ms: float, most: int) -> list[Due]:
        rows = self._db.execute(
            f'SELECT exposure, raw, "observationType", {part}_tries FROM night '
            f"WHERE {condition} AND {part}_retry_unix_ms <= ? ORDER BY {_NEWEST_FIRST} LIMIT ?",
            (now_unix_ms, most),
        )
        return [Due(*row) for row in rows]

    def put_header(self, due: Due, values: Mapping[str, Any], problem: str | None) -> None:
        """The header's columns, or nothing but a problem."""
        self._put("header", due, HEADER_COLUMNS, values, problem)

    def put_measures(self, due: Due, values: Mapping[str, Any], problem: str | None) -> None:
        """The measured columns and `amplifiers`, or nothing but a problem."""
        amplifiers = values.get("amplifiers")
        kept = {**values, "amplifiers": None if amplifiers is None else json.dumps(amplifiers)}
        self._put("measured", due, (*MEASURED_COLUMNS, "amplifiers"), kept, problem)

    def _put(
        self, part: str, due: Due, columns: tuple[str, ...], values: Mapping[str, Any], problem: str | None
    ) -> None:
        with self._change() as version:
            # A row whose raw was replaced meanwhile keeps waiting for its own values.
            self._db.execute(
                f"UPDATE night SET version = ?, {part}_unix_ms = ?, {part}_problem = ?, "
                + ", ".join(f'"{name}" = ?' for name in columns)
                + " WHERE exposure = ? AND source = ?",
                (
                    version,
                    time.time() * 1000,
                    problem,
                    *(values.get(name) for name in columns),
                    due.exposure,
                    due.raw,
                ),
            )

    def begin_measuring(self, due: Due) -> None:
        """Counted before it is tried: a raw that ends the process that measures it is not tried for ever."""
        self._count("measured", due)

    def postpone_header(self, due: Due) -> None:
        self._count("header", due)

    def _count(self, part: str, due: Due) -> None:
        again = time.time() + RETRY_SECONDS * (due.tries + 1)
        self._db.execute(
            f"UPDATE night SET {part}_tries = ?, {part}_retry_unix_ms = ? WHERE exposure = ? AND source = ?",
            (due.tries + 1, again * 1000, due.exposure, due.raw),
        )

    @contextlib.contextmanager
    def _change(self) -> Iterator[int]:
        """A transaction whose rows get one new version. A version without a row is as good as any."""
        version = self.version + 1
        self._db.execute("BEGIN IMMEDIATE")
        try:
            before = self._db.total_changes
            yield version
            changed = self._db.total_changes > before
            if changed:
                self._db.execute("UPDATE state SET version = ?", (version,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            self._floor = self._db.execute("SELECT floor FROM state").fetchone()[0]
            raise
        if changed:
            self.version = version

    # --- answers -----------------------------------------------------------------------

    def table_json(self, since: int | None, as_of_unix_ms: float) -> list[bytes]:
        """The answer of the route `table`, in pieces."""
        reset = since is None or not self._floor <= since <= self.version
        condition = "gone_unix_ms IS NULL" if reset else f"gone_unix_ms IS NULL AND version > {since}"
        arrays = ", ".join(f'CAST(json_group_array("{name}") AS BLOB)' for name in _WIRE_COLUMNS)
        # The limit also makes the order one that the aggregates have to follow.
        count, *columns = self._db.execute(
            f"""SELECT count(*), {arrays} FROM (
                SELECT {", ".join(f'{sql} AS "{name}"' for name, sql in _WIRE_COLUMNS.items())}
                FROM night WHERE {condition} ORDER BY {_NEWEST_FIRST} LIMIT {MOST_EXPOSURES})"""
        ).fetchone()
        removed = (
            []
            if reset
            else [
                exposure
                for (exposure,) in self._db.execute(
                    "SELECT exposure FROM night WHERE gone_unix_ms IS NOT NULL AND version > ? ORDER BY exposure",
                    (since,),
                )
            ]
        )
        head = {"version": self.version, "asOfUnixMs": as_of_unix_ms, "reset": reset, "rows": count}
        pieces = [json.dumps({**head, "removed": removed})[:-1].encode(), b', "columns": {']
        for place, (name, column) in enumerate(zip(_WIRE_COLUMNS, columns, strict=True)):
            pieces += [f'{", " if place else ""}"{name}": '.encode(), column]
        return [*pieces, b"}}"]

    def days(self) -> list[dict[str, Any]]:
        """Observing days, newest first, with their exposures by type."""
        days: dict[int, dict[str, Any]] = {}
        for day_obs, kind, count in self._db.execute(
            'SELECT "dayObs", "observationType", count(*) FROM night WHERE gone_unix_ms IS NULL '
            "GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC, 2"
        ):
            day = days.setdefault(day_obs, {"dayObs": day_obs, "exposures": 0, "types": {}})
            day["exposures"] += count
            day["types"][kind] = count
        return list(days.values())

    def amplifiers_json(self, day_obs: int) -> list[bytes]:
        """The answer of the route `amplifiers`, in pieces: measured exposures in the order they were taken."""
        (exposures,) = self._db.execute(
            """SELECT CAST(json_group_array(json_object('exposure', exposure, 'seqNum', "seqNum",
                'observationType', "observationType", 'amplifiers', json(amplifiers))) AS BLOB)
            FROM (SELECT * FROM night WHERE gone_unix_ms IS NULL AND "dayObs" = ? AND amplifiers IS NOT NULL
                ORDER BY "seqNum", exposure LIMIT ?)""",
            (day_obs, MOST_EXPOSURES),
        ).fetchone()
        return [f'{{"dayObs": {day_obs}, "exposures": '.encode(), exposures, b"}"]


class _Unusable(Exception):
    pass


def _selection(raw: DatasetTables | None) -> str:
    """Fills `fresh` from the registry attached: its newest exposures, each with its raw of the lowest detector that has
    a file record. Whether the file is there is not looked at."""
    chosen = (
        "NULL"
        if raw is None
        # Detector and dataset id as one text: of several runs with the same raw it is always the same one.
        else f"""(SELECT substr(min(printf('%09d', t.detector) || t.dataset_id), 10)
            FROM registry."{raw.tags}" t
            JOIN registry.collection c ON c.collection_id = t.collection_id AND c.type = {RUN}
            JOIN registry.file_datastore_records f
                ON f.dataset_id = t.dataset_id AND f.component = '__NULL_STRING__'
            WHERE t.instrument = e.instrument AND t.exposure = e.id AND t.dataset_type_id = {raw.type_id})"""
    )
    return f"""INSERT INTO fresh SELECT e.id, {", ".join(REGISTRY_COLUMNS.values())}, {chosen}
        FROM (SELECT * FROM registry.exposure WHERE instrument = ?
            ORDER BY day_obs DESC, seq_num DESC, id DESC LIMIT ?) e"""
