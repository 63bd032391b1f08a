"""The engine of the browser, the identical WebAssembly module, run from Python on numpy arrays.

Pixels, tables, coordinates and reduced images are bit for bit what the browser shows. Needs the `wasmtime` package and
the module that `npm run build` writes to wasm/dist/astro_fits.wasm.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .camera import camera_detector
from .hdus import CARD_KINDS, HDU_KINDS, PIXEL_FORMS, Card, Hdu, Problem, Verification, read_hdu, verify_hdu
from .isr import Calib, IsrResult, run_isr
from .module import MODULE_PATH, Array, FitsError, Module
from .statistics import ImageStatistics, image_statistics
from .tables import read_table
from .wcs import Wcs
from .writer import COMPRESSIONS, CardToWrite, FitsWriter

__all__ = [
    "CARD_KINDS",
    "COMPRESSIONS",
    "HDU_KINDS",
    "MODULE_PATH",
    "PIXEL_FORMS",
    "Calib",
    "Card",
    "CardToWrite",
    "Engine",
    "FitsError",
    "FitsWriter",
    "Hdu",
    "ImageStatistics",
    "IsrResult",
    "Problem",
    "Verification",
    "Wcs",
]


class Engine:
    """One instance of the module with its own memory; use it from one thread at a time."""

    def __init__(self, path: Path = MODULE_PATH, *, memory_limit: int = 0) -> None:
        """`memory_limit` bounds what one file, plane or table may take, in bytes; 0 is the engine's own, 1 GiB."""
        self._module = Module(path, memory_limit=memory_limit)
        self.version = self._module.version

    @property
    def memory_bytes(self) -> int:
        """Size of the instance's memory, which never shrinks."""
        return self._module.memory_bytes

    def read(
        self,
        content: bytes,
        *,
        chunk: int = 1 << 22,
        form: str | None = "working",
        hdus: Sequence[int] | None = None,
    ) -> list[Hdu]:
        """Reads a whole file, with or without a gzip wrapper; of it the HDUs of these numbers, or all.

        `form` "working" gives pixels as int32 or float32, "physical" in the type that keeps them; see AfPixelForm. None
        reads the headers alone.
        """
        with self._module.opened(content, chunk) as stream:
            count = self._module.call("af_stream_hdu_count", stream)
            wanted = range(count) if hdus is None else hdus
            return [read_hdu(self._module, stream, index, form) for index in wanted]

    def stats(self, content: bytes) -> list[ImageStatistics]:
        """What `astro-fits-wasm stats` says of the physical pixels of each image."""
        hdus = self.read(content, form="physical")
        return [
            image_statistics(hdu, hdu.data, self.summary(hdu.data)) for hdu in hdus if hdu.data is not None
        ]

    def read_table(self, content: bytes, hdu: int = 1) -> dict[str, Array]:
        """Columns by name, as astropy types and shapes them; those of variable length are arrays of objects.

        Of columns with equal names the first; a column without a name is `col1` and so on.
        """
        with self._module.opened(content) as stream:
            return read_table(self._module, stream, hdu)

    def verify(self, content: bytes) -> list[Verification]:
        """Bad cards, faults of the structure and checksums, HDU by HDU."""
        with self._module.opened(content) as stream:
            count = self._module.call("af_stream_hdu_count", stream)
            return [verify_hdu(self._module, stream, index) for index in range(count)]

    def camera(self, instrument: str, detector: int) -> dict[str, Any]:
        """What the camera table has of a detector, in the shape of `CameraDetector` of wasm/camera.ts.

        `instrument` is the Butler's name. Raises `FitsError` (UnsupportedFits) for a detector that the table does not
        know.
        """
        return camera_detector(self._module, instrument, detector)

    def wcs(self, content: bytes, hdu: int | None = None, alternate: str = "") -> Wcs:
        """The celestial coordinates of an image; see `Wcs`."""
        return Wcs(self._module, content, hdu, alternate)

    def calib(self, kind: str, content: bytes) -> Calib:
        """Reads a calibration for many raws: it stays in the instance's memory until it is freed."""
        return Calib(self._module, kind, content)

    def isr(
        self,
        raw: bytes,
        calibs: Mapping[str, bytes | Calib] | None = None,
        *,
        recipe: str = "rapid",
        steps: Sequence[str] = (),
        overscan: str = "median-per-row",
        geometry: str = "table",
        serial_skip: tuple[int, int] = (3, 3),
        parallel_skip: tuple[int, int] = (3, 3),
    ) -> IsrResult:
        """What `astro-fits-wasm isr` does, with the options of those names; `calibs` are files by kind, or were read
        before by `calib`.

        Without `steps`: saturation, both overscans, assemble, and each step whose calibration is given.
        """
        options = (recipe, steps, overscan, geometry, serial_skip, parallel_skip)
        return run_isr(self._module, raw, calibs or {}, *options)

    def writer(self) -> FitsWriter:
        """Begins a file."""
        return FitsWriter(self._module)

    def bin(self, array: Array, factor: int) -> Array:
        """Mean of the finite pixels of each factor x factor cell."""
        module = self._module
        with module.plane(array) as plane:
            return module.take_plane(module.call("af_bin", plane, factor, module.error))

    def zscale(self, array: Array) -> tuple[float, float]:
        """Display limits by the IRAF algorithm."""
        module = self._module
        with module.plane(array) as plane, module.scratch(16) as limits:
            module.check(module.call("af_zscale", plane, limits, module.error))
            low, high = struct.unpack("<2d", module.read(limits, 16))
            return low, high

    def statistics(self, array: Array, fractions: Sequence[float]) -> tuple[float, ...]:
        """Minimum, maximum, then the percentiles; see af_statistics."""
        module, count = self._module, len(fractions)
        with module.plane(array) as plane, module.scratch(8 * (2 * count + 2)) as memory:
            module.write(memory, struct.pack(f"<{count}d", *fractions))
            out = memory + 8 * count
            module.check(module.call("af_statistics", plane, memory, count, out, module.error))
            return struct.unpack(f"<{count + 2}d", module.read(out, 8 * (count + 2)))

    def summary(self, array: Array) -> tuple[float, float, float, float]:
        """Minimum, maximum, mean and median of what is not NaN; see af_plane_summary."""
        module = self._module
        with module.plane(array) as plane, module.scratch(32) as out:
            module.call("af_plane_summary", plane, out)
            low, high, mean, median = struct.unpack("<4d", module.read(out, 32))
            return low, high, mean, median
