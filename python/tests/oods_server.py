"""What the tests of the data routes share: a site of one repository, its routes on a real port, tiny registries."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Self

from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from summit_notebook.hub_service.base import Caller
from summit_notebook.hub_service.data_handlers import data_routes
from summit_notebook.hub_service.measurer import Measurer
from summit_notebook.hub_service.previews import Previews
from summit_notebook.site import Repository, Simulator, Site

PREFIX = "/nb/services/summit/"
DATASET = "0123456789abcdef0123456789abcdef"


def make_site(repository: Path, *, simulated: bool = True, lifetime: float | None = 7200.0) -> Site:
    state = repository.parent
    return Site(
        name="test",
        instrument="LATISS",
        state_dir=state,
        log_dir=state / "log",
        web_dir=state / "web",
        public_url="http://127.0.0.1:1",
        hub_base="/nb/",
        hub_port=1,
        proxy_api_port=1,
        service_port=1,
        proxy_command=(),
        influxdb_url=None,
        efd_database="efd",
        efd_reason="not part of this test",
        portal_origins=(),
        repositories=(Repository("OODS", repository, "LATISS", "OODS", lifetime, simulated),),
        simulator=Simulator(enabled=False, cadence_seconds=15.0, scenario="night", seed=1),
    )


class DataServer:
    """The data routes on a real port, asked by a signed-in user unless `caller` is set to None."""

    def __init__(self, site: Site) -> None:
        self.caller: Caller | None = Caller(user="observer")
        self.measurer = Measurer()
        self._application = Application(data_routes(PREFIX, site, Previews(self.measurer)), access=self)

    async def caller_of(self, handler: RequestHandler) -> Caller | None:
        return self.caller

    async def __aenter__(self) -> Self:
        socket, port = bind_unused_port()
        self._server = HTTPServer(self._application)
        self._server.add_socket(socket)
        self._base = f"http://127.0.0.1:{port}{PREFIX}"
        self._client = AsyncHTTPClient(force_instance=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()
        self._server.stop()
        await self._server.close_all_connections()
        await self.measurer.close()

    async def fetch(self, route: str, **options: Any) -> HTTPResponse:
        return await self._client.fetch(
            self._base + route,
            raise_error=False,
            decompress_response=False,
            follow_redirects=False,
            **options,
        )


def tiny_registry(directory: Path, files: dict[str, str]) -> Path:
    """The few tables that the file route needs, with paths that no Butler would write."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "butler.yaml").write_text(
        "datastore: {root: <butlerRoot>}\nregistry: {db: 'sqlite:///<butlerRoot>/gen3.sqlite3'}\n"
    )
    managers = {
        "dimensions": ("dimensions.static.StaticDimensionRecordStorageManager", "6.0.2"),
        "collections": ("collections.synthIntKey.SynthIntKeyCollectionManager", "2.0.0"),
        "datasets": ("datasets.byDimensions._manager.ByDimensionsDatasetRecordStorageManagerUUID", "2.0.0"),
        "opaque": ("opaque.ByNameOpaqueTableStorageManager", "0.2.0"),
    }
    with sqlite3.connect(directory / "gen3.sqlite3") as db:
        db.executescript(
            "CREATE TABLE butler_attributes (name TEXT, value TEXT);"
            'CREATE TABLE exposure (instrument TEXT, id BIGINT, "group" TEXT);'
            "CREATE TABLE dataset_type (id, name, tag_association_table, calibration_association_table);"
            "CREATE TABLE file_datastore_records (dataset_id CHAR(32), path TEXT, component TEXT);"
        )
        attributes = {"config:dimensions.json": '{"version": 8, "namespace": "daf_butler"}'}
        for role, (manager, version) in managers.items():
            attributes[f"config:registry.managers.{role}"] = manager
            attributes[f"version:{manager}"] = version
        db.executemany("INSERT INTO butler_attributes VALUES (?, ?)", attributes.items())
        db.executemany("INSERT INTO file_datastore_records VALUES (?, ?, '__NULL_STRING__')", files.items())
    db.close()
    return directory
