"""The three pages of the app, each with its Content-Security-Policy.

Only a page navigation leads to the Hub's sign-in. The panel is served to everybody: in a portal's frame it shows
"Sign in" itself, since the Hub's login page refuses frames.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from summit_notebook.site import Site

from .auth import SignInHandler
from .sessions import DEVICE_COOKIE

ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?")
HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?")


def checked_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """They go into a header as they are: a wrong one could switch the policy off."""
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"portalOrigins: {origin!r} is not an origin such as https://portal.example.org")
    return origins


def content_security_policy(websocket_origin: str, ancestors: tuple[str, ...] = ()) -> str:
    """Reasons for each directive: docs/decisions/0002-content-security-policy.md."""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {websocket_origin}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            " ".join(("frame-ancestors 'self'", *ancestors)),
        )
    )


class PageHandler(SignInHandler):
    """One of the pages; ``file_name`` says which."""

    def initialize(self, site: Site, file_name: str) -> None:
        self.site = site
        self.file_name = file_name

    async def get(self) -> None:
        if not await self._may_see():
            self.go_to_sign_in(self.request.uri or self.prefix)
            return
        try:
            page = (self.site.web_dir / self.file_name).read_bytes()
        except OSError:
            self.show_problem(503, f"{self.file_name} is missing: build the app with `npm run build`.")
            return
        self.sessions.give_xsrf_cookie(self)
        ancestors = self.site.portal_origins if self.file_name == "panel.html" else ()
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        # The page names hashed files, which change with each build.
        self.set_header("Cache-Control", "no-cache")
        self.set_header(
            "Content-Security-Policy", content_security_policy(self._websocket_origin(), ancestors)
        )
        self.finish(page)

    async def _may_see(self) -> bool:
        if self.file_name == "panel.html":
            return True
        if await self.sessions.session_of(self):
            return True
        # A screen whose device session has ended gets the page too, and the page says so: nobody stands before a
        # control room screen to fill in a sign-in form.
        return self.file_name == "kiosk.html" and bool(self.get_cookie(DEVICE_COOKIE))

    def _websocket_origin(self) -> str:
        """For kernels. Not every browser takes 'self' for ws:, and the host may be known by several names."""
        public = urlsplit(self.site.public_url)
        host = self.request.headers.get("Host", "")
        if not HOST.fullmatch(host):
            host = public.netloc
        return f"{'wss' if public.scheme == 'https' else 'ws'}://{host}"


class TrailingSlashHandler(SignInHandler):
    """The pages' relative addresses hold for one form of the path only: this leads to it, with the query."""

    def initialize(self, path: str) -> None:
        self.path_with_right_slash = path

    def get(self) -> None:
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(self.path_with_right_slash + query, permanent=False)
