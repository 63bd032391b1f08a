"""The Butler repository of a simulated OODS: made, filled and thinned out through lsst-daf-butler alone.

The datastore's root is the repository's own directory, as in the test repositories of lsst/obs_lsst, so that
raws lie at ``raw/DAY_OBS/EXPOSURE/FILE`` under the name that the camera gave them.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from astropy.time import Time
from lsst.daf.butler import (
    Butler,
    CollectionType,
    DataCoordinate,
    DatasetRef,
    DatasetType,
    FileDataset,
    Timespan,
)
from lsst.daf.butler.time_utils import TimeConverter

from summit_notebook.oods.formatter import FitsHduListFormatter
from summit_notebook.oods.header import ExposureRecords
from summit_notebook.site import Repository

log = logging.getLogger("oods")

STORAGE_CLASS = "FitsHduList"
DETECTOR = 0

# The one broad band that a filter is in. Gratings do not change it; what is not here is 'white'.
BANDS = {"SDSSg_65mm": "g", "SDSSr_65mm": "r", "SDSSi_65mm": "i", "SDSSz_65mm": "z", "SDSSy_65mm": "y"}


class NotOurs(Exception):
    """The site says that somebody else feeds this repository."""


class OodsRepository:
    """One writer per repository: the ingester. Readers may come and go at any time."""

    def __init__(self, repository: Repository) -> None:
        if not repository.simulated:
            raise NotOurs(
                f"repository {repository.name} ({repository.directory}) is not simulated: it is fed by its "
                "own OODS and never written here"
            )
        self.instrument = repository.instrument
        self.root = repository.directory.resolve()
        self.raw_run = f"{self.instrument}/raw/all"
        self.calib = f"{self.instrument}/calib"
        self.calib_run = f"{self.instrument}/calib/masters"
        self.defaults = f"{self.instrument}/defaults"
        self.root.mkdir(parents=True, exist_ok=True)
        if not (self.root / "butler.yaml").exists():
            log.info("creating the Butler repository %s", self.root)
            Butler.makeRepo(
                str(self.root),
                # A storage class of its own: 'Exposure', the usual one, cannot be read without lsst.afw.
                config={
                    "datastore": {"root": "<butlerRoot>"},
                    "storageClasses": {STORAGE_CLASS: {"pytype": "astropy.io.fits.HDUList"}},
                },
            )
        self.butler = Butler.from_config(str(self.root), writeable=True)
        # Each step does nothing when it was done before, so a creation that was cut short is completed here.
        self._register()
        self.filters = {
            str(r.name)
            for r in self.butler.query_dimension_records(
                "physical_filter", instrument=self.instrument, explain=False
            )
        }

    def close(self) -> None:
        self.butler.close()

    def _register(self) -> None:
        registry = self.butler.registry
        with self.butler.transaction():
            registry.syncDimensionData(
                "instrument",
                {
                    "name": self.instrument,
                    "class_name": "lsst.obs.lsst.Latiss",
                    "detector_max": 1,
                    "visit_max": 6_050_123_199_999,
                    "exposure_max": 6_050_123_199_999,
                    "visit_system": 2,
                },
            )
            registry.syncDimensionData(
                "detector",
                {
                    "instrument": self.instrument,
                    "id": DETECTOR,
                    "full_name": "RXX_S00",
                    "name_in_raft": "S00",
                    "raft": "RXX",
                    "purpose": "SCIENCE",
                },
            )
        universe = self.butler.dimensions
        self.raw = DatasetType(
            "raw", ["instrument", "exposure", "detector"], STORAGE_CLASS, universe=universe
        )
        self.calibs = {
            name: DatasetType(name, dimensions, STORAGE_CLASS, universe=universe, isCalibration=True)
            for name, dimensions in (
                ("bias", ["instrument", "detector"]),
                ("dark", ["instrument", "detector"]),
                ("flat", ["instrument", "detector", "physical_filter"]),
            )
        }
        for dataset_type in (self.raw, *self.calibs.values()):
            registry.registerDatasetType(dataset_type)
        collections = self.butler.collections
        collections.register(self.raw_run, CollectionType.RUN)
        collections.register(self.calib_run, CollectionType.RUN)
        collections.register(self.calib, CollectionType.CALIBRATION)
        collections.register(self.defaults, CollectionType.CHAINED)
        collections.redefine_chain(self.defaults, [self.raw_run, self.calib])

    # --- raws ------------------------------------------------------------

    def registered_raws(self) -> dict[int, Path]:
        """Exposure id to file of every raw that the registry holds."""
        refs = self.butler.query_datasets("raw", collections=self.raw_run, limit=None, explain=False)
        uris = self.butler.get_many_uris(refs)
        return {int(ref.dataId["exposure"]): Path(uris[ref].primaryURI.ospath) for ref in refs}

    def ingest(self, raws: Sequence[tuple[ExposureRecords, Path]]) -> None:
        """Register files that already lie in the repository. All of them in one commit, or none."""
        registry = self.butler.registry
        datasets = []
        with self.butler.transaction():
            filters = {records.physical_filter for records, _ in raws} - self.filters
            self._sync_filters(filters)
            registry.insertDimensionData(
                "day_obs",
                *({"instrument": self.instrument, "id": day} for day in {r.day_obs for r, _ in raws}),
                skip_existing=True,
            )
            registry.insertDimensionData(
                "group",
                *({"instrument": self.instrument, "name": group} for group in {r.group for r, _ in raws}),
                skip_existing=True,
            )
            for records, path in raws:
                # sync, not insert: the row of an expired exposure stays, and its raw may come back.
                registry.syncDimensionData("exposure", records.record)
                data_id = DataCoordinate.standardize(
                    instrument=self.instrument,
                    exposure=records.exposure,
                    detector=DETECTOR,
                    universe=self.butler.dimensions,
                )
                ref = DatasetRef(self.raw, data_id, run=self.raw_run)
                datasets.append(FileDataset(path=str(path), refs=[ref], formatter=FitsHduListFormatter))
            self.butler.ingest(*datasets, transfer=None)
        self.filters |= filters

    def _sync_filters(self, names: Iterable[str]) -> None:
        for name in names:
            band = BANDS.get(name.partition("~")[0], "white")
            self.butler.registry.syncDimensionData(
                "physical_filter", {"instrument": self.instrument, "name": name, "band": band}
            )

    def expire(self, older_than: Time) -> list[tuple[int, Path]]:
        """Remove raws ingested before a time: the file first, then the rows, in the order of lsst/ctrl_oods.

        The rows of their exposures stay, since a registry forgets no exposure: readers see one without raws.
        """
        refs = self.butler.query_datasets(
            "raw",
            collections=self.raw_run,
            where="raw.ingest_date < :older_than",
            bind={"older_than": older_than},
            limit=None,
            explain=False,
        )
        if not refs:
            return []
        uris = self.butler.get_many_uris(refs)
        gone = []
        for ref in refs:
            path = Path(uris[ref].primaryURI.ospath)
            path.unlink(missing_ok=True)
            gone.append((int(ref.dataId["exposure"]), path))
        self.butler.pruneDatasets(refs, purge=True, unstore=True, disassociate=True)
        for _, path in gone:
            for directory in (path.parent, path.parent.parent):
                with contextlib.suppress(OSError):  # not empty: other raws of that exposure or night
                    directory.rmdir()
        return gone

    # --- calibs ------------------------------------------------------------

    def certify(self, manifest: Path) -> int:
        """Certify the masters of ``masters.json`` that are not certified yet; returns how many."""
        masters = json.loads(manifest.read_text())["masters"]
        certified = {
            (ref.datasetType.name, ref.dataId.get("physical_filter"))
            for name in self.calibs
            for ref in self.butler.query_datasets(
                name, collections=self.calib_run, find_first=False, limit=None, explain=False
            )
        }
        count = 0
        for master in masters:
            dataset_type = self.calibs[master["datasetType"]]
            needs_filter = "physical_filter" in dataset_type.dimensions
            physical_filter = str(master["physicalFilter"]) if needs_filter else None
            if (dataset_type.name, physical_filter) in certified:
                continue
            keys: dict[str, Any] = {"instrument": self.instrument, "detector": master["detector"]}
            if needs_filter:
                keys["physical_filter"] = physical_filter
            with self.butler.transaction():
                filters = {physical_filter} - self.filters if physical_filter is not None else set()
                self._sync_filters(filters)
                data_id = DataCoordinate.standardize(keys, universe=self.butler.dimensions)
                ref = DatasetRef(dataset_type, data_id, run=self.calib_run)
                # Copied: the repository is whole by itself, whatever becomes of the folder of masters.
                self.butler.ingest(
                    FileDataset(
                        path=str(manifest.parent / master["path"]), refs=[ref], formatter=FitsHduListFormatter
                    ),
                    transfer="copy",
                )
                self.butler.registry.certify(
                    self.calib, [ref], _validity(master["validBeginTaiNs"], master["validEndTaiNs"])
                )
            self.filters |= filters
            count += 1
        return count


def _validity(begin: int | None, end: int | None) -> Timespan:
    def time(nanoseconds: int | None) -> Time | None:
        return None if nanoseconds is None else TimeConverter().nsec_to_astropy(int(nanoseconds))

    return Timespan(time(begin), time(end))
