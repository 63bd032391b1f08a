"""The one description of a running site, written by the launcher and read by every Python process.

Secrets are not in it: they are in ``secrets.json`` beside it (mode 0600), or in the environment.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Repository:
    """A Butler repository that the site serves."""

    name: str
    directory: Path
    instrument: str
    role: str
    """OODS, DBB, LDF or other."""
    lifetime_seconds: float | None
    """Age at which raws leave it; None where nothing expires."""
    simulated: bool
    """Whether our own ingester feeds it from the staging folder."""


@dataclass(frozen=True)
class Simulator:
    enabled: bool
    cadence_seconds: float
    """Mean time between the starts of two exposures."""
    scenario: str
    seed: int


@dataclass(frozen=True)
class Site:
    """Paths are absolute; URLs have no trailing slash."""

    name: str
    instrument: str
    state_dir: Path
    log_dir: Path
    web_dir: Path
    """The built app (index.html, kiosk.html, panel.html, assets/)."""
    public_url: str
    """What a browser opens: the proxy, for example http://127.0.0.1:8888."""
    hub_base: str
    """Base path of the Hub, with both slashes: /nb/."""
    hub_port: int
    proxy_api_port: int
    service_port: int
    proxy_command: tuple[str, ...]
    influxdb_url: str | None
    """None where there is no EFD; ``efd_reason`` says why."""
    efd_database: str
    efd_reason: str | None
    portal_origins: tuple[str, ...]
    """Origins that may embed /panel."""
    repositories: tuple[Repository, ...]
    simulator: Simulator

    @property
    def staging_dir(self) -> Path:
        """Where the camera's files land, by atomic rename."""
        return self.state_dir / "staging"

    @property
    def bad_dir(self) -> Path:
        """Files that the ingester refused, each with a note ``NAME.json``."""
        return self.state_dir / "bad"

    @property
    def truth_dir(self) -> Path:
        return self.state_dir / "truth"

    @property
    def masters_dir(self) -> Path:
        """Simulated master calibs and ``masters.json``, their manifest."""
        return self.state_dir / "masters"

    @property
    def night_path(self) -> Path:
        """State of the simulated night, shared by the simulator and the EFD generator."""
        return self.state_dir / "night.json"

    @property
    def service_prefix(self) -> str:
        """Path of the app and its API, with both slashes."""
        return f"{self.hub_base}services/summit/"

    def repository(self, name: str) -> Repository:
        for repository in self.repositories:
            if repository.name == name:
                return repository
        raise KeyError(name)


def load_site(path: str | Path) -> Site:
    """Read ``site.json``. Raises ValueError with the file and the field when it does not fit."""
    path = Path(path)
    try:
        raw: dict[str, Any] = json.loads(path.read_text())
        repositories = tuple(
            Repository(
                name=r["name"],
                directory=Path(r["directory"]),
                instrument=r["instrument"],
                role=r["role"],
                lifetime_seconds=r["lifetimeSeconds"],
                simulated=r["simulated"],
            )
            for r in raw["repositories"]
        )
        simulator = Simulator(
            enabled=raw["simulator"]["enabled"],
            cadence_seconds=float(raw["simulator"]["cadenceSeconds"]),
            scenario=raw["simulator"]["scenario"],
            seed=int(raw["simulator"]["seed"]),
        )
        return Site(
            name=raw["name"],
            instrument=raw["instrument"],
            state_dir=Path(raw["stateDir"]),
            log_dir=Path(raw["logDir"]),
            web_dir=Path(raw["webDir"]),
            public_url=raw["publicUrl"],
            hub_base=raw["hubBase"],
            hub_port=int(raw["hubPort"]),
            proxy_api_port=int(raw["proxyApiPort"]),
            service_port=int(raw["servicePort"]),
            proxy_command=tuple(raw["proxyCommand"]),
            influxdb_url=raw["influxdbUrl"],
            efd_database=raw["efdDatabase"],
            efd_reason=raw["efdReason"],
            portal_origins=tuple(raw["portalOrigins"]),
            repositories=repositories,
            simulator=simulator,
        )
    except KeyError as missing:
        raise ValueError(
            f"{path}: field {missing} is missing; start the site again to rewrite the file"
        ) from missing


def load_secret(site: Site, name: str) -> str:
    """A random secret of this site, made at first use and kept in ``secrets.json`` (mode 0600).

    Processes that start together may ask at once: the file is created under a lock and replaced atomically.
    """
    import fcntl

    path = site.state_dir / "secrets.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_hex(32)
            scratch = path.with_suffix(".new")
            with os.fdopen(os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
                json.dump(known, out)
            scratch.replace(path)
        return known[name]
    finally:
        os.close(lock)
