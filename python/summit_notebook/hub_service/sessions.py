"""Who is asking: the service's own user sessions, and the device sessions of kiosk screens.

A user session is made after the Hub's OAuth and asks the Hub again every few minutes. A Hub that says no ends it;
a Hub that does not answer does not, for half a day: at night the images matter more than the Hub. A device session
never asks the Hub.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable

from tornado.web import RequestHandler, create_signed_value, decode_signed_value

from .base import XSRF_COOKIE, Caller
from .hub_api import HubApi, HubUnreachable
from .store import Device, Session, Store

log = logging.getLogger(__name__)

SESSION_COOKIE = "summit-session"
DEVICE_COOKIE = "summit-device"

RECHECK_SECONDS = 5 * 60.0
HUB_DOWN_LIMIT_SECONDS = 12 * 3600.0
HUB_RETRY_SECONDS = 15.0
"""Pause between two tries at a Hub that does not answer, so that not every request waits for its time-out."""
SESSION_DAYS = 14.0
"""As long as the Hub's own login cookie."""

DEVICE_DAYS = 390.0
DEVICE_COOKIE_DAYS = 400.0
"""The longest that browsers keep a cookie. Longer than the session, so that a screen whose session has run out still
shows its cookie and gets the page that says so instead of a sign-in form."""
DEVICE_SEEN_SECONDS = 60.0
"""Resolution of a device's last-seen time: one write a minute, not one a request."""


class Sessions:
    def __init__(
        self,
        store: Store,
        hub: HubApi,
        prefix: str,
        cookie_secret: str,
        secure_cookies: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.hub = hub
        self.clock = clock
        self.cookie_secret = cookie_secret
        self._store = store
        self._prefix = prefix
        self._secure = secure_cookies
        self._rechecks: dict[str, asyncio.Task[bool]] = {}
        self._hub_tried_s: dict[str, float] = {}

    async def caller_of(self, handler: RequestHandler) -> Caller | None:
        session = await self.session_of(handler)
        device = self.device_of(handler)
        if session is None and device is None:
            return None
        return Caller(
            user=session.user if session else None,
            device_id=device.id if device else None,
            device_label=device.label if device else None,
        )

    # Users

    def start_session(self, handler: RequestHandler, user: str, hub_token: str) -> None:
        self._store.forget_sessions_before(self.clock() - SESSION_DAYS * 86400)
        session_id = self._store.add_session(user, hub_token, self.clock())
        self.set_cookie(handler, SESSION_COOKIE, session_id, days=SESSION_DAYS)

    def end_session(self, handler: RequestHandler) -> None:
        session = self._store.find_session(handler.get_cookie(SESSION_COOKIE) or "")
        if session is not None:
            self._store.end_session(session.id_hash)
        handler.clear_cookie(SESSION_COOKIE, path=self._prefix)

    async def session_of(self, handler: RequestHandler) -> Session | None:
        session = self._store.find_session(handler.get_cookie(SESSION_COOKIE) or "")
        if session is None:
            return None
        now = self.clock()
        if now - session.created_s > SESSION_DAYS * 86400:
            self._store.end_session(session.id_hash)
            return None
        # A clock that was set back must not postpone the next check: hence the absolute value.
        if abs(now - session.confirmed_s) < RECHECK_SECONDS:
            return session
        return session if await self._still_good(session) else None

    async def _still_good(self, session: Session) -> bool:
        """Asks the Hub once, however many requests of this session wait for the answer."""
        running = self._rechecks.get(session.id_hash)
        if running is None:
            running = asyncio.create_task(self._recheck(session))
            self._rechecks[session.id_hash] = running
            running.add_done_callback(lambda _: self._rechecks.pop(session.id_hash, None))
        # Shielded: a browser that closes its connection must not cancel the answer of the others.
        return await asyncio.shield(running)

    async def _recheck(self, session: Session) -> bool:
        now = self.clock()
        unheard_s = now - session.confirmed_s
        tried_s = self._hub_tried_s.get(session.id_hash)
        if tried_s is not None and abs(now - tried_s) < HUB_RETRY_SECONDS:
            return unheard_s < HUB_DOWN_LIMIT_SECONDS
        try:
            user = await self.hub.user_of(session.hub_token)
        except HubUnreachable as unreachable:
            if unheard_s < HUB_DOWN_LIMIT_SECONDS:
                self._hub_tried_s[session.id_hash] = now
                log.warning("The Hub does not answer (%s): session of %s goes on", unreachable, session.user)
                return True
            # Not deleted: when the Hub comes back and knows the token, the same session holds again.
            log.warning("The Hub has not answered for 12 h: session of %s is not accepted", session.user)
            return False
        self._hub_tried_s.pop(session.id_hash, None)
        if user is None or user.name != session.user or not user.may_enter:
            log.info("The Hub ended the session of %s", session.user)
            self._store.end_session(session.id_hash)
            return False
        self._store.confirm_session(session.id_hash, now)
        return True

    # Devices

    def start_device(self, handler: RequestHandler, label: str, created_by: str) -> Device:
        """Makes this browser a kiosk screen. A device session that it had before ends."""
        previous = self.device_of(handler)
        if previous is not None:
            self._store.end_device(previous.id)
        device = self._store.add_device(label, created_by, self.clock())
        signed = create_signed_value(self.cookie_secret, DEVICE_COOKIE, device.id, clock=self.clock)
        self.set_cookie(handler, DEVICE_COOKIE, signed.decode(), days=DEVICE_COOKIE_DAYS)
        return device

    def end_device(self, device_id: str) -> bool:
        return self._store.end_device(device_id)

    def list_devices(self) -> list[Device]:
        return self._store.list_devices()

    def device_of(self, handler: RequestHandler) -> Device | None:
        value = decode_signed_value(
            self.cookie_secret,
            DEVICE_COOKIE,
            handler.get_cookie(DEVICE_COOKIE),
            max_age_days=DEVICE_DAYS,
            clock=self.clock,
            min_version=2,
        )
        device = self._store.find_device(value.decode()) if value else None
        if device is None:
            return None
        now = self.clock()
        if abs(now - device.last_seen_s) > DEVICE_SEEN_SECONDS:
            self._store.see_device(device.id, now)
        return device

    def device_ended(self, handler: RequestHandler) -> bool:
        """This browser was a kiosk screen and is one no more: revoked, run out, or the site was made anew."""
        return bool(handler.get_cookie(DEVICE_COOKIE)) and self.device_of(handler) is None

    # Cookies

    def give_xsrf_cookie(self, handler: RequestHandler) -> None:
        """The page reads this one and repeats it in a header; see ``base.py``."""
        if not handler.get_cookie(XSRF_COOKIE):
            self.set_cookie(handler, XSRF_COOKIE, secrets.token_urlsafe(24), http_only=False)

    def set_cookie(
        self,
        handler: RequestHandler,
        name: str,
        value: str,
        *,
        days: float | None = None,
        http_only: bool = True,
    ) -> None:
        handler.set_cookie(
            name,
            value,
            path=self._prefix,
            httponly=http_only,
            secure=self._secure,
            samesite="Lax",
            max_age=None if days is None else int(days * 86400),
        )
