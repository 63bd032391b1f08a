"""The built app's public files. There are few, they are small and they never change under one name.

Compressed here once and kept, since the Hub's proxy does not compress and the app is also used over slow links.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from pathlib import Path

from tornado.web import RequestHandler

TYPES = {
    ".js": "text/javascript; charset=UTF-8",
    ".css": "text/css; charset=UTF-8",
    ".svg": "image/svg+xml",
    # WebAssembly.compileStreaming insists on it.
    ".wasm": "application/wasm",
    ".json": "application/json; charset=UTF-8",
    ".woff2": "font/woff2",
}
COMPRESSED = frozenset({".js", ".css", ".svg", ".wasm", ".json"})
IMMUTABLE = "public, max-age=31536000, immutable"


class StaticFiles:
    """Reads and compresses a file at its first request."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: dict[tuple[Path, int], tuple[bytes, bytes | None]] = {}

    async def read(self, name: str) -> tuple[bytes, bytes | None]:
        """The file plain and compressed. Raises OSError where there is no such file below the root."""
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise FileNotFoundError(name)
        key = (path, path.stat().st_mtime_ns)
        if key not in self._kept:
            self._kept[key] = await asyncio.to_thread(_read, path)
        return self._kept[key]


def _read(path: Path) -> tuple[bytes, bytes | None]:
    plain = path.read_bytes()
    return plain, gzip.compress(plain, 7) if path.suffix in COMPRESSED else None


class StaticHandler(RequestHandler):
    def initialize(self, files: StaticFiles, immutable: bool) -> None:
        self.files = files
        self.immutable = immutable

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.clear_header("Server")

    def compute_etag(self) -> str | None:
        return None

    async def head(self, name: str) -> None:
        await self.get(name)

    async def get(self, name: str) -> None:
        try:
            plain, compressed = await self.files.read(name)
        except (OSError, ValueError):
            self.set_status(404)
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            self.finish("There is no such file. After an update of the app, reload the page.")
            return
        suffix = Path(name).suffix
        guessed = mimetypes.guess_type(name)[0]
        self.set_header("Content-Type", TYPES.get(suffix) or guessed or "application/octet-stream")
        self.set_header("Cache-Control", IMMUTABLE if self.immutable else "public, max-age=300")
        if compressed is not None:
            self.set_header("Vary", "Accept-Encoding")
        if compressed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(compressed)
        else:
            self.finish(plain)
