"""Read-only view of a Butler Gen3 registry in SQLite: exposures, raws, certified calibs, paths. Nothing else.

The registry belongs to its Butler; its tables are private to lsst-daf-butler and versioned by their managers. So
this reader takes only SHARED locks, for milliseconds, asks only what the app shows, and refuses by name versions
that it has not been tested with. One transaction per answer: an answer is one committed state or an error.
"""

from __future__ import annotations

import os
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import erfa  # type: ignore[import-untyped]

from summit_notebook.hub_service.registry_file import (
    Layout,
    RegistryError,
    columns,
    read_transaction,
    repository_paths,
)

RUN, CHAINED, CALIBRATION = 1, 3, 4
"""Collection types, as the table `collection` numbers them."""

CALIB_TYPES = ("bias", "dark", "flat")

# The record of the file as a whole; others are of components, which raws and calibs here never have.
_FILE = "file_datastore_records f ON f.component = '__NULL_STRING__' AND f.dataset_id"

_EXPOSURES = """SELECT id, obs_id, day_obs, seq_num, observation_type, observation_reason, target_name,
    science_program, physical_filter, {group} AS group_name, exposure_time, dark_time, timespan_begin, timespan_end
    FROM exposure WHERE instrument = ?"""

_NEWEST = " ORDER BY day_obs DESC, seq_num DESC, id DESC LIMIT ?"


class RegistryReader:
    """Keeps no connection and no state: safe from any thread, and a replaced file is simply the next answer."""

    def __init__(self, name: str, directory: Path, instrument: str, file_roots: Sequence[Path] = ()) -> None:
        self.name = name
        self.directory = directory.resolve()
        self.instrument = instrument
        self.file_roots = tuple(file_roots)
        """Directories beside the repository whose files may be served: where `direct` ingests left them."""

    def signature(self) -> tuple[int, ...] | None:
        """Differs after every commit; None while there is no registry file. Costs some system calls.

        The change counter (bytes 24 to 27 of the file) tells commits apart that fall into one tick of the file
        system's clock. A write-ahead log, where an operator switched one on, has times of its own.
        """
        try:
            path = repository_paths(self.name, self.directory).database
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                counter = int.from_bytes(os.pread(file.fileno(), 4, 24), "big")
        except (OSError, RegistryError):
            return None
        signature = (status.st_ino, status.st_size, status.st_mtime_ns, counter)
        try:
            log = path.with_name(path.name + "-wal").stat()
            return (*signature, log.st_size, log.st_mtime_ns)
        except OSError:
            return signature

    def exposures(self, limit: int = 1000) -> list[dict[str, Any]]:
        """EXPOSURE objects of ``docs/http-api.md``, newest first."""
        paths = repository_paths(self.name, self.directory)
        with read_transaction(self.name, paths.database) as (db, layout):
            chosen = (self.instrument, limit)
            rows = db.execute(_EXPOSURES.format(group=layout.group_column) + _NEWEST, chosen).fetchall()
            raws = self._raws(db, layout, f"SELECT id FROM exposure WHERE instrument = ?{_NEWEST}", chosen)
        return self._assembled(rows, raws, paths.datastore_root)

    def exposure_numbered(self, day_obs: int, seq_num: int) -> dict[str, Any]:
        """One EXPOSURE. Where several controllers counted alike, the observatory's own has the lowest id."""
        return self._one("day_obs = ? AND seq_num = ?", day_obs, seq_num)

    def exposure(self, exposure: int) -> dict[str, Any]:
        """The EXPOSURE of an id."""
        return self._one("id = ?", exposure)

    def _one(self, condition: str, *key: int) -> dict[str, Any]:
        paths = repository_paths(self.name, self.directory)
        with read_transaction(self.name, paths.database) as (db, layout):
            rows = db.execute(
                _EXPOSURES.format(group=layout.group_column) + f" AND {condition} ORDER BY id LIMIT 1",
                (self.instrument, *key),
            ).fetchall()
            if not rows:
                raise RegistryError("NotFound", f"{self.name} has no exposure {' '.join(map(str, key))}.")
            raws = self._raws(db, layout, "SELECT ?", (rows[0]["id"],))
        return self._assembled(rows, raws, paths.datastore_root)[0]

    def calibs(self, exposure: int, detector: int) -> dict[str, dict[str, Any] | None]:
        """The certified bias, dark and flat of an exposure, found as a Butler finds them: through the collections
        of ``INSTRUMENT/defaults`` and ``INSTRUMENT/calib``, in their order."""
        paths = repository_paths(self.name, self.directory)
        with read_transaction(self.name, paths.database) as (db, layout):
            found = db.execute(
                "SELECT physical_filter, timespan_begin, timespan_end FROM exposure "
                "WHERE instrument = ? AND id = ?",
                (self.instrument, exposure),
            ).fetchone()
            if found is None:
                raise RegistryError("NotFound", f"{self.name} has no exposure {exposure}.")
            collections = self._calib_collections(db)
            rows = {name: self._calib(db, layout, name, collections, detector, found) for name in CALIB_TYPES}
        return {
            name: None
            if row is None
            else {
                "datasetType": name,
                "datasetId": row["dataset_id"],
                "collection": row["collection"],
                "fileBytes": _size_and_landing(paths.datastore_root, row["path"], None)[0],
            }
            for name, row in rows.items()
        }

    def file(self, dataset_id: str) -> Path:
        """Where the file of a dataset is, links resolved; it may be gone. Never outside the served roots."""
        key = dataset_id.replace("-", "").lower()
        if not re.fullmatch(r"[0-9a-f]{32}", key):
            raise RegistryError("NotFound", "A dataset id has 32 hexadecimal digits.")
        paths = repository_paths(self.name, self.directory)
        with read_transaction(self.name, paths.database) as (db, _):
            row = db.execute(
                "SELECT path FROM file_datastore_records WHERE dataset_id = ? AND component = '__NULL_STRING__'",
                (key,),
            ).fetchone()
        if row is None:
            raise RegistryError("NotFound", f"{self.name} has no file of the dataset {key}.")
        path = _location(paths.datastore_root, row["path"])
        if path is None:
            raise RegistryError("NotFound", f"The file of the dataset {key} is not on a local file system.")
        resolved = Path(path).resolve()
        roots = (self.directory, paths.datastore_root, *self.file_roots)
        if not any(resolved.is_relative_to(root.resolve()) for root in roots):
            raise RegistryError(
                "AccessDenied",
                f"The file of the dataset {key} lies outside the directories that are served from {self.name}.",
            )
        return resolved

    # --- SQL ---------------------------------------------------------------------------

    def _raws(
        self, db: sqlite3.Connection, layout: Layout, chosen: str, values: tuple[Any, ...]
    ) -> list[sqlite3.Row]:
        """Raws with a file record, of the exposures that the statement `chosen` gives."""
        tables = layout.tables.get("raw")
        if tables is None:
            return []
        return db.execute(
            f"""WITH chosen(id) AS ({chosen})
            SELECT t.exposure, t.detector, t.dataset_id, d.ingest_date, f.path, f.file_size FROM chosen
            JOIN {tables.tags} t ON t.instrument = ? AND t.exposure = chosen.id AND t.dataset_type_id = ?
            JOIN collection c ON c.collection_id = t.collection_id AND c.type = {RUN}
            JOIN dataset d ON d.id = t.dataset_id
            JOIN {_FILE} = t.dataset_id
            ORDER BY t.exposure, t.detector""",
            (*values, self.instrument, tables.type_id),
        ).fetchall()

    def _calib_collections(self, db: sqlite3.Connection) -> list[int]:
        """CALIBRATION collections in search order: chains are walked depth first, each collection once."""
        kinds: dict[int, int] = {}

        def walk(collection: int, kind: int) -> None:
            if collection in kinds:
                return
            kinds[collection] = kind
            if kind == CHAINED:
                for child in db.execute(
                    "SELECT child, type FROM collection_chain JOIN collection ON collection_id = child "
                    "WHERE parent = ? ORDER BY position",
                    (collection,),
                ).fetchall():
                    walk(*child)

        for name in (f"{self.instrument}/defaults", f"{self.instrument}/calib"):
            for start in db.execute(
                "SELECT collection_id, type FROM collection WHERE name = ?", (name,)
            ).fetchall():
                walk(*start)
        return [collection for collection, kind in kinds.items() if kind == CALIBRATION]

    def _calib(
        self,
        db: sqlite3.Connection,
        layout: Layout,
        name: str,
        collections: list[int],
        detector: int,
        exposure: sqlite3.Row,
    ) -> sqlite3.Row | None:
        tables = layout.tables.get(name)
        if tables is None or tables.calibs is None:
            return None
        wanted = {
            "detector": detector,
            "physical_filter": exposure["physical_filter"],
        }
        keys = sorted(wanted.keys() & columns(db, tables.calibs))
        begin, end = exposure["timespan_begin"], exposure["timespan_end"]
        # Validity at mid-exposure: one answer also for an exposure that straddles two ranges of validity.
        middle = 0 if begin is None or end is None else (begin + end) // 2
        for collection in collections:
            row: sqlite3.Row | None = db.execute(
                f"""SELECT k.dataset_id, c.name AS collection, f.path FROM {tables.calibs} k
                JOIN collection c ON c.collection_id = k.collection_id
                JOIN {_FILE} = k.dataset_id
                WHERE k.dataset_type_id = ? AND k.collection_id = ? AND k.instrument = ?
                AND k.timespan_begin <= ? AND k.timespan_end > ?"""
                + "".join(f" AND k.{key} = ?" for key in keys),
                (tables.type_id, collection, self.instrument, middle, middle, *(wanted[key] for key in keys)),
            ).fetchone()
            if row is not None:
                return row
        return None

    def _assembled(
        self, rows: list[sqlite3.Row], raws: list[sqlite3.Row], root: Path
    ) -> list[dict[str, Any]]:
        by_exposure: dict[int, list[dict[str, Any]]] = {}
        for raw in raws:
            size, landed = _size_and_landing(root, raw["path"], raw["file_size"])
            by_exposure.setdefault(raw["exposure"], []).append(
                {
                    "datasetId": raw["dataset_id"],
                    "detector": raw["detector"],
                    "fileBytes": size,
                    "landedUnixMs": landed,
                    "registeredUnixMs": _ingest_unix_ms(raw["ingest_date"]),
                }
            )
        return [
            {
                "instrument": self.instrument,
                "exposure": row["id"],
                "obsId": row["obs_id"] or "",
                "dayObs": row["day_obs"],
                "seqNum": row["seq_num"] or 0,
                "observationType": row["observation_type"] or "",
                "observationReason": row["observation_reason"] or "",
                "targetName": row["target_name"] or "",
                "scienceProgram": row["science_program"] or "",
                "physicalFilter": row["physical_filter"] or "",
                "group": row["group_name"] or "",
                "exposureTimeSeconds": row["exposure_time"] or 0.0,
                "darkTimeSeconds": row["dark_time"] or 0.0,
                # Decimal strings: nanoseconds exceed 2^53.
                "shutterOpenTaiNs": str(row["timespan_begin"] or 0),
                "shutterCloseTaiNs": str(row["timespan_end"] or 0),
                "raws": by_exposure.get(row["id"], []),
            }
            for row in rows
        ]


def _location(root: Path, stored: str) -> str | None:
    """Relative paths are plain text below the datastore's root, absolute ones are file URIs. A string and not a
    Path, which would take longer for 1000 raws than all of the SQL."""
    if "://" not in stored:
        return os.path.normpath(f"{root}/{stored}" if not stored.startswith("/") else stored)
    uri = urlsplit(stored)
    return os.path.normpath(unquote(uri.path)) if uri.scheme == "file" else None


def _size_and_landing(root: Path, stored: str, registered: int | None) -> tuple[int | None, float | None]:
    """Sizes in real registries may be -1 or of another version of the file: the file itself is asked first."""
    path = _location(root, stored)
    try:
        if path is None:
            raise FileNotFoundError(stored)
        status = os.stat(path)  # noqa: PTH116
        return status.st_size, status.st_mtime_ns / 1e6
    except OSError:
        return (registered if registered is not None and registered > 0 else None), None


def _ingest_unix_ms(stored: int | str | None) -> float | None:
    """Dataset manager 2.0 keeps TAI nanoseconds, 1.0 UTC text."""
    if stored is None:
        return None
    if isinstance(stored, int):
        return tai_ns_to_unix_ms(stored)
    return datetime.fromisoformat(stored).replace(tzinfo=UTC).timestamp() * 1000


@cache
def _leap_seconds() -> tuple[list[float], list[int]]:
    """TAI seconds at which TAI-UTC changes, and its values, from ERFA's table. Whole seconds only, since 1972."""
    starts, offsets = [], []
    for year, month, offset in erfa.leap_seconds.get():
        if year >= 1972:
            starts.append(datetime(int(year), int(month), 1, tzinfo=UTC).timestamp() + offset)
            offsets.append(int(offset))
    return starts, offsets


def tai_ns_to_unix_ms(tai_ns: int) -> float:
    """TAI nanoseconds since 1970-01-01 TAI, as the registry counts, to Unix milliseconds."""
    starts, offsets = _leap_seconds()
    index = bisect_right(starts, tai_ns / 1e9) - 1
    return tai_ns / 1e6 - (offsets[index] if index >= 0 else 10) * 1000
