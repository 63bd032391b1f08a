"""The file route on a real server: ranges, validators, changes in place, hostile names."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from oods_server import DATASET, DataServer, make_site, tiny_registry
from tornado.httpclient import HTTPResponse

from summit_notebook.hub_service.file_stream import UnsatisfiableRange, parse_range

BODY = bytes(range(256)) * 5000
"""More than two chunks."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_registry(tmp_path_factory.mktemp("repo"), {DATASET: "raw/a b%41.fits"})


@pytest.fixture
def file(repository: Path) -> Path:
    path = repository / "raw" / "a b%41.fits"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(BODY)
    return path


def ask(repository: Path, *requests: dict[str, Any], dataset: str = DATASET) -> list[HTTPResponse]:
    async def run() -> list[HTTPResponse]:
        async with DataServer(make_site(repository)) as server:
            return [await server.fetch(f"api/repositories/OODS/files/{dataset}", **r) for r in requests]

    return asyncio.run(run())


def ranged(value: str, **more: str) -> dict[str, Any]:
    return {"headers": {"Range": value, **more}}


def test_whole_file(repository: Path, file: Path) -> None:
    (answer,) = ask(repository, {})
    assert answer.code == 200
    assert answer.body == BODY
    assert answer.headers["Content-Length"] == str(len(BODY))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["ETag"].startswith('"')


def test_dashed_id_is_the_same_dataset(repository: Path, file: Path) -> None:
    dashed = f"{DATASET[:8]}-{DATASET[8:12]}-{DATASET[12:16]}-{DATASET[16:20]}-{DATASET[20:]}"
    (answer,) = ask(repository, {}, dataset=dashed)
    assert answer.code == 200


@pytest.mark.parametrize(
    ("value", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=600000-", 600_000, len(BODY)),
        ("bytes=0-99999999999", 0, len(BODY)),
        ("bytes=-7", len(BODY) - 7, len(BODY)),
        ("bytes=-99999999999", 0, len(BODY)),
    ],
)
def test_range(repository: Path, file: Path, value: str, begin: int, end: int) -> None:
    (answer,) = ask(repository, ranged(value))
    assert answer.code == 206
    assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{len(BODY)}"
    assert answer.body == BODY[begin:end]


@pytest.mark.parametrize(
    "value", [f"bytes={len(BODY)}-", f"bytes={len(BODY) + 5}-{len(BODY) + 9}", "bytes=-0"]
)
def test_range_outside(repository: Path, file: Path, value: str) -> None:
    (answer,) = ask(repository, ranged(value))
    assert answer.code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(BODY)}"
    assert answer.body == b""


@pytest.mark.parametrize(
    "value", ["bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=1٣-9"]
)
def test_range_that_is_not_served_gives_the_whole_file(value: str) -> None:
    assert parse_range(value, 1000) is None


def test_range_of_an_empty_file() -> None:
    for value in ("bytes=0-", "bytes=0-0", "bytes=-5"):
        with pytest.raises(UnsatisfiableRange):
            parse_range(value, 0)


def test_head_has_the_headers_and_no_body(repository: Path, file: Path) -> None:
    whole, head = ask(repository, {}, {"method": "HEAD"})
    assert head.code == 200
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(BODY))
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_validators(repository: Path, file: Path) -> None:
    (first,) = ask(repository, {})
    etag = first.headers["ETag"]
    same, other, part, stale_part, dated = ask(
        repository,
        {"headers": {"If-None-Match": f'"x", {etag}'}},
        {"headers": {"If-None-Match": '"x"'}},
        ranged("bytes=1-2", **{"If-Range": etag}),
        ranged("bytes=1-2", **{"If-Range": '"x"'}),
        ranged("bytes=1-2", **{"If-Range": "Sun, 22 Nov 2026 01:00:00 GMT"}),
    )
    assert (same.code, same.body) == (304, b"")
    assert other.code == 200
    assert (part.code, part.body) == (206, BODY[1:3])
    # Without proof that the part belongs to the same bytes, the whole file is sent.
    assert (stale_part.code, stale_part.body) == (200, BODY)
    assert dated.code == 200


def test_change_in_place_gives_a_new_etag(repository: Path, file: Path) -> None:
    """Same name, inode, size and second; other bytes."""

    async def run() -> tuple[HTTPResponse, HTTPResponse, HTTPResponse]:
        async with DataServer(make_site(repository)) as server:
            route = f"api/repositories/OODS/files/{DATASET}"
            before = await server.fetch(route)
            status = file.stat()
            with file.open("r+b") as stream:
                stream.write(b"XX")
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
            etag = before.headers["ETag"]
            unchanged = await server.fetch(route, headers={"If-None-Match": etag})
            resumed = await server.fetch(route, headers={"Range": "bytes=0-1", "If-Range": etag})
            return before, unchanged, resumed

    before, unchanged, resumed = asyncio.run(run())
    assert unchanged.code == 200
    assert unchanged.headers["ETag"] != before.headers["ETag"]
    assert unchanged.body[:2] == b"XX"
    assert resumed.code == 200


def test_row_without_a_file_is_expired(repository: Path, file: Path) -> None:
    file.unlink()
    (answer,) = ask(repository, {})
    assert answer.code == 410
    assert b'"tag": "Expired"' in answer.body


def test_directory_in_place_of_a_file_is_expired(repository: Path, file: Path) -> None:
    file.unlink()
    file.mkdir()
    try:
        (answer,) = ask(repository, {})
    finally:
        file.rmdir()
    assert answer.code == 410


@pytest.mark.parametrize(
    "dataset",
    [
        "0" * 32,
        "0" * 31,
        "..",
        "..%2f..%2fbutler.yaml",
        "%2e%2e%2fgen3.sqlite3",
        "x' OR '1'='1".replace(" ", "%20").replace("'", "%27"),
        "%00",
        "a" * 4000,
        "%ff%fe",
        DATASET + "%0d%0aX-Injected:1",
    ],
)
def test_hostile_dataset_ids_find_nothing(repository: Path, file: Path, dataset: str) -> None:
    (answer,) = ask(repository, {}, dataset=dataset)
    assert answer.code in (400, 404)
    assert "X-Injected" not in answer.headers
    assert BODY[:16] not in answer.body


@pytest.mark.parametrize(
    "stored",
    [
        "../outside.fits",
        "raw/../../outside.fits",
        "{outside}",
        "file://{outside}",
        "file://{repo}/../outside.fits",
    ],
)
def test_paths_outside_are_refused(tmp_path: Path, stored: str) -> None:
    outside = tmp_path / "outside.fits"
    outside.write_bytes(b"secret")
    path = stored.format(outside=outside, repo=tmp_path / "repo")
    repository = tiny_registry(tmp_path / "repo", {DATASET: path})
    (answer,) = ask(repository, {})
    assert answer.code == 403
    assert b"secret" not in answer.body
    assert b"AccessDenied" in answer.body


def test_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.fits"
    outside.write_bytes(b"secret")
    repository = tiny_registry(tmp_path / "repo", {DATASET: "raw/link.fits"})
    (repository / "raw").mkdir()
    (repository / "raw" / "link.fits").symlink_to(outside)
    (answer,) = ask(repository, {})
    assert answer.code == 403


def test_absolute_uri_inside_is_served(tmp_path: Path) -> None:
    """`direct` ingests keep file URIs, percent-encoded."""
    repository = tiny_registry(tmp_path / "repo", {DATASET: f"file://{tmp_path}/repo/raw/a%20b.fits"})
    (repository / "raw").mkdir()
    (repository / "raw" / "a b.fits").write_bytes(b"here")
    (answer,) = ask(repository, {})
    assert (answer.code, answer.body) == (200, b"here")


def test_other_scheme_is_not_local(tmp_path: Path) -> None:
    repository = tiny_registry(tmp_path / "repo", {DATASET: "s3://bucket/raw.fits"})
    (answer,) = ask(repository, {})
    assert answer.code == 404


def test_unknown_repository_and_signed_out(repository: Path, file: Path) -> None:
    async def run() -> tuple[HTTPResponse, HTTPResponse]:
        async with DataServer(make_site(repository)) as server:
            unknown = await server.fetch(f"api/repositories/nope/files/{DATASET}")
            server.caller = None
            return unknown, await server.fetch(f"api/repositories/OODS/files/{DATASET}")

    unknown, signed_out = asyncio.run(run())
    assert unknown.code == 404
    assert signed_out.code == 401


def test_removed_while_it_is_sent_still_arrives_whole(repository: Path, file: Path) -> None:
    size = 40_000_000

    async def run() -> tuple[int, bytes]:
        with file.open("wb") as stream:
            stream.truncate(size)
        async with DataServer(make_site(repository)) as server:
            received = 0

            def take(chunk: bytes) -> None:
                nonlocal received
                if received == 0:
                    file.unlink()
                received += len(chunk)

            answer = await server.fetch(
                f"api/repositories/OODS/files/{DATASET}", streaming_callback=take, request_timeout=60
            )
            return received, answer.code.to_bytes(2, "big")

    received, code = asyncio.run(run())
    assert received == size
    assert int.from_bytes(code, "big") == 200
    shutil.rmtree(file.parent)
