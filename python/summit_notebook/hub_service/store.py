"""Sessions and devices in a small SQLite file, so that they outlive a restart of the service and of the Hub.

Ids are kept as SHA-256: who reads the file cannot take over a session with it. The Hub's token has to be kept whole,
hence the file's mode 0600.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE session (
    id_hash TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    hub_token TEXT NOT NULL,
    created_s REAL NOT NULL,
    confirmed_s REAL NOT NULL
);
CREATE TABLE device (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_s REAL NOT NULL,
    last_seen_s REAL NOT NULL
);
"""


@dataclass(frozen=True)
class Session:
    id_hash: str
    user: str
    hub_token: str
    created_s: float
    confirmed_s: float
    """When the Hub last said that the token is good (POSIX seconds, as all times here)."""


@dataclass(frozen=True)
class Device:
    id: str
    label: str
    created_by: str
    created_s: float
    last_seen_s: float


def hash_of(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


class Store:
    """Every statement takes well under a millisecond, hence no thread and no await."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made with its mode before SQLite opens it: there is no moment at which others can read it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5)
        # A predecessor may still be ending while its successor starts: both write for a moment.
        self._db.execute("PRAGMA journal_mode=WAL")
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT")
        elif version != SCHEMA_VERSION:
            raise ValueError(
                f"{path} has version {version}, this release knows {SCHEMA_VERSION}: "
                "remove it (everybody signs in again) or start the newer release"
            )

    def close(self) -> None:
        self._db.close()

    def add_session(self, user: str, hub_token: str, now_s: float) -> str:
        """Returns the new session's id, which only the cookie then knows."""
        session_id = secrets.token_urlsafe(32)
        self._db.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?)", (hash_of(session_id), user, hub_token, now_s, now_s)
        )
        return session_id

    def find_session(self, session_id: str) -> Session | None:
        row = self._db.execute(
            "SELECT id_hash, user, hub_token, created_s, confirmed_s FROM session WHERE id_hash = ?",
            (hash_of(session_id),),
        ).fetchone()
        return Session(*row) if row else None

    def confirm_session(self, id_hash: str, now_s: float) -> None:
        self._db.execute("UPDATE session SET confirmed_s = ? WHERE id_hash = ?", (now_s, id_hash))

    def end_session(self, id_hash: str) -> None:
        self._db.execute("DELETE FROM session WHERE id_hash = ?", (id_hash,))

    def forget_sessions_before(self, created_s: float) -> None:
        self._db.execute("DELETE FROM session WHERE created_s < ?", (created_s,))

    def add_device(self, label: str, created_by: str, now_s: float) -> Device:
        device = Device(secrets.token_hex(16), label, created_by, now_s, now_s)
        self._db.execute(
            "INSERT INTO device VALUES (?, ?, ?, ?, ?)",
            (device.id, device.label, device.created_by, device.created_s, device.last_seen_s),
        )
        return device

    def find_device(self, device_id: str) -> Device | None:
        row = self._db.execute(
            "SELECT id, label, created_by, created_s, last_seen_s FROM device WHERE id = ?", (device_id,)
        ).fetchone()
        return Device(*row) if row else None

    def list_devices(self) -> list[Device]:
        rows = self._db.execute(
            "SELECT id, label, created_by, created_s, last_seen_s FROM device ORDER BY created_s"
        )
        return [Device(*row) for row in rows]

    def see_device(self, device_id: str, now_s: float) -> None:
        self._db.execute("UPDATE device SET last_seen_s = ? WHERE id = ?", (now_s, device_id))

    def end_device(self, device_id: str) -> bool:
        return self._db.execute("DELETE FROM device WHERE id = ?", (device_id,)).rowcount == 1
