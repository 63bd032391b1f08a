"""A service whose Hub was killed goes on serving. The service that the next Hub starts takes over from it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

ENDING_SECONDS = 5.0


def end_predecessor(pid_file: Path, site_path: str) -> None:
    """Ends the service that ``pid_file`` names if it is provably one of this site, and writes our own pid."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(pid_file.read_text())
        if pid != os.getpid() and _is_ours(pid, site_path):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + ENDING_SECONDS
            while _is_ours(pid, site_path) and time.monotonic() < deadline:
                time.sleep(0.05)
            if _is_ours(pid, site_path):
                os.kill(pid, signal.SIGKILL)
                time.sleep(0.1)
    pid_file.write_text(str(os.getpid()))


def _is_ours(pid: int, site_path: str) -> bool:
    """Same program and same site: pids are given anew, so the number alone proves nothing."""
    process = Path("/proc") / str(pid)
    try:
        command = process.joinpath("cmdline").read_bytes().split(b"\0")
        environment = process.joinpath("environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return (
        b"summit_notebook.hub_service" in command
        and f"SUMMIT_NOTEBOOK_SITE={site_path}".encode() in environment
    )
