"""Previews of raws on request: made in a process of their own, the last ones kept."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .measurer import Measurer, MeasurerAway

MOST_KEPT = 24
"""Of about 1 MB each."""


_Version = tuple[str, str, int, int]
"""What a file is for, where it is, and what changes when it is another."""


def _versions(raw: Path, masters: Mapping[str, Path]) -> tuple[_Version, ...]:
    def version(kind: str, path: Path) -> _Version:
        status = path.stat()
        return (kind, str(path), status.st_ino, status.st_mtime_ns)

    def version_of_master(kind: str, path: Path) -> _Version:
        try:
            return version(kind, path)
        except OSError:
            return (kind, str(path), 0, 0)

    return (version("raw", raw), *(version_of_master(kind, path) for kind, path in sorted(masters.items())))


@dataclass(frozen=True)
class Preview:
    """Float32, little-endian, row 0 first; cell (i, j) has its centre at detector pixel
    (bin_px * i + (bin_px - 1) / 2, the same of j)."""

    width: int
    height: int
    bin_px: int
    steps: tuple[str, ...]
    pixels: bytes


class Previews:
    def __init__(self, measurer: Measurer) -> None:
        self._measurer = measurer
        self._kept: OrderedDict[tuple[_Version, ...], Preview] = OrderedDict()
        # Who asks for the same raw meanwhile finds it made.
        self._turn = asyncio.Lock()

    async def warm_up(self) -> None:
        """Starts the process ahead of the first request; one that does not start is told then."""
        with contextlib.suppress(MeasurerAway):
            await self._measurer.ready()

    async def of(self, path: Path, masters: Mapping[str, Path]) -> Preview:
        """With the masters, by kind, that can be read. Raises OSError for a raw that is gone, NotMeasured and
        MeasurerAway."""
        async with self._turn:
            key = await asyncio.to_thread(_versions, path, masters)
            if key not in self._kept:
                await self._measurer.ready()
                made = await self._measurer.preview(path, masters)
                pixels = base64.b64decode(made["pixels"])
                self._kept[key] = Preview(
                    made["width"], made["height"], made["binPx"], tuple(made["steps"]), pixels
                )
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    async def close(self) -> None:
        await self._measurer.close()
