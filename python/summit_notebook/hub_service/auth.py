"""Sign-in through the Hub's OAuth (authorization code with PKCE), and sign-out.

Between the two halves of a sign-in everything that must be kept (state, code verifier, where to return) travels in a
signed cookie of this browser: a restart of the service in between does no harm, and a code that another browser
obtained finds no cookie here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import logging
import re
import secrets
from urllib.parse import unquote, urlsplit

from tornado.web import RequestHandler, create_signed_value, decode_signed_value

from .base import DataHandler
from .hub_api import HubUnreachable
from .sessions import Sessions

log = logging.getLogger(__name__)

STATE_COOKIE = "summit-oauth"
STATE_SECONDS = 600.0
NEXT_LIMIT = 8192
"""The app keeps its state in the query string, at most 8 kB of it."""


def safe_next(target: str | None, prefix: str) -> str:
    """The path to return to after sign-in: one below the prefix on this origin, else the prefix itself."""
    if not target or len(target) > NEXT_LIMIT or not target.startswith(prefix):
        return prefix
    # Browsers drop tabs and line ends from a URL and take a backslash for a slash.
    if re.search(r"[\x00-\x20\x7f\\]", target):
        return prefix
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or "//" in parts.path:
        return prefix
    if any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        return prefix
    if parts.path.removeprefix(prefix) in ("login", "oauth_callback"):
        return prefix
    return target


class SignInHandler(RequestHandler):
    """Base of the pages that take part in signing in."""

    @property
    def prefix(self) -> str:
        return str(self.settings["prefix"])

    @property
    def sessions(self) -> Sessions:
        sessions: Sessions = self.settings["access"]
        return sessions

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        # Redirects and problem pages too: nobody may frame a step of the sign-in.
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'")
        self.clear_header("Server")

    def check_xsrf_cookie(self) -> None:
        """Only GET here, and the callback is guarded by ``state``."""

    def go_to_sign_in(self, next_path: str) -> None:
        verifier = secrets.token_urlsafe(32)
        state = secrets.token_urlsafe(24)
        kept = json.dumps({"state": state, "verifier": verifier, "next": safe_next(next_path, self.prefix)})
        signed = create_signed_value(
            self.sessions.cookie_secret, _cookie_name(state), kept, clock=self.sessions.clock
        )
        self.set_cookie(
            # A name for each attempt: two tabs that sign in at once do not take each other's state.
            _cookie_name(state),
            signed,
            # Sent back to the one route that needs it.
            path=f"{self.prefix}oauth_callback",
            httponly=True,
            secure=str(self.settings["public_url"]).startswith("https:"),
            samesite="Lax",
            max_age=int(STATE_SECONDS),
        )
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        self.redirect(self.sessions.hub.authorize_url(state, challenge))

    def show_problem(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(
            '<!doctype html><html lang="en"><title>Summit Notebook</title>'
            f'<p>{html.escape(sentence)}</p><p><a href="{html.escape(self.prefix)}">Try again</a></p>'
        )


def _cookie_name(state: str) -> str:
    return f"{STATE_COOKIE}-{state[:8]}"


class LoginHandler(SignInHandler):
    async def get(self) -> None:
        target = safe_next(self.get_query_argument("next", None), self.prefix)
        if await self.sessions.session_of(self):
            self.redirect(target)
        else:
            self.go_to_sign_in(target)


class CallbackHandler(SignInHandler):
    async def get(self) -> None:
        state = self.get_query_argument("state", "")
        code = self.get_query_argument("code", "")
        kept = self._take_state(state)
        if kept is None:
            self.show_problem(403, "This sign-in is too old or was begun in another browser.")
            return
        if not code:
            # The Hub names its reason in `error`; it is not repeated here, since anybody can write a URL.
            self.show_problem(
                403, "The Hub did not let you in. Ask its administrator for access to this service."
            )
            return
        try:
            token = await self.sessions.hub.token_for(code, kept["verifier"])
            user = await self.sessions.hub.user_of(token) if token else None
        except HubUnreachable as unreachable:
            log.warning("Sign-in failed: the Hub does not answer (%s)", unreachable)
            self.show_problem(
                502, "The Hub does not answer, so nobody can sign in now. Try again in a minute."
            )
            return
        if token is None or user is None:
            self.show_problem(403, "The Hub did not accept this sign-in.")
        elif not user.may_enter:
            log.warning("%s signed in but lacks access to this service", user.name)
            self.show_problem(403, "You are signed in, but your account has no access to Summit Notebook.")
        else:
            log.info("%s signed in", user.name)
            self.sessions.start_session(self, user.name, token)
            self.redirect(kept["next"])

    def _take_state(self, state: str) -> dict[str, str] | None:
        """What was kept for this state, if this very browser began with it. Works once."""
        name = _cookie_name(state)
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,64}", state):
            return None
        signed = self.get_cookie(name)
        value = decode_signed_value(
            self.sessions.cookie_secret,
            name,
            signed,
            max_age_days=STATE_SECONDS / 86400,
            clock=self.sessions.clock,
            min_version=2,
        )
        if value is None:
            return None
        self.clear_cookie(name, path=f"{self.prefix}oauth_callback")
        kept: dict[str, str] = json.loads(value)
        return kept if hmac.compare_digest(kept["state"], state) else None


class LogoutHandler(DataHandler):
    """Ends the service's session. The Hub's own login stays: its home page ends that."""

    users_only = True

    def post(self) -> None:
        sessions: Sessions = self.settings["access"]
        sessions.end_session(self)
        self.set_status(204)
        self.clear_header("Content-Type")
