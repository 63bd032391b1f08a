"""Makes a Butler repository of one raw, as an OODS elsewhere might hold it. Prints the exposure's id."""

import argparse
import shutil
from pathlib import Path

from astropy.io import fits

from summit_notebook.oods.header import exposure_records
from summit_notebook.oods.repository import OodsRepository
from summit_notebook.site import Repository


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--raw", type=Path, required=True)
    args = parser.parse_args()
    records = exposure_records(fits.getheader(args.raw, 0), "LATISS")
    target = args.directory / "raw" / str(records.day_obs) / str(records.exposure) / args.raw.name
    target.parent.mkdir(parents=True)
    shutil.copyfile(args.raw, target)
    repository = OodsRepository(
        Repository(
            name="elsewhere",
            directory=args.directory,
            instrument="LATISS",
            role="OODS",
            lifetime_seconds=None,
            simulated=True,
        )
    )
    repository.ingest([(records, target)])
    repository.close()
    print(records.exposure)


if __name__ == "__main__":
    main()
