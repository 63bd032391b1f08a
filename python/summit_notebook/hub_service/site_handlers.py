"""Small facts that every surface asks first: who am I, what is this site, what time is it."""

from __future__ import annotations

import time

from tornado.web import RequestHandler

from summit_notebook import __version__
from summit_notebook.site import Site

from .base import DataHandler
from .sessions import Sessions


class HealthHandler(RequestHandler):
    """Public: the launcher waits for it."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok", "version": __version__})


class SessionHandler(DataHandler):
    def initialize(self, site: Site) -> None:
        self.site = site

    async def prepare(self) -> None:
        sessions: Sessions = self.settings["access"]
        # Before the check: a panel that signs in later needs the cookie too.
        sessions.give_xsrf_cookie(self)
        await super().prepare()

    def get(self) -> None:
        sessions: Sessions = self.settings["access"]
        caller = self.caller
        device = {"id": caller.device_id, "label": caller.device_label} if caller.device_id else None
        self.finish(
            {
                "user": caller.user,
                "device": device,
                "deviceEnded": sessions.device_ended(self),
                "hubBase": self.site.hub_base,
                "version": __version__,
            }
        )


class TimeHandler(DataHandler):
    def get(self) -> None:
        self.finish({"serverUnixMs": time.time() * 1000})


class SiteHandler(DataHandler):
    def initialize(self, site: Site) -> None:
        self.site = site

    def get(self) -> None:
        site = self.site
        self.finish(
            {
                "name": site.name,
                "instrument": site.instrument,
                "repositories": [
                    {
                        "name": repository.name,
                        "instrument": repository.instrument,
                        "role": repository.role,
                        "lifetimeSeconds": repository.lifetime_seconds,
                    }
                    for repository in site.repositories
                ],
                "efd": {"available": site.influxdb_url is not None, "reason": site.efd_reason},
                "portalOrigins": list(site.portal_origins),
                "hubBase": site.hub_base,
            }
        )
