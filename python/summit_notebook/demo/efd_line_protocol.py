"""InfluxDB 1.x from Python's standard library: writing lines, asking, and the accounts of the demo site.

Line protocol: https://docs.influxdata.com/influxdb/v1.6/write_protocols/line_protocol_reference/
Credentials travel in a header only; InfluxDB writes URLs into its logs.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

Value = float | int | bool | str

TIMEOUT_SECONDS = 10.0


class InfluxUnreachable(Exception):
    """No answer from influxd, or one that says to come back later."""


class InfluxRefused(Exception):
    """influxd answered with an error that a repetition does not cure."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"influxd answers {status}: {message}")
        self.status = status


def format_value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(float(value))


def format_fields(fields: Mapping[str, Value]) -> str:
    return ",".join(f"{name}={format_value(value)}" for name, value in fields.items())


def format_line(measurement: str, fields: str, time_ns: int) -> str:
    """One row. SAL topics have no tags, and their names hold nothing that would want escaping."""
    return f"{measurement} {fields} {time_ns}"


@dataclass(frozen=True)
class Influx:
    """One account of one server. A connection per request: there is about one a second."""

    url: str
    user: str | None = None
    password: str = ""

    def _post(self, path: str, body: bytes, content_type: str) -> bytes:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
        )
        headers = {"Content-Type": content_type}
        if self.user is not None:
            headers["Authorization"] = (
                "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            )
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as cause:
            raise InfluxUnreachable(f"influxd at {self.url} does not answer ({cause})") from cause
        finally:
            connection.close()
        if answer.status >= 500:
            raise InfluxUnreachable(f"influxd at {self.url} answers {answer.status}")
        if answer.status >= 400:
            raise InfluxRefused(answer.status, content.decode("utf-8", "replace").strip())
        return content

    def write(self, database: str, lines: bytes) -> None:
        self._post(f"/write?{urlencode({'db': database, 'precision': 'ns'})}", lines, "text/plain")

    def query(self, text: str, database: str | None = None) -> list[dict[str, Any]]:
        """Results of the statements. Errors of statements come with status 200: they raise here."""
        parameters = {"epoch": "ns"} | ({"db": database} if database else {})
        body = urlencode({"q": text}).encode()
        answer = self._post(f"/query?{urlencode(parameters)}", body, "application/x-www-form-urlencoded")
        results: list[dict[str, Any]] = json.loads(answer).get("results", [])
        for result in results:
            if "error" in result:
                raise InfluxRefused(200, result["error"])
        return results
