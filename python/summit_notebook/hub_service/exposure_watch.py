"""One watcher per repository: sees each commit of the registry and tells what changed to those who wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from summit_notebook.hub_service.refusals import Refusals
from summit_notebook.hub_service.registry import RegistryReader
from summit_notebook.hub_service.registry_file import RegistryError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
IDLE_POLL_SECONDS = 1.0
"""While nobody waits for changes."""
BUSY_TOLERATED_SECONDS = 5.0
"""A locked registry is everyday life of its writer; only a lock that lasts is worth a word on the screens."""
CHANGES_KEPT = 500
EXPIRED_KEPT = 10_000


class ExposureWatch:
    """The newest exposures of one repository with a version that grows with each change.

    Used from one event loop; the registry is read in a thread. Where it cannot be read, the last good list stays,
    with the error beside it.
    """

    def __init__(
        self,
        reader: RegistryReader,
        refusals: Refusals | None = None,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.reader = reader
        self.refusals = refusals
        """None where another ingester feeds the repository."""
        self.poll_seconds = poll_seconds
        # Begins with the clock, so that a version of an earlier service process is never taken for ours.
        self.version = int(time.time() * 1000)
        self.stale: RegistryError | None = None
        self.as_of_unix_ms: float | None = None
        """When the list was last known to be what the registry holds; None before the first good reading."""
        self._exposures: dict[int, dict[str, Any]] = {}
        self._refused: list[dict[str, Any]] = []
        self._changes: deque[tuple[int, frozenset[int]]] = deque(maxlen=CHANGES_KEPT)
        self._expired: OrderedDict[str, None] = OrderedDict()
        self._signature: tuple[int, ...] | None = None
        self._task: asyncio.Task[None] | None = None
        self._checked = asyncio.Event()
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._waiting = 0

    def start(self) -> None:
        """Begins to watch, in the running event loop. Does nothing when it watches already."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def changes(self, since: int | None, wait_seconds: float) -> dict[str, Any]:
        """The answer of the route `exposures`. Raises RegistryError while the registry was never readable."""
        self.start()
        await self._checked.wait()
        if since is not None and since == self.version:
            await self._wait_for_change(wait_seconds)
        if self.as_of_unix_ms is None:
            assert self.stale is not None
            raise self.stale
        touched = None if since is None else self._touched(since)
        if touched is None:
            upserted = list(self._exposures.values())
            removed: list[int] = []
        else:
            upserted = [self._exposures[key] for key in self._exposures if key in touched]
            removed = sorted(touched - self._exposures.keys())
        return {
            "version": self.version,
            "asOfUnixMs": self.as_of_unix_ms,
            "reset": touched is None,
            "upserted": upserted,
            "removed": removed,
            "refused": self._refused,
            "stale": None if self.stale is None else self.stale.to_wire(),
        }

    def has_expired(self, dataset_id: str) -> bool:
        """Whether a dataset that the registry no longer knows was there while this service ran."""
        return dataset_id.replace("-", "").lower() in self._expired

    # --- the loop ----------------------------------------------------------------------

    async def _wait_for_change(self, seconds: float) -> None:
        with self._counted_as_waiting(), contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    @contextlib.contextmanager
    def _counted_as_waiting(self) -> Iterator[None]:
        self._waiting += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._wanted.clear()

    async def _watch(self) -> None:
        while True:
            try:
                # First: a file may be refused while the registry cannot be read.
                await self._check_refused()
                await self._check()
            except RegistryError as error:
                if not (error.tag == "RegistryBusy" and self._is_fresh()):
                    self._fail(error)
            except Exception as error:
                log.exception("watching %s failed", self.reader.name)
                self._fail(RegistryError("Bug", f"Watching {self.reader.name} failed: {error}"))
            self._checked.set()
            if self._waiting:
                await asyncio.sleep(self.poll_seconds)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), max(IDLE_POLL_SECONDS, self.poll_seconds))

    def _is_fresh(self) -> bool:
        now = time.time() * 1000
        return self.as_of_unix_ms is not None and now - self.as_of_unix_ms < BUSY_TOLERATED_SECONDS * 1000

    async def _check_refused(self) -> None:
        if self.refusals is None:
            return
        refused = await asyncio.to_thread(self.refusals.recent)
        if refused != self._refused:
            self._refused = refused
            self._announce(frozenset())

    async def _check(self) -> None:
        # Taken before reading: a commit during the reading differs from it and is read at the next turn.
        signature = await asyncio.to_thread(self.reader.signature)
        now = time.time() * 1000
        if signature is None or signature != self._signature or self.stale is not None:
            exposures = await asyncio.to_thread(self.reader.exposures)
            self._take(exposures)
            self._signature = signature
        self.as_of_unix_ms = now

    def _take(self, exposures: list[dict[str, Any]]) -> None:
        fresh = {exposure["exposure"]: exposure for exposure in exposures}
        touched = frozenset(
            key for key in fresh.keys() | self._exposures.keys() if fresh.get(key) != self._exposures.get(key)
        )
        if touched:
            kept = {raw["datasetId"] for key in touched & fresh.keys() for raw in fresh[key]["raws"]}
            for key in touched & self._exposures.keys():
                for raw in self._exposures[key]["raws"]:
                    if raw["datasetId"] not in kept:
                        self._expired[raw["datasetId"]] = None
            while len(self._expired) > EXPIRED_KEPT:
                self._expired.popitem(last=False)
        self._exposures = fresh
        if touched or self.stale is not None:
            self.stale = None
            self._announce(touched)

    def _fail(self, error: RegistryError) -> None:
        known = self.stale
        self.stale = error
        if known is None or known.to_wire() != error.to_wire():
            log.warning("%s: %s", error.tag, error.message)
            self._announce(frozenset())

    def _announce(self, touched: frozenset[int]) -> None:
        self.version += 1
        self._changes.append((self.version, touched))
        self._changed.set()
        # A new event for those who wait from now on; the old one stays set for those whom it wakes.
        self._changed = asyncio.Event()

    def _touched(self, since: int) -> frozenset[int] | None:
        """Ids that changed after a version; None when that version is not known here."""
        if since == self.version:
            return frozenset()
        oldest = self._changes[0][0] if self._changes else self.version
        if not oldest - 1 <= since <= self.version:
            return None
        return frozenset().union(*(ids for version, ids in self._changes if version > since))
