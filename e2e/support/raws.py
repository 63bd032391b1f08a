"""Makes raws for the fault tests from a good one: other numbers in the header, and damage where asked.

Each is written beside the staging folder's files under a hidden name and renamed, as the camera's archiver does.
"""

import argparse
import io
import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time


def renumbered(source: Path, args: argparse.Namespace) -> tuple[str, bytes]:
    """The raw with a new sequence number that was taken just now; returns its OBSID and its bytes."""
    end = Time(datetime.now(UTC) - timedelta(seconds=args.ended_ago)).tai
    with fits.open(source, disable_image_compression=True) as hdus:
        header = hdus[0].header
        day_obs = Time(end.unix_tai - 43200, format="unix_tai").strftime("%Y%m%d")
        obs_id = f"AT_O_{day_obs}_{args.seq:06d}"
        # A bias has no exposure time, and yet its times differ.
        begin = Time(end.unix_tai - max(0.005, float(header["EXPTIME"])), format="unix_tai")
        header["DAYOBS"], header["SEQNUM"], header["OBSID"] = day_obs, args.seq, obs_id
        # Whatever the pattern was: the recipe goes by this card.
        header["IMGTYPE"] = args.image_type
        for keyword, when in (("DATE-BEG", begin), ("DATE-OBS", begin), ("DATE-END", end)):
            header[keyword] = when.tai.isot
        if args.physical_filter is not None:
            header["FILTER"], header["GRATING"] = args.physical_filter.split("~")
        for card in args.card:
            keyword, _, text = card.partition("=")
            header[keyword] = float(text) if re.fullmatch(r"-?[0-9.]+", text) else text
        buffer = io.BytesIO()
        hdus.writeto(buffer, output_verify="ignore")
    return obs_id, buffer.getvalue()


def garbled(data: bytes, hdu_index: int) -> bytes:
    """Overwrites the start of the compressed pixels of one HDU with ones, which no RICE_1 tile starts with."""
    with fits.open(io.BytesIO(data), disable_image_compression=True) as hdus:
        info = hdus[hdu_index].fileinfo()
        header = hdus[hdu_index].header
        heap = info["datLoc"] + header.get("THEAP", header["NAXIS1"] * header["NAXIS2"])
    damaged = bytearray(data)
    damaged[heap + 4 : heap + 2000] = b"\xff" * 1996
    return bytes(damaged)


def without_images(data: bytes) -> bytes:
    """The primary HDU alone."""
    with fits.open(io.BytesIO(data), disable_image_compression=True) as hdus:
        return data[: hdus[1].fileinfo()["hdrLoc"]]


def blank(data: bytes) -> bytes:
    """Every pixel has the value that stands for none."""
    nothing = -(2**31)
    with fits.open(io.BytesIO(data)) as hdus:
        made = fits.HDUList([fits.PrimaryHDU(header=hdus[0].header)])
        for hdu in hdus[1:]:
            pixels = np.full(hdu.shape, nothing, np.int32)
            image = fits.CompImageHDU(pixels, hdu.header, compression_type="RICE_1")
            image.header["BLANK"] = nothing
            made.append(image)
        buffer = io.BytesIO()
        made.writeto(buffer, output_verify="ignore")
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--staging", type=Path, required=True)
    parser.add_argument("--seq", type=int, required=True)
    parser.add_argument("--image-type", default="OBJECT", help="IMGTYPE to claim in the header")
    parser.add_argument("--physical-filter", help="FILTER~GRATING to claim in the header")
    parser.add_argument(
        "--ended-ago", type=float, default=2.0, help="seconds since DATE-END; negative: in the future"
    )
    parser.add_argument(
        "--card", action="append", default=[], help="KEYWORD=TEXT or KEYWORD=NUMBER to write last"
    )
    parser.add_argument("--keep-fraction", type=float, default=1.0, help="cut the file here")
    parser.add_argument("--garble-hdu", type=int, help="damage the first tile of this HDU")
    parser.add_argument("--without-images", action="store_true", help="end behind the primary HDU")
    parser.add_argument("--blank", action="store_true", help="no pixel has a value")
    args = parser.parse_args()
    obs_id, data = renumbered(args.source, args)
    if args.garble_hdu is not None:
        data = garbled(data, args.garble_hdu)
    if args.without_images:
        data = without_images(data)
    if args.blank:
        data = blank(data)
    data = data[: int(len(data) * args.keep_fraction)]
    part = args.staging / f".{obs_id}.part"
    part.write_bytes(data)
    os.utime(part, (time.time(), time.time()))
    part.replace(args.staging / f"{obs_id}_R00_S00.fits.fz")
    print(obs_id)


if __name__ == "__main__":
    main()
