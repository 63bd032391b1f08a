"""Takes the simulated night's exposures: renders each before its time and lands it in the staging folder at its time.

A raw is written under a hidden name and renamed, so that the ingester only ever sees whole files; its modification time
is that of the rename. Beside it goes a truth file with everything that was put in.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..site import Site, load_site
from .detector import FLAT_FILTERS, Detector, Floats
from .digitise import Digitiser
from .night import Night, PlannedExposure, check_plan
from .night_runs import taking_exposures
from .raw_file import write_raw
from .scene import render

log = logging.getLogger("simulator")

PREPARE_BEFORE_LANDING_S = 6.0
"""Rendering and compressing takes about two seconds of one core; this leaves room on a busy machine."""
TRUTH_KEPT_S = 12 * 3600
NICENESS = 5
"""The telescope does not compete for the processor with those who watch it."""


class Telescope:
    """Everything that is made once: the detector and its flats."""

    def __init__(self, site: Site) -> None:
        self._detector = Detector(site.simulator.seed)
        self._digitiser = Digitiser(self._detector, site.simulator.seed)
        self._flats: dict[str, Floats] = {}

    def _flat(self, exposure: PlannedExposure) -> Floats | None:
        if exposure.image_type in ("BIAS", "DARK"):
            return None
        physical_filter = f"{exposure.filter}~{exposure.grating}"
        # What has no master flat still has a response: that of the open position.
        kind = physical_filter if physical_filter in FLAT_FILTERS else FLAT_FILTERS[0]
        if kind not in self._flats:
            self._flats[kind] = self._detector.flat(kind)
        return self._flats[kind]

    def take(self, night: Night, exposure: PlannedExposure, path: Path) -> dict[str, Any]:
        """Writes the raw to ``path`` and returns its truth."""
        electrons, scene_truth = render(night, exposure)
        digitised = self._digitiser.digitise(electrons, self._flat(exposure), exposure)
        ends = np.array([exposure.shutter_open_tai_ns, exposure.shutter_close_tai_ns], dtype=np.int64)
        conditions = night.conditions(ends)
        write_raw(path, exposure, conditions, digitised.segments)
        plan = asdict(exposure)
        plan.pop("step"), plan.pop("star")
        return {
            "frame": "detector pixels (x, y), 0-based, an integer is a pixel's centre, 4072 x 4000, y up",
            "obs_id": exposure.obs_id,
            "exposure": exposure.exposure_id,
            "image_type": exposure.image_type,
            "target": exposure.target,
            "physical_filter": f"{exposure.filter}~{exposure.grating}",
            "planted": list(exposure.planted),
            "plan": plan,
            "mount_step": None
            if exposure.mount_step is None
            else dict(zip(("tai_ns", "el_arcsec", "az_arcsec"), exposure.mount_step, strict=True)),
            "conditions_at_open": {name: float(values[0]) for name, values in vars(conditions).items()},
            **scene_truth,
            **digitised.truth,
        }


def land(
    telescope: Telescope, night: Night, exposure: PlannedExposure, site: Site, stop: threading.Event
) -> None:
    """Prepares the raw and renames it into place at its landing time, or at once when that has passed."""
    part = site.staging_dir / f".{exposure.obs_id}.part"
    try:
        truth = telescope.take(night, exposure, part)
        early = exposure.landing_unix_s - time.time()
        if early > 0 and stop.wait(early):
            return
        (site.truth_dir / f"{exposure.obs_id}.json").write_text(json.dumps(truth))
        os.utime(part)
        part.replace(site.staging_dir / f"{exposure.obs_id}_R00_S00.fits.fz")
        late = f", {-early:.1f} s late" if early < -0.5 else ""
        log.info("%s %s %s has landed%s", exposure.obs_id, exposure.image_type, exposure.target, late)
    finally:
        part.unlink(missing_ok=True)


def forget_old_truth(site: Site) -> None:
    horizon = time.time() - TRUTH_KEPT_S
    for path in site.truth_dir.glob("*.json"):
        if path.stat().st_mtime < horizon:
            path.unlink(missing_ok=True)


def run(site: Site, stop: threading.Event) -> None:
    site.staging_dir.mkdir(parents=True, exist_ok=True)
    site.truth_dir.mkdir(parents=True, exist_ok=True)
    for leftover in site.staging_dir.glob(".*.part"):
        leftover.unlink(missing_ok=True)
    telescope = Telescope(site)
    night = Night.restart(site)
    exposure = night.exposure(night.runs[-1].first_index)
    while not stop.is_set():
        idle = exposure.landing_unix_s - PREPARE_BEFORE_LANDING_S - time.time()
        if idle > 0 and stop.wait(idle):
            return
        land(telescope, night, exposure, site, stop)
        forget_old_truth(site)
        if time.time() - exposure.landing_unix_s > 4 * site.simulator.cadence_seconds:
            # The machine was asleep: nobody took what it missed, so a new run begins.
            night = Night.restart(site)
            exposure = night.exposure(night.runs[-1].first_index)
        else:
            exposure = night.exposure(exposure.index + 1)


def main() -> int:
    parser = argparse.ArgumentParser(description="Take the simulated night's exposures.")
    parser.add_argument("--site", required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    site = load_site(arguments.site)
    try:
        check_plan(site.simulator)
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.nice(NICENESS)
    with taking_exposures(site):
        run(site, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
