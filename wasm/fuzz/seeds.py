"""Writes the seeds of the fuzzing targets into wasm/fuzz/corpus: small files and tiles that astropy made.

    cd python && python ../wasm/fuzz/seeds.py

The source of each target tells how its input is laid out. The same bytes come out every time.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

Image = npt.NDArray[Any]

CORPUS = Path(__file__).parent / "corpus"
BITPIX = (8, 16, 32, -32, 64, -64)
PHYSICAL, ONE_ROW_A_STEP, FALL_BACKS, CUBE, SCALED, BLANK, WIDE = (1 << bit for bit in range(7))


def write(target: str, name: str, content: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def file_of(*hdus: Any) -> bytes:
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(out)
    return out.getvalue()


def stars(shape: tuple[int, ...], kind: str, seed: int) -> Image:
    """Noise on a sky level with a few bright pixels."""
    random = np.random.default_rng(seed)
    image = random.normal(100, 6, shape)
    image[random.random(shape) > 0.97] = 240
    return image.astype(kind)


def head(bitpix: int, flags: int, image: Image, tile: tuple[int, ...]) -> bytes:
    """What every target of tiles begins with; axes fastest first."""
    sides = [*reversed(image.shape), 1][:3]
    tile_sides = [*tile, 1][:3]
    return bytes([BITPIX.index(bitpix), flags, *(s - 1 for s in sides), *(s - 1 for s in tile_sides)])


def tiles_of(hdu: Any, fall_backs: bool = False) -> bytes:
    """Table and heap of a compressed image, laid out as wasm/fuzz/compressed.cpp lays out its columns."""
    with fits.open(io.BytesIO(file_of(hdu)), disable_image_compression=True) as file:
        data = file[1].data
        names = ["COMPRESSED_DATA", *(["GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA"] if fall_backs else [])]
        rows, heap = b"", b""
        for row in data:
            for name in names:
                cell = np.asarray(row[name]) if name in data.names else np.zeros(0, np.uint8)
                rows += struct.pack(">ii", cell.size, len(heap))
                content = cell.astype(cell.dtype.newbyteorder(">")).tobytes()
                # Without the time that astropy writes into gzip headers.
                heap += content[:4] + bytes(4) + content[8:] if content[:3] == b"\x1f\x8b\x08" else content
            if "ZSCALE" in data.names:
                rows += struct.pack(">dd", row["ZSCALE"], row["ZZERO"])
        return rows + heap


def compressed(image: Image, algorithm: str, tile: tuple[int, ...], **options: Any) -> Any:
    """`tile` fastest axis first."""
    return fits.CompImageHDU(
        image, compression_type=algorithm, tile_shape=tuple(reversed(tile)), dither_seed=1, **options
    )


def write_tiles() -> None:
    for bitpix, kind in ((16, "i2"), (32, "i4")):
        image = stars((12, 20), kind, bitpix)
        for name, tile in (("rows", (20, 1)), ("boxes", (7, 5))):
            for form in (0, PHYSICAL):
                begin = head(bitpix, form, image, tile)
                # RICE_1 as astropy writes it: blocks of 32, BYTEPIX 2 or 4.
                rice = bytes([0, 1 if bitpix == 16 else 0])
                tiles = tiles_of(compressed(image, "RICE_1", tile))
                write("rice", f"i{bitpix}-{name}-{form}", begin + rice + tiles)
            for code, algorithm in enumerate(("GZIP_1", "GZIP_2", "NOCOMPRESS")):
                tiles = tiles_of(compressed(image, algorithm, tile))
                write("gzip_tiles", f"i{bitpix}-{name}-{algorithm}", begin + bytes([code]) + tiles)
        for scale in (0, 4):
            tiles = tiles_of(compressed(image, "HCOMPRESS_1", (7, 6), hcomp_scale=scale))
            begin = head(bitpix, PHYSICAL, image, (7, 6))
            write("hcompress", f"i{bitpix}-scale-{scale}", begin + bytes([scale << 1]) + tiles)
    mask = (stars((12, 20), "i2", 5) > 110).astype("i2") * 3
    for name, tile in (("rows", (20, 1)), ("boxes", (7, 5))):
        write("plio", name, head(16, 0, mask, tile) + tiles_of(compressed(mask, "PLIO_1", tile)))
    cube = stars((3, 4, 10), "i2", 6)
    begin = head(16, CUBE, cube, (5, 3, 2))
    write("rice", "cube", begin + bytes([0, 1]) + tiles_of(compressed(cube, "RICE_1", (5, 3, 2))))
    floats = stars((12, 20), "f4", 7)
    methods = {"NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
    for code, algorithm in enumerate(("RICE_1", "GZIP_1", "GZIP_2")):
        for number, (method, word) in enumerate(methods.items()):
            hdu = compressed(floats, algorithm, (20, 3), quantize_level=16, quantize_method=word)
            begin = head(-32, PHYSICAL | FALL_BACKS, floats, (20, 3))
            content = begin + bytes([code, number]) + tiles_of(hdu, fall_backs=True)
            write("quantized", f"{algorithm}-{method}", content)
    exact = compressed(floats, "GZIP_2", (20, 3), quantize_level=0)
    write("gzip_tiles", "f32", head(-32, PHYSICAL, floats, (20, 3)) + b"\x01" + tiles_of(exact))


def write_gzip() -> None:
    text = b"SIMPLE  =                    T" * 40 + bytes(range(256)) * 4
    members = {f"level-{level}": gzip.compress(text, level, mtime=0) for level in (0, 1, 9)}
    fixed = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_FIXED)
    raw = fixed.compress(text) + fixed.flush()
    tail = struct.pack("<II", zlib.crc32(text), len(text))
    members["fixed"] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw + tail
    # Flags: checksum of the header, extra field, name, comment.
    fields = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff" + struct.pack("<H", 3) + b"abc" + b"name\0" + b"words\0"
    members["fields"] = fields + struct.pack("<H", zlib.crc32(fields) & 0xFFFF) + raw + tail
    members["bomb"] = gzip.compress(bytes(1 << 20), 9, mtime=0)
    for name, member in members.items():
        write("inflate", name, b"\x06" + struct.pack("<H", 300) + member)
    file = file_of(fits.ImageHDU(stars((6, 9), "i2", 8)))
    for chunk in (0, 100):
        whole = gzip.compress(file, 9, mtime=0)
        write("gzip_file", f"chunks-{chunk}", struct.pack("<H", chunk) + whole[2:])
    members_of_blocks = b"".join(
        gzip.compress(file[at : at + 2880], 6, mtime=0) for at in range(0, len(file), 2880)
    )
    write("gzip_file", "members", struct.pack("<H", 1000) + members_of_blocks[2:] + bytes(20))


def write_headers() -> None:
    cards = [
        "A       =                    T / true",
        "B       =                  -17 / count",
        "C       = 1.25D-3",
        "D       = 'it''s / text' / quoted",
        "E       =                      / undefined",
        "LONG    = 'one &'",
        "CONTINUE  'two &'",
        "CONTINUE  'three' / end",
        "HIERARCH a b c = 5 / deep",
        "COMMENT = 'not a value'",
        "HISTORY words",
        "        blank keyword",
        "Z       = (1.0, -2.5)",
        "BAD     = 12abc",
    ]
    write("header", "kinds", b"\x01" + "\n".join(cards).encode())
    for card in cards:
        write("header", f"card-{card[:8].strip() or 'blank'}", b"\x01" + card.encode())
    write("header", "block", b"\0" + file_of()[:2880].rstrip())
    sky = fits.Header()
    sky.update({"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CRVAL1": 10.5, "CRVAL2": -30.0})
    sky.update({"CRPIX1": 5.0, "CRPIX2": 6.0, "CD1_1": -5e-5, "CD1_2": 1e-7, "CD2_1": 2e-7, "CD2_2": 5e-5})
    sky.update({"A_ORDER": 2, "A_2_0": 1e-6, "B_ORDER": 2, "B_1_1": -2e-6, "AP_ORDER": 1, "BP_ORDER": 1})
    write("header", "sip", b"\x01" + sky.tostring(sep="\n", endcard=False, padding=False).encode())


def table_of_all_kinds() -> Any:
    random = np.random.default_rng(9)
    columns = [
        fits.Column("flag", "L", array=[True, False, True]),
        fits.Column("bits", "11X", array=random.random((3, 11)) > 0.5),
        fits.Column("byte", "2B", array=random.integers(0, 255, (3, 2), np.uint8)),
        fits.Column("short", "I", array=np.array([1, -2, 32767], "i2"), null=-2),
        fits.Column("unsigned", "J", bzero=2**31, array=np.array([1, 2**32 - 1, 7], "u4")),
        fits.Column("long", "K", array=np.array([1, -(2**63), 7], "i8")),
        fits.Column("name", "5A", array=["abc", "", "defgh"]),
        fits.Column("single", "4E", dim="(2,2)", array=random.random((3, 2, 2)).astype("f4")),
        fits.Column("double", "D", unit="adu", array=np.array([1.5, np.nan, -0.0])),
        fits.Column("complex", "M", array=np.array([1 + 2j, 3j, 4])),
        fits.Column(
            "lists", "PJ()", array=np.array([np.arange(3), np.arange(0), np.arange(5)], dtype=object)
        ),
        fits.Column("words", "QE()", array=np.array([np.ones(2), np.ones(1), np.ones(4)], dtype=object)),
    ]
    return fits.BinTableHDU.from_columns(columns)


def write_tables() -> None:
    hdus = {"all": table_of_all_kinds()}
    columns = hdus["all"].columns
    hdus |= {c.name: fits.BinTableHDU.from_columns([c]) for c in columns if c.name not in ("lists", "words")}
    hdus["short"].header.update({"TSCAL1": 0.5, "TZERO1": 3.0})
    for name, hdu in hdus.items():
        write("table", name, table_input(hdu))


def table_input(hdu: Any) -> bytes:
    """Sides, cards and data, as File::table of wasm/fuzz/input.h takes them."""
    content = file_of(hdu)
    with fits.open(io.BytesIO(content)) as file:
        header, start = file[1].header, file[1].fileinfo()["datLoc"]
    size = header["NAXIS1"] * header["NAXIS2"] + header["PCOUNT"]
    structure = ("XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS")
    cards = [str(card).rstrip() for card in header.cards if card.keyword not in structure]
    sides = bytes([header["NAXIS1"], header["NAXIS2"], header["TFIELDS"]])
    return sides + ("\n".join(cards) + "\n\n").encode() + content[start : start + size]


def write_calibs() -> None:
    """Layouts of lsst.ip.isr: defects, crosstalk, linearity, brighter-fatter kernels."""
    regions = [
        fits.Column("X", "2D", array=np.array([[5.5, 0], [7.0, 0]])),
        fits.Column("Y", "2D", array=np.array([[5.5, 0], [7.0, 0]])),
        fits.Column("SHAPE", "16A", array=["BOX", "POINT"]),
        fits.Column("R", "2D", array=np.array([[2.0, 4.0], [0.0, 0.0]])),
        fits.Column("ROTANG", "2D", array=np.zeros((2, 2))),
    ]
    simple = [
        fits.Column(name, "J", array=np.array([1, 20], "i4")) for name in ("x0", "y0", "width", "height")
    ]
    matrix = [
        fits.Column("CT_COEFFS", "4D", array=np.array([[0, 1e-4, 2e-4, 0]])),
        fits.Column("CT_VALID", "4L", array=np.ones((1, 4), bool)),
    ]
    splines = [
        fits.Column("AMPLIFIER_NAME", "3A", array=["C10", "C11"]),
        fits.Column("TYPE", "6A", array=["Spline", "Spline"]),
        fits.Column("COEFFS", "8D", array=np.tile([0.0, 100, 1000, 50000, 0, 0.5, 1, 2], (2, 1))),
        fits.Column("BBOX_X0", "J", array=[0, 10]),
        fits.Column("BBOX_Y0", "J", array=[0, 0]),
        fits.Column("BBOX_DX", "J", array=[10, 10]),
        fits.Column("BBOX_DY", "J", array=[10, 10]),
    ]
    kernel = [
        fits.Column("AMPLIFIER", "3A", array=["C10"]),
        fits.Column("KERNEL", "9D", array=np.full((1, 9), 1e-7)),
    ]
    for code, name, columns in (
        (0, "regions", regions),
        (0, "boxes", simple),
        (1, "crosstalk", matrix),
        (2, "linearity", splines),
        (3, "brighter-fatter", kernel),
    ):
        hdu = fits.BinTableHDU.from_columns(columns)
        hdu.header.update({"NAMP": 2, "HIERARCH CROSSTALK_RATIOS_UNITS": "adu"} if code == 1 else {})
        write("calib", name, bytes([code]) + b"OBSTYPE = 'CALIB'\n\n" + table_input(hdu))


def write_raws() -> None:
    """Options, sizes, three paragraphs of cards, pixels."""
    level = np.random.default_rng(15).normal(1000, 8, 64)
    for recipe in (0, 1):
        for overscan in range(6):
            # Every step; the header's geometry; skips of one; calibs; statistics.
            options = bytes([recipe, overscan, 1]) + b"\xff\x7f" + bytes([1, 1, 1, 1, 0b00001010])
            # 5 x 4 pixels, 1 column before and 6 behind, 4 rows above; 2 segments, or all 16.
            sizes = bytes([4, 3, 1, 6, 4, 15 if overscan == 0 else 1])
            primary = "INSTRUME= 'TestCam'\nDARKTIME= 30.0\nEXPTIME = 30.0\n\n"
            segment = "GAIN    = 1.5\nRDNOISE = 6.0\n\n"
            cards = (primary + segment + "BUNIT   = 'adu'\n\n").encode()
            write("isr", f"{recipe}-{overscan}", options + sizes + cards + level.astype(">i4").tobytes())


def write_files() -> None:
    """Few headers, since each takes a block."""
    whole = b"\0\0"
    for kind in ("u1", "u2", "f8"):
        write("file", f"image-{kind}", whole + file_of(fits.ImageHDU(stars((5, 7), kind, 10))))
    blank = fits.ImageHDU(stars((5, 7), "i4", 11))
    blank.header.update({"BLANK": 240, "BSCALE": 0.1, "BZERO": 7.0})
    write("file", "image-blank", b"\x64\0" + file_of(blank))
    write("file", "table", whole + file_of(table_of_all_kinds()))
    floats = compressed(stars((12, 20), "f4", 12), "RICE_1", (20, 1), quantize_level=16, quantize_method=1)
    write("file", "compressed", whole + file_of(floats))
    two = fits.ImageHDU(stars((4, 4), "i2", 13), name="A"), fits.ImageHDU(stars((4, 4), "i4", 14), name="B")
    for hdu in two:
        hdu.add_checksum(when="of this file")
    content = file_of(*two)
    write("file", "two-checked", whole + content)
    write("file", "gzip", whole + gzip.compress(content, 9, mtime=0))


def write_coordinates() -> None:
    """The first byte is the alternate."""
    pair = "CTYPE1  = 'RA---{0}'\nCTYPE2  = 'DEC--{0}'\nCRVAL1  = 150.1\nCRVAL2  = -30.2\n"
    matrix = "CD1_1   = -5E-5\nCD1_2   = 1.3E-5\nCD2_1   = 1.2E-5\nCD2_2   = 5.1E-5\n"
    scale = "CDELT1  = -0.001\nCDELT2  = 0.002\n"
    cases = {
        "tan-sip": pair.format("TAN-SIP")
        + matrix
        + "A_ORDER = 2\nB_ORDER = 2\nA_2_0   = 2E-6\nB_1_1   = 1E-6\n",
        "tpv": pair.format("TPV") + matrix + "PV1_1   = 1.001\nPV2_1   = 0.999\nPV1_39  = 0.2\n",
        "zpn": pair.format("ZPN") + scale + "PV2_1   = 1.0\nPV2_3   = 42.0\n",
        "sin": pair.format("SIN") + scale + "PV2_1   = 0.3\nCROTA2  = 33.0\nCUNIT1  = 'deg'\n",
        "pole": pair.format("ZEA")
        + scale
        + "PV1_1   = 10.0\nPV1_2   = 60.0\nLATPOLE = -90.0\nPC1_2   = 0.1\n",
    }
    for name, cards in cases.items():
        write("wcs", name, b"\0" + cards.encode())


def main() -> None:
    write_tiles()
    write_gzip()
    write_headers()
    write_tables()
    write_calibs()
    write_raws()
    write_files()
    write_coordinates()
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    print(f"{len(files)} seeds, {sum(path.stat().st_size for path in files)} bytes")


if __name__ == "__main__":
    main()
