"""The ingester on a real Butler repository with small real raws."""

from __future__ import annotations

import errno
import gzip
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from conftest import LONG
from oods_server import make_site
from sqlalchemy.exc import OperationalError
from tiny_raw import raw_name, write_raw

from summit_notebook.hub_service.registry import RegistryReader
from summit_notebook.hub_service.registry_file import RegistryError
from summit_notebook.oods import ingester as ingester_module
from summit_notebook.oods.ingester import BATCH, Ingester, main, simulated_repository
from summit_notebook.oods.repository import NotOurs, OodsRepository
from summit_notebook.site import Site


@pytest.fixture(scope="module")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once and copied: making one takes half a second."""
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


def reader(site: Site) -> RegistryReader:
    return RegistryReader("OODS", site.repositories[0].directory, "LATISS")


def refused(site: Site) -> dict[str, str]:
    notes = [json.loads(path.read_text()) for path in (site.state_dir / "bad").glob("*.json")]
    return {note["file"]: note["reason"] for note in notes}


def write_masters(site: Site, **overrides: object) -> None:
    site.masters_dir.mkdir(parents=True, exist_ok=True)
    masters = []
    for kind, physical_filter in (("bias", None), ("dark", None), ("flat", "SDSSr_65mm~empty")):
        path = site.masters_dir / f"{kind}-det000.fits"
        image = fits.CompImageHDU(np.zeros((8, 8), np.float32), name="IMAGE", compression_type="GZIP_2")
        fits.HDUList([fits.PrimaryHDU(), image]).writeto(path, overwrite=True)
        masters.append(
            {
                "datasetType": kind,
                "path": path.name,
                "detector": 0,
                "physicalFilter": physical_filter,
                "validBeginTaiNs": None,
                "validEndTaiNs": None,
            }
            | overrides
        )
    (site.masters_dir / "masters.json").write_text(json.dumps({"masters": masters}))


def test_a_raw_lands_in_the_repository(site: Site, ingester: Ingester) -> None:
    landed = write_raw(site.staging_dir / raw_name(7), 7)
    modified = landed.stat().st_mtime_ns
    assert ingester.ingest_batch() == 1
    (exposure,) = reader(site).exposures()
    assert exposure["exposure"] == 2026112100007
    assert exposure["obsId"] == "AT_O_20261121_000007"
    assert (exposure["dayObs"], exposure["seqNum"]) == (20261121, 7)
    assert exposure["observationType"] == "science"
    assert exposure["physicalFilter"] == "SDSSr_65mm~empty"
    assert exposure["group"] == "2026-11-22T01:03:30.000"
    assert exposure["targetName"] == "HD 49790"
    # 2026-11-22T01:03:30 TAI as the header says it, counted from 1970-01-01 TAI.
    assert exposure["shutterOpenTaiNs"] == "1795309410000000000"
    assert exposure["shutterCloseTaiNs"] == "1795309412000000000"
    (raw,) = exposure["raws"]
    assert raw["detector"] == 0
    assert raw["landedUnixMs"] == modified / 1e6
    assert abs(raw["registeredUnixMs"] - time.time() * 1000) < 10_000
    path = reader(site).file(raw["datasetId"])
    assert path == ingester.oods.root / "raw" / "20261121" / "2026112100007" / raw_name(7)
    assert path.stat().st_mtime_ns == modified
    assert path.stat().st_size == raw["fileBytes"]
    assert not list(site.staging_dir.iterdir())


def test_butler_get_reads_the_raw(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / raw_name(1), 1)
    ingester.ingest_batch()
    data_id = {"instrument": "LATISS", "day_obs": 20261121, "seq_num": 1, "detector": 0}
    hdus = ingester.oods.butler.get("raw", data_id, collections="LATISS/defaults")
    assert [hdu.name for hdu in hdus[1:4]] == ["SEGMENT10", "SEGMENT11", "SEGMENT12"]
    assert hdus[1].data.shape == (8, 32)
    assert 9000 <= hdus[1].data.min() <= hdus[1].data.max() < 9100


@pytest.mark.parametrize(
    ("name", "cards", "said"),
    [
        ("no-seqnum.fits", {"SEQNUM": None}, "card SEQNUM is missing"),
        ("no-filter.fits", {"FILTER": None}, "card FILTER is missing"),
        ("word.fits", {"SEQNUM": "seven"}, "SEQNUM 'seven' is not a whole number"),
        ("far.fits", {"SEQNUM": 100000}, "not between 0 and 99999"),
        ("day.fits", {"DAYOBS": "2026"}, "is not a day"),
        ("time.fits", {"DATE_BEG": "yesterday"}, "DATE-BEG 'yesterday' is not a time"),
        ("order.fits", {"DATE_END": "2020-01-01T00:00:00"}, "is not after DATE-BEG"),
        ("other.fits", {"INSTRUME": "LSSTCam"}, "this repository holds LATISS"),
        ("controller.fits", {"CONTRLLR": "Z"}, "CONTRLLR 'Z'"),
        ("exptime.fits", {"EXPTIME": "long"}, "EXPTIME 'long' is not a number"),
        ("infinite.fits", {"EXPTIME": "inf"}, "EXPTIME 'inf' is not a number"),
        ("pointing.fits", {"ELSTART": "up"}, "ELSTART 'up' is not a number"),
        ("local.fits", {"TIMESYS": "LOCAL"}, "TIMESYS 'LOCAL' is none of TAI, UTC, TT, TDB"),
        ("xyz.fits", {"TIMESYS": "XYZ"}, "TIMESYS 'XYZ' is none of"),
        ("past.fits", {"DATE_BEG": "1900-01-01T00:00:00"}, "is not in the years 1970 to 2099"),
    ],
)
def test_wrong_cards_are_refused_by_name(
    site: Site, ingester: Ingester, name: str, cards: dict[str, object], said: str
) -> None:
    write_raw(site.staging_dir / name, 3, **cards)
    write_raw(site.staging_dir / raw_name(4), 4)
    ingester.ingest_batch()
    assert said in refused(site)[name]
    assert (site.state_dir / "bad" / name).exists()
    assert [e["seqNum"] for e in reader(site).exposures()] == [4]


def without_card(raw: bytes, card: str) -> bytes:
    """A COMMENT in its place, so that the block keeps its length."""
    at = raw.index(f"{card:8}=".encode())
    return raw[:at] + b"COMMENT".ljust(80) + raw[at + 80 :]


@pytest.mark.parametrize(("card", "said"), [("NAXIS", "Keyword 'NAXIS' not found"), ("SIMPLE", "SIMPLE")])
def test_headers_without_a_card_of_the_standard_are_refused(
    site: Site, ingester: Ingester, card: str, said: str
) -> None:
    whole = write_raw(site.state_dir / "whole.fits", 5).read_bytes()
    (site.staging_dir / "bare.fits").write_bytes(without_card(whole, card))
    write_raw(site.staging_dir / raw_name(4), 4)
    ingester.ingest_batch()
    assert said in refused(site)["bare.fits"]
    assert [e["seqNum"] for e in reader(site).exposures()] == [4]


JUNK = [
    "",
    " ",
    "'",
    "''",
    "'\\",
    "T",
    "F",
    "-1",
    "1e400",
    "NAN",
    "1.5",
    "(1, 2)",
    "0x1F",
    "é",
    "=",
    "/",
    "&",
    "'&'",
    "\0",
]


def test_any_header_is_registered_or_refused(site: Site, ingester: Ingester) -> None:
    """Damaged headers in great number: junk in cards, bytes overwritten, cards gone, blocks cut and joined."""
    rng = np.random.default_rng(20261121)
    # Less than the reader lists.
    files = 1000 if LONG else 240
    for n in range(files):
        raw = bytearray(write_raw(site.state_dir / "whole.fits", n + 1).read_bytes())
        end = raw.index(b"END     ")
        kind = n % 4
        if kind == 0:
            at = 80 * int(rng.integers(end // 80)) + 8
            raw[at : at + 72] = f"= {rng.choice(JUNK)}".encode("latin-1").ljust(72)[:72]
        elif kind == 1:
            for at in rng.integers(end, size=int(rng.integers(1, 12))):
                raw[at] = int(rng.integers(256))
        elif kind == 2:
            at = 80 * int(rng.integers(end // 80 + 1))
            del raw[at : at + 80]
        else:
            cut = int(rng.integers(len(raw) // 8))
            raw = raw[:cut] + raw[cut + int(rng.integers(3000)) :]
        (site.staging_dir / f"damaged-{n:04}.fits").write_bytes(raw)
    while ingester.ingest_batch():
        pass
    assert not list(site.staging_dir.iterdir())
    registered = len(reader(site).exposures())
    # Bad files are kept up to a number; what the folder holds is therefore counted apart from what came in.
    assert registered > 20 and len(refused(site)) > 20
    assert all(0 < len(reason) <= 500 and "\n" not in reason for reason in refused(site).values())
    assert registered + len(refused(site)) == min(files, registered + 100)
    assert answers_of_every_exposure_fit(reader(site))


def answers_of_every_exposure_fit(reader: RegistryReader) -> bool:
    """What was registered can be told: JSON has no NaN, and the app counts on both times."""
    json.dumps(reader.exposures(), allow_nan=False)
    return all(e["shutterOpenTaiNs"] and e["shutterCloseTaiNs"] for e in reader.exposures())


def test_a_file_that_cannot_be_opened_waits_and_the_others_go_on(
    site: Site, ingester: Ingester, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As many as a batch has, and the newest: they must not fill it either."""
    locked = [write_raw(site.staging_dir / raw_name(seq), seq) for seq in range(10, 10 + BATCH)]
    for path in locked:
        path.chmod(0)
    deny_what_root_may_read(monkeypatch)
    os.utime(write_raw(site.staging_dir / raw_name(1), 1), (1000, 1000))
    assert ingester.ingest_batch() == BATCH
    assert ingester.ingest_batch() == 1
    assert ingester.ingest_batch() == 0
    assert [e["seqNum"] for e in reader(site).exposures()] == [1]
    assert refused(site) == {}
    told = [record.getMessage() for record in caplog.records if "cannot be opened" in record.getMessage()]
    assert len(told) == BATCH
    assert f"{raw_name(10)} cannot be opened and waits in its folder: Permission denied" in told
    # Tried again after a while, without another word.
    monkeypatch.setattr(ingester_module, "UNREADABLE_RETRY_SECONDS", 0.0)
    for path in locked:
        path.chmod(0o000)  # a new ctime
    assert ingester.ingest_batch() == BATCH
    assert ingester.ingest_batch() == BATCH
    assert caplog.text.count("cannot be opened") == BATCH
    # At once when its permissions change.
    monkeypatch.setattr(ingester_module, "UNREADABLE_RETRY_SECONDS", 1e9)
    ingester.ingest_batch()
    assert ingester.ingest_batch() == 0
    locked[0].chmod(0o644)
    locked[1].unlink()
    assert ingester.ingest_batch() == 1
    assert [e["seqNum"] for e in reader(site).exposures()] == [10, 1]
    assert ingester.ingest_batch() == 0


def deny_what_root_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root opens files of mode 0; the answer of open(2) to anybody else is planted in astropy's place."""
    if os.geteuid() != 0:
        return
    real = fits.getheader

    def getheader(path: Path, *rest: Any) -> fits.Header:
        if path.stat().st_mode & 0o777 == 0:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *rest)

    monkeypatch.setattr(fits, "getheader", getheader)


def test_no_file_is_at_fault_where_the_machine_is(
    site: Site, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_: object) -> fits.Header:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    write_raw(site.staging_dir / raw_name(1), 1)
    with monkeypatch.context() as fault:
        fault.setattr(fits, "getheader", too_many)
        with pytest.raises(OSError, match="Too many open files"):
            ingester.ingest_batch()
    assert ingester.ingest_batch() == 1
    assert refused(site) == {}
    assert [e["seqNum"] for e in reader(site).exposures()] == [1]


def test_an_exposure_is_named_by_its_card_or_else_by_its_file(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / raw_name(1), 1, SEQNUM="one", OBSID="AT_O_20261121_000077")
    (site.staging_dir / raw_name(2)).write_bytes(b"")
    (site.staging_dir / "AT_O_2026_3.fits").write_bytes(b"")
    write_raw(site.staging_dir / raw_name(4), 4, OBSID=None)
    ingester.ingest_batch()
    notes = [json.loads(path.read_text()) for path in (site.state_dir / "bad").glob("*.json")]
    assert {note["file"]: note["obsId"] for note in notes} == {
        raw_name(1): "AT_O_20261121_000077",
        raw_name(2): "AT_O_20261121_000002",
        "AT_O_2026_3.fits": None,
        raw_name(4): "AT_O_20261121_000004",
    }


def test_the_longest_file_names_can_be_refused(site: Site, ingester: Ingester) -> None:
    names = ["x" * 250 + ".fits", "é" * 120 + ".fits", os.fsdecode(b"\xff" * 200 + b".fits")]
    for name in names:
        (site.staging_dir / name).write_text("hello " * 1000)
    assert ingester.ingest_batch() == 3
    assert set(refused(site)) == set(names)
    assert ingester.ingest_batch() == 0


def test_not_fits_and_empty_and_gzip_cut_short_are_refused(site: Site, ingester: Ingester) -> None:
    (site.staging_dir / "text.fits").write_text("hello " * 1000)
    (site.staging_dir / "empty.fits").write_bytes(b"")
    whole = write_raw(site.state_dir / "whole.fits", 5).read_bytes()
    (site.staging_dir / "cut.fits.gz").write_bytes(gzip.compress(whole)[:60])
    (site.staging_dir / "header-cut.fits").write_bytes(whole[:1000])
    ingester.ingest_batch()
    assert set(refused(site)) == {"text.fits", "empty.fits", "cut.fits.gz", "header-cut.fits"}
    assert reader(site).exposures() == []


def test_gzip_stream_is_taken(site: Site, ingester: Ingester) -> None:
    whole = write_raw(site.state_dir / "whole.fits", 5).read_bytes()
    (site.staging_dir / "AT_O_20261121_000005.fits").write_bytes(gzip.compress(whole))
    ingester.ingest_batch()
    assert [e["seqNum"] for e in reader(site).exposures()] == [5]


def test_truncated_pixels_are_registered_all_the_same(site: Site, ingester: Ingester) -> None:
    whole = write_raw(site.state_dir / "whole.fits", 5).read_bytes()
    (site.staging_dir / raw_name(5)).write_bytes(whole[: len(whole) // 2])
    ingester.ingest_batch()
    (exposure,) = reader(site).exposures()
    assert exposure["raws"][0]["fileBytes"] == len(whole) // 2


def test_hidden_and_foreign_files_stay(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / ".AT_O_20261121_000001.fits.part", 1)
    (site.staging_dir / "notes.txt").write_text("x")
    assert ingester.ingest_batch() == 0
    assert len(list(site.staging_dir.iterdir())) == 2


def test_duplicate_is_refused_and_the_first_kept(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / raw_name(1), 1)
    ingester.ingest_batch()
    first = reader(site).exposures()
    write_raw(site.staging_dir / "again.fits", 1)
    ingester.ingest_batch()
    assert "is registered already" in refused(site)["again.fits"]
    assert reader(site).exposures() == first


def test_duplicates_in_one_batch_and_obs_id_of_another_exposure(site: Site, ingester: Ingester) -> None:
    os.utime(write_raw(site.staging_dir / raw_name(1), 1), (1, 1))
    write_raw(site.staging_dir / "twin.fits", 1)
    write_raw(site.staging_dir / raw_name(2), 2, OBSID="AT_O_20261121_000001")
    write_raw(site.staging_dir / raw_name(3), 3)
    ingester.ingest_batch()
    assert set(refused(site)) == {"twin.fits", raw_name(2)}
    assert "the registry refuses it" in refused(site)[raw_name(2)]
    assert [e["seqNum"] for e in reader(site).exposures()] == [3, 1]


def test_unknown_filters_controllers_and_long_names(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / raw_name(1), 1, FILTER="BG40_65mm_1", GRATING="holo4_003")
    write_raw(site.staging_dir / raw_name(2), 2, CONTRLLR="C", OBSID="AT_C_20261121_000002", OBJECT="x" * 68)
    write_raw(site.staging_dir / raw_name(3), 3, TIMESYS="UTC")
    ingester.ingest_batch()
    assert refused(site) == {}
    by_seq = {e["seqNum"]: e for e in reader(site).exposures()}
    assert by_seq[1]["physicalFilter"] == "BG40_65mm_1~holo4_003"
    assert by_seq[2]["exposure"] == 3026112100002
    assert by_seq[2]["targetName"] == "x" * 64
    assert int(by_seq[3]["shutterOpenTaiNs"]) == 1795309290000000000 + 37_000_000_000


def test_backlog_newest_first(site: Site, ingester: Ingester) -> None:
    for seq in range(1, BATCH + 6):
        path = write_raw(site.staging_dir / raw_name(seq), seq)
        os.utime(path, (1000 + seq, 1000 + seq))
    assert ingester.ingest_batch() == BATCH
    assert [e["seqNum"] for e in reader(site).exposures()] == list(range(BATCH + 5, 5, -1))
    assert ingester.ingest_batch() == 5
    assert len(reader(site).exposures()) == BATCH + 5


def test_crash_between_move_and_commit_is_healed(site: Site) -> None:
    first = Ingester(site, site.repositories[0])
    write_raw(site.staging_dir / raw_name(1), 1)
    first.ingest_batch()
    first.close()
    orphan = write_raw(first.oods.root / "raw" / "20261121" / "2026112100002" / raw_name(2), 2)
    second = Ingester(site, site.repositories[0])
    second.recover()
    assert [e["seqNum"] for e in reader(site).exposures()] == [2, 1]
    assert orphan.exists()
    assert refused(site) == {}
    second.close()


def test_registry_trouble_refuses_no_file(
    site: Site, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault is planted in the one call that commits; everything around it is real."""
    write_raw(site.staging_dir / raw_name(1), 1)
    real = ingester.oods.butler.ingest

    def locked(*_: object, **__: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("database is locked"))

    monkeypatch.setattr(ingester.oods.butler, "ingest", locked)
    with pytest.raises(OperationalError):
        ingester.ingest_batch()
    assert [path.name for path in site.staging_dir.iterdir()] == [raw_name(1)]
    assert reader(site).exposures() == []
    monkeypatch.setattr(ingester.oods.butler, "ingest", real)
    ingester.ingest_batch()
    assert [e["seqNum"] for e in reader(site).exposures()] == [1]


def test_masters_are_certified_once(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / raw_name(1), 1)
    write_raw(site.staging_dir / raw_name(2), 2, GRATING="holo4_003")
    ingester.ingest_batch()
    ingester.certify_new_masters()
    assert reader(site).calibs(2026112100001, 0) == {"bias": None, "dark": None, "flat": None}
    write_masters(site)
    ingester.certify_new_masters()
    write_masters(site)
    ingester.certify_new_masters()
    calibs = reader(site).calibs(2026112100001, 0)
    for kind in ("bias", "dark", "flat"):
        calib = calibs[kind]
        assert calib is not None
        assert calib["collection"] == "LATISS/calib"
        assert reader(site).file(calib["datasetId"]).stat().st_size == calib["fileBytes"]
    # The same answer as a Butler's own search.
    ref = ingester.oods.butler.find_dataset(
        "flat",
        {"instrument": "LATISS", "detector": 0, "physical_filter": "SDSSr_65mm~empty"},
        collections="LATISS/defaults",
        timespan=ingester.oods.butler.query_dimension_records("exposure", instrument="LATISS")[0].timespan,
    )
    assert ref is not None and calibs["flat"] is not None
    assert ref.id.hex == calibs["flat"]["datasetId"]
    # No flat for a filter and grating that has none, and none for a detector that does not exist.
    assert reader(site).calibs(2026112100002, 0)["flat"] is None
    assert reader(site).calibs(2026112100001, 5) == {"bias": None, "dark": None, "flat": None}


def test_validity_bounds_count(site: Site, ingester: Ingester) -> None:
    write_raw(site.staging_dir / raw_name(1), 1)
    write_raw(site.staging_dir / raw_name(9), 9)
    ingester.ingest_batch()
    write_masters(site, validBeginTaiNs=1795309300_000_000_000, validEndTaiNs=None)
    ingester.certify_new_masters()
    assert reader(site).calibs(2026112100001, 0)["bias"] is None
    assert reader(site).calibs(2026112100009, 0)["bias"] is not None


def test_wrong_manifest_stops_nothing(
    site: Site, ingester: Ingester, caplog: pytest.LogCaptureFixture
) -> None:
    write_masters(site, path="missing.fits")
    ingester.certify_new_masters()
    assert "no calibs from it" in caplog.text
    (site.masters_dir / "masters.json").write_text("{")
    ingester.certify_new_masters()
    write_raw(site.staging_dir / raw_name(1), 1)
    ingester.ingest_batch()
    assert len(reader(site).exposures()) == 1


def test_expiry_removes_files_and_rows_and_keeps_exposures(site: Site) -> None:
    site = make_site(site.repositories[0].directory, lifetime=1.0)
    ingester = Ingester(site, site.repositories[0])
    write_raw(site.staging_dir / raw_name(1), 1)
    ingester.ingest_batch()
    dataset = reader(site).exposures()[0]["raws"][0]["datasetId"]
    path = reader(site).file(dataset)
    time.sleep(1.1)
    write_raw(site.staging_dir / raw_name(2), 2)
    ingester.ingest_batch()
    ingester.expire_when_due()
    assert not path.exists() and not path.parent.exists()
    newer, older = reader(site).exposures()
    assert (newer["seqNum"], len(newer["raws"])) == (2, 1)
    assert (older["seqNum"], older["raws"]) == (1, [])
    # It may come back, as when somebody restages an old night.
    write_raw(site.staging_dir / raw_name(1), 1)
    ingester.ingest_batch()
    assert [len(e["raws"]) for e in reader(site).exposures()] == [1, 1]
    ingester.close()


def test_only_simulated_repositories_are_written(tmp_path: Path) -> None:
    site = make_site(tmp_path / "real", simulated=False)
    with pytest.raises(NotOurs, match="fed by its own OODS"):
        OodsRepository(site.repositories[0])
    assert not (tmp_path / "real").exists()
    with pytest.raises(NotOurs, match="0 simulated"):
        simulated_repository(site)


def test_the_program_heals_a_kill_and_ends_on_sigterm(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real processes: SIGKILL in the middle of a backlog loses nothing; then one follows, and ends cleanly.
    Forked, not started anew: importing the Butler takes seconds."""
    monkeypatch.setattr(sys, "argv", ["ingester", "--site", str(write_site_json(site))])
    processes = multiprocessing.get_context("fork")
    for seq in range(1, 41):
        write_raw(site.staging_dir / raw_name(seq), seq)
    killed = processes.Process(target=main)
    killed.start()
    # Within the second batch of two.
    wait_until(lambda: len(answers(site)) > 0)
    killed.kill()
    killed.join()
    # What a kill between rename and commit leaves: it takes 20 ms, too short to be met by chance.
    write_raw(site.repositories[0].directory / "raw" / "20261121" / "2026112100050" / raw_name(50), 50)
    follower = processes.Process(target=lambda: sys.exit(main()))
    follower.start()
    try:
        wait_until(lambda: len(answers(site)) == 41)
        assert [e["seqNum"] for e in answers(site)] == [50, *range(40, 0, -1)]
        assert all(len(e["raws"]) == 1 for e in answers(site))
        write_raw(site.staging_dir / raw_name(51), 51)
        wait_until(lambda: len(answers(site)) == 42)
        follower.terminate()
        follower.join(timeout=10)
        assert follower.exitcode == 0
    finally:
        follower.kill()
    assert refused(site) == {}


def answers(site: Site) -> list[dict[str, Any]]:
    """The list, or nothing while a journal that a kill left waits for its writer."""
    try:
        return reader(site).exposures()
    except RegistryError as error:
        assert error.tag == "RegistryBusy"
        return []


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def write_site_json(site: Site) -> Path:
    repository = site.repositories[0]
    path = site.state_dir / "site.json"
    path.write_text(
        json.dumps(
            {
                "name": site.name,
                "instrument": site.instrument,
                "stateDir": str(site.state_dir),
                "logDir": str(site.log_dir),
                "webDir": str(site.web_dir),
                "publicUrl": site.public_url,
                "hubBase": site.hub_base,
                "hubPort": 1,
                "proxyApiPort": 1,
                "servicePort": 1,
                "proxyCommand": [],
                "influxdbUrl": None,
                "efdDatabase": "efd",
                "efdReason": "",
                "portalOrigins": [],
                "repositories": [
                    {
                        "name": repository.name,
                        "directory": str(repository.directory),
                        "instrument": repository.instrument,
                        "role": repository.role,
                        "lifetimeSeconds": repository.lifetime_seconds,
                        "simulated": repository.simulated,
                    }
                ],
                "simulator": {"enabled": False, "cadenceSeconds": 15, "scenario": "night", "seed": 1},
            }
        )
    )
    return path
