"""Every FITS file of astropy's own tests: the same pixels, or the refusal that docs/fits-support.md lists.

The installed package has the same test files as astropy's source package.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import astropy
import numpy as np
import pytest
from astropy.io import fits
from astropy_pixels import assert_equal_bits

from summit_notebook.engine import Engine, FitsError

PACKAGE = Path(astropy.__file__).parent
FILES = sorted(
    str(path.relative_to(PACKAGE))
    for path in PACKAGE.rglob("*")
    if re.search(r"\.(fits?|fz)(\.[A-Za-z0-9]+)?$", path.name)
)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "fits-support.md"
REFUSED = dict(
    re.findall(r"^\| (\S+\.fits\S*) +\| ([^|]+?) +\| [^|]+\|$", DOCUMENT.read_text(), re.MULTILINE)
)


def test_the_files_are_there() -> None:
    assert len(FILES) >= 58
    assert set(REFUSED) <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_file_is_read_as_astropy_reads_it(engine: Engine, name: str) -> None:
    path = PACKAGE / name
    if name in REFUSED:
        with pytest.raises(FitsError, match=REFUSED[name]):
            engine.read(path.read_bytes())
        return
    hdus = engine.read(path.read_bytes(), form="physical")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(path, memmap=False) as wanted:
            assert len(hdus) == len(wanted)
            for hdu, other in zip(hdus, wanted, strict=True):
                has_pixels = other.is_image and not isinstance(other, fits.GroupsHDU) and other.size > 0
                if not has_pixels:
                    assert hdu.data is None
                    continue
                pixels = np.array(other.data)
                pixels = pixels.astype(pixels.dtype.newbyteorder("="))
                if pixels.dtype.kind == "f":
                    pixels[np.isnan(pixels)] = np.nan
                assert_equal_bits(hdu.data, pixels)
