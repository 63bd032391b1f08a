"""Routes of the night tables: `table`, `days`, `amplifiers` of a repository. See ``docs/http-api.md``."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from typing import Any
from urllib.parse import quote

from summit_notebook.site import Site

from .data_handlers import RepositoryHandler
from .measurer import Measurer
from .night_keeper import NightKeeper
from .night_table import NightTable
from .registry import RegistryReader
from .registry_file import RegistryError

GZIP_LEVEL = 1
"""Higher ones take two to ten times as long for the last tenth of the size."""
GZIP_FROM_BYTES = 1024


class NightHandler(RepositoryHandler):
    def initialize(self, keepers: dict[str, NightKeeper]) -> None:  # type: ignore[override]
        self.keepers = keepers

    def keeper(self, name: str) -> NightKeeper:
        try:
            return self.keepers[name]
        except KeyError:
            raise RegistryError("NotFound", f"This site has no repository {name!r}.") from None

    async def send(self, pieces: list[bytes]) -> None:
        body = b"".join(pieces)
        self.set_header("Vary", "Accept-Encoding")
        if len(body) >= GZIP_FROM_BYTES and self._takes_gzip():
            self.set_header("Content-Encoding", "gzip")
            # zlib lets go of Python's lock.
            body = await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL)
        await self.finish(body)

    def _takes_gzip(self) -> bool:
        """RFC 9110 12.5.3; a weight of zero refuses."""
        for token in self.request.headers.get("Accept-Encoding", "").lower().split(","):
            coding, _, weight = token.partition(";")
            if coding.strip() in ("gzip", "x-gzip"):
                return re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is None
        return False


class TableHandler(NightHandler):
    async def get(self, name: str) -> None:
        keeper = self.keeper(name)
        since = None if self.get_query_argument("since", None) is None else self.number("since")
        as_of = await keeper.as_of_unix_ms()
        await self.send(await keeper.ask(NightTable.table_json, since, as_of))


class DaysHandler(NightHandler):
    async def get(self, name: str) -> None:
        keeper = self.keeper(name)
        await keeper.as_of_unix_ms()
        await self.send([json.dumps({"days": await keeper.ask(NightTable.days)}).encode()])


class AmplifiersHandler(NightHandler):
    async def get(self, name: str) -> None:
        keeper = self.keeper(name)
        day_obs = self.number("day_obs")
        await keeper.as_of_unix_ms()
        await self.send(await keeper.ask(NightTable.amplifiers_json, day_obs))


def night_keepers(site: Site, measurer: Measurer) -> dict[str, NightKeeper]:
    """One per repository of the site, with its file in the service's state directory."""
    return {
        r.name: NightKeeper(
            RegistryReader(r.name, r.directory, r.instrument),
            site.state_dir / "service" / f"night-{quote(r.name, safe='')}.sqlite",
            measurer,
        )
        for r in site.repositories
    }


def night_routes(prefix: str, keepers: dict[str, NightKeeper]) -> list[tuple[Any, ...]]:
    settings = {"keepers": keepers}
    below = rf"{re.escape(prefix)}api/repositories/([^/]+)"
    return [
        (rf"{below}/table", TableHandler, settings),
        (rf"{below}/days", DaysHandler, settings),
        (rf"{below}/amplifiers", AmplifiersHandler, settings),
    ]
