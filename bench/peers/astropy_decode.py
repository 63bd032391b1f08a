"""The peer of the RICE decode bench: astropy reads every image HDU of a file that is already in memory.

For every line on standard input, one decode; answers "CPU_SECONDS CRC32" like cfitsio_decode.
"""

import io
import sys
import time
import zlib
from pathlib import Path

from astropy.io import fits

content = Path(sys.argv[1]).read_bytes()
for _ in sys.stdin:
    start = time.process_time()
    with fits.open(io.BytesIO(content)) as hdus:
        planes = [hdu.data for hdu in hdus if hdu.data is not None]
    spent = time.process_time() - start
    crc = 0
    for plane in planes:
        crc = zlib.crc32(plane.astype("<i4").tobytes(), crc)
    print(f"{spent:.6f} {crc}", flush=True)
