"""Opening a Butler registry for reading: where it is, whether its schema is known, and what its errors mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml  # type: ignore[import-untyped]

LOCK_WAIT_SECONDS = 1.0
"""How long a writer's lock is waited for; the commit of an ingester takes some 10 ms."""

# Manager classes and the major.minor versions whose tables are known; the third number never changes tables.
KNOWN_MANAGERS: dict[str, dict[str, tuple[str, ...]]] = {
    "dimensions": {"StaticDimensionRecordStorageManager": ("6.0",)},
    "collections": {"SynthIntKeyCollectionManager": ("2.0",)},
    "datasets": {"ByDimensionsDatasetRecordStorageManagerUUID": ("1.0", "2.0")},
    "opaque": {"ByNameOpaqueTableStorageManager": ("0.2",)},
}
KNOWN_UNIVERSES = range(9)
"""Versions of the `daf_butler` dimension universe, 2021 to 2026."""


class RegistryError(Exception):
    """Carries a tag of ``src/core/errors.ts`` and a sentence for the operator."""

    def __init__(self, tag: str, message: str) -> None:
        super().__init__(message)
        self.tag = tag
        self.message = message

    def to_wire(self) -> dict[str, Any]:
        return {"tag": self.tag, "message": self.message, "detail": {}}


@dataclass(frozen=True)
class RepositoryPaths:
    database: Path
    datastore_root: Path


@dataclass(frozen=True)
class DatasetTables:
    """Table numbers differ from registry to registry, so they are looked up and never assumed."""

    type_id: int
    tags: str
    calibs: str | None


@dataclass(frozen=True)
class Layout:
    """What differs between registries."""

    group_column: str
    tables: dict[str, DatasetTables]


def repository_paths(name: str, directory: Path) -> RepositoryPaths:
    """From ``butler.yaml``. Raises RegistryError where the repository is of a kind that cannot be read here."""
    path = directory / "butler.yaml"
    try:
        changed = path.stat().st_mtime_ns
        return _parsed_paths(name, directory, changed)
    except OSError as error:
        raise RegistryError(
            "Unreachable", f"{path} of {name} cannot be read (yet): {error.strerror}."
        ) from error


@lru_cache(maxsize=32)
def _parsed_paths(name: str, directory: Path, changed: int) -> RepositoryPaths:
    """Kept until the file changes, since YAML takes 5 ms and this is asked ten times a second."""
    path = directory / "butler.yaml"
    try:
        config = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RegistryError("RegistryUnknown", f"{path} of {name} is not plain YAML.") from error
    try:
        url = str(config["registry"]["db"])
        # daf_butler's own default for the root is a folder below the repository.
        root = str(config["datastore"].get("root", "<butlerRoot>/datastore"))
    except (KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            "RegistryUnknown", f"{path} of {name} names no single registry and datastore."
        ) from error
    if not url.startswith("sqlite:///"):
        kind = url.partition(":")[0]
        raise RegistryError(
            "RegistryUnknown", f"The registry of {name} is in {kind}; only SQLite is read here."
        )

    def local(text: str) -> Path:
        return directory / text.replace("<butlerRoot>", str(directory)).removeprefix("file://")

    return RepositoryPaths(database=local(url.removeprefix("sqlite:///")), datastore_root=local(root))


@contextmanager
def read_transaction(name: str, database: Path) -> Iterator[tuple[sqlite3.Connection, Layout]]:
    """One committed state of the registry, for the time of the block. Takes a SHARED lock and nothing more."""
    if not database.exists():
        raise RegistryError("Unreachable", f"The registry {database} of {name} is not there (yet).")
    try:
        with closing(
            sqlite3.connect(
                f"file:{quote(str(database))}?mode=ro",
                uri=True,
                timeout=LOCK_WAIT_SECONDS,
                isolation_level=None,
            )
        ) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN")
            yield db, _layout(name, db)
    except sqlite3.Error as error:
        raise _named(name, database, error) from error


def columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _layout(name: str, db: sqlite3.Connection) -> Layout:
    attributes: dict[str, str] = dict(
        db.execute(
            "SELECT name, value FROM butler_attributes WHERE name NOT LIKE 'schema_digest:%'"
        ).fetchall()
    )
    for role, known in KNOWN_MANAGERS.items():
        manager = attributes.get(f"config:registry.managers.{role}")
        if manager is None:
            raise RegistryError("RegistryUnknown", f"The registry of {name} names no manager of its {role}.")
        version = str(attributes.get(f"version:{manager}", "none"))
        short = manager.rpartition(".")[2]
        if version.rpartition(".")[0] not in known.get(short, ()):
            raise RegistryError(
                "RegistryUnknown",
                f"The registry of {name} keeps its {role} by {short} version {version}, which this release does "
                "not know. Update the app.",
            )
    try:
        universe: Any = json.loads(attributes["config:dimensions.json"])
        space, version = universe.get("namespace", "daf_butler"), universe["version"]
    except (KeyError, ValueError, AttributeError) as error:
        raise RegistryError(
            "RegistryUnknown", f"The registry of {name} has no dimension universe."
        ) from error
    if space != "daf_butler" or version not in KNOWN_UNIVERSES:
        raise RegistryError(
            "RegistryUnknown",
            f"The registry of {name} has the dimension universe {space} version {version}, which this release "
            "does not know. Update the app.",
        )
    return Layout(
        # Since universe 6 `group` is a dimension, and a reserved word.
        group_column='"group"' if "group" in columns(db, "exposure") else "group_name",
        tables={
            row["name"]: DatasetTables(
                row["id"], row["tag_association_table"], row["calibration_association_table"]
            )
            for row in db.execute(
                "SELECT id, name, tag_association_table, calibration_association_table FROM dataset_type "
                "WHERE name IN ('raw', 'bias', 'dark', 'flat')"
            )
        },
    )


def _named(name: str, database: Path, error: sqlite3.Error) -> RegistryError:
    """What an error of SQLite means to an operator. Codes: sqlite.org/rescode.html; the low byte is the kind."""
    kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return RegistryError("RegistryBusy", f"The registry of {name} is locked by its writer.")
    if kind == sqlite3.SQLITE_READONLY:
        # Seen when a journal is hot: only a writer may roll it back, and this reader never writes.
        return RegistryError(
            "RegistryBusy",
            f"The writer of {name}'s registry stopped in the middle of a commit; it clears when the writer runs.",
        )
    if kind == sqlite3.SQLITE_CANTOPEN:
        return RegistryError("Unreachable", f"The registry {database} of {name} cannot be opened.")
    if kind == sqlite3.SQLITE_IOERR:
        return RegistryError("Unreachable", f"The file system of {name}'s registry failed: {error}.")
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return RegistryError("Bug", f"The registry {database} of {name} is damaged: {error}.")
    if kind == sqlite3.SQLITE_ERROR and "no such" in str(error):
        return RegistryError("RegistryUnknown", f"The registry of {name} lacks a table or column: {error}.")
    return RegistryError("Bug", f"The registry of {name} could not be read: {error}.")
