"""Sign-in, restarts and notebook servers on a real JupyterHub with its real proxy and our service below it."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROXY = ROOT / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
PREFIX = "/nb/services/summit/"
PASSWORD = "a password of the test"

pytestmark = pytest.mark.timeout(90)


def free_ports(count: int) -> list[int]:
    """Held together while they are found, so that all differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [int(s.getsockname()[1]) for s in held]
    finally:
        for s in held:
            s.close()


class Hub:
    def __init__(self, state: Path) -> None:
        self.state = state
        public, hub, proxy, service = free_ports(4)
        self.url = f"http://127.0.0.1:{public}"
        self.ports = (public, hub, proxy, service)
        web = state / "web"
        web.mkdir(parents=True)
        for page in ("index", "kiosk", "panel"):
            (web / f"{page}.html").write_text(f"<title>{page}</title>")
        node = shutil.which("node")
        assert node is not None and PROXY.exists(), (
            "node and the npm packages are part of every checkout that tests"
        )
        site = {
            "name": "test",
            "instrument": "LATISS",
            "stateDir": str(state),
            "logDir": str(state / "log"),
            "webDir": str(web),
            "publicUrl": self.url,
            "hubBase": "/nb/",
            "hubPort": hub,
            "proxyApiPort": proxy,
            "servicePort": service,
            "proxyCommand": [node, str(PROXY)],
            "influxdbUrl": None,
            "efdDatabase": "efd",
            "efdReason": "not part of this test",
            "portalOrigins": [],
            "repositories": [],
            "simulator": {"enabled": False, "cadenceSeconds": 15, "scenario": "night", "seed": 1},
        }
        (state / "site.json").write_text(json.dumps(site))
        self.log = (state / "hub.log").open("ab")
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterhub",
                "-f",
                str(ROOT / "python/summit_notebook/hub/jupyterhub_config.py"),
            ],
            cwd=self.state,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "python"),
                "SUMMIT_NOTEBOOK_SITE": str(self.state / "site.json"),
                "SUMMIT_NOTEBOOK_PASSWORD": PASSWORD,
            },
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_for(self.is_up, "the service behind the Hub's proxy")

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the Hub ended with {self.process.returncode}:\n{self.log_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}{PREFIX}api/health", timeout=2) as answer:
                healthy = answer.status == 200
            # The service may answer before the Hub does.
            with urllib.request.urlopen(f"{self.url}/nb/hub/health", timeout=2) as answer:
                return healthy and answer.status == 200
        except OSError:
            return False

    def log_text(self) -> str:
        return (self.state / "hub.log").read_text()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def is_listening(self, port: int) -> bool:
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: Callable[[], bool], name: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"waited {seconds} s for {name}"
        time.sleep(0.1)


class Browser:
    """Follows redirects and keeps cookies by their path, as a browser does."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.url = ""

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(self.hub.url + path, data=body, method=method, headers=headers)
        try:
            answer = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            self.url = answer.url
            return int(answer.status), answer.read()

    def cookie(self, name: str) -> http.cookiejar.Cookie | None:
        return next((c for c in self.jar if c.name == name), None)

    def value(self, name: str) -> str:
        cookie = self.cookie(name)
        assert cookie is not None and cookie.value is not None, name
        return cookie.value

    def sign_in(self, path: str = PREFIX, password: str = PASSWORD) -> tuple[int, bytes]:
        status, form = self.ask(path)
        assert status == 200 and "/nb/hub/login" in self.url, self.url
        found = re.search(rb'<form[^>]* action="([^"]+)"', form)
        assert found, "the Hub's own form"
        action = found.group(1).decode().replace("&amp;", "&")
        fields = {"username": "observer", "password": password, "_xsrf": self.value("_xsrf")}
        return self.ask(action, "POST", urllib.parse.urlencode(fields).encode())

    def json(self, route: str) -> Any:
        status, body = self.ask(PREFIX + route)
        assert status == 200, (route, status, body)
        return json.loads(body)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = Hub(tmp_path_factory.mktemp("hub"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
        running.log.close()


def test_sign_in_leads_to_the_form_and_back_without_a_question(hub: Hub) -> None:
    browser = Browser(hub)
    status, page = browser.sign_in(f"{PREFIX}?exposure=2026112200143&theme=light")
    assert status == 200 and page == b"<title>index</title>"
    assert browser.url == f"{hub.url}{PREFIX}?exposure=2026112200143&theme=light"
    session = browser.json("api/session")
    assert (session["user"], session["device"], session["hubBase"]) == ("observer", None, "/nb/")
    for name in ("summit-session", "jupyterhub-hub-login", "jupyterhub-session-id"):
        cookie = browser.cookie(name)
        assert cookie is not None and cookie.has_nonstandard_attr("HttpOnly"), name
    assert_same_site(browser)


def assert_same_site(browser: Browser) -> None:
    """Every cookie that this browser was ever given, the ones that scripts may read too."""
    for cookie in browser.jar:
        assert cookie.get_nonstandard_attr("SameSite") in ("Lax", "Strict"), cookie.name


def test_the_proxy_tells_what_goes_wrong_and_not_each_route(hub: Hub) -> None:
    commands = [p.read_bytes().split(b"\0") for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    [proxy] = [words for words in commands if str(hub.ports[2]).encode() in words]
    assert [proxy[i + 1] for i, word in enumerate(proxy) if word == b"--log-level"] == [b"warn"]


def test_a_wrong_password_gets_nobody_in(hub: Hub) -> None:
    browser = Browser(hub)
    status, _ = browser.sign_in(password="not the password")
    assert status == 403
    assert browser.cookie("summit-session") is None


def test_the_root_of_the_host_leads_to_the_app(hub: Hub) -> None:
    browser = Browser(hub)
    browser.sign_in()
    status, page = browser.ask("/")
    assert (status, page) == (200, b"<title>index</title>")
    status, page = browser.ask(PREFIX.rstrip("/"))
    assert (status, page) == (200, b"<title>index</title>")


def test_data_needs_a_session_even_behind_the_proxy(hub: Hub) -> None:
    browser = Browser(hub)
    status, body = browser.ask(f"{PREFIX}api/site")
    assert status == 401 and json.loads(body)["tag"] == "AccessDenied"
    assert browser.url.endswith("/api/site"), "not led anywhere"


def test_every_listener_is_on_the_loopback_address(hub: Hub) -> None:
    wanted = {f"{port:04X}" for port in hub.ports}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            if state == "0A" and port in wanted:
                assert host == "0100007F", line
                wanted.discard(port)
    assert not wanted, f"ports that nobody listens on: {wanted}"


def test_a_killed_hub_stops_neither_images_nor_screens_and_the_next_one_takes_over(hub: Hub) -> None:
    browser = Browser(hub)
    browser.sign_in()
    token = browser.value("summit-xsrf")
    browser.ask(f"{PREFIX}api/devices", "POST", b'{"label": "wall"}', **{"X-XSRFToken": token})
    service = (hub.state / "service" / "service.pid").read_text()

    hub.process.send_signal(signal.SIGKILL)
    hub.process.wait(10)
    assert browser.json("api/session")["user"] == "observer"
    assert browser.ask(f"{PREFIX}kiosk") == (200, b"<title>kiosk</title>")

    hub.start()
    wait_for(lambda: (hub.state / "service" / "service.pid").read_text() != service, "a new service")
    wait_for(lambda: not Path(f"/proc/{service}").exists(), "the end of the old service")
    wait_for(hub.is_up, "the new service")
    session = browser.json("api/session")
    assert session["user"] == "observer" and session["device"]["label"] == "wall"


def test_secrets_are_in_no_log_and_no_command_line(hub: Hub) -> None:
    browser = Browser(hub)
    browser.sign_in()
    secrets = [PASSWORD, browser.value("summit-session"), browser.value("summit-xsrf")]
    secrets += json.loads((hub.state / "secrets.json").read_text()).values()
    log = hub.log_text()
    assert "observer signed in" in log
    commands = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    for secret in secrets:
        assert secret not in log
        assert not any(secret.encode() in command for command in commands)
    assert not re.search(r"[?&](code|state|token)=(?!\[secret\])", log)


def test_the_notebook_server_starts_and_an_orderly_end_leaves_nothing(hub: Hub) -> None:
    browser = Browser(hub)
    browser.sign_in()
    _, home = browser.ask("/nb/hub/home")
    found = re.search(rb'xsrf_token: "([^"]+)"', home)
    assert found
    headers = {"X-XSRFToken": found.group(1).decode(), "Content-Type": "application/json"}
    status, _ = browser.ask("/nb/hub/api/users/observer/server", "POST", b"{}", **headers)
    assert status in (201, 202)

    def ready() -> bool:
        _, user = browser.ask("/nb/hub/api/users/observer", **headers)
        return bool(json.loads(user)["servers"].get("", {}).get("ready"))

    wait_for(ready, "the notebook server", 60)
    status, token = browser.ask(
        "/nb/hub/api/users/observer/tokens",
        "POST",
        json.dumps({"expires_in": 600, "scopes": ["access:servers!user=observer"]}).encode(),
        **headers,
    )
    assert status == 201
    authorization = {"Authorization": f"token {json.loads(token)['token']}"}
    _, specs = browser.ask("/nb/user/observer/api/kernelspecs", **authorization)
    assert json.loads(specs)["default"] == "python3"
    assert (hub.state / "home" / "observer").is_dir()
    # A page of the server instead of a token: the Hub signs the browser in there, with cookies of its own.
    browser.ask("/nb/user/observer/files/none")
    assert browser.cookie("jupyterhub-user-observer") is not None, [c.name for c in browser.jar]
    assert_same_site(browser)
    # Two of one name, each below its own server.
    paths = {c.path for c in browser.jar if c.name == "_xsrf"}
    assert paths == {"/nb/hub/", "/nb/user/observer/"}

    hub.stop()
    assert hub.process.returncode == 0
    wait_for(lambda: not any(hub.is_listening(port) for port in hub.ports), "the end of all listeners", 10)
    # Single-user servers carry the site's state in their environment as their home.
    home_mark = f"HOME={hub.state / 'home'}".encode()

    def left() -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*/environ"):
            try:
                if home_mark in process.read_bytes():
                    found.append(process.parent.name)
            except OSError:
                continue
        return found

    wait_for(lambda: not left(), "the end of the notebook server", 10)


def test_a_short_password_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = Hub(tmp_path / "short")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "python"),
        "SUMMIT_NOTEBOOK_SITE": str(refused.state / "site.json"),
        "SUMMIT_NOTEBOOK_PASSWORD": "seven77",
    }
    config = ROOT / "python/summit_notebook/hub/jupyterhub_config.py"
    ended = subprocess.run(
        [sys.executable, "-m", "jupyterhub", "-f", str(config)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    refused.log.close()
    assert ended.returncode != 0
    assert "under 8 characters" in ended.stdout + ended.stderr
    assert "seven77" not in ended.stdout + ended.stderr
