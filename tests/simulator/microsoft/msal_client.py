"""MSAL itself, pointed at the simulator.

MSAL refuses an authority that is not https, so its HTTP client turns https into http for the simulator's host
and says so in X-Forwarded-Proto; the metadata then names https endpoints, which go the same way.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msal  # type: ignore[import-untyped]  # no stubs exist

from tests.loopback import UNENCRYPTED
from tests.simulator_process import MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET, Simulator

REDIRECT_URI = "http://127.0.0.1:9/microsoft"
MAIL_SCOPES = ("User.Read", "Mail.ReadWrite", "Mail.Send", "Contacts.ReadWrite", "MailboxSettings.ReadWrite")
Json = dict[str, Any]


class PlainHttp:
    """What MSAL asks of an HTTP client, over httpx."""

    def __init__(self, host: str) -> None:
        """Keep the host and port that are spoken to without TLS."""
        self.host = host

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_more: object,
    ) -> httpx.Response:
        """Do a GET."""
        return httpx.get(
            self.plain(url),
            params=params,
            headers=self.marked(headers),
            verify=UNENCRYPTED,
            trust_env=False,
            timeout=20,
        )

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_more: object,
    ) -> httpx.Response:
        """Do a POST."""
        return httpx.post(
            self.plain(url),
            params=params,
            data=dict(data or {}),
            headers=self.marked(headers),
            verify=UNENCRYPTED,
            trust_env=False,
            timeout=20,
        )

    def close(self) -> None:
        """Do nothing: each request has had its own connection."""

    def plain(self, url: str) -> str:
        """Return the URL without TLS where it is the simulator's."""
        parts = urlsplit(url)
        assert parts.netloc == self.host, f"MSAL wanted to speak to {parts.netloc}"
        return parts._replace(scheme="http").geturl()

    @staticmethod
    def marked(headers: Mapping[str, str] | None) -> dict[str, str]:
        """Return the headers with the mark of a proxy that ends TLS."""
        return {**(headers or {}), "X-Forwarded-Proto": "https"}


def application(
    simulator: Simulator, tenant: str = "common", secret: str = MICROSOFT_CLIENT_SECRET
) -> msal.ConfidentialClientApplication:
    """Return MSAL's confidential client; its constructor fetches the metadata."""
    return msal.ConfidentialClientApplication(
        MICROSOFT_CLIENT_ID,
        client_credential=secret,
        authority=simulator.microsoft_authority(tenant),
        instance_discovery=False,
        http_client=PlainHttp(urlsplit(simulator.url).netloc),
        http_cache={},
    )


def answer_of(redirect_url: str) -> dict[str, str]:
    """Return the query of the redirect that ends a consent."""
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect_url).query).items()}


@dataclass(frozen=True)
class MicrosoftConnection:
    """A connected mailbox: MSAL's application, the tokens, and Graph over httpx."""

    address: str
    app: msal.ConfidentialClientApplication
    tokens: Json
    graph: httpx.AsyncClient

    async def ask(self, verb: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Do one Graph request; header names take `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.graph.request(verb, path, json=body, headers=named)

    async def got(self, path: str, **headers: str) -> Json:
        """Do a GET that must succeed."""
        answer = await self.ask("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def done(self, verb: str, path: str, body: object = None, **headers: str) -> Json:
        """Do a request that must succeed; return its JSON, empty where there is none."""
        answer = await self.ask(verb, path, body, **headers)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}


async def connect(
    simulator: Simulator, address: str, scopes: Sequence[str] = MAIL_SCOPES, tenant: str = "common"
) -> tuple[msal.ConfidentialClientApplication, Json]:
    """Let MSAL begin, the account's user accept, and MSAL exchange the code; return it and its result."""
    app = await asyncio.to_thread(application, simulator, tenant)
    flow = app.initiate_auth_code_flow(
        list(scopes), redirect_uri=REDIRECT_URI, login_hint=address, response_mode="form_post"
    )
    redirect = await simulator.microsoft_consent(str(flow["auth_uri"]), address)
    result = await asyncio.to_thread(app.acquire_token_by_auth_code_flow, flow, answer_of(redirect))
    return app, dict(result)
