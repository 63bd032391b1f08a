"""The OODS ingester: from the staging folder into the Butler repository, and out again later.

    python -m summit_notebook.oods.ingester --site STATE/site.json

The way of a file: it lands in the staging folder by atomic rename, its header is read, it is renamed into
``raw/DAY_OBS/EXPOSURE/`` of the repository and registered there in one commit. Cut off at any moment it is
either still in staging or in the repository, where the next start registers it. A file that cannot be an
exposure goes to ``bad/`` with the reason beside it and never holds up the others.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path

from astropy.io import fits
from astropy.time import Time, TimeDelta
from sqlalchemy.exc import OperationalError

from summit_notebook.oods.header import BadRaw, ExposureRecords, exposure_records, obs_id_in, obs_id_of
from summit_notebook.oods.repository import NotOurs, OodsRepository
from summit_notebook.site import Repository, Site, load_site

log = logging.getLogger("oods")

SCAN_SECONDS = 0.1
"""A scan of an idle folder costs some 50 us."""
BATCH = 20
BAD_KEPT = 100
"""Bad files kept for inspection; the oldest go first."""
REASON_CHARACTERS = 500
UNREADABLE_RETRY_SECONDS = 30.0
MACHINE_ERRNOS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Any other failure to open one file is told of that file alone."""


class Ingester:
    def __init__(self, site: Site, repository: Repository) -> None:
        self.oods = OodsRepository(repository)
        self.staging = site.staging_dir
        self.bad = site.bad_dir
        self.manifest = site.masters_dir / "masters.json"
        self.lifetime = repository.lifetime_seconds
        for directory in (self.staging, self.bad, self.oods.root / "raw"):
            directory.mkdir(parents=True, exist_ok=True)
        if self.staging.stat().st_dev != (self.oods.root / "raw").stat().st_dev:
            raise OSError(
                f"{self.staging} and {self.oods.root} are on different file systems, but files move between "
                "them by rename: put both under one state directory"
            )
        self.known = self.oods.registered_raws()
        self._manifest_seen: int | None = None
        self._unreadable: dict[Path, tuple[int, float]] = {}
        """Files that could not be opened: their ctime then, and when to try again."""
        self._next_expiry = 0.0

    def close(self) -> None:
        self.oods.close()

    def run(self, stop: threading.Event) -> None:
        recovered = False
        while not stop.is_set():
            pause = SCAN_SECONDS
            try:
                if not recovered:
                    self.recover()
                    recovered = True
                self.certify_new_masters()
                if self.ingest_batch() == BATCH:
                    continue  # behind: go on at once
                self.expire_when_due()
            except (OSError, MemoryError, OperationalError) as error:
                # Disk full, folder unmounted, registry locked: no file is at fault, so none is refused.
                log.error("cannot work now, trying again in 2 s: %s", error)
                pause = 2.0
            stop.wait(pause)

    # --- raws ------------------------------------------------------------

    def ingest_batch(self) -> int:
        """Take in the newest files of the staging folder; returns how many were dealt with."""
        landed = self._readable(_landed(self.staging))
        batch = [path for _, path in landed[-BATCH:]]
        if len(landed) > BATCH:
            log.info("%d files wait; newest %d first", len(landed), BATCH)
        ready = [(records, path) for path in batch if (records := self._read(path)) is not None]
        # Two files of one exposure in a batch: the first to land wins, as it would have in two batches.
        first: dict[int, Path] = {}
        for records, path in ready:
            if first.setdefault(records.exposure, path) != path:
                self._refuse(
                    path,
                    f"exposure {records.exposure} is in {first[records.exposure].name} already",
                    records.obs_id,
                )
        ready = [(records, path) for records, path in ready if first[records.exposure] == path]
        moved = []
        for records, path in ready:
            target = self.oods.root / "raw" / str(records.day_obs) / str(records.exposure) / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            moved.append((records, target))
        self._register(moved)
        return len(batch)

    def recover(self) -> None:
        """Register what an earlier run moved into the repository and could not commit."""
        registered = set(self.known.values())
        orphans = [path for path in sorted(self.oods.root.glob("raw/*/*/*.fits*")) if path not in registered]
        for start in range(0, len(orphans), BATCH):
            batch = orphans[start : start + BATCH]
            self._register([(r, path) for path in batch if (r := self._read(path)) is not None])
        if orphans:
            log.info("found %d raws that an earlier run had not registered", len(orphans))

    def _read(self, path: Path) -> ExposureRecords | None:
        """Records of a file, or None when it was refused. Pixels are not looked at: a raw cut short is still
        registered, as a real OODS does, and the reader of its pixels names the fault."""
        header = fits.Header()
        try:
            # astropy warns of every card that bends the standard; the cards that matter are checked below.
            with warnings.catch_warnings(action="ignore"):
                header = fits.getheader(path, 0)
                records = exposure_records(header, self.oods.instrument)
            if records.exposure in self.known:
                raise BadRaw(f"{records.obs_id} is registered already as {self.known[records.exposure].name}")
            self._unreadable.pop(path, None)
            return records
        except BadRaw as reason:
            self._refuse(path, str(reason), obs_id_of(header))
        except MemoryError:
            raise
        except Exception as error:
            # What astropy raises on a damaged file is no closed list: KeyError, TypeError, zlib.error, ...
            if isinstance(error, OSError) and error.errno is not None:
                self._set_aside(path, error)
            else:
                self._refuse(
                    path, f"not a FITS file with a readable header: {_cause(error)}", obs_id_of(header)
                )
        return None

    def _set_aside(self, path: Path, error: OSError) -> None:
        """A file that cannot be opened, which is not its content's fault: it stays, and the others go on."""
        if error.errno in MACHINE_ERRNOS:
            raise error
        try:
            changed = path.stat().st_ctime_ns
        except FileNotFoundError:
            return  # taken away by somebody, which is their right
        if path not in self._unreadable:
            log.error("%s cannot be opened and waits in its folder: %s", path.name, error.strerror)
        self._unreadable[path] = (changed, time.monotonic() + UNREADABLE_RETRY_SECONDS)

    def _readable(self, landed: list[tuple[int, Path]]) -> list[tuple[int, Path]]:
        """Without the files set aside, until their time has come or somebody has changed their permissions."""
        if not self._unreadable:
            return landed
        present = {path for _, path in landed}
        self._unreadable = {path: kept for path, kept in self._unreadable.items() if path in present}
        waiting = set()
        for path, (changed, again) in self._unreadable.items():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ctime_ns == changed and time.monotonic() < again:
                    waiting.add(path)
        return [entry for entry in landed if entry[1] not in waiting]

    def _register(self, raws: list[tuple[ExposureRecords, Path]]) -> None:
        if not raws:
            return
        try:
            self.oods.ingest(raws)
        except (OSError, MemoryError, OperationalError):
            # Back where they came from, to be taken again.
            for _, path in raws:
                path.rename(self.staging / path.name)
            raise
        except Exception as error:
            if len(raws) > 1:
                for raw in raws:
                    self._register([raw])
            else:
                records, path = raws[0]
                self._refuse(path, f"the registry refuses it: {_cause(error)}", records.obs_id)
            return
        committed = time.time()
        for records, path in raws:
            self.known[records.exposure] = path
            log.info(
                "%s %s registered %.2f s after it landed",
                records.obs_id,
                records.record["observation_type"],
                committed - path.stat().st_mtime,
            )

    def _refuse(self, path: Path, reason: str, obs_id: str | None) -> None:
        reason = " ".join(reason.split())[:REASON_CHARACTERS]
        log.warning("%s is refused: %s", path.name, reason)
        self._unreadable.pop(path, None)
        # Room for a number before it and `.json.part` behind it in the 255 bytes of a name.
        name = os.fsdecode(os.fsencode(path.name)[-200:])
        target = self.bad / name
        count = 1
        while target.exists():
            count += 1
            target = self.bad / f"{count}-{name}"
        note = {
            "file": path.name,
            "obsId": obs_id or obs_id_in(path.name),
            "reason": reason,
            "refusedUnixMs": round(time.time() * 1000),
        }
        # Renamed into place: the Hub service reads the notes as they appear.
        scratch = target.with_name(f".{target.name}.json.part")
        scratch.write_text(json.dumps(note, indent=1) + "\n")
        scratch.rename(target.with_name(target.name + ".json"))
        path.rename(target)
        kept = _landed(self.bad, ".json")
        for _, note_path in kept[:-BAD_KEPT]:
            note_path.unlink()
            note_path.with_suffix("").unlink(missing_ok=True)

    # --- calibs and expiry ------------------------------------------------------------

    def certify_new_masters(self) -> None:
        try:
            seen = self.manifest.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if seen == self._manifest_seen:
            return
        # Remembered first: a manifest that is wrong is reported once, not ten times a second.
        self._manifest_seen = seen
        try:
            count = self.oods.certify(self.manifest)
        except (KeyError, ValueError, FileNotFoundError) as error:
            log.error("%s does not fit, no calibs from it: %r", self.manifest, error)
            return
        if count:
            log.info("certified %d masters of %s", count, self.manifest)

    def expire_when_due(self) -> None:
        now = time.monotonic()
        if self.lifetime is None or now < self._next_expiry:
            return
        self._next_expiry = now + min(30.0, max(1.0, self.lifetime / 20))
        gone = self.oods.expire(Time.now() - TimeDelta(self.lifetime, format="sec"))
        for exposure, _ in gone:
            self.known.pop(exposure, None)
        if gone:
            log.info("%d raws left after %g s: %s", len(gone), self.lifetime, _span([e for e, _ in gone]))


def _landed(directory: Path, ending: str = "") -> list[tuple[int, Path]]:
    """Files and their landing times in ns, oldest first. Names that begin with a dot are being written."""
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            wanted = entry.name.endswith(ending) if ending else ".fits" in entry.name
            if wanted and not entry.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        found.append((entry.stat(follow_symlinks=False).st_mtime_ns, Path(entry.path)))
    return sorted(found)


def _cause(error: Exception) -> str:
    # SQLAlchemy appends the whole statement to what the database said; KeyError quotes its message.
    said = getattr(error, "orig", None) or (error.args[0] if isinstance(error, KeyError) else error)
    return f"{said} ({type(error).__name__})"


def _span(exposures: list[int]) -> str:
    exposures.sort()
    return str(exposures[0]) if len(exposures) == 1 else f"{exposures[0]} to {exposures[-1]}"


def simulated_repository(site: Site) -> Repository:
    """The one repository that is ours to write."""
    ours = [repository for repository in site.repositories if repository.simulated]
    if len(ours) != 1:
        raise NotOurs(f"the site has {len(ours)} simulated repositories; the ingester feeds exactly one")
    return ours[0]


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Ingest landed raws into the OODS repository and expire old ones."
    )
    parser.add_argument("--site", required=True, type=Path, help="site.json of the running site")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        site = load_site(arguments.site)
        ingester = Ingester(site, simulated_repository(site))
    except (NotOurs, OSError, ValueError) as error:
        log.error("%s", error)
        return 1
    log.info("watching %s", ingester.staging)
    try:
        ingester.run(stop)
    finally:
        ingester.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
