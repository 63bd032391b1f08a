"""The exposure list over HTTP: what changes, who is woken, what stays when the registry cannot be read."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from astropy.time import Time
from oods_server import DataServer, make_site
from tiny_raw import raw_name, write_raw

from summit_notebook.hub_service import exposure_watch, refusals, registry_file
from summit_notebook.oods.ingester import Ingester
from summit_notebook.oods.repository import OodsRepository
from summit_notebook.site import Site

LIST = "api/repositories/OODS/exposures"


@pytest.fixture(scope="module")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = make_site(tmp_path_factory.mktemp("empty") / "oods")
    OodsRepository(site.repositories[0]).close()
    return site.repositories[0].directory


@pytest.fixture
def site(tmp_path: Path, empty_repository: Path) -> Site:
    shutil.copytree(empty_repository, tmp_path / "oods")
    return make_site(tmp_path / "oods")


@pytest.fixture
def ingester(site: Site) -> Iterator[Ingester]:
    ingester = Ingester(site, site.repositories[0])
    yield ingester
    ingester.close()


def run(site: Site, story: Callable[[Ask], Awaitable[None]]) -> None:
    async def serve() -> None:
        async with DataServer(site) as server:
            await story(Ask(server))

    asyncio.run(serve())


class Ask:
    def __init__(self, server: DataServer) -> None:
        self.server = server

    async def __call__(self, route: str, expect: int = 200) -> Any:
        answer = await self.server.fetch(route, request_timeout=40)
        assert answer.code == expect, answer.body
        return json.loads(answer.body)

    async def until(self, since: int, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits as the app does, answer after answer."""
        end = time.monotonic() + 15
        while True:
            answer = await self(f"{LIST}?since={since}&wait=5")
            if holds(answer):
                return dict(answer)
            assert time.monotonic() < end, answer
            since = answer["version"]


def land(site: Site, ingester: Ingester, seq_num: int) -> None:
    write_raw(site.staging_dir / raw_name(seq_num), seq_num)
    ingester.ingest_batch()


def test_whole_list_then_changes(site: Site, ingester: Ingester) -> None:
    land(site, ingester, 1)

    async def story(ask: Ask) -> None:
        first = await ask(LIST)
        assert first["reset"] is True and first["stale"] is None and first["removed"] == []
        assert first["refused"] == []
        assert [e["seqNum"] for e in first["upserted"]] == [1]
        assert abs(first["asOfUnixMs"] - time.time() * 1000) < 5000
        # Nothing new: the answer comes when the wait is over, with nothing in it.
        begin = time.monotonic()
        same = await ask(f"{LIST}?since={first['version']}&wait=1")
        assert 0.9 < time.monotonic() - begin < 15
        assert (same["version"], same["reset"], same["upserted"]) == (first["version"], False, [])
        # Two wait; a commit wakes both with the one change.
        waits = [asyncio.ensure_future(ask(f"{LIST}?since={first['version']}&wait=20")) for _ in range(2)]
        await asyncio.sleep(0.3)
        begin = time.monotonic()
        await asyncio.to_thread(land, site, ingester, 2)
        for wait in waits:
            answer = await wait
            assert [e["seqNum"] for e in answer["upserted"]] == [2]
            assert answer["reset"] is False and answer["version"] > first["version"]
        assert time.monotonic() - begin < 10
        # Whoever slept through several changes gets them in one answer, newest first.
        await asyncio.to_thread(land, site, ingester, 3)
        await ask.until(answer["version"], lambda a: a["version"] > answer["version"])
        late = await ask(f"{LIST}?since={first['version']}")
        assert [e["seqNum"] for e in late["upserted"]] == [3, 2]

    run(site, story)


def test_versions_that_are_not_known_reset(site: Site, ingester: Ingester) -> None:
    land(site, ingester, 1)

    async def story(ask: Ask) -> None:
        version = (await ask(LIST))["version"]
        for since in (0, 17, version + 1, version - 5, 10**17):
            answer = await ask(f"{LIST}?since={since}&wait=20")
            assert answer["reset"] is True and len(answer["upserted"]) == 1

    run(site, story)

    async def after_restart(ask: Ask) -> None:
        assert (await ask(LIST))["version"] > version_before

    version_before = 0

    async def remember(ask: Ask) -> None:
        nonlocal version_before
        version_before = (await ask(LIST))["version"]

    run(site, remember)
    run(site, after_restart)


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "since=1&wait=x", "since=1&wait=nan", "since=1e3", "since="]
)
def test_bad_queries(site: Site, query: str) -> None:
    async def story(ask: Ask) -> None:
        await ask(f"{LIST}?{query}", expect=400)

    run(site, story)


def test_expired_raws(site: Site, ingester: Ingester) -> None:
    land(site, ingester, 1)

    async def story(ask: Ask) -> None:
        first = await ask(LIST)
        dataset = first["upserted"][0]["raws"][0]["datasetId"]
        assert (await ask.server.fetch(f"api/repositories/OODS/files/{dataset}")).code == 200
        # The file goes first: the row is there, the file is not.
        path = ingester.oods.registered_raws()[2026112100001]
        content = path.read_bytes()
        path.unlink()
        gone = await ask(f"api/repositories/OODS/files/{dataset}", expect=410)
        assert gone["tag"] == "Expired"
        path.write_bytes(content)
        await asyncio.to_thread(ingester.oods.expire, Time.now())
        answer = await ask.until(first["version"], lambda a: bool(a["upserted"]))
        assert [(e["seqNum"], e["raws"]) for e in answer["upserted"]] == [(1, [])]
        # Then the row goes: the service remembers that it was there.
        gone = await ask(f"api/repositories/OODS/files/{dataset}", expect=410)
        assert gone["tag"] == "Expired"
        await ask("api/repositories/OODS/files/" + "0" * 32, expect=404)

    run(site, story)


def test_registry_that_goes_away_leaves_the_last_list(site: Site, ingester: Ingester) -> None:
    land(site, ingester, 1)
    database = site.repositories[0].directory / "gen3.sqlite3"
    hidden = database.with_suffix(".away")

    async def story(ask: Ask) -> None:
        first = await ask(LIST)
        database.rename(hidden)
        stale = await ask.until(first["version"], lambda a: a["stale"] is not None)
        assert stale["stale"]["tag"] == "Unreachable"
        assert "is not there" in stale["stale"]["message"]
        assert stale["reset"] is False and stale["upserted"] == [] and stale["removed"] == []
        whole = await ask(LIST)
        assert len(whole["upserted"]) == 1
        # The age of the list stands still while it cannot be confirmed.
        await asyncio.sleep(0.5)
        assert (await ask(LIST))["asOfUnixMs"] == whole["asOfUnixMs"]
        hidden.rename(database)
        healed = await ask.until(stale["version"], lambda a: a["stale"] is None)
        assert healed["asOfUnixMs"] > whole["asOfUnixMs"]
        # Another file under the same name is simply the next state.
        database.write_bytes(b"no database " * 1000)
        broken = await ask.until(healed["version"], lambda a: a["stale"] is not None)
        assert broken["stale"]["tag"] == "Bug"

    run(site, story)


def test_a_lock_that_lasts_is_told_and_a_short_one_is_not(
    site: Site, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_file, "LOCK_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(exposure_watch, "BUSY_TOLERATED_SECONDS", 3.0)
    land(site, ingester, 1)
    db = sqlite3.connect(site.repositories[0].directory / "gen3.sqlite3", isolation_level=None)

    def change(target: str) -> None:
        db.execute("BEGIN EXCLUSIVE")
        db.execute("UPDATE exposure SET target_name = ?", (target,))

    async def story(ask: Ask) -> None:
        first = await ask(LIST)
        change("short")
        wait = asyncio.ensure_future(ask(f"{LIST}?since={first['version']}&wait=20"))
        await asyncio.sleep(1)
        db.execute("COMMIT")
        short = await wait
        assert short["stale"] is None and short["upserted"][0]["targetName"] == "short"
        change("long")
        # The change counter is written at the commit: the watcher learns of the lock when it reads.
        (site.repositories[0].directory / "gen3.sqlite3").touch()
        long = await ask.until(short["version"], lambda a: a["stale"] is not None)
        assert long["stale"]["tag"] == "RegistryBusy"
        assert (await ask(LIST))["upserted"][0]["targetName"] == "short"
        db.execute("COMMIT")
        healed = await ask.until(long["version"], lambda a: a["stale"] is None)
        assert healed["version"] > long["version"]
        assert (await ask(LIST))["upserted"][0]["targetName"] == "long"

    run(site, story)
    db.close()


def test_a_repository_that_appears_later(tmp_path: Path, empty_repository: Path) -> None:
    site = make_site(tmp_path / "oods")

    async def story(ask: Ask) -> None:
        error = await ask(LIST, expect=502)
        assert error["tag"] == "Unreachable"
        await asyncio.to_thread(shutil.copytree, empty_repository, tmp_path / "oods")
        for _ in range(50):
            answer = await ask.server.fetch(LIST)
            if answer.code == 200:
                break
            await asyncio.sleep(0.1)
        assert json.loads(answer.body)["upserted"] == []

    run(site, story)


def test_one_exposure_and_its_calibs(site: Site, ingester: Ingester) -> None:
    land(site, ingester, 1)

    async def story(ask: Ask) -> None:
        exposure = await ask("api/repositories/OODS/exposures/20261121/1")
        assert exposure == (await ask(LIST))["upserted"][0]
        missing = await ask("api/repositories/OODS/exposures/20261121/2", expect=404)
        assert missing["tag"] == "NotFound" and "20261121 2" in missing["message"]
        calibs = await ask(f"api/repositories/OODS/calibs?exposure={exposure['exposure']}&detector=0")
        assert calibs == {"bias": None, "dark": None, "flat": None}
        await ask("api/repositories/OODS/calibs?exposure=5&detector=0", expect=404)
        await ask("api/repositories/OODS/calibs?exposure=abc&detector=0", expect=400)
        await ask("api/repositories/OODS/calibs?exposure=1", expect=400)
        await ask("api/repositories/nope/exposures", expect=404)

    run(site, story)


def test_refused_files_are_told(site: Site, ingester: Ingester) -> None:
    land(site, ingester, 1)

    async def story(ask: Ask) -> None:
        first = await ask(LIST)
        assert first["refused"] == []
        wait = asyncio.ensure_future(ask(f"{LIST}?since={first['version']}&wait=20"))
        await asyncio.sleep(0.3)
        begin = time.monotonic()
        write_raw(site.staging_dir / raw_name(2), 2, SEQNUM="seven")
        await asyncio.to_thread(ingester.ingest_batch)
        answer = await wait
        assert time.monotonic() - begin < 10
        assert answer["version"] > first["version"] and answer["reset"] is False
        assert answer["upserted"] == [] and answer["removed"] == []
        (refused,) = answer["refused"]
        assert abs(refused.pop("refusedUnixMs") - time.time() * 1000) < 15_000
        assert refused == {
            "fileName": raw_name(2),
            "obsId": "AT_O_20261121_000002",
            "reason": "SEQNUM 'seven' is not a whole number",
        }
        # Whole also where nothing else is new, and beside an exposure.
        assert len((await ask(LIST))["refused"]) == 1
        (site.staging_dir / "text.fits").write_text("hello " * 1000)
        write_raw(site.staging_dir / raw_name(3), 3)
        await asyncio.to_thread(ingester.ingest_batch)
        both = await ask.until(answer["version"], lambda a: len(a["refused"]) == 2)
        assert [(r["fileName"], r["obsId"]) for r in both["refused"]] == [
            ("text.fits", None),
            (raw_name(2), "AT_O_20261121_000002"),
        ]
        # Told although the registry cannot be read.
        database = site.repositories[0].directory / "gen3.sqlite3"
        database.rename(database.with_suffix(".away"))
        stale = await ask.until(both["version"], lambda a: a["stale"] is not None)
        note(site, "later", time.time() + 1)
        told = await ask.until(stale["version"], lambda a: len(a["refused"]) == 3)
        assert told["stale"] is not None and told["refused"][0]["fileName"] == "later.fits"

    run(site, story)


def test_refused_files_are_the_newest_of_the_last_hour(site: Site, ingester: Ingester) -> None:
    now = time.time()
    for minute in range(70):
        note(site, f"m{minute:02}", now - 60 * minute - 30)
    recent = refusals.Refusals(site.bad_dir).recent()
    assert [r["fileName"] for r in recent] == [f"m{minute:02}.fits" for minute in range(20)]
    for minute in range(59):
        (site.bad_dir / f"m{minute:02}.fits.json").unlink()
    assert [r["fileName"] for r in refusals.Refusals(site.bad_dir).recent()] == ["m59.fits"]


def test_a_refused_file_leaves_the_list_by_its_age(
    site: Site, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "KEPT_SECONDS", 3.0)
    note(site, "soon-old", time.time())

    async def story(ask: Ask) -> None:
        first = await ask(LIST)
        assert len(first["refused"]) == 1
        later = await ask(f"{LIST}?since={first['version']}&wait=20")
        assert later["version"] > first["version"] and later["refused"] == []

    run(site, story)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"file": "x.fits", "reas',
        b"\xff\xfe",
        b"[]",
        b"[" * 50_000,
        b'"x"',
        b'{"file": 3, "reason": "r", "refusedUnixMs": NOW}',
        b'{"file": "x", "refusedUnixMs": NOW}',
        b'{"file": "x", "reason": "r", "refusedUnixMs": true}',
        b'{"file": "x", "reason": "r", "refusedUnixMs": NaN}',
        b'{"file": "x", "reason": "r", "refusedUnixMs": Infinity}',
        b'{"file": "x", "reason": "r", "refusedUnixMs": 1' + b"0" * 400 + b"}",
        b'{"file": "x", "reason": "r", "refusedUnixMs": "NOW"}',
        b'{"file": "x", "reason": "r", "refusedUnixMs": NOW}' + b" " * 70_000,
    ],
)
def test_notes_that_no_ingester_wrote_are_passed_over(site: Site, ingester: Ingester, content: bytes) -> None:
    watch = refusals.Refusals(site.bad_dir)
    foreign = site.bad_dir / "foreign.fits.json"
    foreign.write_bytes(content.replace(b"NOW", str(round(time.time() * 1000)).encode()))
    (site.bad_dir / "folder.json").mkdir()
    (site.bad_dir / "nowhere.json").symlink_to("nowhere")
    note(site, "good", time.time(), obsId=7)
    assert [(r["fileName"], r["obsId"]) for r in watch.recent()] == [("good.fits", None)]
    # A note that somebody writes slowly, in place, counts from when it is whole.
    foreign.write_text(json.dumps({"file": "slow", "reason": "r", "refusedUnixMs": time.time() * 1000 + 1}))
    assert [r["fileName"] for r in watch.recent()] == ["slow", "good.fits"]


def test_no_refusals_without_our_ingester(tmp_path: Path, empty_repository: Path) -> None:
    shutil.copytree(empty_repository, tmp_path / "oods")
    site = make_site(tmp_path / "oods", simulated=False)
    note(site, "not-of-this-one", time.time())

    async def story(ask: Ask) -> None:
        assert (await ask(LIST))["refused"] == []

    run(site, story)


def test_a_settled_folder_is_not_read_again(site: Site, ingester: Ingester) -> None:
    note(site, "old", time.time() - 60)
    os.utime(site.bad_dir, (time.time() - 60, time.time() - 60))
    watch = refusals.Refusals(site.bad_dir)
    assert len(watch.recent()) == 1
    changed = site.bad_dir.stat().st_mtime_ns
    note(site, "unseen", time.time() - 50)
    os.utime(site.bad_dir, ns=(changed, changed))
    assert len(watch.recent()) == 1
    os.utime(site.bad_dir)
    assert len(watch.recent()) == 2


def note(site: Site, name: str, refused: float, **more: object) -> None:
    """A note as the ingester leaves it."""
    site.bad_dir.mkdir(exist_ok=True)
    path = site.bad_dir / f"{name}.fits.json"
    content = {"file": f"{name}.fits", "obsId": None, "reason": "r", "refusedUnixMs": round(refused * 1000)}
    path.write_text(json.dumps(content | more))
    os.utime(path, (refused, refused))
