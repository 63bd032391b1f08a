"""The proxy before a real InfluxDB: what the browser gets, and what it costs nobody when it goes away."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgpack
import pytest
from influx_server import InfluxServer, free_port, running_influx, without_efd
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado.web import Application, RequestHandler

from summit_notebook.demo.efd_accounts import ADMIN_SECRET, WRITER_SECRET, set_up
from summit_notebook.demo.efd_line_protocol import Influx, InfluxRefused
from summit_notebook.hub_service.base import XSRF_COOKIE, XSRF_HEADER, Caller
from summit_notebook.hub_service.efd_proxy import READER, READER_SECRET, efd_routes
from summit_notebook.site import Site, load_secret

# Young enough for the retention, and with digits that no double holds.
TIME = (int(time.time()) - 3600) * 1_000_000_000 + 50_123_457


class _SignedIn:
    async def caller_of(self, handler: RequestHandler) -> Caller | None:
        return Caller(user="observer")


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InfluxServer, Site]]:
    with running_influx(tmp_path_factory.mktemp("efd")) as (server, site):
        set_up(site)
        writer = Influx(server.url, "writer", load_secret(site, WRITER_SECRET))
        writer.write("efd", f'lsst.sal.X a=1.5,b="text",c=7i {TIME}\nlsst.sal.X a=2.5 {TIME + 1}'.encode())
        for start in range(0, 400_000, 40_000):
            lines = (f"big a={i},b={i * 0.1} {TIME + i * 1000}" for i in range(start, start + 40_000))
            writer.write("efd", "\n".join(lines).encode())
        yield server, site


@asynccontextmanager
async def _service(site: Site) -> AsyncIterator[str]:
    server = HTTPServer(Application(efd_routes("/p/", site), access=_SignedIn()))
    port = free_port()
    server.listen(port, "127.0.0.1")
    try:
        yield f"http://127.0.0.1:{port}/p/api/efd/query"
    finally:
        server.stop()
        await server.close_all_connections()


async def _ask(url: str, query: object) -> HTTPResponse:
    headers = {"Cookie": f"{XSRF_COOKIE}=t", XSRF_HEADER: "t", "Content-Type": "application/json"}
    return await AsyncHTTPClient().fetch(
        url,
        method="POST",
        headers=headers,
        body=json.dumps({"q": query}),
        raise_error=False,
        request_timeout=30,
    )


def _run(site: Site, query: object) -> HTTPResponse:
    async def go() -> HTTPResponse:
        async with _service(site) as url:
            return await _ask(url, query)

    return asyncio.run(go())


def test_rows_come_as_msgpack_with_every_digit_of_their_time(influx: tuple[InfluxServer, Site]) -> None:
    answer = _run(influx[1], 'SELECT a, b, c FROM "lsst.sal.X" WHERE time >= 0')
    assert answer.code == 200
    assert answer.headers["Content-Type"] == "application/x-msgpack"
    assert answer.headers["Cache-Control"] == "no-store"
    [chunk] = list(msgpack.Unpacker(answer.buffer))
    [series] = chunk["results"][0]["series"]
    assert series["values"] == [[TIME, 1.5, "text", 7], [TIME + 1, 2.5, None, None]]


def test_a_long_answer_comes_in_chunks_and_whole(influx: tuple[InfluxServer, Site]) -> None:
    answer = _run(influx[1], "SELECT a FROM big WHERE time >= 0")
    values = [
        row[1]
        for chunk in msgpack.Unpacker(answer.buffer)
        for series in chunk["results"][0]["series"]
        for row in series["values"]
    ]
    assert values == list(range(400_000))


def test_several_statements_answer_in_their_order(influx: tuple[InfluxServer, Site]) -> None:
    answer = _run(
        influx[1], 'SELECT a FROM "lsst.sal.X" WHERE time >= 0; SELECT c FROM "lsst.sal.X" WHERE time >= 0'
    )
    results = [result for chunk in msgpack.Unpacker(answer.buffer) for result in chunk["results"]]
    assert [(r["statement_id"], len(r["series"][0]["values"])) for r in results] == [(0, 2), (1, 1)]


def test_errors_of_the_database_inside_an_answer_reach_the_worker(influx: tuple[InfluxServer, Site]) -> None:
    answer = _run(influx[1], 'SELECT sum(b) FROM "lsst.sal.X" WHERE time >= 0')
    assert answer.code == 200
    [chunk] = list(msgpack.Unpacker(answer.buffer))
    assert "error" in chunk["results"][0]


def test_a_query_that_the_database_cannot_parse_is_a_sentence(influx: tuple[InfluxServer, Site]) -> None:
    answer = _run(influx[1], "SELECT FROM big WHERE time > 0")
    assert answer.code == 400
    error = json.loads(answer.body)
    assert error["tag"] == "Bug"
    assert "error parsing query" in error["message"]


@pytest.mark.parametrize("query", ["DROP DATABASE efd", "SELECT a INTO c FROM big WHERE time > 0", None, 3])
def test_what_the_guard_refuses_never_reaches_the_database(
    influx: tuple[InfluxServer, Site], query: object
) -> None:
    answer = _run(influx[1], query)
    assert answer.code == 403
    assert json.loads(answer.body)["tag"] == "AccessDenied"


def test_the_reader_account_itself_can_only_read(influx: tuple[InfluxServer, Site]) -> None:
    server, site = influx
    reader = Influx(server.url, READER, load_secret(site, READER_SECRET))
    assert reader.query('SELECT a FROM "lsst.sal.X" LIMIT 1', "efd")
    for statement in ("DROP DATABASE efd", "DROP MEASUREMENT big", "SELECT a INTO y FROM big", "SHOW USERS"):
        with pytest.raises(InfluxRefused):
            reader.query(statement, "efd")
    with pytest.raises(InfluxRefused):
        reader.write("efd", b"lsst.sal.X a=9")


def test_a_request_without_the_header_is_refused(influx: tuple[InfluxServer, Site]) -> None:
    async def go() -> HTTPResponse:
        async with _service(influx[1]) as url:
            return await AsyncHTTPClient().fetch(url, method="POST", body="{}", raise_error=False)

    assert asyncio.run(go()).code == 403


def test_influxd_down_is_said_and_no_influxd_at_all_too(influx: tuple[InfluxServer, Site]) -> None:
    down = _run(replace(influx[1], influxdb_url=f"http://127.0.0.1:{free_port()}"), "SHOW MEASUREMENTS")
    assert down.code == 502
    assert json.loads(down.body)["tag"] == "Unreachable"
    assert "InfluxDB does not answer" in json.loads(down.body)["message"]
    none = _run(without_efd(influx[1]), "SHOW MEASUREMENTS")
    assert none.code == 503
    assert json.loads(none.body) == {
        "tag": "NotFound",
        "message": "This site has no EFD: it was started without influxd.",
        "detail": {"httpStatus": 503},
    }


def test_accounts_that_are_not_made_yet_are_no_fault_of_the_browser(
    influx: tuple[InfluxServer, Site], tmp_path: Path
) -> None:
    answer = _run(replace(influx[1], state_dir=tmp_path), "SHOW MEASUREMENTS")
    assert answer.code == 502
    assert "generator" in json.loads(answer.body)["message"]


def test_a_database_that_dies_in_mid_answer_breaks_the_stream(influx: tuple[InfluxServer, Site]) -> None:
    """Half an answer must not look like a whole one."""

    async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.close()

    async def go() -> HTTPResponse:
        port = free_port()
        upstream = await asyncio.start_server(half_an_answer, "127.0.0.1", port)
        async with upstream, _service(replace(influx[1], influxdb_url=f"http://127.0.0.1:{port}")) as url:
            return await _ask(url, "SHOW MEASUREMENTS")

    with pytest.raises(HTTPStreamClosedError):
        asyncio.run(go())


def _running_queries(server: InfluxServer, site: Site) -> list[str]:
    admin = Influx(server.url, "admin", load_secret(site, ADMIN_SECRET))
    [result] = admin.query("SHOW QUERIES")
    return [row[1] for row in result["series"][0]["values"] if "big" in row[1]]


def test_a_browser_that_goes_away_ends_its_query(influx: tuple[InfluxServer, Site]) -> None:
    server, site = influx
    body = json.dumps({"q": "; ".join(["SELECT a, b FROM big WHERE time >= 0"] * 12)}).encode()

    async def go() -> None:
        async with _service(site) as url:
            port = int(url.split(":")[2].split("/")[0])
            with socket.create_connection(("127.0.0.1", port)) as browser:
                browser.sendall(
                    f"POST /p/api/efd/query HTTP/1.1\r\nHost: x\r\nCookie: {XSRF_COOKIE}=t\r\n{XSRF_HEADER}: t\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                # It reads nothing, so the answer stands still half-way.
                deadline = time.monotonic() + 10
                while not await asyncio.to_thread(_running_queries, server, site):
                    assert time.monotonic() < deadline, "the query never ran"
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.5)
                assert await asyncio.to_thread(_running_queries, server, site)
            deadline = time.monotonic() + 10
            while await asyncio.to_thread(_running_queries, server, site):
                assert time.monotonic() < deadline, "the query goes on without its browser"
                await asyncio.sleep(0.1)

    asyncio.run(go())


def test_one_caller_holds_four_connections_at_most(influx: tuple[InfluxServer, Site]) -> None:
    open_now = 0
    most = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        open_now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\x80")
        writer.close()

    async def go() -> list[int]:
        port = free_port()
        upstream = await asyncio.start_server(slow, "127.0.0.1", port)
        async with upstream, _service(replace(influx[1], influxdb_url=f"http://127.0.0.1:{port}")) as url:
            return [a.code for a in await asyncio.gather(*(_ask(url, "SHOW MEASUREMENTS") for _ in range(9)))]

    assert asyncio.run(go()) == [200] * 9
    assert most == 4
