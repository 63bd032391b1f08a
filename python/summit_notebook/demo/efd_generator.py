"""Fills the demo site's EFD: accounts and database, the last 12 h, then the telemetry of the running night.

    python -m summit_notebook.demo.efd_generator --site STATE/site.json

Live rows are as dense as at the telescope (packed mount topics and hexapod each second). Rows from before the
generator ran are sparser (each 10 s) and written newest first: the strip fills from the right at once.
influxd may come late, restart or lose its files: what was measured meanwhile is kept for 10 minutes and
written then.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections import deque

from summit_notebook.site import Site, load_secret, load_site

from .efd_accounts import READER_SECRET, WRITER_SECRET, set_up
from .efd_line_protocol import Influx, InfluxRefused, InfluxUnreachable
from .efd_topics import SalFormatter, lines_between
from .night import SECOND_NS, TAI_MINUS_UTC_S, Night, tai_now_ns
from .night_runs import runs_so_far

log = logging.getLogger("efd")

HISTORY_SECONDS = 12 * 3600
HISTORY_SPACING_SECONDS = 10
RECENT_SECONDS = 600
"""Gaps this young are filled as densely as if the generator had run."""
BUFFER_SECONDS = 600
LIVE_PERIOD_SECONDS = 0.25
"""How late a camera event may come: the page counts down with it."""


class CurrentNight:
    """The night model, made again when its runs change: a simulator ended, or a new one anchors the night anew."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._night = Night.open(site)

    def __call__(self) -> Night:
        runs = runs_so_far(self._site)
        if runs != self._night.runs:
            self._night = Night(self._site.simulator.seed, runs)
        return self._night


class Generator:
    def __init__(self, site: Site, stop: threading.Event) -> None:
        assert site.influxdb_url is not None
        self.site = site
        self.stop = stop
        self.writer = Influx(site.influxdb_url, "writer", load_secret(site, WRITER_SECRET))
        self.reader = Influx(site.influxdb_url, "reader", load_secret(site, READER_SECRET))
        self.night = CurrentNight(site)
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._reported_down = False

    def run(self) -> None:
        self._wait_for_influx()
        if self.stop.is_set():
            return
        live_since = tai_now_ns()
        # Daemon: it only writes rows that the next start would find missing again.
        threading.Thread(target=self._fill, args=(live_since,), name="back-fill", daemon=True).start()
        self._live(live_since)

    def _wait_for_influx(self) -> None:
        while not self.stop.is_set():
            try:
                set_up(self.site)
                self._up()
                return
            except InfluxUnreachable as down:
                self._down(down)
                self.stop.wait(1.0)

    def _down(self, why: Exception) -> None:
        if not self._reported_down:
            log.warning(
                "%s; telemetry is kept for %d minutes and tried again each second", why, BUFFER_SECONDS // 60
            )
            self._reported_down = True

    def _up(self) -> None:
        if self._reported_down:
            log.info("influxd answers again; %d batches to write", len(self._waiting))
            self._reported_down = False

    def _live(self, begin_tai_ns: int) -> None:
        sal = SalFormatter()
        done = begin_tai_ns
        retry_at = 0.0
        log.info("writing live telemetry into %s", self.site.efd_database)
        while not self.stop.wait(LIVE_PERIOD_SECONDS):
            now = tai_now_ns()
            # After a pause (suspended machine, hung server) only the buffer's length is worth making up.
            done = max(done, now - BUFFER_SECONDS * SECOND_NS)
            if now <= done:
                continue
            lines = lines_between(sal, self.night(), done, now, 1)
            done = now
            if lines:
                self._waiting.append((now, "\n".join(lines).encode()))
            while self._waiting and self._waiting[0][0] < now - BUFFER_SECONDS * SECOND_NS:
                self._waiting.popleft()
            if time.monotonic() >= retry_at and not self._drain():
                retry_at = time.monotonic() + 1.0

    def _drain(self) -> bool:
        """Writes what waits, oldest first. False when influxd could not take it; it is kept then."""
        while self._waiting and not self.stop.is_set():
            _, lines = self._waiting[0]
            try:
                self.writer.write(self.site.efd_database, lines)
            except InfluxUnreachable as down:
                self._down(down)
                return False
            except InfluxRefused as refused:
                if refused.status not in (401, 403, 404):
                    # A batch that breaks the rules stays broken: without this the night would end here.
                    log.error("influxd refuses a batch of telemetry, dropped: %s", refused)
                    self._waiting.popleft()
                    continue
                return self._repair(refused)
            self._waiting.popleft()
            self._up()
        return True

    def _repair(self, refused: InfluxRefused) -> bool:
        """The database or the accounts are gone: a server that began anew with empty files."""
        try:
            set_up(self.site)
            log.info("created the EFD anew, since influxd did not know it")
            return True
        except (InfluxRefused, InfluxUnreachable) as still:
            self._down(still if isinstance(still, InfluxRefused) else refused)
            return False

    def _fill(self, live_since_tai_ns: int) -> None:
        """Writes the minutes of the last 12 h that the database lacks, newest first."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        sal = SalFormatter()
        try:
            minutes = self._missing_minutes(live_since_tai_ns)
            if not minutes:
                return
            log.info("filling %d minutes of telemetry before now", len(minutes))
            night = self.night()
            block: list[str] = []
            for i, begin in enumerate(minutes):
                if self.stop.is_set():
                    return
                end = min(begin + 60 * SECOND_NS, live_since_tai_ns)
                young = begin > live_since_tai_ns - RECENT_SECONDS * SECOND_NS
                block += lines_between(sal, night, begin, end, 1 if young else HISTORY_SPACING_SECONDS)
                if len(block) >= 400 or i == len(minutes) - 1:
                    self._write_patiently("\n".join(block).encode())
                    block = []
            log.info("telemetry of the last %d h is complete", HISTORY_SECONDS // 3600)
        except InfluxRefused as refused:
            log.error("the history could not be written: %s", refused)

    def _missing_minutes(self, live_since_tai_ns: int) -> list[int]:
        """Begin (TAI ns) of each minute without enough mount rows, newest first."""
        offset = TAI_MINUS_UTC_S * SECOND_NS
        minute = 60 * SECOND_NS
        # Minutes of UTC, since the database counts in them.
        last = (live_since_tai_ns - offset) // minute * minute
        first = last - HISTORY_SECONDS * SECOND_NS
        # The field is one that every row has; counting it does not read the packed samples.
        text = (
            'SELECT count(cRIO_timestamp) FROM "lsst.sal.ATMCS.mount_AzEl_Encoders" '
            f"WHERE time >= {first} AND time < {last + minute} GROUP BY time(1m) fill(0)"
        )
        counts: dict[int, int] = {}
        while not self.stop.is_set():
            try:
                for result in self.reader.query(text, self.site.efd_database):
                    for series in result.get("series", []):
                        counts = {row[0]: row[1] for row in series["values"]}
                break
            except InfluxUnreachable:
                self.stop.wait(1.0)
        recent = live_since_tai_ns - offset - RECENT_SECONDS * SECOND_NS
        # A minute in which the generator was restarted has some rows and may lack a camera event.
        return [
            m + offset
            for m in range(last, first, -minute)
            if counts.get(m, 0) < (58 if m > recent else 60 // HISTORY_SPACING_SECONDS)
        ]

    def _write_patiently(self, lines: bytes) -> None:
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                self.writer.write(self.site.efd_database, lines)
            except InfluxUnreachable:
                self.stop.wait(1.0)
                continue
            # As long a rest as the server worked: the first images come up at the same time.
            self.stop.wait(min(1.0, time.monotonic() - began))
            return


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the simulated night's telemetry into InfluxDB.")
    parser.add_argument("--site", required=True, help="the site.json of the running site")
    site = load_site(parser.parse_args().site)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    if site.influxdb_url is None:
        log.info("this site has no EFD: %s", site.efd_reason)
        return 0
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        Generator(site, stop).run()
    except InfluxRefused as refused:
        log.error("%s", refused)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
