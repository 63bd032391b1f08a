"""What the service asks the Hub: who a token belongs to, and a token for an OAuth code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

SERVICE_NAME = "summit"
ACCESS_SCOPES = frozenset({"access:services", f"access:services!service={SERVICE_NAME}"})
"""Either one lets a user in. The Hub writes what a token may do, after its roles, into the token's own scopes."""

ANSWER_SECONDS = 5.0


class HubUnreachable(Exception):
    """No answer, or an answer that says nothing about the user (5xx). Not a reason to end a session."""


@dataclass(frozen=True)
class HubUser:
    name: str
    scopes: frozenset[str]

    @property
    def may_enter(self) -> bool:
        return bool(self.scopes & ACCESS_SCOPES)


class HubApi:
    """Client of the Hub's REST API on its own port, not through the proxy."""

    def __init__(self, api_url: str, client_id: str, api_token: str, authorize_path: str, redirect_path: str):
        self._api_url = api_url.rstrip("/")
        self._client_id = client_id
        self._api_token = api_token
        self._authorize_path = authorize_path
        self._redirect_path = redirect_path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], hub_base: str, prefix: str) -> HubApi:
        """The Hub gives a service that it starts its token and addresses in the environment."""
        try:
            return cls(
                api_url=environment["JUPYTERHUB_API_URL"],
                client_id=environment["JUPYTERHUB_CLIENT_ID"],
                api_token=environment["JUPYTERHUB_API_TOKEN"],
                authorize_path=f"{hub_base}hub/api/oauth2/authorize",
                redirect_path=f"{prefix}oauth_callback",
            )
        except KeyError as missing:
            raise ValueError(
                f"{missing} is not in the environment: this service is started by JupyterHub, "
                "see hub/jupyterhub_config.py"
            ) from missing

    def authorize_url(self, state: str, code_challenge: str) -> str:
        """Where a browser goes to sign in; a path, so that it holds for every name this host is known by."""
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect_path,
            "response_type": "code",
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._authorize_path}?{urlencode(query)}"

    async def token_for(self, code: str, code_verifier: str) -> str | None:
        """None when the Hub does not take the code (used twice, too old, of another client)."""
        form = {
            "client_id": self._client_id,
            "client_secret": self._api_token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_path,
            "code_verifier": code_verifier,
        }
        answer = await self._ask("POST", "/oauth2/token", body=urlencode(form))
        if answer.code != 200:
            return None
        return str(_json_object(answer)["access_token"])

    async def user_of(self, token: str) -> HubUser | None:
        """None when the token is no longer good."""
        answer = await self._ask("GET", "/user", headers={"Authorization": f"token {token}"})
        if answer.code in (401, 403):
            return None
        if answer.code != 200:
            raise HubUnreachable(f"the Hub answers {answer.code}")
        user = _json_object(answer)
        if user.get("kind") != "user":
            return None
        return HubUser(str(user["name"]), frozenset(user.get("scopes", ())))

    async def _ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, body: str | None = None
    ) -> HTTPResponse:
        request = HTTPRequest(
            f"{self._api_url}{path}",
            method=method,
            headers=headers,
            body=body,
            connect_timeout=ANSWER_SECONDS,
            request_timeout=ANSWER_SECONDS,
            follow_redirects=False,
        )
        try:
            # Without raise_error tornado still raises for a connection that fails: OSError or its own 599.
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        except OSError as failed:
            raise HubUnreachable(str(failed)) from failed
        if answer.code >= 500 or answer.code == 429:
            raise HubUnreachable(f"the Hub answers {answer.code}")
        return answer


def _json_object(answer: HTTPResponse) -> dict[str, Any]:
    try:
        parsed = json.loads(answer.body)
    except ValueError as broken:
        raise HubUnreachable("the Hub's answer is not JSON") from broken
    if not isinstance(parsed, dict):
        raise HubUnreachable("the Hub's answer is not an object")
    return parsed
