"""Keeps the night table of a repository: copies the registry, reads headers, has raws measured, gives the answers.

The registry's newest rows are copied within a second of each commit. Headers follow, newest first; measuring takes one
raw at a time. Both pause for as long as they worked, so that a backlog leaves room for everything else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from .measurer import Measurer, MeasurerAway, NotMeasured
from .night_table import TRIES, Due, NightTable
from .raw_header import BadHeader, header_columns, read_primary_header
from .registry import RegistryReader
from .registry_file import RegistryError

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
NEWEST = 500
"""Exposures copied after each commit, some milliseconds; a copy of all follows when it is due."""
COPY_SHARE = 0.05
"""Of the time, for copies of all: those of 100,000 exposures take a second each."""
HEADERS_AT_ONCE = 20
TROUBLE_SECONDS = 5.0

P = ParamSpec("P")
T = TypeVar("T")

Found = tuple[dict[str, Any], str | None]
"""Values by column and what was wrong."""


class NightKeeper:
    """Used from one event loop. The table has a thread of its own, and files are read in others: neither a long answer
    nor a slow file system holds up the rest of the service."""

    def __init__(self, reader: RegistryReader, path: Path, measurer: Measurer) -> None:
        self.reader = reader
        self._path = path
        self._measurer = measurer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"night-{reader.name}")
        self._table: NightTable | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._looked = asyncio.Event()
        self._stale: RegistryError | None = None
        self._as_of_unix_ms: float | None = None
        self._signature: tuple[int, ...] | None = None
        self._signature_of_all: tuple[int, ...] | None = None
        self._next_copy_of_all = 0.0

    def start(self) -> None:
        """Begins to work, in the running event loop. Does nothing when it works already."""
        if not self._tasks:
            steps = (self._copy, self._read_headers, self._measure)
            self._tasks = [asyncio.create_task(self._repeated(step)) for step in steps]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._table is not None:
            await self.ask(NightTable.close)
            self._table = None
        self._thread.shutdown()

    async def as_of_unix_ms(self) -> float:
        """When the table was last known to have what the registry holds. Raises RegistryError before the first time."""
        self.start()
        await self._looked.wait()
        if self._as_of_unix_ms is None:
            raise self._stale or RegistryError("Bug", f"The night table of {self.reader.name} is closed.")
        return self._as_of_unix_ms

    async def ask(
        self, method: Callable[Concatenate[NightTable, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """Calls a method of the table in its thread, one after the other."""

        def call() -> T:
            if self._table is None:
                self._table = NightTable(self._path)
            return method(self._table, *arguments, **named)

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    # --- what it does over and over ------------------------------------------------------

    async def _repeated(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except RegistryError as error:
                if self._stale is None or self._stale.to_wire() != error.to_wire():
                    log.warning("%s: %s", error.tag, error.message)
                self._stale = error
                self._looked.set()
                await asyncio.sleep(LOOK_SECONDS)
            except MeasurerAway as error:
                log.warning("%s", error)
                await asyncio.sleep(TROUBLE_SECONDS)
            except Exception as error:
                log.exception("the night table of %s", self.reader.name)
                self._stale = RegistryError("Bug", f"The night table of {self.reader.name} failed: {error}")
                self._looked.set()
                await asyncio.sleep(TROUBLE_SECONDS)

    async def _copy(self) -> None:
        # Taken before reading: a commit during the reading differs from it and is read at the next turn.
        signature = await asyncio.to_thread(self.reader.signature)
        now = time.time() * 1000
        begin = time.monotonic()
        if signature is None or signature != self._signature_of_all:
            if self._as_of_unix_ms is None or begin >= self._next_copy_of_all:
                await self.ask(NightTable.copy_registry, self.reader, now)
                end = time.monotonic()
                self._next_copy_of_all = end + (end - begin) / COPY_SHARE
                self._signature_of_all = signature
            elif signature != self._signature:
                await self.ask(NightTable.copy_registry, self.reader, now, NEWEST)
        self._signature = signature
        self._as_of_unix_ms = now
        self._stale = None
        self._looked.set()
        await asyncio.sleep(LOOK_SECONDS)

    async def _read_headers(self) -> None:
        await self._looked.wait()
        begin = time.monotonic()
        due = await self.ask(NightTable.headers_due, time.time() * 1000, HEADERS_AT_ONCE)
        for one in due:
            found = await asyncio.to_thread(self._header_of, one)
            if found is None:
                await self.ask(NightTable.postpone_header, one)
            else:
                await self.ask(NightTable.put_header, one, *found)
        await asyncio.sleep(time.monotonic() - begin if due else LOOK_SECONDS)

    def _header_of(self, due: Due) -> Found | None:
        """None where another try may succeed."""
        try:
            header = read_primary_header(self._path_of(due))
        except NotMeasured as error:
            return {}, str(error)
        except BadHeader as error:
            return {}, f"The raw {error}."
        except OSError as error:
            if due.tries + 1 < TRIES:
                return None
            return {}, f"The raw cannot be read: {error.strerror}."
        values, problems = header_columns(header)
        return values, f"{'; '.join(problems)}." if problems else None

    async def _measure(self) -> None:
        await self._looked.wait()
        due = await self.ask(NightTable.measuring_due, time.time() * 1000)
        if due is None:
            await asyncio.sleep(LOOK_SECONDS)
            return
        await self._measurer.ready()
        begin = time.monotonic()
        found = await self._measures_of(due)
        if found is not None:
            await self.ask(NightTable.put_measures, due, *found)
        await asyncio.sleep(time.monotonic() - begin)

    async def _measures_of(self, due: Due) -> Found | None:
        """None where another try may succeed."""
        if due.tries >= TRIES:
            return {}, "The service ended each time that it measured this raw."
        try:
            path = await asyncio.to_thread(self._path_of, due)
            await self.ask(NightTable.begin_measuring, due)
            return await self._measurer.measure(path, due.observation_type), None
        except NotMeasured as error:
            return None if error.again and due.tries + 1 < TRIES else ({}, str(error))

    def _path_of(self, due: Due) -> Path:
        try:
            return self.reader.file(due.raw)
        except RegistryError as error:
            if error.tag in ("NotFound", "AccessDenied"):
                raise NotMeasured(error.message, again=False) from error
            raise
