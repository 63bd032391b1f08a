"""A real influxd for tests, on its own port with its own files, its accounts made by the generator's own set-up."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from summit_notebook.site import Simulator, Site

ROOT = Path(__file__).resolve().parents[2]


def find_influxd() -> str:
    """The server's path. Fails the test, since a machine that can have it must not skip it."""
    named = os.environ.get("SUMMIT_NOTEBOOK_INFLUXD") or shutil.which("influxd")
    if named:
        return named
    found = subprocess.run(
        ["node", str(ROOT / "scripts/influxd.mjs"), "--ensure"], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        pytest.fail(f"no influxd: {found.stderr.strip()}")
    return found.stdout.strip().splitlines()[-1]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


class InfluxServer:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "influxd.conf").write_text(
            f"""reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{directory}/meta"
[data]
  dir = "{directory}/data"
  wal-dir = "{directory}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  auth-enabled = true
  log-enabled = false
[logging]
  level = "warn"
"""
        )

    def start(self) -> None:
        log = (self.directory / "influxd.log").open("ab")
        self.process = subprocess.Popen(
            [find_influxd(), "-config", str(self.directory / "influxd.conf")], stdout=log, stderr=log
        )
        log.close()
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{self.url}/ping", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        pytest.fail(f"influxd did not come up: {(self.directory / 'influxd.log').read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


def make_site(directory: Path, influxdb_url: str | None) -> Site:
    return Site(
        name="Test site",
        instrument="LATISS",
        state_dir=directory,
        log_dir=directory / "log",
        web_dir=directory / "web",
        public_url="http://127.0.0.1:1",
        hub_base="/nb/",
        hub_port=1,
        proxy_api_port=1,
        service_port=1,
        proxy_command=(),
        influxdb_url=influxdb_url,
        efd_database="efd",
        efd_reason=None if influxdb_url else "This site has no EFD: it was started without influxd.",
        portal_origins=(),
        repositories=(),
        simulator=Simulator(enabled=True, cadence_seconds=15.0, scenario="night", seed=7),
    )


@contextmanager
def running_influx(directory: Path) -> Iterator[tuple[InfluxServer, Site]]:
    server = InfluxServer(directory / "influxdb")
    server.start()
    try:
        yield server, make_site(directory / "state", server.url)
    finally:
        server.stop()


def without_efd(site: Site) -> Site:
    return replace(
        site, influxdb_url=None, efd_reason="This site has no EFD: it was started without influxd."
    )
