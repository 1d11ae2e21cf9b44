"""Google's own client library, pointed at the simulator."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]  # no stubs exist
from googleapiclient.discovery import (  # type: ignore[attr-defined]  # the stubs lack it
    build_from_document,
)
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import build_http

from tests.loopback import UNENCRYPTED
from tests.simulator_process import CLIENT_ID, CLIENT_SECRET, Simulator

SCOPE = "https://www.googleapis.com/auth/"
MODIFY = f"{SCOPE}gmail.modify"
REDIRECT_URI = "http://127.0.0.1:9/callback"
VERIFIER = secrets.token_urlsafe(64)
Json = dict[str, Any]


@cache
def discovery_document() -> Json:
    """The Gmail document that the client library carries."""
    text = get_static_doc("gmail", "v1")  # type: ignore[no-untyped-call]  # the stubs are bare
    assert text is not None
    return dict(json.loads(text))


def authorize_url(simulator: Simulator, scopes: Sequence[str] = (MODIFY,), **more: str) -> str:
    """Return an authorization URL with PKCE, asking for a refresh token."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": " ".join(["openid", "email", *scopes]),
        "state": "the state",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        **more,
    }
    return f"{simulator.google_url}o/oauth2/v2/auth?{urlencode(query)}"


def answer_of(redirect_url: str) -> dict[str, str]:
    """Return the query of the redirect that ends a consent."""
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect_url).query).items()}


async def token_request(simulator: Simulator, **form: str) -> httpx.Response:
    """Post to the token endpoint as the demo client unless told otherwise."""
    fields = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
    async with httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False) as client:
        return await client.post(f"{simulator.google_url}token", data=fields)


async def exchanged(simulator: Simulator, code: str, **form: str) -> httpx.Response:
    """Exchange a code with the right verifier unless told otherwise."""
    return await token_request(
        simulator,
        **{
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            **form,
        },
    )


async def tokens_for(simulator: Simulator, address: str, scopes: Sequence[str] = (MODIFY,)) -> Json:
    """Let the account's user allow everything, and return the token answer."""
    redirect = await simulator.consent(authorize_url(simulator, scopes), address)
    answer = await exchanged(simulator, answer_of(redirect)["code"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@dataclass(frozen=True)
class Connection:
    """A connected mailbox: the library's service, its HTTP object, and the tokens."""

    address: str
    service: Any
    http: Any
    tokens: Json
    google_url: str

    @property
    def messages(self) -> Any:
        """`users.messages` of the library."""
        return self.service.users().messages()

    @property
    def drafts(self) -> Any:
        """`users.drafts` of the library."""
        return self.service.users().drafts()

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header, for requests without the library."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def do(self, request: Any) -> Json:
        """Execute a request of the library in a thread."""
        found = await asyncio.to_thread(request.execute, http=self.http)
        return dict(found) if isinstance(found, dict) else {}

    async def error_of(self, request: Any) -> tuple[int, Json]:
        """Execute a request that must fail; return status and the `error` object."""
        try:
            await asyncio.to_thread(request.execute, http=self.http)
        except HttpError as error:
            return int(error.resp.status), dict(json.loads(error.content)["error"])
        raise AssertionError(f"{request.uri} did not fail")

    async def send(self, raw: bytes, **more: str) -> Json:
        """Send a mail as JSON `raw`."""
        return await self.do(self.messages.send(userId="me", body={"raw": base64url(raw), **more}))

    async def history_since(self, number: str) -> list[Json]:
        """Return the records of the change feed after a number."""
        found = await self.do(self.service.users().history().list(userId="me", startHistoryId=number))
        return list(found.get("history", []))

    async def history_id(self) -> str:
        """Return the mailbox's current history id."""
        return str((await self.do(self.service.users().getProfile(userId="me")))["historyId"])


@asynccontextmanager
async def connected(
    simulator: Simulator, address: str, scopes: Sequence[str] = (MODIFY,)
) -> AsyncIterator[Connection]:
    """Connect a mailbox through consent and token endpoint, as google-auth credentials."""
    tokens = await tokens_for(simulator, address, scopes)
    credentials = Credentials(  # type: ignore[no-untyped-call]  # google-auth is untyped here
        token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=f"{simulator.google_url}token",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    http = AuthorizedHttp(credentials, http=unauthorized_http())
    try:
        yield Connection(address, service_at(simulator.google_url), http, tokens, simulator.google_url)
    finally:
        http.close()


@cache
def service_at(google_url: str) -> Any:
    """Return the library's service for a root; it only makes requests, each connection sends its own."""
    return build_from_document({**discovery_document(), "rootUrl": google_url}, http=unauthorized_http())


def unauthorized_http() -> Any:
    """Return the library's own HTTP object, which knows that 308 is no redirect."""
    return build_http()  # type: ignore[no-untyped-call]  # the stubs are bare


def base64url(raw: bytes) -> str:
    """Encode without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def opened(text: str) -> bytes:
    """Decode base64url with or without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mail(to: str, subject: str = "Hello", text: str = "Body", **headers: str) -> bytes:
    """Write a small mail with LF line ends; underscores in header names become hyphens."""
    fields = {
        "To": to,
        "Subject": subject,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    return f"{head}\n{text}\n".encode()


def header(message: Json, name: str) -> list[str]:
    """Return the values of a header of a Gmail message."""
    return [
        str(found["value"])
        for found in message["payload"].get("headers", [])
        if found["name"].lower() == name.lower()
    ]
