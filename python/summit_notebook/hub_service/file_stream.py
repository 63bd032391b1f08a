"""Answers with the bytes of a file: ranges, validators, in chunks, without holding up the event loop.

Tornado's own static file handler is not used: it keeps a file's hash for the life of the process, so that a file
changed in place keeps its old ETag.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import stat
from pathlib import Path

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

log = logging.getLogger(__name__)

CHUNK_BYTES = 512 * 1024


class UnsatisfiableRange(Exception):
    """No byte of the file is in the range that was asked for."""


async def send_file(handler: RequestHandler, path: Path, *, body: bool) -> None:
    """Raises FileNotFoundError, before anything is sent, when the file is gone or is no plain file."""
    # An open file stays readable when it is removed, so an expiry never cuts an answer short.
    descriptor = await asyncio.to_thread(open_plain, path)
    try:
        status = os.fstat(descriptor)
        size = status.st_size
        etag = f'"{status.st_ino:x}-{size:x}-{status.st_mtime_ns:x}"'
        handler.set_header("ETag", etag)
        handler.set_header("Accept-Ranges", "bytes")
        # Asked again each time, cheaply: the ETag says when the browser's copy still holds.
        handler.set_header("Cache-Control", "private, no-cache")
        handler.set_header("Content-Type", "application/fits")
        if _names(handler.request.headers.get("If-None-Match", ""), etag):
            handler.set_status(304)
            handler.clear_header("Content-Type")
            await handler.finish()
            return
        begin, end = 0, size
        wanted = handler.request.headers.get("Range")
        if wanted is not None and body and handler.request.headers.get("If-Range", etag) == etag:
            try:
                part = parse_range(wanted, size)
            except UnsatisfiableRange:
                handler.set_status(416)
                handler.set_header("Content-Range", f"bytes */{size}")
                handler.clear_header("Content-Type")
                await handler.finish()
                return
            if part is not None:
                begin, end = part
                handler.set_status(206)
                handler.set_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        handler.set_header("Content-Length", str(end - begin))
        if body:
            await _send_bytes(handler, descriptor, begin, end)
        else:
            await handler.finish()
    except StreamClosedError:
        pass  # the browser has what it wants, or has gone
    finally:
        os.close(descriptor)


async def _send_bytes(handler: RequestHandler, descriptor: int, begin: int, end: int) -> None:
    at = begin
    while at < end:
        chunk = await asyncio.to_thread(os.pread, descriptor, min(CHUNK_BYTES, end - at), at)
        if not chunk:
            # Cut short in place while it was read. Breaking the connection is the one way left to say so.
            log.warning("a file shrank from %d to %d bytes while it was sent", end, at)
            handler.request.connection.stream.close()  # type: ignore[union-attr]
            return
        at += len(chunk)
        handler.write(chunk)
        await handler.flush()
    await handler.finish()


def open_plain(path: Path) -> int:
    # O_NONBLOCK: opening a pipe must not wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _names(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """A half-open byte range, or None for the whole file. RFC 9110 14.2 lets a server ignore what it does not
    serve: other units, several ranges, bad syntax. Raises UnsatisfiableRange."""
    match = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header, re.ASCII)
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.group(1), match.group(2)
    if first == "":
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), size if last == "" else min(int(last) + 1, size)
        if last != "" and int(last) < begin:
            return None
    if begin >= end:
        raise UnsatisfiableRange
    return begin, end
