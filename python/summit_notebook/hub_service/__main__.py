"""Runs the service. JupyterHub starts it, see ``summit_notebook/hub/jupyterhub_config.py``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from tornado.httpserver import HTTPServer

from summit_notebook.site import Site, load_secret, load_site

from .app import make_app
from .data_handlers import data_routes
from .efd_proxy import efd_routes
from .hub_api import HubApi
from .measurer import PROMPT, Measurer
from .night_handlers import night_keepers, night_routes
from .predecessor import end_predecessor
from .previews import Previews
from .sessions import Sessions
from .store import Store

log = logging.getLogger("summit_notebook.hub_service")

ENDING_SECONDS = 1.0
"""Answers under way may take this long after SIGTERM; a long poll is cut, the browser asks again."""


async def serve(site: Site, hub: HubApi) -> None:
    directory = site.state_dir / "service"
    directory.mkdir(parents=True, exist_ok=True)
    end_predecessor(directory / "service.pid", os.environ["SUMMIT_NOTEBOOK_SITE"])
    store = Store(directory / "sessions.sqlite")
    sessions = Sessions(
        store,
        hub,
        prefix=site.service_prefix,
        cookie_secret=load_secret(site, "service-cookies"),
        secure_cookies=site.public_url.startswith("https:"),
    )
    measurer = Measurer()
    # In a process of its own: nobody waits for the night table.
    previews = Previews(Measurer(PROMPT))
    keepers = night_keepers(site, measurer)
    routes = [
        *data_routes(site.service_prefix, site, previews),
        *night_routes(site.service_prefix, keepers),
        *efd_routes(site.service_prefix, site),
    ]
    # Only the Hub's proxy talks to this server.
    server = HTTPServer(make_app(site, sessions, routes))
    server.listen(site.service_port, address="127.0.0.1")
    log.info("Listening on 127.0.0.1:%d for %s", site.service_port, site.service_prefix)
    # At once and not with the first question: in the morning the night's table is whole.
    for keeper in keepers.values():
        keeper.start()
    warming = asyncio.create_task(previews.warm_up())

    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    await ending.wait()
    server.stop()
    for keeper in keepers.values():
        await keeper.stop()
    await measurer.close()
    warming.cancel()
    await previews.close()
    try:
        await asyncio.wait_for(server.close_all_connections(), ENDING_SECONDS)
    except TimeoutError:
        log.info("Some answers were cut by the shutdown")
    store.close()


def main() -> int:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        site = load_site(os.environ["SUMMIT_NOTEBOOK_SITE"])
        hub = HubApi.from_environment(os.environ, site.hub_base, site.service_prefix)
        asyncio.run(serve(site, hub))
    except KeyError:
        print(
            "SUMMIT_NOTEBOOK_SITE does not name the site's description; `npm start` sets it.", file=sys.stderr
        )
        return 2
    except (OSError, ValueError) as problem:
        print(f"The service cannot start: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
