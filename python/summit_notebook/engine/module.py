"""The WebAssembly module: its memory, its errors, and planes as numpy arrays. The structs are those of astro_fits.h."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

Array = npt.NDArray[Any]

MODULE_PATH = Path(__file__).resolve().parents[3] / "wasm" / "dist" / "astro_fits.wasm"

PLANE_DTYPES = tuple(
    np.dtype(name)
    for name in ("i4", "f4", "u1", "i1", "i2", "u2", "u4", "i8", "u8", "f8")  # by AfPlaneType
)
OK, MORE = 0, 1  # of AfStatus
ALL_ROWS = 0x7FFFFFFF

_TAGS = {2: "MalformedFits", 3: "UnsupportedFits", 4: "UnsupportedFits"}
_ERROR_SIZE, _PLANE_SIZE = 200, 20
_STREAM_OPTIONS = struct.Struct("<QQ")


class FitsError(Exception):
    """`tag` is MalformedFits, UnsupportedFits or WasmFailed; `hdu`, `tile`, `byte_offset` are None where unknown."""

    def __init__(
        self, tag: str, message: str, hdu: int | None, tile: int | None, byte_offset: int | None
    ) -> None:
        super().__init__(message)
        self.tag = tag
        self.hdu = hdu
        self.tile = tile
        self.byte_offset = byte_offset


def number_of(names: Sequence[str], name: str, what: str) -> int:
    """The number by which the module knows one of a few names."""
    if name not in names:
        raise ValueError(f"there is no {what} {name!r}, only {', '.join(names)}")
    return names.index(name)


def refuse_masked(array: Array, what: str) -> None:
    """FITS has no place for numpy's masks; what is hidden must not become visible in silence."""
    if np.ma.is_masked(array):
        raise ValueError(f"{what} has masked values: fill them first, for example with `.filled(np.nan)`")


class Module:
    """One instance with its own memory; use it from one thread at a time."""

    def __init__(self, path: Path = MODULE_PATH, *, memory_limit: int = 0) -> None:
        if memory_limit < 0:
            raise ValueError(
                f"a memory limit of {memory_limit} bytes: give a positive number, or 0 for the engine's own"
            )
        self._memory_limit = memory_limit
        self._store = wasmtime.Store()
        module = wasmtime.Module.from_file(self._store.engine, str(path))
        self._exports = wasmtime.Instance(self._store, module, []).exports(self._store)
        memory = self._exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        self._memory = memory
        self.call("_initialize")
        self.error = self.alloc(_ERROR_SIZE)
        self.version = self.text(self.call("af_version"))

    @property
    def memory_bytes(self) -> int:
        """Size of the instance's memory, which never shrinks."""
        return int(self._memory.data_len(self._store))

    @contextmanager
    def opened(self, content: bytes, chunk: int = 1 << 22) -> Iterator[int]:
        """The stream of a whole file."""
        with self.scratch(_STREAM_OPTIONS.size) as options:
            self.write(options, _STREAM_OPTIONS.pack(0, self._memory_limit))
            stream = self.call("af_stream_new", options)
        if stream == 0:
            raise self.out_of_memory()
        piece = 0
        try:
            piece = self.alloc(min(chunk, max(len(content), 1)))
            for start in range(0, len(content), chunk):
                part = content[start : start + chunk]
                self.write(piece, part)
                self.check(self.call("af_stream_push", stream, piece, len(part), self.error))
            self.check(self.call("af_stream_end", stream, self.error))
            yield stream
        finally:
            self.call("af_free", piece)
            self.call("af_stream_free", stream)

    @contextmanager
    def scratch(self, size: int) -> Iterator[int]:
        """Memory for the time of one call."""
        address = self.alloc(size)
        try:
            yield address
        finally:
            self.call("af_free", address)

    @contextmanager
    def plane(self, array: Array) -> Iterator[int]:
        """A copy of an array in the module's memory."""
        address = self.new_plane(array)
        try:
            yield address
        finally:
            self.call("af_plane_free", address)

    def take_plane(self, address: int) -> Array:
        """A copy of a plane that is freed."""
        if address == 0:
            raise self.failure()
        try:
            return self.read_plane(address)
        finally:
            self.call("af_plane_free", address)

    def call(self, name: str, *arguments: int) -> int:
        routine = self._exports[name]
        assert isinstance(routine, wasmtime.Func)
        result = routine(self._store, *(_signed(argument) for argument in arguments))
        return int(result) & 0xFFFFFFFF if result is not None else 0

    def alloc(self, size: int) -> int:
        address = self.call("af_alloc", size)
        if address == 0:
            raise self.out_of_memory()
        return address

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, address, address + size))

    def write(self, address: int, content: bytes) -> None:
        self._memory.write(self._store, content, address)

    def text(self, address: int) -> str:
        """Up to a zero byte."""
        text = b""
        while b"\0" not in text:
            text += self.read(address + len(text), min(256, self.memory_bytes - address - len(text)))
        return text.split(b"\0", 1)[0].decode("latin-1")

    def new_plane(self, array: Array) -> int:
        refuse_masked(array, "the array")
        # Arrays that astropy read are big-endian.
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        if array.dtype not in PLANE_DTYPES:
            raise TypeError(
                f"an array of {array.dtype} cannot be taken, only of {', '.join(map(str, PLANE_DTYPES))}"
            )
        if array.ndim != 2 or array.size == 0:
            raise ValueError(
                f"an array of shape {array.shape}: two dimensions, none of them empty, are wanted"
            )
        kind = PLANE_DTYPES.index(array.dtype)
        height, width = array.shape
        plane = self.call("af_plane_new", kind, width, height)
        if plane == 0:
            raise self.out_of_memory()
        (data,) = struct.unpack("<I", self.read(plane + 16, 4))
        self.write(data, np.ascontiguousarray(array).tobytes())
        return plane

    def read_plane(self, plane: int) -> Array:
        kind, width, height, _, data = struct.unpack("<5I", self.read(plane, _PLANE_SIZE))
        dtype = PLANE_DTYPES[kind]
        content = self.read(data, dtype.itemsize * width * height)
        return np.frombuffer(content, dtype).reshape(height, width).copy()

    def check(self, status: int) -> int:
        if status > MORE:
            raise self.failure()
        return status

    def failure(self) -> FitsError:
        content = self.read(self.error, _ERROR_SIZE)
        status, hdu, tile, _, byte_offset = struct.unpack_from("<4iq", content)
        keyword = content[24:40].split(b"\0", 1)[0].decode("latin-1")
        message = content[40:].split(b"\0", 1)[0].decode("latin-1")
        places = [
            f"HDU {hdu}" if hdu >= 0 else "",
            f"tile {tile}" if tile >= 0 else "",
            keyword,
            f"byte {byte_offset}" if byte_offset >= 0 else "",
        ]
        where = ", ".join(place for place in places if place)
        return FitsError(
            _TAGS.get(status, "WasmFailed"),
            f"{message} ({where})" if where else message,
            hdu if hdu >= 0 else None,
            tile if tile >= 0 else None,
            byte_offset if byte_offset >= 0 else None,
        )

    def out_of_memory(self) -> FitsError:
        return FitsError("WasmFailed", "the engine is out of memory", None, None, None)


def _signed(value: int) -> int:
    """The i32 that wasmtime wants for an address or a count."""
    return value - (1 << 32) if value >= 1 << 31 else value
