"""Routes `api/repositories/...`: exposure list, exposures, calibs, files. See ``docs/http-api.md``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from summit_notebook.hub_service.base import DataHandler
from summit_notebook.hub_service.exposure_watch import ExposureWatch
from summit_notebook.hub_service.file_stream import send_file
from summit_notebook.hub_service.measurer import MeasurerAway, NotMeasured
from summit_notebook.hub_service.previews import Previews
from summit_notebook.hub_service.refusals import Refusals
from summit_notebook.hub_service.registry import CALIB_TYPES, RegistryReader
from summit_notebook.hub_service.registry_file import RegistryError
from summit_notebook.site import Site

LONGEST_WAIT_SECONDS = 25.0
"""Shorter than the 60 s after which proxies give up on a silent answer."""


class RepositoryData:
    """A served repository: its reader, its watcher and the previews, shared by all requests."""

    def __init__(self, reader: RegistryReader, refusals: Refusals | None, previews: Previews) -> None:
        self.reader = reader
        self.watch = ExposureWatch(reader, refusals)
        self.previews = previews


class RepositoryHandler(DataHandler):
    def initialize(self, repositories: dict[str, RepositoryData]) -> None:
        self.repositories = repositories

    def repository(self, name: str) -> RepositoryData:
        try:
            return self.repositories[name]
        except KeyError:
            raise RegistryError("NotFound", f"This site has no repository {name!r}.") from None

    async def path_of(self, name: str, dataset_id: str) -> Path:
        repository = self.repository(name)
        try:
            return await asyncio.to_thread(repository.reader.file, dataset_id)
        except RegistryError as error:
            if error.tag == "NotFound" and repository.watch.has_expired(dataset_id):
                raise _expired(name) from error
            raise

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
        path = await self.path_of(name, dataset_id)
        with _told(name):
            await send_file(self, path, body=body)


class PreviewHandler(RepositoryHandler):
    async def get(self, name: str, dataset_id: str) -> None:
        path = await self.path_of(name, dataset_id)
        masters = await self._masters(name)
        try:
            with _told(name):
                preview = await self.repository(name).previews.of(path, masters)
        except NotMeasured as problem:
            raise RegistryError(
                "Unreachable" if problem.again else "MalformedFits", str(problem)
            ) from problem
        except MeasurerAway as problem:
            raise RegistryError("Unreachable", str(problem)) from problem
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Preview-Size", f"{preview.width} {preview.height}")
        self.set_header("X-Preview-Bin", str(preview.bin_px))
        self.set_header("X-Preview-Steps", ",".join(preview.steps))
        self.finish(preview.pixels)

    async def _masters(self, name: str) -> dict[str, Path]:
        """Of those that the query names by their dataset ids, the ones that are known: a picture comes without the
        others, and says so."""
        named = {kind: self.get_query_argument(kind, None) for kind in CALIB_TYPES}
        found = {}
        for kind, dataset_id in named.items():
            if dataset_id is not None:
                with suppress(RegistryError):
                    found[kind] = await self.path_of(name, dataset_id)
        return found


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _expired(name) from error
    except OSError as error:
        raise RegistryError(
            "Unreachable", f"The file cannot be read from {name}: {error.strerror}."
        ) from error


def _expired(name: str) -> RegistryError:
    return RegistryError(
        "Expired", f"The file has left {name}. Look for the exposure in a long-term repository."
    )


def data_routes(prefix: str, site: Site, previews: Previews) -> list[tuple[Any, ...]]:
    """Routes for a tornado application. Watchers start with the first question and end with the event loop."""
    repositories = {
        r.name: RepositoryData(
            RegistryReader(r.name, r.directory, r.instrument),
            Refusals(site.bad_dir) if r.simulated else None,
            previews,
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
        (rf"{below}/files/([^/]+)/preview", PreviewHandler, settings),
    ]
