"""The runs of the simulator that make up a site's night: the state that it and the EFD generator share.

``night.json`` holds a run for each start of the simulator. Only the last is open, and only while its simulator lives:
a run ends with its last exposure whose raw landed, so that nobody tells of exposures that never were.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ..site import Site

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
_VERSION = 2
_RUNS_KEPT = 200


def day_obs_of(tai_ns: int) -> int:
    """YYYYMMDD; it rolls over at TAI - 12 h."""
    return int(datetime.fromtimestamp((tai_ns - DAY_NS // 2) // SECOND_NS, UTC).strftime("%Y%m%d"))


@dataclass(frozen=True)
class Run:
    """Exposures from ``first_index`` on, one each cadence. ``seq_num`` is the first one's; each new day begins at 1."""

    first_index: int
    seq_num: int
    begin_tai_ns: int
    cadence_ns: int
    scenario: str
    count: int | None = None
    """None while the simulator may still add to it."""

    def opens_tai_ns(self, slot: int) -> int:
        return self.begin_tai_ns + slot * self.cadence_ns

    def number(self, slot: int) -> tuple[int, int]:
        """day_obs and seq_num."""
        day_obs = day_obs_of(self.opens_tai_ns(slot))
        if day_obs == day_obs_of(self.begin_tai_ns):
            return day_obs, self.seq_num + slot
        return day_obs, slot - self._first_slot_of(day_obs) + 1

    def slot(self, day_obs: int, seq_num: int) -> int | None:
        """The inverse of ``number``; None for what is not of this run."""
        if day_obs == day_obs_of(self.begin_tai_ns):
            slot = seq_num - self.seq_num
        elif day_obs > day_obs_of(self.begin_tai_ns):
            slot = self._first_slot_of(day_obs) + seq_num - 1
        else:
            return None
        known = slot >= 0 and (self.count is None or slot < self.count)
        return slot if known and self.number(slot) == (day_obs, seq_num) else None

    def _first_slot_of(self, day_obs: int) -> int:
        noon = datetime.strptime(f"{day_obs} 12 +0000", "%Y%m%d %H %z")
        return -(-(round(noon.timestamp()) * SECOND_NS - self.begin_tai_ns) // self.cadence_ns)


@contextmanager
def taking_exposures(site: Site) -> Iterator[None]:
    """For the simulator: runs stay open while this is held. The system lets go of it when the process is killed.

    Raises RuntimeError when another simulator holds it.
    """
    with _locked(site.night_path):
        holder = os.open(_taker_path(site), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(holder)
            raise RuntimeError("Another simulator takes the exposures of this site.") from None
        _close_last_run(site)
    try:
        yield
    finally:
        os.close(holder)


def runs_so_far(site: Site) -> tuple[Run, ...]:
    """A run that its simulator left open is ended first."""
    with _locked(site.night_path):
        return _read(site) if _is_taken(site) else _close_last_run(site)


def begin_run(site: Site, begin_tai_ns: int) -> tuple[Run, ...]:
    """Ends the last run with what landed of it and adds a new one, whose numbers go on.

    It stays open as long as ``taking_exposures`` is held.
    """
    today = day_obs_of(begin_tai_ns)
    with _locked(site.night_path):
        runs = _close_last_run(site)
        run = Run(
            first_index=runs[-1].first_index + (runs[-1].count or 0) if runs else 0,
            seq_num=max((seq_num for day_obs, seq_num in _landed(site) if day_obs == today), default=0) + 1,
            begin_tai_ns=begin_tai_ns,
            cadence_ns=round(site.simulator.cadence_seconds * SECOND_NS),
            scenario=site.simulator.scenario,
        )
        runs = (*runs[-_RUNS_KEPT:], run)
        _write(site, runs)
        return runs


def _taker_path(site: Site) -> Path:
    return site.night_path.with_suffix(".taker")


def _is_taken(site: Site) -> bool:
    try:
        probe = os.open(_taker_path(site), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(probe)


def _close_last_run(site: Site) -> tuple[Run, ...]:
    """Under the lock."""
    runs = _read(site)
    if not runs or runs[-1].count is not None:
        return runs
    last = runs[-1]
    slots = [slot for numbers in _landed(site) if (slot := last.slot(*numbers)) is not None]
    runs = (*runs[:-1], replace(last, count=max(slots) + 1)) if slots else runs[:-1]
    _write(site, runs)
    return runs


def _landed(site: Site) -> Iterator[tuple[int, int]]:
    """day_obs and seq_num of the raws that landed: their truth is kept when the raws have expired."""
    for folder in (site.truth_dir, site.staging_dir):
        if folder.is_dir():
            for path in folder.iterdir():
                if found := re.match(r"AT_O_(\d{8})_(\d{6})[._]", path.name):
                    yield int(found[1]), int(found[2])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _read(site: Site) -> tuple[Run, ...]:
    try:
        kept = json.loads(site.night_path.read_text())
    except FileNotFoundError:
        return ()
    # A state of another version only loses the memory of earlier exposures; the numbers still go on.
    return tuple(Run(**run) for run in kept["runs"]) if kept.get("version") == _VERSION else ()


def _write(site: Site, runs: tuple[Run, ...]) -> None:
    scratch = site.night_path.with_suffix(".new")
    scratch.write_text(json.dumps({"version": _VERSION, "runs": [asdict(run) for run in runs]}))
    scratch.replace(site.night_path)
