"""Puts the service together: which route is whose."""

from __future__ import annotations

import logging
from typing import Any

from tornado.web import Application, RequestHandler

from summit_notebook.site import Site

from .auth import CallbackHandler, LoginHandler, LogoutHandler
from .base import DataHandler
from .devices import DeviceHandler, DevicesHandler
from .pages import PageHandler, TrailingSlashHandler, checked_origins
from .sessions import Sessions
from .site_handlers import HealthHandler, SessionHandler, SiteHandler, TimeHandler
from .static_files import StaticFiles, StaticHandler

log = logging.getLogger(__name__)

Route = tuple[Any, ...]


class UnknownDataRoute(DataHandler):
    """404 in the error form of the API, after the same check of who asks."""

    def _answer(self, *_: str) -> None:
        self.fail("NotFound", "There is no such route in this release. Reload the page after an update.")

    get = post = delete = _answer


def make_app(site: Site, sessions: Sessions, data_routes: list[Route]) -> Application:
    """``data_routes`` are the routes of the exposures, the files and the EFD."""
    checked_origins(site.portal_origins)
    p = site.service_prefix
    files = StaticFiles(site.web_dir)
    routes: list[Route] = [
        (p, PageHandler, {"site": site, "file_name": "index.html"}),
        (f"{p}kiosk", PageHandler, {"site": site, "file_name": "kiosk.html"}),
        (f"{p}panel", PageHandler, {"site": site, "file_name": "panel.html"}),
        (p.rstrip("/"), TrailingSlashHandler, {"path": p}),
        (f"{p}kiosk/", TrailingSlashHandler, {"path": f"{p}kiosk"}),
        (f"{p}panel/", TrailingSlashHandler, {"path": f"{p}panel"}),
        (f"{p}login", LoginHandler),
        (f"{p}oauth_callback", CallbackHandler),
        (f"{p}(assets/[A-Za-z0-9_.-]+)", StaticHandler, {"files": files, "immutable": True}),
        (rf"{p}([A-Za-z0-9_-]+\.(?:svg|png|ico|txt))", StaticHandler, {"files": files, "immutable": False}),
        (f"{p}api/health", HealthHandler),
        (f"{p}api/session", SessionHandler, {"site": site}),
        (f"{p}api/time", TimeHandler),
        (f"{p}api/site", SiteHandler, {"site": site}),
        (f"{p}api/devices", DevicesHandler),
        (f"{p}api/devices/([0-9a-f]+)", DeviceHandler),
        (f"{p}api/logout", LogoutHandler),
        *data_routes,
        (f"{p}api/(.*)", UnknownDataRoute),
    ]
    return Application(
        routes,
        access=sessions,
        prefix=p,
        public_url=site.public_url,
        log_function=log_request,
    )


def log_request(handler: RequestHandler) -> None:
    """Paths without their query: it may hold an OAuth code, and `next` a whole state of the app."""
    status = handler.get_status()
    level = logging.WARNING if status >= 500 else logging.INFO if status >= 400 else logging.DEBUG
    request = handler.request
    log.log(level, "%d %s %s %.0f ms", status, request.method, request.path, request.request_time() * 1000)
