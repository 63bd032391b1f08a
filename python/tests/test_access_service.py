"""The service's doors, against a stand-in for the Hub's REST API and with a clock that the test moves.

The real Hub is in ``test_access_hub.py``; what it cannot show in a test's time (half a day of silence, sixty days)
is here.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from oods_server import PREFIX, make_site
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from summit_notebook.hub_service import sessions as sessions_module
from summit_notebook.hub_service.app import make_app
from summit_notebook.hub_service.auth import safe_next
from summit_notebook.hub_service.base import DataHandler
from summit_notebook.hub_service.efd_proxy import efd_routes
from summit_notebook.hub_service.hub_api import HubApi
from summit_notebook.hub_service.pages import checked_origins, content_security_policy
from summit_notebook.hub_service.sessions import Sessions
from summit_notebook.hub_service.store import Store
from summit_notebook.site import Site

DAY = 86400.0
SCOPES = ["access:services!service=summit", "read:users:name!user=observer"]


class HubStandIn:
    """Answers what the Hub would; `status` is what it says of every token."""

    def __init__(self) -> None:
        self.status = 200
        self.scopes = SCOPES
        self.questions = 0
        self.forms: list[dict[str, list[str]]] = []
        hub = self

        class User(RequestHandler):
            def get(self) -> None:
                hub.questions += 1
                self.set_status(hub.status)
                assert self.request.headers["Authorization"] == "token the-token"
                self.finish({"kind": "user", "name": "observer", "scopes": hub.scopes})

        class Token(RequestHandler):
            def post(self) -> None:
                hub.forms.append(parse_qs(self.request.body.decode()))
                self.finish({"access_token": "the-token"})

        self.app = Application([("/hub/api/user", User), ("/hub/api/oauth2/token", Token)])


class Browser:
    """Keeps cookies by name and path, as far as the service uses them; follows nothing."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cookies: dict[str, str] = {}

    async def ask(
        self, path: str, method: str = "GET", body: Any = None, xsrf: bool = True, **headers: str
    ) -> HTTPResponse:
        headers = {**headers, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if xsrf and method != "GET":
            headers["X-XSRFToken"] = self.cookies.get("summit-xsrf", "")
        answer = await AsyncHTTPClient().fetch(
            f"{self.service.url}{path if path.startswith('/') else PREFIX + path}",
            method=method,
            headers=headers,
            body=json.dumps(body) if body is not None else None,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
        )
        for line in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["expires"] and not morsel["max-age"]:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.coded_value
        return answer

    async def sign_in(self, path: str = "") -> HTTPResponse:
        begun = await self.ask(path)
        query = parse_qs(urlsplit(begun.headers["Location"]).query)
        return await self.ask("oauth_callback?" + urlencode({"code": "one-time", "state": query["state"][0]}))


class Service:
    """The app on a real port, with parts that can be started anew."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = 1_764_000_000.0
        self.hub = HubStandIn()

    async def start(self) -> None:
        hub_socket, hub_port = bind_unused_port()
        self.hub_server = HTTPServer(self.hub.app)
        self.hub_server.add_socket(hub_socket)
        self.hub_url = f"http://127.0.0.1:{hub_port}/hub/api"
        await self.start_service()

    async def start_service(self) -> None:
        self.store = Store(self.site.state_dir / "service" / "sessions.sqlite")
        hub = HubApi(
            self.hub_url,
            "service-summit",
            "secret",
            "/nb/hub/api/oauth2/authorize",
            f"{PREFIX}oauth_callback",
        )
        self.sessions = Sessions(self.store, hub, PREFIX, "cookie-secret", False, clock=lambda: self.now)

        class Data(DataHandler):
            def get(self) -> None:
                self.finish({"caller": self.caller.user or self.caller.device_id})

        routes = [(f"{PREFIX}api/data", Data), *efd_routes(PREFIX, self.site)]
        self.server = HTTPServer(make_app(self.site, self.sessions, routes))
        socket, port = bind_unused_port()
        self.server.add_socket(socket)
        self.url = f"http://127.0.0.1:{port}"

    async def stop_service(self) -> None:
        self.server.stop()
        await self.server.close_all_connections()
        self.store.close()

    async def restart(self) -> None:
        await self.stop_service()
        await self.start_service()

    async def end_hub(self) -> None:
        self.hub_server.stop()
        await self.hub_server.close_all_connections()


class Loop:
    """Runs a test's coroutine with a service around it."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __call__(self, test: Any) -> None:
        async def run() -> None:
            service = Service(self.site)
            await service.start()
            try:
                await test(service, Browser(service))
            finally:
                await service.stop_service()
                service.hub_server.stop()

        asyncio.run(run())


@pytest.fixture
def serve(tmp_path: Path) -> Loop:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    for page in ("index", "kiosk", "panel"):
        (web / f"{page}.html").write_text(f"<title>{page}</title>")
    (web / "assets" / "main-1a2b3c4d.js").write_text("let x = 1;" * 100)
    (tmp_path / "secret.js").write_text("not public")
    site = make_site(tmp_path / "repository")
    return Loop(replace(site, portal_origins=("https://portal.example.org",)))


def tag_of(answer: HTTPResponse) -> str:
    return str(json.loads(answer.body)["tag"])


def test_nothing_is_served_without_a_session(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        for path in ("api/session", "api/site", "api/time", "api/devices", "api/data", "api/anything"):
            answer = await browser.ask(path)
            assert (answer.code, tag_of(answer)) == (401, "AccessDenied"), path
            assert "Location" not in answer.headers
        # Also with cookies that look right and are not.
        browser.cookies = {
            "summit-session": "x" * 43,
            "summit-device": "2|1:0|10:1764000000|13:summit-device|4:YQ==|00",
        }
        assert (await browser.ask("api/data")).code == 401
        health = await browser.ask("api/health")
        assert json.loads(health.body)["status"] == "ok"

    serve(test)


def test_sign_in_keeps_the_state_and_returns_to_the_page(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        begun = await browser.ask("?exposure=2026112200143")
        assert begun.code == 302
        authorize = urlsplit(begun.headers["Location"])
        assert (authorize.netloc, authorize.path) == ("", "/nb/hub/api/oauth2/authorize")
        query = {name: values[0] for name, values in parse_qs(authorize.query).items()}
        assert query["code_challenge_method"] == "S256"
        callback = "oauth_callback?" + urlencode({"code": "c", "state": query["state"]})

        stranger = await Browser(service).ask(callback)
        assert stranger.code == 403, "a code that another browser asked for is of no use"
        forged = await browser.ask("oauth_callback?code=c&state=" + "A" * 32)
        assert forged.code == 403
        assert service.hub.forms == [], "no code was handed to the Hub in either case"

        done = await browser.ask(callback)
        assert (done.code, done.headers["Location"]) == (302, f"{PREFIX}?exposure=2026112200143")
        cookie = next(c for c in done.headers.get_list("Set-Cookie") if c.startswith("summit-session="))
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and f"Path={PREFIX}" in cookie
        assert service.hub.forms[0]["code_verifier"][0] not in begun.headers["Location"]
        session = json.loads((await browser.ask("api/session")).body)
        assert (session["user"], session["device"], session["deviceEnded"]) == ("observer", None, False)

        again = await browser.ask(callback)
        assert again.code == 403, "the state works once"
        service.now += 700
        late = await Browser(service).ask("")
        assert late.code == 302

    serve(test)


def test_a_sign_in_begun_before_a_restart_of_the_service_still_ends_well(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        begun = await browser.ask("kiosk")
        await service.restart()
        state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
        done = await browser.ask(f"oauth_callback?code=c&state={state}")
        assert done.headers["Location"] == f"{PREFIX}kiosk"

    serve(test)


def test_a_user_without_the_access_scope_gets_no_session(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        service.hub.scopes = ["read:users:name!user=observer", "access:services!service=other"]
        refused = await browser.sign_in()
        assert refused.code == 403
        assert "summit-session" not in browser.cookies
        assert (await browser.ask("api/data")).code == 401

    serve(test)


@pytest.mark.parametrize(
    "hostile",
    [
        "https://example.com/",
        "//example.com/nb/services/summit/",
        "/nb/hub/home",
        f"{PREFIX}../../hub/logout",
        f"{PREFIX}%2e%2e/%2e%2e/hub/logout",
        f"{PREFIX}x//example.com",
        f"{PREFIX}\\\\example.com",
        f"{PREFIX}\tkiosk",
        f"{PREFIX}kiosk\r\nSet-Cookie: a=b",
        f"{PREFIX}login?next=x",
        "javascript:alert(1)",
        "",
        PREFIX + "?" + "x" * 9000,
    ],
)
def test_next_leads_nowhere_else(hostile: str) -> None:
    assert safe_next(hostile, PREFIX) == PREFIX


@pytest.mark.parametrize("good", ["", "kiosk", "panel?exposure=1&theme=light", "?q=a//b&r=%5C"])
def test_next_keeps_a_page_and_its_query(good: str) -> None:
    assert safe_next(PREFIX + good, PREFIX) == PREFIX + good


def test_a_change_needs_the_xsrf_header(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        await browser.sign_in()
        await browser.ask("api/session")
        for headers in ({}, {"X-XSRFToken": "guess"}):
            refused = await browser.ask("api/devices", "POST", {"label": "wall"}, xsrf=False, **headers)
            assert (refused.code, tag_of(refused)) == (403, "AccessDenied")
        del browser.cookies["summit-xsrf"]
        empty = await browser.ask("api/devices", "POST", {"label": "wall"})
        assert empty.code == 403, "an empty header does not equal a cookie that is not there"
        await browser.ask("api/session")
        assert (await browser.ask("api/devices", "POST", {"label": "wall"})).code == 201
        for label in ("", " ", "x" * 81, "a\nb", 7, None):
            assert (await browser.ask("api/devices", "POST", {"label": label})).code == 400, label

    serve(test)


def test_the_hub_is_asked_every_five_minutes_and_its_no_ends_the_session(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        await browser.sign_in()
        asked = service.hub.questions
        service.now += sessions_module.RECHECK_SECONDS - 1
        assert (await browser.ask("api/data")).code == 200
        assert service.hub.questions == asked
        service.now += 2
        answers = await asyncio.gather(*(browser.ask("api/data") for _ in range(5)))
        assert [a.code for a in answers] == [200] * 5
        assert service.hub.questions == asked + 1, "five requests at once make one question"
        service.hub.status = 403
        service.now += sessions_module.RECHECK_SECONDS + 1
        assert (await browser.ask("api/data")).code == 401
        service.hub.status = 200
        assert (await browser.ask("api/data")).code == 401, "what has ended stays ended"

    serve(test)


def test_a_lost_scope_ends_the_session(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        await browser.sign_in()
        service.hub.scopes = []
        service.now += sessions_module.RECHECK_SECONDS + 1
        assert (await browser.ask("api/data")).code == 401

    serve(test)


@pytest.mark.parametrize("way_down", ["closed", 502])
def test_a_silent_hub_ends_nothing_for_twelve_hours(serve: Loop, way_down: str | int) -> None:
    async def test(service: Service, browser: Browser) -> None:
        await browser.sign_in()
        signed_in = service.now
        if way_down == "closed":
            await service.end_hub()
        else:
            service.hub.status = 502
        for hours in (0.2, 6, 11.9):
            service.now = signed_in + hours * 3600
            assert (await browser.ask("api/data")).code == 200, hours
        await service.restart()
        assert (await browser.ask("api/data")).code == 200, "a restart of the service does not end it either"
        service.now = signed_in + 12.1 * 3600
        assert (await browser.ask("api/data")).code == 401
        if way_down == 502:
            service.hub.status = 200
            assert (await browser.ask("api/data")).code == 200, "the Hub is back and knows the token"

    serve(test)


def test_logging_out_ends_the_session_here(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        await browser.sign_in()
        await browser.ask("api/session")
        stolen = dict(browser.cookies)
        assert (await browser.ask("api/logout", "POST")).code == 204
        browser.cookies = stolen
        assert (await browser.ask("api/data")).code == 401, "the id itself is worth nothing any more"

    serve(test)


async def make_screen(service: Service, operator: Browser) -> tuple[Browser, str]:
    """A browser that has the device cookie and nothing else."""
    await operator.sign_in()
    await operator.ask("api/session")
    made = await operator.ask("api/devices", "POST", {"label": "North wall"})
    cookie = next(c for c in made.headers.get_list("Set-Cookie") if c.startswith("summit-device="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and f"Path={PREFIX}" in cookie
    max_age = int(SimpleCookie(cookie)["summit-device"]["max-age"])
    assert 365 * DAY < max_age <= 400 * DAY
    screen = Browser(service)
    screen.cookies = {"summit-device": operator.cookies["summit-device"]}
    return screen, json.loads(made.body)["id"]


def test_a_screen_may_look_and_nothing_else(serve: Loop) -> None:
    async def test(service: Service, operator: Browser) -> None:
        screen, device = await make_screen(service, operator)
        assert (await screen.ask("kiosk")).code == 200
        session = json.loads((await screen.ask("api/session")).body)
        assert session["user"] is None and session["device"] == {"id": device, "label": "North wall"}
        assert (await screen.ask("api/data")).code == 200
        # The query passes the door; this site has no EFD behind it.
        query = await screen.ask("api/efd/query", "POST", {"q": "SELECT x FROM y"})
        assert (query.code, tag_of(query)) == (503, "NotFound")
        for method, path in (
            ("GET", "api/devices"),
            ("POST", "api/devices"),
            ("DELETE", f"api/devices/{device}"),
            ("POST", "api/logout"),
            ("POST", "api/data"),
        ):
            answer = await screen.ask(path, method, {} if method == "POST" else None)
            assert (answer.code, tag_of(answer)) == (403, "AccessDenied"), (method, path)
        assert (await screen.ask("")).code == 302, "the workspace is for people"

    serve(test)


def test_a_screen_outlives_restarts_sixty_days_and_the_hub(serve: Loop) -> None:
    async def test(service: Service, operator: Browser) -> None:
        screen, _ = await make_screen(service, operator)
        await service.end_hub()
        await service.restart()
        service.now += 60 * DAY
        assert (await screen.ask("kiosk")).code == 200
        assert (await screen.ask("api/data")).code == 200
        # The operator's own session has ended long ago.
        operator.cookies.pop("summit-device")
        assert (await operator.ask("api/data")).code == 401
        service.now += 331 * DAY
        assert (await screen.ask("api/data")).code == 401

    serve(test)


def test_a_revoked_screen_ends_at_once_and_says_so(serve: Loop) -> None:
    async def test(service: Service, operator: Browser) -> None:
        screen, device = await make_screen(service, operator)
        assert (await screen.ask("api/data")).code == 200
        service.now += 120
        await screen.ask("api/data")
        [listed] = json.loads((await operator.ask("api/devices")).body)
        assert listed["label"] == "North wall" and listed["createdBy"] == "observer"
        assert listed["lastSeenUnixMs"] == service.now * 1000
        assert (await operator.ask(f"api/devices/{device}", "DELETE")).code == 204
        assert (await operator.ask(f"api/devices/{device}", "DELETE")).code == 404
        assert (await screen.ask("api/data")).code == 401
        page = await screen.ask("kiosk")
        assert page.code == 200, "no sign-in form on the wall: the page itself says that access ended"
        # On a browser where somebody is signed in as well, the page is told, so that it does not go on with that.
        session = json.loads((await operator.ask("api/session")).body)
        assert session["user"] == "observer" and session["device"] is None and session["deviceEnded"]

    serve(test)


def test_a_device_cookie_of_another_site_is_worth_nothing(serve: Loop) -> None:
    async def test(service: Service, operator: Browser) -> None:
        screen, _ = await make_screen(service, operator)
        service.sessions.cookie_secret = "another secret"
        assert (await screen.ask("api/data")).code == 401

    serve(test)


def test_pages_and_their_policies(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        panel = await browser.ask("panel", Host="summit.example.org:8443")
        assert panel.code == 200, "the panel shows its own way in"
        policy = panel.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self' https://portal.example.org" in policy
        assert "connect-src 'self' ws://summit.example.org:8443;" in policy
        assert "'unsafe-eval'" not in policy and "script-src 'self' 'wasm-unsafe-eval';" in policy
        evil = await browser.ask("panel", Host="a; script-src *")
        assert "script-src *" not in evil.headers.get("Content-Security-Policy", "")
        for path, target in (("kiosk/?a=1", "kiosk?a=1"), ("panel/", "panel"), (PREFIX.rstrip("/"), "")):
            moved = await browser.ask(path)
            assert (moved.code, moved.headers["Location"]) == (302, PREFIX + target)
        await browser.sign_in()
        workspace = await browser.ask("")
        assert workspace.body == b"<title>index</title>"
        assert workspace.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
        assert "summit-xsrf" in browser.cookies

    serve(test)


def test_a_portal_origin_that_is_none_is_refused() -> None:
    assert checked_origins(("https://portal.example.org", "http://[::1]:8080"))
    for wrong in (
        "*",
        "https://portal.example.org/",
        "https://a; script-src *",
        "portal.example.org",
        "null",
    ):
        with pytest.raises(ValueError, match="portalOrigins"):
            checked_origins((wrong,))
    assert "frame-ancestors 'self' https://p" in content_security_policy("ws://h", ("https://p",))


def test_static_files_are_public_immutable_and_nothing_else_is(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        asset = await browser.ask("assets/main-1a2b3c4d.js", **{"Accept-Encoding": "identity"})
        assert asset.body == b"let x = 1;" * 100
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["Content-Type"].startswith("text/javascript")
        small = await browser.ask("assets/main-1a2b3c4d.js", **{"Accept-Encoding": "gzip"})
        assert small.body == asset.body and int(small.headers["Content-Length"]) < 100
        for path in (
            "assets/../secret.js",
            "assets/%2e%2e/%2e%2e/secret.js",
            "assets/none.js",
            "index.html",
            "secret.js",
        ):
            assert (await browser.ask(path)).code == 404, path
        (service.site.web_dir / "assets" / "link.js").symlink_to(service.site.state_dir / "secret.js")
        assert (await browser.ask("assets/link.js")).code == 404

    serve(test)


def test_ids_are_not_readable_in_the_store(serve: Loop) -> None:
    async def test(service: Service, browser: Browser) -> None:
        await browser.sign_in()
        path = service.site.state_dir / "service" / "sessions.sqlite"
        assert path.stat().st_mode & 0o077 == 0
        for file in path.parent.iterdir():
            assert browser.cookies["summit-session"].encode() not in file.read_bytes()

    serve(test)
