"""The night table on a real Butler registry and real small raws: filling, answers over HTTP, restarts, bad input."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from oods_server import PREFIX, DataServer, make_site
from tiny_raw import raw_name, write_raw
from tornado.web import Application

from summit_notebook.hub_service import night_table
from summit_notebook.hub_service.measurer import Measurer
from summit_notebook.hub_service.night_columns import HEADER_COLUMNS, MEASURED_COLUMNS, REGISTRY_COLUMNS
from summit_notebook.hub_service.night_handlers import night_keepers, night_routes
from summit_notebook.hub_service.night_table import NightTable
from summit_notebook.hub_service.registry import RegistryReader
from summit_notebook.oods.ingester import Ingester
from summit_notebook.oods.repository import OodsRepository
from summit_notebook.site import Site

TABLE = "api/repositories/OODS/table"

# Speaks the language of the process that measures; the numbers tell which raw they are of.
CHILD = """
import json, os, sys, time
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    name = os.path.basename(json.loads(line)["path"])
    seq_num = int(name.split("_")[3])
    if seq_num == 66:
        os._exit(9)
    if seq_num == 77:
        answer = {"problem": "The raw cannot be measured: no.", "again": False}
    else:
        answer = {"measures": {"noiseAdu": seq_num + 0.5, "saturatedPixels": 0, "fwhmArcsec": None,
            "amplifiers": [{"name": "C00", "medianAdu": seq_num}]}}
    print(json.dumps(answer), flush=True)
"""


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


def land(site: Site, ingester: Ingester, *seq_nums: int, **cards: object) -> None:
    for seq_num in seq_nums:
        write_raw(site.staging_dir / raw_name(seq_num), seq_num, **cards)
    ingester.ingest_batch()


class Service(DataServer):
    """The routes with what fills them."""

    def __init__(self, site: Site, child: str = CHILD) -> None:
        super().__init__(site)
        self.measurer = Measurer((sys.executable, "-c", child))
        self.keepers = night_keepers(site, self.measurer)
        self._application = Application(night_routes(PREFIX, self.keepers), access=self)

    async def __aexit__(self, *error: object) -> None:
        for keeper in self.keepers.values():
            await keeper.stop()
        await self.measurer.close()
        await super().__aexit__(*error)

    async def ask(self, route: str, expect: int = 200) -> Any:
        answer = await self.fetch(route, request_timeout=40)
        assert answer.code == expect, answer.body
        return json.loads(answer.body)

    async def rows(self, query: str = "") -> dict[int, dict[str, Any]]:
        """Of the table's answer, by sequence number."""
        answer = await self.ask(TABLE + query)
        assert {len(column) for column in answer["columns"].values()} <= {answer["rows"]}
        rows = [
            dict(zip(answer["columns"], cells, strict=True))
            for cells in zip(*answer["columns"].values(), strict=True)
        ]
        return {row["seqNum"]: row for row in rows}

    async def until(self, holds: Callable[[dict[int, dict[str, Any]]], bool]) -> dict[int, dict[str, Any]]:
        end = time.monotonic() + 30
        while not holds(rows := await self.rows()):
            assert time.monotonic() < end, rows
            await asyncio.sleep(0.05)
        return rows


def run(site: Site, story: Callable[[Service], Awaitable[None]], child: str = CHILD) -> None:
    async def serve() -> None:
        async with Service(site, child) as service:
            await story(service)

    asyncio.run(serve())


def reader(site: Site) -> RegistryReader:
    return RegistryReader("OODS", site.repositories[0].directory, "LATISS")


def now() -> float:
    return time.time() * 1000


@pytest.fixture
def table(site: Site, tmp_path: Path) -> Iterator[NightTable]:
    table = NightTable(tmp_path / "night.sqlite")
    yield table
    table.close()


def answer_of(table: NightTable, since: int | None = None) -> dict[str, Any]:
    return dict(json.loads(b"".join(table.table_json(since, 1.0))))


# --- the story of a night over HTTP ---------------------------------------------------------


def test_night_fills_by_itself(site: Site, ingester: Ingester) -> None:
    cards = {"FOCUSZ": -0.02, "AMSTART": 1.2, "AMEND": 1.3, "AIRTEMP": None, "AZSTART": 359.0, "AZEND": 2.0}
    land(site, ingester, 1, 2, **cards)

    async def story(service: Service) -> None:
        rows = await service.until(lambda rows: all(row["noiseAdu"] is not None for row in rows.values()))
        assert list(rows) == [2, 1]
        row = rows[2]
        assert list(row) == [
            *("exposure", *REGISTRY_COLUMNS, "hasRaw", *HEADER_COLUMNS, *MEASURED_COLUMNS, "problem")
        ]
        assert (row["exposure"], row["obsId"], row["dayObs"]) == (
            2026112100002,
            "AT_O_20261121_000002",
            20261121,
        )
        assert (row["observationType"], row["targetName"]) == ("science", "HD 49790")
        assert (row["physicalFilter"], row["scienceProgram"]) == ("SDSSr_65mm~empty", "TEST")
        assert (row["exposureTimeSeconds"], row["darkTimeSeconds"], row["hasRaw"]) == (2.0, 2.25, 1)
        assert (row["airmass"], row["focusZMm"], row["elevationDeg"]) == (1.25, -0.02, 72.5)
        assert (row["azimuthDeg"], row["raDeg"], row["decDeg"]) == (0.5, 102.25, -26.0)
        # Nobody knows: null and never zero. What was measured to be zero is zero.
        for name in ("rotpaDeg", "airTemperatureC", "pressureHpa", "humidityPercent", "windSpeedMS"):
            assert row[name] is None
        assert (row["noiseAdu"], row["saturatedPixels"], row["fwhmArcsec"]) == (2.5, 0, None)
        assert row["problem"] is None and row["backgroundAdu"] is None
        amplifiers = await service.ask("api/repositories/OODS/amplifiers?day_obs=20261121")
        assert amplifiers == {
            "dayObs": 20261121,
            "exposures": [
                {
                    "exposure": 2026112100000 + n,
                    "seqNum": n,
                    "observationType": "science",
                    "amplifiers": [{"name": "C00", "medianAdu": n}],
                }
                for n in (1, 2)
            ],
        }
        assert (await service.ask("api/repositories/OODS/amplifiers?day_obs=20261122"))["exposures"] == []
        assert await service.ask("api/repositories/OODS/days") == {
            "days": [{"dayObs": 20261121, "exposures": 2, "types": {"science": 2}}]
        }
        # Whoever has all this hears of what follows alone.
        whole = await service.ask(TABLE)
        assert whole["reset"] is True and whole["removed"] == []
        assert abs(whole["asOfUnixMs"] - now()) < 5000
        same = await service.ask(f"{TABLE}?since={whole['version']}")
        assert (same["reset"], same["rows"], same["version"]) == (False, 0, whole["version"])
        await asyncio.to_thread(land, site, ingester, 3, IMGTYPE="BIAS")
        await service.until(lambda rows: 3 in rows and rows[3]["noiseAdu"] == 3.5)
        assert list(await service.rows(f"?since={whole['version']}")) == [3]
        assert (await service.ask("api/repositories/OODS/days"))["days"][0]["types"] == {
            "science": 2,
            "bias": 1,
        }

    run(site, story)

    async def after_restart(service: Service) -> None:
        rows = await service.rows()
        assert [row["noiseAdu"] for row in rows.values()] == [3.5, 2.5, 1.5]
        assert rows[2]["airmass"] == 1.25
        await asyncio.sleep(0.3)
        # Nothing was left to measure.
        assert service.measurer.pid is None

    run(site, after_restart)


def test_raws_that_are_broken(site: Site, ingester: Ingester) -> None:
    """Each has its problem, none holds up the others, and none is tried for ever."""
    land(site, ingester, 1, 66, 77)
    paths = {path.name: path for path in site.repositories[0].directory.glob("raw/*/*/*")}
    no_fits = paths[raw_name(1)]
    no_fits.write_bytes(b"<html>" * 100)

    async def story(service: Service) -> None:
        rows = await service.until(
            lambda rows: all(
                row["problem"] is not None or row["noiseAdu"] is not None for row in rows.values()
            )
        )
        assert rows[1]["problem"] == "The raw does not begin as a FITS file."
        assert rows[1]["airmass"] is None and rows[1]["noiseAdu"] == 1.5
        assert rows[77]["problem"] == "The raw cannot be measured: no."
        assert rows[77]["elevationDeg"] == 72.5 and rows[77]["noiseAdu"] is None
        assert rows[66]["problem"] == "The process that measures raws ended over this one."

    night_table.RETRY_SECONDS, kept = 0.05, night_table.RETRY_SECONDS
    try:
        run(site, story)
    finally:
        night_table.RETRY_SECONDS = kept


def test_hostile_arguments(site: Site) -> None:
    sinces = ("-1", "x", "1e3", "", "9" * 19, "1%20OR%201", "%D9%A3")
    days = ("amplifiers", "amplifiers?day_obs=", "amplifiers?day_obs=20261121;DROP", "amplifiers?day_obs=-5")

    async def story(service: Service) -> None:
        for route in (*(f"table?since={since}" for since in sinces), *days):
            answer = await service.ask(f"api/repositories/OODS/{route}", expect=400)
            assert answer["tag"] == "Bug", route

    run(site, story)


def test_who_may_ask_and_what_is_not_there(site: Site) -> None:
    async def story(service: Service) -> None:
        for route in ("table", "days", "amplifiers?day_obs=20261121"):
            assert (await service.ask(f"api/repositories/other/{route}", expect=404))["tag"] == "NotFound"
        service.caller = None
        for route in ("table", "days", "amplifiers?day_obs=20261121"):
            assert (await service.ask(f"api/repositories/OODS/{route}", expect=401))["tag"] == "AccessDenied"

    run(site, story)
    missing = replace(site, repositories=(replace(site.repositories[0], directory=site.state_dir / "no"),))

    async def nothing_yet(service: Service) -> None:
        answer = await service.ask(TABLE, expect=502)
        assert answer["tag"] == "Unreachable" and "butler.yaml" in answer["message"]

    run(missing, nothing_yet)


def test_gzip_for_those_who_take_it(site: Site, ingester: Ingester) -> None:
    land(site, ingester, *range(1, 9))

    async def story(service: Service) -> None:
        plain = await service.fetch(TABLE)
        assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
        packed = await service.fetch(TABLE, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.body) < len(plain.body) / 2
        assert json.loads(gzip.decompress(packed.body))["rows"] == json.loads(plain.body)["rows"] == 8
        refused = await service.fetch(TABLE, headers={"Accept-Encoding": "gzip;q=0, identity"})
        assert "Content-Encoding" not in refused.headers

    run(site, story)


# --- the table ------------------------------------------------------------------------------


def test_changes_and_resets(site: Site, ingester: Ingester, table: NightTable) -> None:
    land(site, ingester, 1, 2)
    assert table.copy_registry(reader(site), now()) == 2
    start = table.version
    assert table.copy_registry(reader(site), now()) == 0
    assert table.version == start, "nothing changed"
    due = table.headers_due(now(), 9)
    assert [one.exposure for one in due] == [2026112100002, 2026112100001]
    table.put_header(due[1], {"airmass": 1.5}, None)
    assert answer_of(table, start)["columns"]["airmass"] == [1.5]
    assert [one.exposure for one in table.headers_due(now(), 9)] == [2026112100002]
    # A version of the future, of the past before this file, and one that is no number of ours.
    for since in (table.version + 1, 0, 17):
        answer = answer_of(table, since)
        assert answer["reset"] is True and answer["rows"] == 2
    with sqlite3.connect(site.repositories[0].directory / "gen3.sqlite3") as db:
        db.execute("DELETE FROM exposure WHERE seq_num = 1")
    db.close()
    before = table.version
    table.copy_registry(reader(site), now(), 500)
    assert answer_of(table, before)["removed"] == [], "some of the newest do not tell what has left"
    table.copy_registry(reader(site), now())
    answer = answer_of(table, before)
    assert (answer["reset"], answer["removed"], answer["rows"]) == (False, [2026112100001], 0)
    assert answer_of(table)["columns"]["seqNum"] == [2]
    assert table.days() == [{"dayObs": 20261121, "exposures": 1, "types": {"science": 1}}]
    # After 30 days its values go too, and who does not know yet that it left has to begin anew.
    later = 1_800_000_000_000.0
    table.copy_registry(reader(site), later)
    assert answer_of(table, before)["reset"] is True
    assert answer_of(table, table.version)["reset"] is False
    assert table._db.execute("SELECT count(*) FROM night").fetchone() == (1,)


def test_exposure_that_comes_back_has_its_values(site: Site, ingester: Ingester, table: NightTable) -> None:
    land(site, ingester, 1)
    table.copy_registry(reader(site), now())
    table.put_header(table.headers_due(now(), 1)[0], {"airmass": 1.5}, None)
    path = site.repositories[0].directory / "gen3.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE exposure SET instrument = 'away'")
    table.copy_registry(reader(site), now())
    gone = table.version
    assert answer_of(table)["rows"] == 0
    with sqlite3.connect(path) as db:
        db.execute("UPDATE exposure SET instrument = 'LATISS'")
    db.close()
    table.copy_registry(reader(site), now())
    assert answer_of(table, gone)["columns"]["airmass"] == [1.5]


def test_raw_that_expires_and_raw_that_is_replaced(site: Site, ingester: Ingester, table: NightTable) -> None:
    land(site, ingester, 1)
    table.copy_registry(reader(site), now())
    (due,) = table.headers_due(now(), 9)
    table.put_header(due, {"airmass": 1.5}, None)
    table.put_measures(due, {"noiseAdu": 8.0, "amplifiers": []}, None)
    path = site.repositories[0].directory / "gen3.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("UPDATE file_datastore_records SET component = 'away'")
    table.copy_registry(reader(site), now())
    columns = answer_of(table)["columns"]
    assert (columns["hasRaw"], columns["airmass"], columns["noiseAdu"]) == ([0], [1.5], [8.0])
    assert table.headers_due(now(), 9) == [] and table.measuring_due(now()) is None
    successor = "f" * 32
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE file_datastore_records SET component = '__NULL_STRING__', dataset_id = ?", (successor,)
        )
        for (name,) in db.execute(
            "SELECT tag_association_table FROM dataset_type WHERE name = 'raw'"
        ).fetchall():
            db.execute(f"UPDATE {name} SET dataset_id = ?", (successor,))
    db.close()
    table.copy_registry(reader(site), now())
    columns = answer_of(table)["columns"]
    assert (columns["hasRaw"], columns["airmass"], columns["noiseAdu"]) == ([1], [None], [None])
    assert [one.raw for one in table.headers_due(now(), 9)] == [successor]
    # What was still under way for the first raw is not taken for the second one's.
    table.put_header(due, {"airmass": 9.0}, None)
    assert answer_of(table)["columns"]["airmass"] == [None]


def test_tries_are_counted_across_restarts(site: Site, ingester: Ingester, tmp_path: Path) -> None:
    land(site, ingester, 1)
    for tries in range(night_table.TRIES):
        table = NightTable(tmp_path / "night.sqlite")
        table.copy_registry(reader(site), now())
        assert table.measuring_due(now()) is None or tries == 0
        due = table.measuring_due(now() + 1e7)
        assert due is not None and due.tries == tries
        table.begin_measuring(due)
        table.close()


@pytest.mark.parametrize("damage", ["other schema", "no database", "torn"])
def test_file_that_cannot_be_used_is_made_anew(
    site: Site, ingester: Ingester, tmp_path: Path, damage: str
) -> None:
    land(site, ingester, 1)
    path = tmp_path / "night.sqlite"
    table = NightTable(path)
    table.copy_registry(reader(site), now())
    version = table.version
    table.close()
    if damage == "other schema":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    elif damage == "no database":
        path.write_bytes(b"something else entirely" * 100)
    else:
        content = bytearray(path.read_bytes())
        content[4096 : 4096 * 4] = os.urandom(4096 * 3)
        path.write_bytes(content)
    time.sleep(0.01)
    table = NightTable(path)
    assert answer_of(table)["rows"] == 0
    assert answer_of(table, version)["reset"] is True
    table.copy_registry(reader(site), now())
    assert answer_of(table)["rows"] == 1
    table.close()


def test_strange_values_of_a_registry(site: Site, ingester: Ingester, table: NightTable) -> None:
    """Texts of any kind travel; numbers that JSON cannot write are not known."""
    land(site, ingester, 1)
    name = '"quoted" \\ \u2028 </script> \U0001f52d \x01 line\nend'
    with sqlite3.connect(site.repositories[0].directory / "gen3.sqlite3") as db:
        db.execute("UPDATE exposure SET target_name = ?, exposure_time = 9e999, dark_time = NULL", (name,))
    db.close()
    table.copy_registry(reader(site), now())
    columns = answer_of(table)["columns"]
    assert columns["targetName"] == [name]
    assert columns["exposureTimeSeconds"] == [None] and columns["darkTimeSeconds"] == [None]
