"""How `butler.get` reads the files of this OODS: as astropy HDU lists, without the Rubin pipelines."""

from __future__ import annotations

from typing import Any

from astropy.io import fits
from lsst.daf.butler import FormatterV2


class FitsHduListFormatter(FormatterV2):  # type: ignore[misc]
    """Read only. Its name is written into the registry: keep module and class where they are.

    Pixels are read when they are first looked at, so `butler.get` of a 20 MB raw costs milliseconds.
    """

    can_read_from_local_file = True
    supported_extensions = frozenset({".fits", ".fits.fz", ".fits.gz"})
    default_extension = ".fits"

    def read_from_local_file(self, path: str, component: str | None = None, expected_size: int = -1) -> Any:
        # In-memory rather than mapped: the file may leave the cache while a notebook still looks at it.
        return fits.open(path, memmap=False)
