"""`POST api/efd/query`: the browser's way to InfluxDB.

The service holds the database's reader account; the browser never sees it. Answers are streamed through as they
come, and a browser that goes away takes its query with it: InfluxDB ends a query when its connection closes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from collections import defaultdict
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado import http1connection, httputil
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from summit_notebook.site import Site, load_secret

from .base import DataHandler
from .efd_query_guard import QueryRefused, checked_query

log = logging.getLogger(__name__)

READER = "reader"
READER_SECRET = "efd-reader"
"""Name of the account's password in the site's secrets; the EFD generator creates the account with it."""

CONCURRENT_PER_CALLER = 4
CONNECT_SECONDS = 3.0
FIRST_BYTE_SECONDS = 60.0
"""An aggregate over a night may take seconds before its first row."""


class UpstreamFailed(Exception):
    """InfluxDB did not give an answer; the message is a sentence for the operator."""


class _Answer(httputil.HTTPMessageDelegate):
    """Receives InfluxDB's answer: a good one goes on to the handler, another is kept for its error text."""

    def __init__(self, handler: EfdQueryHandler) -> None:
        self.handler = handler
        self.started = asyncio.Event()
        self.status = 0
        self.error_text = b""
        self.complete = False

    def headers_received(self, start_line: Any, headers: httputil.HTTPHeaders) -> None:
        self.status = start_line.code
        self.started.set()
        if self.status == 200:
            self.handler.set_header("Content-Type", "application/x-msgpack")

    async def _pass_on(self, chunk: bytes) -> None:
        self.handler.write(chunk)
        # Waits while the browser is slow, so that the service holds one chunk at most.
        with contextlib.suppress(StreamClosedError):  # on_connection_close ends the forwarding
            await self.handler.flush()

    def data_received(self, chunk: bytes) -> Any:
        if self.status == 200:
            return self._pass_on(chunk)
        self.error_text = (self.error_text + chunk)[:65_536]
        return None

    def finish(self) -> None:
        self.complete = True


class EfdQueryHandler(DataHandler):
    site: Site
    slots: defaultdict[str, asyncio.Semaphore]

    def initialize(self, site: Site, slots: defaultdict[str, asyncio.Semaphore]) -> None:
        self.site = site
        self.slots = slots
        self._forwarding: asyncio.Task[None] | None = None

    async def post(self) -> None:
        if self.site.influxdb_url is None:
            self.fail("NotFound", self.site.efd_reason or "This site has no EFD.", status=503)
            return
        try:
            body = json.loads(self.request.body)
        except ValueError:
            body = None
        try:
            query = checked_query(body.get("q") if isinstance(body, dict) else None, self.site.efd_database)
        except QueryRefused as refused:
            self.fail("AccessDenied", str(refused), status=403)
            return
        self._forwarding = asyncio.create_task(self._forward_in_turn(query))
        try:
            await self._forwarding
        except asyncio.CancelledError:
            if not self._forwarding.cancelled():
                raise
            # The browser went away; nobody reads an answer.
        except UpstreamFailed as failed:
            if self._headers_written:
                # Without its last chunk the answer is a broken stream to the browser, not a short one.
                log.warning("EFD answer broken off: %s", failed)
                self.detach().close()
            else:
                self.fail("Unreachable", str(failed))

    def on_connection_close(self) -> None:
        if self._forwarding is not None:
            self._forwarding.cancel()
        super().on_connection_close()

    async def _forward_in_turn(self, query: str) -> None:
        async with self.slots[f"{self.caller.user}/{self.caller.device_id}"]:
            await self._forward(query)

    async def _forward(self, query: str) -> None:
        assert self.site.influxdb_url is not None
        url = urlsplit(self.site.influxdb_url)
        host, port = url.hostname or "127.0.0.1", url.port or 8086
        try:
            stream: IOStream = await asyncio.wait_for(TCPClient().connect(host, port), CONNECT_SECONDS)
        except (OSError, StreamClosedError, TimeoutError) as cause:
            raise UpstreamFailed(
                "InfluxDB does not answer; the EFD is read again as soon as it does."
            ) from cause
        try:
            await self._exchange(stream, f"{host}:{port}", query)
        finally:
            stream.close()

    async def _exchange(self, stream: IOStream, host: str, query: str) -> None:
        connection = http1connection.HTTP1Connection(stream, is_client=True)
        body = urlencode({"q": query}).encode()
        account = f"{READER}:{load_secret(self.site, READER_SECRET)}"
        parameters = {"db": self.site.efd_database, "epoch": "ns", "chunked": "true", "chunk_size": "10000"}
        headers = httputil.HTTPHeaders(
            {
                "Host": host,
                "Authorization": "Basic " + base64.b64encode(account.encode()).decode(),
                "Accept": "application/x-msgpack",
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": str(len(body)),
                "Connection": "close",
            }
        )
        start = httputil.RequestStartLine("POST", f"/query?{urlencode(parameters)}", "HTTP/1.1")
        answer = _Answer(self)
        try:
            await connection.write_headers(start, headers, body)
            reading = asyncio.ensure_future(connection.read_response(answer))
            started = asyncio.ensure_future(answer.started.wait())
            try:
                done, _ = await asyncio.wait(
                    (reading, started), timeout=FIRST_BYTE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    raise TimeoutError
                await reading
            finally:
                started.cancel()
                reading.cancel()
        except TimeoutError as cause:
            raise UpstreamFailed(
                f"InfluxDB took more than {FIRST_BYTE_SECONDS:.0f} s for this: ask for a shorter time range."
            ) from cause
        except (StreamClosedError, OSError) as cause:
            raise UpstreamFailed("InfluxDB closed the connection before its answer was complete.") from cause
        if answer.status in (401, 403):
            raise UpstreamFailed(
                "InfluxDB does not know the reader account yet; the EFD generator creates it when it starts."
            )
        if not answer.complete:
            raise UpstreamFailed("InfluxDB closed the connection before its answer was complete.")
        if answer.status >= 500:
            raise UpstreamFailed(f"InfluxDB answers with status {answer.status}.")
        if answer.status != 200:
            self.fail("Bug", f"InfluxDB refuses the query: {_error_of(answer.error_text)}", status=400)
            return
        await self.finish()


def _error_of(body: bytes) -> str:
    """InfluxDB writes the errors of requests in the format asked for; the text is readable in either."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body)["error"])
    return "".join(c for c in body.decode("utf-8", "replace") if c.isprintable())[:500]


def efd_routes(prefix: str, site: Site) -> list[tuple[str, type[DataHandler], dict[str, Any]]]:
    """Routes for tornado's Application. `prefix` has both slashes."""
    slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONCURRENT_PER_CALLER))
    return [(rf"{prefix}api/efd/query", EfdQueryHandler, {"site": site, "slots": slots})]
