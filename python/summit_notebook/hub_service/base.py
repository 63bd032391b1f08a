"""What every data route shares: who is asking, what they may do, and one form of error.

A data route never redirects. Whoever asks without a session gets 401 with JSON, so that a page shows "Sign in"
in place; only page navigations lead to the Hub (see ``pages.py``).
"""

from __future__ import annotations

import hmac
import json
import logging
from dataclasses import dataclass
from http.client import responses
from typing import Any, Protocol

from tornado.web import HTTPError, RequestHandler

log = logging.getLogger(__name__)

XSRF_COOKIE = "summit-xsrf"
XSRF_HEADER = "X-XSRFToken"

STATUS_OF_TAG = {
    "NotFound": 404,
    "Expired": 410,
    "AccessDenied": 403,
    "CalibrationMissing": 404,
    "MalformedFits": 422,
    "RegistryBusy": 503,
    "RegistryUnknown": 501,
    "Unreachable": 502,
    "Bug": 500,
}
"""Tags of ``src/core/errors.ts`` that a server can mean. AccessDenied is 401 where nobody is signed in."""

TAG_OF_STATUS = {
    401: "AccessDenied",
    403: "AccessDenied",
    404: "NotFound",
    410: "Expired",
    502: "Unreachable",
}
"""For errors that tornado raises by itself; any other is a ``Bug``."""

DEVICE_POSTS = ("/api/efd/query",)
"""The one thing beside GET that a kiosk screen may do: it reads, its query only travels in a body."""


@dataclass(frozen=True)
class Caller:
    """Who asks: a signed-in user, a device (kiosk screen), or a browser that is both."""

    user: str | None
    device_id: str | None = None
    device_label: str | None = None


class Access(Protocol):
    """Who is asking. The application has one under ``settings["access"]``; tests may put in a fixed one."""

    async def caller_of(self, handler: RequestHandler) -> Caller | None: ...


class DataHandler(RequestHandler):
    """Base of all data routes. ``self.caller`` is set when the verb's method runs."""

    caller: Caller
    users_only = False
    """True for routes that a device never reaches, not even by GET."""

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.clear_header("Server")

    async def prepare(self) -> None:
        access: Access = self.settings["access"]
        caller = await access.caller_of(self)
        if caller is None:
            self.fail("AccessDenied", "You are signed out. Sign in through the Hub again.", status=401)
            return
        self.caller = caller
        reads = self.request.method in ("GET", "HEAD")
        if not reads and not self._xsrf_proven():
            self.fail("AccessDenied", f"The request lacks the header {XSRF_HEADER}. Reload the page.")
            return
        if caller.user is None and not self._device_may(reads):
            self.fail("AccessDenied", "A kiosk screen may only look. Sign in to do this.")

    def _device_may(self, reads: bool) -> bool:
        if self.users_only:
            return False
        return reads or (self.request.method == "POST" and self.request.path.endswith(DEVICE_POSTS))

    def _xsrf_proven(self) -> bool:
        """A foreign page makes the browser send cookies, but can neither read them nor set this header."""
        cookie = self.get_cookie(XSRF_COOKIE) or ""
        header = self.request.headers.get(XSRF_HEADER, "")
        return cookie != "" and hmac.compare_digest(cookie.encode(), header.encode())

    def check_xsrf_cookie(self) -> None:
        """Tornado's own check is off: ``prepare`` has its own, with our cookie's name and our error form."""

    def compute_etag(self) -> str | None:
        """No hashing of answers that are never cached; a handler whose answers are sets its own ETag."""
        return None

    def fail(self, tag: str, message: str, *, status: int | None = None, **detail: Any) -> None:
        """Answers with an error and ends the request. ``detail`` holds facts, never secrets."""
        if status is None:
            status = STATUS_OF_TAG[tag]
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(json.dumps({"tag": tag, "message": message, "detail": {"httpStatus": status, **detail}}))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, HTTPError):
            message = f"{error.reason or responses.get(status_code, 'Error')}."
        else:
            message = "The service failed while it answered. Its log has the details."
        self.fail(TAG_OF_STATUS.get(status_code, "Bug"), message, status=status_code)
