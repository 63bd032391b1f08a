"""astropy reads every image HDU of a file that is already in memory.

For every line COUNT on standard input, that many decodes; answers "CPU_SECONDS CRC32" like cfitsio_decode.
"""

import io
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from astropy.io import fits

content = Path(sys.argv[1]).read_bytes()
for line in sys.stdin:
    start = time.process_time()
    for _ in range(int(line)):
        with fits.open(io.BytesIO(content)) as hdus:
            planes = [hdu.data for hdu in hdus if hdu.data is not None]
    spent = time.process_time() - start
    crc = 0
    for plane in planes:
        kind = "<i4" if np.issubdtype(plane.dtype, np.integer) else "<f4"
        crc = zlib.crc32(plane.astype(kind).tobytes(), crc)
    print(f"{spent:.6f} {crc}", flush=True)
