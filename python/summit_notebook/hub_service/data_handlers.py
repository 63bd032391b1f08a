"""Routes `api/repositories/...`: exposure list, exposures, calibs, files. See ``docs/http-api.md``."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from tornado.web import HTTPError

from summit_notebook.hub_service.base import DataHandler
from summit_notebook.hub_service.exposure_watch import ExposureWatch
from summit_notebook.hub_service.file_stream import send_file
from summit_notebook.hub_service.refusals import Refusals
from summit_notebook.hub_service.registry import RegistryReader
from summit_notebook.hub_service.registry_file import RegistryError
from summit_notebook.site import Site

LONGEST_WAIT_SECONDS = 25.0
"""Shorter than the 60 s after which proxies give up on a silent answer."""


class RepositoryData:
    """A served repository: its reader and its watcher, shared by all requests."""

    def __init__(self, reader: RegistryReader, refusals: Refusals | None) -> None:
        self.reader = reader
        self.watch = ExposureWatch(reader, refusals)


class RepositoryHandler(DataHandler):
    def initialize(self, repositories: dict[str, RepositoryData]) -> None:
        self.repositories = repositories

    def repository(self, name: str) -> RepositoryData:
        try:
            return self.repositories[name]
        except KeyError:
            raise RegistryError("NotFound", f"This site has no repository {name!r}.") from None

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        # Named states of a registry are answers, not faults of the service: no traceback in the log.
        if not isinstance(value, RegistryError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, RegistryError):
            self.fail(error.tag, error.message)
        else:
            super().write_error(status_code, **kwargs)

    def number(self, name: str) -> int:
        """A query argument that is a whole number of a size that SQLite holds."""
        text = self.get_query_argument(name)
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise HTTPError(400, reason=f"{name} is not a whole number")
        return int(text)


class ExposuresHandler(RepositoryHandler):
    _waits: asyncio.Task[dict[str, Any]] | None = None

    async def get(self, name: str) -> None:
        watch = self.repository(name).watch
        since = None if self.get_query_argument("since", None) is None else self.number("since")
        wait = 0 if self.get_query_argument("wait", None) is None else self.number("wait")
        self._waits = asyncio.ensure_future(watch.changes(since, min(wait, LONGEST_WAIT_SECONDS)))
        try:
            answer = await self._waits
        except asyncio.CancelledError:
            if self._waits.cancelled():
                return  # the browser has gone
            raise
        self.finish(answer)

    def on_connection_close(self) -> None:
        if self._waits is not None:
            self._waits.cancel()


class ExposureHandler(RepositoryHandler):
    async def get(self, name: str, exposure: str) -> None:
        reader = self.repository(name).reader
        self.finish(await asyncio.to_thread(reader.exposure, int(exposure)))


class NumberedExposureHandler(RepositoryHandler):
    async def get(self, name: str, day_obs: str, seq_num: str) -> None:
        reader = self.repository(name).reader
        self.finish(await asyncio.to_thread(reader.exposure_numbered, int(day_obs), int(seq_num)))


class CalibsHandler(RepositoryHandler):
    async def get(self, name: str) -> None:
        reader = self.repository(name).reader
        exposure, detector = self.number("exposure"), self.number("detector")
        self.finish(await asyncio.to_thread(reader.calibs, exposure, detector))


class FileHandler(RepositoryHandler):
    async def get(self, name: str, dataset_id: str) -> None:
        await self._send(name, dataset_id, body=True)

    async def head(self, name: str, dataset_id: str) -> None:
        await self._send(name, dataset_id, body=False)

    async def _send(self, name: str, dataset_id: str, *, body: bool) -> None:
        repository = self.repository(name)
        expired = RegistryError(
            "Expired", f"The file has left {name}. Look for the exposure in a long-term repository."
        )
        try:
            path = await asyncio.to_thread(repository.reader.file, dataset_id)
        except RegistryError as error:
            if error.tag == "NotFound" and repository.watch.has_expired(dataset_id):
                raise expired from error
            raise
        try:
            await send_file(self, path, body=body)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise expired from error
        except OSError as error:
            raise RegistryError(
                "Unreachable", f"The file cannot be read from {name}: {error.strerror}."
            ) from error


def data_routes(prefix: str, site: Site) -> list[tuple[Any, ...]]:
    """Routes for a tornado application. Watchers start with the first question and end with the event loop."""
    repositories = {
        r.name: RepositoryData(
            RegistryReader(r.name, r.directory, r.instrument),
            Refusals(site.bad_dir) if r.simulated else None,
        )
        for r in site.repositories
    }
    settings = {"repositories": repositories}
    below = rf"{re.escape(prefix)}api/repositories/([^/]+)"
    return [
        (rf"{below}/exposures", ExposuresHandler, settings),
        (rf"{below}/exposures/(\d{{1,18}})", ExposureHandler, settings),
        (rf"{below}/exposures/(\d{{1,18}})/(\d{{1,18}})", NumberedExposureHandler, settings),
        (rf"{below}/calibs", CalibsHandler, settings),
        (rf"{below}/files/([^/]+)", FileHandler, settings),
    ]
