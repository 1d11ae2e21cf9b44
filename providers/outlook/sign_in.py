"""msal, kept off the network and off the event loop: it writes token requests and reads their answers.

Belongs here: the one place that knows msal. Never: when to refresh, what a refusal means.

msal blocks, so it runs in a worker thread; its HTTP client hands each request to the one transport on the
event loop and waits there, so that a token request has the limits of every other one. Its discovery is
answered from the settings, not from the network: Microsoft's endpoints stand at fixed places below the
authority, and a constructor that fetches would block whoever begins a consent. msal insists on https; the
address it is given differs from the real one by that alone, so that a simulator or a proxy on plain http
can stand in (`_real`). Each use gets an application object of its own: msal answers a repeated request
that met a 400 from memory for a minute, also after the server recovered.

What is kept of a grant is msal's own token cache, one for each mailbox, as text.
Sources: https://learn.microsoft.com/en-us/entra/msal/python/,
https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import anyio.to_thread
import msal  # type: ignore[import-untyped]  # msal ships no types

from providers.exchange import Answer, Outgoing
from providers.outlook.settings import MicrosoftSettings
from providers.outlook.wire import json_object
from providers.transport import Transport
from rules.errors import OurBug, Refused, Retryable

SCOPES: Final = ("User.Read", "Mail.ReadWrite", "Mail.Send")
"""The least that reads, marks as read, keeps drafts and sends. `openid`, `profile` and `offline_access` are
msal's own affair, and it refuses to be told them.

Source: https://learn.microsoft.com/en-us/graph/permissions-reference
"""
CONTACTS_SCOPE: Final = "Contacts.Read"
"""Asked for beside SCOPES where the deployment reads address books, and asked for again only where it was
granted: a refresh that names a permission nobody consented to is refused as a whole (AADSTS65001)."""
LIMIT_BYTES: Final = 64 * 1024
FLOW_KEYS: Final = frozenset({"redirect_uri", "scope", "code_verifier", "nonce", "claims_challenge"})
ONE_CONSENT: Final = "one consent"
"""msal compares states once more; ours was checked against its hash before anything came here."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What msal made of an answer of the token endpoint: its body, and the cache as it is now."""

    said: Mapping[str, Any] = field(repr=False)
    cache: str = field(repr=False)

    @property
    def refused(self) -> bool:
        return "access_token" not in self.said


@dataclass(frozen=True, slots=True)
class Begun:
    """A consent to be given: where, and what must be kept until its code comes back."""

    url: str
    kept: str = field(repr=False)


class SignIn:
    """Asks Microsoft's sign-in service by way of msal."""

    def __init__(self, settings: MicrosoftSettings, transport: Transport | None) -> None:
        """With no transport only what needs no network can be done."""
        self._settings = settings
        self._transport = transport

    def begin(self, *, state: str, prompt: str | None, login_hint: str | None, claims: str | None) -> Begun:
        """Return the consent page's address: authorization code, PKCE S256 and a nonce."""
        application = self._application(msal.SerializableTokenCache(), None)
        flow = application.initiate_auth_code_flow(
            list(consented(self._settings)),
            redirect_uri=self._settings.redirect_uri,
            state=state,
            prompt=prompt,
            login_hint=login_hint,
            claims_challenge=claims,
            response_mode="form_post",
        )
        kept = json.dumps({name: value for name, value in flow.items() if name in FLOW_KEYS})
        return Begun(_by_query(_real(self._settings, flow["auth_uri"])), kept)

    async def redeem(self, *, code: str, kept: str, redirect_uri: str) -> SignedIn:
        """Exchange a code.

        Raises:
            Refused: the answer belongs to another attempt.
            Retryable: the token endpoint does not answer properly.
        """
        flow = {**json.loads(kept), "state": ONE_CONSENT, "redirect_uri": redirect_uri}

        def ask(application: Any) -> Mapping[str, Any]:
            try:
                answer: Mapping[str, Any] = application.acquire_token_by_auth_code_flow(
                    flow, {"code": code, "state": ONE_CONSENT}
                )
            except RuntimeError as foreign:  # msal's word for a nonce that does not match
                raise Refused("The consent belongs to another attempt. Please connect again.") from foreign
            return answer

        return await self._asked(msal.SerializableTokenCache(), ask)

    async def refresh(self, cache: str, *, granted: frozenset[str], claims: str | None) -> SignedIn | None:
        """Exchange the refresh token of a kept cache; None where the cache holds none.

        `granted` are the permissions that the user gave, by whatever spelling Microsoft answered with.

        Raises:
            Retryable: the token endpoint does not answer properly.
        """
        tokens = _opened(cache)
        if tokens is None:
            return None
        scopes = [*SCOPES, CONTACTS_SCOPE] if CONTACTS_SCOPE.lower() in short_names(granted) else [*SCOPES]

        def ask(application: Any) -> Mapping[str, Any]:
            accounts = application.get_accounts()
            if not accounts:
                return {}
            answer = application.acquire_token_silent_with_error(
                scopes, accounts[0], force_refresh=True, claims_challenge=claims
            )
            return answer or {}

        signed_in = await self._asked(tokens, ask)
        return signed_in if signed_in.said else None

    async def _asked(self, tokens: Any, ask: Callable[[Any], Mapping[str, Any]]) -> SignedIn:
        transport, loop = self._transport, asyncio.get_running_loop()
        if transport is None:
            raise OurBug("This half of the consent has no network.")

        def send(outgoing: Outgoing) -> Answer:
            fetching = transport.fetch(outgoing, limit_bytes=LIMIT_BYTES)
            return asyncio.run_coroutine_threadsafe(fetching, loop).result()

        def work() -> SignedIn:
            said = ask(self._application(tokens, send))
            return SignedIn(said, tokens.serialize())

        return await anyio.to_thread.run_sync(work)

    def _application(self, tokens: Any, send: Callable[[Outgoing], Answer] | None) -> Any:
        settings = self._settings
        return msal.ConfidentialClientApplication(
            settings.client_id,
            client_credential=settings.client_secret.get_secret_value(),
            authority=f"{_secure(settings)}/{settings.tenant}",
            instance_discovery=False,
            token_cache=tokens,
            http_client=_Bridge(settings, send),
            http_cache={},
        )


def consented(settings: MicrosoftSettings) -> tuple[str, ...]:
    """The permissions that a consent asks for."""
    return (*SCOPES, CONTACTS_SCOPE) if settings.contacts else SCOPES


def short_names(granted: frozenset[str]) -> frozenset[str]:
    """Permissions without Graph's address, in lower case: Microsoft answers with full or with short names."""
    return frozenset(scope.rpartition("/")[2].lower() for scope in granted)


def account_in(cache: str) -> str | None:
    """The account that a kept cache belongs to, `<object id>.<tenant id>`; None where it holds none."""
    tokens = _opened(cache)
    kind = msal.TokenCache.CredentialType.ACCOUNT
    found = list(tokens.search(kind)) if tokens is not None else []
    account = found[0].get("home_account_id") if found else None
    return account if isinstance(account, str) and account else None


def refresh_token_in(cache: str) -> str:
    """The newest refresh token of a kept cache; empty where it holds none."""
    tokens = _opened(cache)
    kind = msal.TokenCache.CredentialType.REFRESH_TOKEN
    found = list(tokens.search(kind)) if tokens is not None else []
    nothing: dict[str, object] = {}
    newest = max(found, key=lambda entry: int(entry.get("last_modification_time", "0")), default=nothing)
    secret = newest.get("secret")
    return secret if isinstance(secret, str) else ""


def _opened(cache: str) -> Any:
    """A kept cache, opened; None where it is empty or none."""
    if json_object(cache.encode()) is None:
        return None
    tokens = msal.SerializableTokenCache()
    tokens.deserialize(cache)
    return tokens


def _secure(settings: MicrosoftSettings) -> str:
    """The authority as msal is told it: https, with a host and nothing behind it."""
    return f"https://{urlsplit(settings.authority).netloc}"


def _real(settings: MicrosoftSettings, url: str) -> str:
    """Where an address below msal's authority really is."""
    told = _secure(settings)
    if not url.startswith(f"{told}/"):
        raise OurBug("msal would ask another host.")
    return settings.authority + url.removeprefix(told)


def _by_query(url: str) -> str:
    """Have the code come back in the address, as every provider's does here.

    msal warns unless it is a form; the code is good once, with our secret and this attempt's verifier, and
    the page it comes back to sends no referrer (inbound/oauth_return.py).
    """
    parts = urlsplit(url)
    asked = [(name, value) for name, value in parse_qsl(parts.query) if name != "response_mode"]
    return urlunsplit(parts._replace(query=urlencode([*asked, ("response_mode", "query")])))


@dataclass(frozen=True, slots=True)
class _Heard:
    """An answer in the shape that msal reads."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise Retryable(
                f"Microsoft's token endpoint does not answer properly (status {self.status_code})."
            )


class _Bridge:
    """msal's HTTP client: discovery from the settings, everything else over our transport."""

    def __init__(self, settings: MicrosoftSettings, send: Callable[[Outgoing], Answer] | None) -> None:
        self._settings = settings
        self._send = send

    def get(self, url: str, **_: object) -> _Heard:
        if not url.endswith("/v2.0/.well-known/openid-configuration"):
            raise OurBug("msal would fetch what it needs not.")
        at = f"{_secure(self._settings)}/{self._settings.tenant}"
        places = {
            "issuer": self._settings.issuer("{tenantid}"),
            "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
            "token_endpoint": f"{at}/oauth2/v2.0/token",
            "jwks_uri": self._settings.keys_url,
        }
        return _Heard(200, json.dumps(places))

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> _Heard:
        if self._send is None:
            raise OurBug("msal would ask although nothing may be asked.")
        given = {name.lower(): str(value) for name, value in (headers or {}).items() if value}
        form = {**given, "content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        body = urlencode(dict(data or {})).encode()
        answer = self._send(Outgoing("microsoft token", "POST", _real(self._settings, url), form, body))
        said = json_object(answer.body)
        if answer.status >= 500 or answer.status == 429 or said is None:
            raise Retryable(f"Microsoft's token endpoint does not answer properly (status {answer.status}).")
        return _Heard(answer.status, answer.body.decode("utf-8", "replace"), dict(answer.headers))

    def close(self) -> None:
        return None
