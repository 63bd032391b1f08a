"""The registry reader on registries that Butlers wrote: real ones, one under a busy writer, broken ones."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from oods_server import DATASET, make_site, tiny_registry
from tiny_raw import raw_name, write_raw

from summit_notebook.hub_service import registry_file
from summit_notebook.hub_service.registry import RegistryReader, tai_ns_to_unix_ms
from summit_notebook.hub_service.registry_file import RegistryError
from summit_notebook.oods.ingester import Ingester

SHARED = (
    Path(os.environ.get("SUMMIT_NOTEBOOK_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
)

# Folder below the shared data, instrument, exposures, raws, and of the newest exposure: id, filter, detector, calibs.
REAL = [
    ("obs_lsst/latiss", "LATISS", 1, 1, 3018092000065, "unknown~unknown", 0, {"bias"}),
    ("obs_lsst/lsstCam", "LSSTCam", 2, 3, 3019032200002, "SDSSi~ND_OD0.5", 35, set()),
    ("obs_lsst/comCam", "LSSTComCam", 1, 1, 3019053000001, "unknown", 0, set()),
    ("obs_lsst/imsim", "LSSTCam-imSim", 1, 1, 204595, "i_sim_1.4", 42, {"bias", "dark", "flat"}),
    ("exposurelog/LATISS", "LATISS", 12, 12, 2022020800151, "SDSSg~empty", 0, set()),
    ("exposurelog/LSSTCam", "LSSTCam", 2, 3, 3019032200002, "SDSSi~ND_OD0.5", 35, set()),
]


@pytest.mark.parametrize(
    ("folder", "instrument", "exposures", "raws", "newest", "physical_filter", "detector", "calibs"), REAL
)
def test_real_registry(
    folder: str,
    instrument: str,
    exposures: int,
    raws: int,
    newest: int,
    physical_filter: str,
    detector: int,
    calibs: set[str],
) -> None:
    directory = SHARED / folder
    if not directory.exists():
        pytest.skip(f"the registry {folder} is not on this machine (SUMMIT_NOTEBOOK_SHARED names its parent)")
    before = (directory / "gen3.sqlite3").stat().st_mtime_ns
    reader = RegistryReader(folder, directory, instrument)
    found = reader.exposures()
    assert len(found) == exposures
    assert sum(len(e["raws"]) for e in found) == raws
    assert [(e["dayObs"], e["seqNum"]) for e in found] == sorted(
        ((e["dayObs"], e["seqNum"]) for e in found), reverse=True
    )
    first = found[0]
    assert first["exposure"] == newest
    assert first["physicalFilter"] == physical_filter
    assert first["group"] != ""
    # The day rolls at TAI-12 h: the shutter opened between noon of that day and noon of the next.
    opened = time.gmtime(int(first["shutterOpenTaiNs"]) / 1e9 - 12 * 3600)
    if instrument != "LSSTCam-imSim":
        assert time.strftime("%Y%m%d", opened) == str(first["dayObs"])
    raw = next(raw for raw in first["raws"] if raw["detector"] == detector)
    path = reader.file(raw["datasetId"])
    assert path.stat().st_size == raw["fileBytes"]
    assert raw["registeredUnixMs"] == pytest.approx(1.65e12, rel=0.01)
    assert reader.exposure_numbered(first["dayObs"], first["seqNum"]) == first
    assert reader.exposure(first["exposure"]) == first
    answer = reader.calibs(newest, detector)
    assert {name for name, calib in answer.items() if calib is not None} == calibs
    for name in calibs:
        calib = answer[name]
        assert calib is not None and reader.file(calib["datasetId"]).exists()
    assert (directory / "gen3.sqlite3").stat().st_mtime_ns == before
    assert sorted(path.name for path in directory.glob("gen3.sqlite3*")) == ["gen3.sqlite3"]


def test_leap_seconds() -> None:
    # BIPM/IERS: TAI-UTC was 36 s until the end of 2016, 37 s since; 10 s at the start of 1972.
    utc_2017 = 1483228800
    assert tai_ns_to_unix_ms((utc_2017 + 37) * 10**9) == utc_2017 * 1000
    assert tai_ns_to_unix_ms((utc_2017 - 1 + 36) * 10**9) == (utc_2017 - 1) * 1000
    assert tai_ns_to_unix_ms((63072000 + 10) * 10**9) == 63072000 * 1000


@pytest.fixture(scope="module")
def one_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = make_site(tmp_path_factory.mktemp("one") / "oods")
    ingester = Ingester(site, site.repositories[0])
    write_raw(site.staging_dir / raw_name(1), 1)
    ingester.ingest_batch()
    ingester.close()
    return site.repositories[0].directory


@pytest.fixture
def repository(tmp_path: Path, one_raw: Path) -> Path:
    return Path(shutil.copytree(one_raw, tmp_path / "oods"))


def reader(directory: Path) -> RegistryReader:
    return RegistryReader("OODS", directory, "LATISS")


# One transaction registers an exposure with its raw in five tables, in two bursts, then commits.
WRITER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
db.execute("PRAGMA cache_size = 5")  # so small that pages reach the file before the commit
columns = [r[1] for r in db.execute("PRAGMA table_info(exposure)")]
own = {"id": "2026112100000 + :n", "seq_num": ":n", "obs_id": "'x' || :n"}
values = ", ".join(own.get(c, f'"{c}"') for c in columns)
(first,) = db.execute("SELECT dataset_id FROM dataset_tags_00000001").fetchone()
n = 1
while True:
    n += 1
    key = {"n": n, "id": f"{n:032x}", "first": first}
    db.execute("BEGIN IMMEDIATE")
    db.execute(f"INSERT INTO exposure SELECT {values} FROM exposure WHERE seq_num = 1", key)
    db.execute("INSERT INTO dataset SELECT :id, dataset_type_id, ingest_date, run_id FROM dataset LIMIT 1", key)
    time.sleep(0.01)
    db.execute("INSERT INTO dataset_tags_00000001 SELECT dataset_type_id, :id, collection_id, instrument, detector,"
               " 2026112100000 + :n FROM dataset_tags_00000001 WHERE exposure = 2026112100001", key)
    db.execute("INSERT INTO file_datastore_records SELECT :id, path, formatter, storage_class, component, checksum,"
               " file_size FROM file_datastore_records LIMIT 1", key)
    # The same number in two tables: readers must never see one without the other.
    db.execute("UPDATE exposure SET exposure_time = :n WHERE seq_num = 1", key)
    db.execute("UPDATE dataset SET ingest_date = (1500000037 + :n) * 1000000000 WHERE id = :first", key)
    db.execute("COMMIT")
    time.sleep(0.03)
"""


def test_reading_while_a_writer_commits(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """About 20 commits a second: every answer is one committed state, newer than the last, and answers come.
    The reader is made slow between its two queries, so that a commit would fall between them."""
    second_query = RegistryReader._raws

    def slowly(*arguments: Any) -> Any:
        time.sleep(0.03)
        return second_query(*arguments)

    monkeypatch.setattr(RegistryReader, "_raws", slowly)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(repository / "gen3.sqlite3")])
    try:
        answers, last = 0, 0
        signatures = set()
        end = time.monotonic() + 20
        while time.monotonic() < end and answers < 40:
            signatures.add(reader(repository).signature())
            try:
                found = reader(repository).exposures()
            except RegistryError as error:
                # Never a wrong answer; but on a machine that is busy itself the lock may outlast the wait.
                assert error.tag == "RegistryBusy"
                continue
            newest = found[0]["seqNum"]
            assert [e["seqNum"] for e in found] == list(range(newest, 0, -1))
            assert all(len(e["raws"]) == 1 for e in found)
            assert newest >= last
            if newest > 1:
                assert found[-1]["exposureTimeSeconds"] == newest
                assert found[-1]["raws"][0]["registeredUnixMs"] == (1_500_000_000 + newest) * 1000
            last = newest
            answers += 1
            time.sleep(0.005)
    finally:
        writer.kill()
        writer.wait()
    assert writer.returncode == -9
    assert answers == 40
    assert last >= 10
    # Each commit is seen by the watcher's signature too (a state between two looks may be missed).
    assert len(signatures) >= 5


def test_locked_for_long_is_busy(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_file, "LOCK_WAIT_SECONDS", 0.2)
    db = sqlite3.connect(repository / "gen3.sqlite3", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    begin = time.monotonic()
    with pytest.raises(RegistryError, match="locked by its writer") as caught:
        reader(repository).exposures()
    assert caught.value.tag == "RegistryBusy"
    assert time.monotonic() - begin < 2
    db.execute("ROLLBACK")
    db.close()
    assert len(reader(repository).exposures()) == 1


# Dies with pages of an unfinished transaction in the file and its journal beside it.
DIES = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE exposure SET target_name = 'half'")
db.execute("CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 5000)"
           " SELECT i, hex(randomblob(200)) FROM n")
os._exit(9)
"""


def test_writer_that_died_is_busy_until_it_runs_again(repository: Path) -> None:
    path = repository / "gen3.sqlite3"
    subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)
    assert path.with_name("gen3.sqlite3-journal").stat().st_size > 0
    with pytest.raises(RegistryError, match="stopped in the middle of a commit") as caught:
        reader(repository).exposures()
    assert caught.value.tag == "RegistryBusy"
    # Any writer's next transaction rolls the journal back.
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    db.execute("ROLLBACK")
    db.close()
    (exposure,) = reader(repository).exposures()
    assert exposure["targetName"] == "HD 49790"


def test_write_ahead_log_is_read_too(repository: Path) -> None:
    db = sqlite3.connect(repository / "gen3.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    before = reader(repository).signature()
    db.execute("UPDATE exposure SET target_name = 'changed'")
    assert reader(repository).signature() != before
    assert reader(repository).exposures()[0]["targetName"] == "changed"
    db.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("version:%StaticDimension%", "7.0.0"), "StaticDimensionRecordStorageManager version 7.0.0"),
        (("version:%ByDimensions%", "3.0.0"), "ByDimensionsDatasetRecordStorageManagerUUID version 3.0.0"),
        (
            ("config:registry.managers.collections", "a.b.NameKeyCollectionManager"),
            "NameKeyCollectionManager",
        ),
        (("config:dimensions.json", '{"version": 9, "namespace": "daf_butler"}'), "daf_butler version 9"),
        (("config:dimensions.json", '{"version": 1, "namespace": "other"}'), "other version 1"),
        (("config:dimensions.json", "not json"), "no dimension universe"),
    ],
)
def test_unknown_versions_are_refused_by_name(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    repository = tiny_registry(tmp_path / "repo", {})
    with sqlite3.connect(repository / "gen3.sqlite3") as db:
        db.execute("UPDATE butler_attributes SET value = ? WHERE name LIKE ?", (change[1], change[0]))
    db.close()
    with pytest.raises(RegistryError, match=said) as caught:
        reader(repository).exposures()
    assert caught.value.tag == "RegistryUnknown"


def test_broken_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read") as caught:
        reader(tmp_path / "nowhere").exposures()
    assert caught.value.tag == "Unreachable"
    repository = tiny_registry(tmp_path / "repo", {DATASET: "a.fits"})
    with pytest.raises(RegistryError, match="lacks a table or column") as caught:
        reader(repository).exposures()
    assert caught.value.tag == "RegistryUnknown"
    database = repository / "gen3.sqlite3"
    database.write_bytes(b"This is no database. " * 500)
    with pytest.raises(RegistryError, match="is damaged") as caught:
        reader(repository).exposures()
    assert caught.value.tag == "Bug"
    database.unlink()
    with pytest.raises(RegistryError, match="is not there") as caught:
        reader(repository).exposures()
    assert caught.value.tag == "Unreachable"
    assert reader(repository).signature() is None
    assert not database.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("registry: {db: 'postgresql://host/db'}\ndatastore: {root: x}", "is in postgresql"),
        ("registry: !include other.yaml", "is not plain YAML"),
        ("- a list", "names no single registry"),
        ("", "names no single registry"),
    ],
)
def test_other_kinds_of_repository(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "butler.yaml").write_text(text)
    with pytest.raises(RegistryError, match=said) as caught:
        reader(tmp_path).exposures()
    assert caught.value.tag == "RegistryUnknown"


def test_missing_exposures_are_not_found(repository: Path) -> None:
    for ask in (
        lambda: reader(repository).exposure_numbered(20261121, 2),
        lambda: reader(repository).calibs(5, 0),
    ):
        with pytest.raises(RegistryError) as caught:
            ask()
        assert caught.value.tag == "NotFound"


def test_chains_are_walked_in_order(repository: Path) -> None:
    """Two CALIBRATION collections certify a bias: the first in the chain wins, whatever its number."""
    with sqlite3.connect(repository / "gen3.sqlite3") as db:
        (type_id, calibs) = db.execute(
            "SELECT id, calibration_association_table FROM dataset_type WHERE name = 'bias'"
        ).fetchone()
        db.execute(
            "INSERT INTO collection VALUES (90, 'late', 4, NULL), (91, 'early', 4, NULL), (92, 'inner', 3, NULL)"
        )
        (defaults,) = db.execute(
            "SELECT collection_id FROM collection WHERE name = 'LATISS/defaults'"
        ).fetchone()
        db.execute("DELETE FROM collection_chain")
        # defaults -> inner -> (early, back to defaults), late: a loop must not hang the walk.
        db.executemany(
            "INSERT INTO collection_chain (parent, position, child) VALUES (?, ?, ?)",
            [(defaults, 0, 92), (defaults, 1, 90), (92, 0, 91), (92, 1, defaults)],
        )
        for dataset, collection in (("a" * 32, 90), ("b" * 32, 91)):
            db.execute(
                f"INSERT INTO {calibs} (dataset_type_id, dataset_id, collection_id, instrument, detector)"
                " VALUES (?, ?, ?, 'LATISS', 0)",
                (type_id, dataset, collection),
            )
            db.execute(
                "INSERT INTO file_datastore_records VALUES (?, 'gone.fits', '', '', '__NULL_STRING__', NULL, 1)",
                (dataset,),
            )
    db.close()
    bias = reader(repository).calibs(2026112100001, 0)["bias"]
    assert bias == {"datasetType": "bias", "datasetId": "b" * 32, "collection": "early", "fileBytes": None}
