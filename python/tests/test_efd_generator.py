"""The generator into a real InfluxDB: accounts, clocks, history, and what it survives."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from influx_server import InfluxServer, make_site, running_influx

from summit_notebook.demo import efd_generator
from summit_notebook.demo.efd_accounts import READER_SECRET, WRITER_SECRET, set_up
from summit_notebook.demo.efd_generator import Generator
from summit_notebook.demo.efd_line_protocol import Influx, InfluxRefused, InfluxUnreachable
from summit_notebook.demo.efd_topics import SalFormatter, encoder_azimuth_deg, lines_between
from summit_notebook.demo.night import SECOND_NS, Night, PlannedExposure, tai_now_ns
from summit_notebook.site import Site, load_secret

ENCODERS = '"lsst.sal.ATMCS.mount_AzEl_Encoders"'
TAI_MINUS_UTC = 37.0


def _reader(site: Site) -> Influx:
    assert site.influxdb_url is not None
    return Influx(site.influxdb_url, "reader", load_secret(site, READER_SECRET))


def _rows(site: Site, query: str) -> list[list[float | str | bool | None]]:
    [result] = _reader(site).query(query, "efd")
    return [row for series in result.get("series", []) for row in series["values"]]


def _wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InfluxServer, Site]]:
    with running_influx(tmp_path_factory.mktemp("efd")) as (server, site):
        set_up(site)
        yield server, site


@pytest.fixture(scope="module")
def stepped(influx: tuple[InfluxServer, Site]) -> tuple[Site, PlannedExposure]:
    """An exposure with a bump of the mount in its middle, and a minute of telemetry around it in the database."""
    server, site = influx
    night = Night.restart(site)
    exposure = next(e for e in (night.exposure(i) for i in range(200)) if e.mount_step is not None)
    begin, end = exposure.shutter_open_tai_ns - 40 * SECOND_NS, exposure.readout_end_tai_ns + 40 * SECOND_NS
    writer = Influx(server.url, "writer", load_secret(site, WRITER_SECRET))
    writer.write("efd", "\n".join(lines_between(SalFormatter(), night, begin, end, 1)).encode())
    return site, exposure


def _largest_elevation_error_at(site: Site, exposure: PlannedExposure) -> float:
    """TAI seconds of the largest error, from all 100 Hz samples near one exposure, by another way than the app's."""
    around = exposure.shutter_open_tai_ns // SECOND_NS
    window = f"time >= {around - 67}s AND time < {around + 7}s"
    names = [f"elevationCalculatedAngle{i}" for i in range(100)]
    rows = _rows(site, f"SELECT cRIO_timestamp, {', '.join(names)} FROM {ENCODERS} WHERE {window}")
    demand = _rows(
        site,
        f"SELECT cRIO_timestamp, {', '.join(f'elevation{i}' for i in range(100))} "
        f'FROM "lsst.sal.ATMCS.trajectory" WHERE {window}',
    )

    def unpack(packed: list[list[float | str | bool | None]]) -> tuple[np.ndarray, np.ndarray]:
        table = np.array([row[1:] for row in packed], dtype=float)
        return (table[:, :1] + 0.01 * np.arange(100)).ravel(), table[:, 1:].ravel()

    t, measured = unpack(rows)
    demanded_at, demanded = unpack(demand)
    inside = (t > demanded_at[0]) & (t < demanded_at[-1])
    error = np.abs(measured - np.interp(t, demanded_at, demanded)) * 3600 * inside
    # A change of target moves demand and encoders at once; only what the mount adds is an error.
    error[error > 10] = 0
    assert 2.5 < error.max() < 3.6
    return float(t[error.argmax()])


def test_a_planted_mount_step_lies_inside_its_shutter_interval_and_not_37_s_away(
    stepped: tuple[Site, PlannedExposure],
) -> None:
    site, exposure = stepped
    at = _largest_elevation_error_at(site, exposure)
    opened, closed = exposure.shutter_open_tai_ns / SECOND_NS, exposure.shutter_close_tai_ns / SECOND_NS
    assert exposure.mount_step is not None
    assert at == pytest.approx(exposure.mount_step[0] / SECOND_NS, abs=0.02)
    assert opened < at < closed
    assert not opened < at - TAI_MINUS_UTC < closed
    assert not opened < at + TAI_MINUS_UTC < closed


def test_rows_carry_sals_clocks(stepped: tuple[Site, PlannedExposure]) -> None:
    site, exposure = stepped
    second = exposure.shutter_open_tai_ns // SECOND_NS
    fields = "cRIO_timestamp, private_sndStamp, private_efdStamp, salIndex, private_identity"
    rows = _rows(site, f"SELECT {fields} FROM {ENCODERS} WHERE time >= {second - 60}s")
    assert len(rows) > 30
    for row_time, first_sample, sent, efd, sal_index, identity in rows:
        # JSON has no difference between 7 and 7.0.
        assert isinstance(row_time, int) and isinstance(efd, float) and isinstance(sent, float)
        assert isinstance(first_sample, int | float)
        assert row_time / 1e9 == pytest.approx(efd, abs=2e-6)
        assert sent - efd == pytest.approx(TAI_MINUS_UTC, abs=1e-6)
        # Published when the hundred samples were there.
        assert sent - first_sample == pytest.approx(1.02, abs=1e-3)
        assert (sal_index, identity) == (0, "ATMCS")
    [dimm] = _rows(site, 'SELECT salIndex, fwhm FROM "lsst.sal.DIMM.logevent_dimmMeasurement" LIMIT 1')
    assert dimm[1] == 2
    assert isinstance(dimm[2], float) and 0.3 < dimm[2] < 3


def test_camera_events_come_at_the_shutters_times(stepped: tuple[Site, PlannedExposure]) -> None:
    site, exposure = stepped
    name = exposure.obs_id

    def stamp(event: str, field: str) -> tuple[float, float]:
        [[row_time, tai, image]] = _rows(
            site,
            f"SELECT {field}, imageName FROM \"lsst.sal.ATCamera.logevent_{event}\" WHERE imageName = '{name}'",
        )
        assert image == name and isinstance(tai, float) and isinstance(row_time, int)
        return tai, row_time / 1e9

    for event, field, planned in (
        ("startIntegration", "timestampAcquisitionStart", exposure.shutter_open_tai_ns),
        ("startReadout", "timestampStartOfReadout", exposure.shutter_close_tai_ns),
        ("endReadout", "timestampEndOfReadout", exposure.readout_end_tai_ns),
    ):
        tai, utc = stamp(event, field)
        assert tai == pytest.approx(planned / SECOND_NS, abs=1e-6)
        assert utc == pytest.approx(tai - TAI_MINUS_UTC, abs=2e-6)


def test_writing_the_same_time_again_adds_no_rows(influx: tuple[InfluxServer, Site]) -> None:
    server, site = influx
    writer = Influx(server.url, "writer", load_secret(site, WRITER_SECRET))
    begin = (tai_now_ns() // SECOND_NS - 7200) * SECOND_NS
    window = f"time >= {begin // SECOND_NS - 40}s AND time < {begin // SECOND_NS}s"
    count = f"SELECT count(cRIO_timestamp) FROM {ENCODERS} WHERE {window}"
    for pieces in ([(0, 30)], [(0, 13), (13, 30)], [(5, 9)]):
        for first, last in pieces:
            lines = lines_between(
                SalFormatter(), Night.open(site), begin + first * SECOND_NS, begin + last * SECOND_NS, 1
            )
            writer.write("efd", "\n".join(lines).encode())
        assert [row[1] for row in _rows(site, count)] == [30]


def test_encoders_count_turns_over_the_cable_wrap() -> None:
    assert encoder_azimuth_deg(np.array([10.0, 350.0, 180.0, 370.0])).tolist() == [10.0, -10.0, -180.0, 10.0]


def test_a_server_with_other_passwords_is_named_not_guessed(
    influx: tuple[InfluxServer, Site], tmp_path: Path
) -> None:
    with pytest.raises(InfluxRefused, match="--fresh"):
        set_up(make_site(tmp_path, influx[0].url))


@contextmanager
def _generating(site: Site) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=Generator(site, stop).run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


def _seconds_with_rows(site: Site, since_tai_ns: int) -> set[int]:
    since = since_tai_ns // SECOND_NS - 37
    try:
        rows = _rows(site, f"SELECT cRIO_timestamp FROM {ENCODERS} WHERE time >= {since}s")
    except (InfluxRefused, InfluxUnreachable):
        return set()
    return {int(row[1]) for row in rows if isinstance(row[1], int | float)}


def test_it_waits_for_influxd_fills_the_history_and_bridges_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(efd_generator, "HISTORY_SECONDS", 1200)
    server = InfluxServer(tmp_path / "influxdb")
    site = make_site(tmp_path / "state", server.url)
    try:
        began = tai_now_ns()
        with _generating(site):
            time.sleep(1.5)
            server.start()
            live = tai_now_ns()
            _wait(lambda: len(_seconds_with_rows(site, live)) >= 2, 20, "live rows")
            # The newest 10 minutes as dense as live, the older ones each 10 s.
            _wait(lambda: len(_seconds_with_rows(site, began - 1140 * SECOND_NS)) > 540 + 50, 30, "history")
            server.stop()
            time.sleep(2)
            server.start()
            back = tai_now_ns()
            _wait(lambda: len(_seconds_with_rows(site, back)) >= 2, 20, "rows after the restart")
            seconds = sorted(_seconds_with_rows(site, began - 300 * SECOND_NS))
            assert seconds == list(range(seconds[0], seconds[-1] + 1)), "a gap where influxd was away"

            server.stop()
            for name in ("meta", "data", "wal"):
                shutil.rmtree(server.directory / name)
            server.start()
            anew = tai_now_ns()
            _wait(lambda: len(_seconds_with_rows(site, anew)) >= 2, 20, "rows in a server that began anew")

        stopped = tai_now_ns()
        time.sleep(3)
        with _generating(site):
            expected = set(range(stopped // SECOND_NS - 1, stopped // SECOND_NS + 3))
            _wait(
                lambda: expected <= _seconds_with_rows(site, stopped - 5 * SECOND_NS), 20, "the gap is filled"
            )
    finally:
        server.stop()
