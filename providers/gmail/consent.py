"""Google's consent: the page that a user is sent to, and what their return is worth.

Belongs here: authorization code with PKCE (S256), the smallest scopes, the id token's verification. Never:
`state` (whoever keeps the transaction makes and checks it) and storage.

`kept` is the PKCE verifier. The nonce is derived from it, so that one secret binds the page, the code and the
id token to each other (R7, R8). Scopes may come back fewer than asked for: the user can untick them; what is
missing is told, not raised, because the mailbox's status says it (R11).
Sources: RFC 7636, RFC 9700 section 2.1.1, https://developers.google.com/identity/protocols/oauth2/web-server,
https://developers.google.com/identity/openid-connect/openid-connect#authenticationuriparameters
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, cast
from urllib.parse import urlencode

from providers.exchange import Outgoing
from providers.gmail import parse
from providers.gmail.decipher import StaleAccessToken, decipher
from providers.gmail.decipher_grants import Grant, decipher_grant
from providers.gmail.people import CONTACTS_SCOPE
from providers.gmail.requests import GmailRequests
from providers.gmail.settings import GoogleSettings
from providers.gmail.tokens import FORM, expiry, granted_scopes
from providers.gmail.wire import Profile, TokenAnswer
from providers.granting import Granted
from providers.openid import Claims, Unverified, verified_claims
from providers.public_keys import PublicKeys
from providers.tokens import Tokens
from providers.transport import Transport
from rules.consent import BegunConsent
from rules.errors import NeedsReconnect, OperatorMustAct, ReconnectReason, Refused, Retryable
from rules.mailbox_life import status_reason
from rules.words import AuthorizationPurpose, EmailAddress, Provider

MODIFY_SCOPE: Final = "https://www.googleapis.com/auth/gmail.modify"
SCOPES: Final = ("openid", "email", MODIFY_SCOPE)
"""The least that reads, marks as read, keeps drafts and sends; no right to delete for good.

Source: https://developers.google.com/workspace/gmail/api/auth/scopes
"""
SAME_SCOPE: Final = {"https://www.googleapis.com/auth/userinfo.email": "email"}
"""Google answers with full addresses for what it takes by short names."""
ISSUERS: Final = frozenset({"https://accounts.google.com", "accounts.google.com"})
ISSUER: Final = "https://accounts.google.com"
ENTROPY_BYTES: Final = 32
SENTENCES: Final = {
    "access_denied": "Access was not granted. Nothing was connected; you can try again.",
    "admin_policy_enforced": "Your organisation's administrator does not allow this app to be connected.",
    "disallowed_useragent": "Google does not allow signing in inside this app; please use a browser.",
    "org_internal": "This app is only open to members of the organisation that runs it.",
    "temporarily_unavailable": "Google is not available at the moment. Please try again in a few minutes.",
    "server_error": "Google had a fault of its own. Please try again in a few minutes.",
    "invalid_scope": "The app asks Google for a permission that Google does not know; its operator must act.",
    "redirect_uri_mismatch": "The app's address is not registered with Google; its operator must act.",
    "invalid_client": "Google does not know this app; its operator must act.",
}


class GoogleConsent:
    """The half of Google's consent that needs no network: implements rules.consent.ConsentDoor."""

    provider = Provider.GMAIL

    def __init__(self, settings: GoogleSettings) -> None:
        self._settings = settings

    def begin(
        self,
        *,
        state: str,
        purpose: AuthorizationPurpose,
        login_hint: str | None,
        entropy: bytes,
        claims: str | None = None,
    ) -> BegunConsent:
        """Return Google's consent URL, and the PKCE verifier to keep. `entropy` is 32 random bytes.

        Google challenges nobody with `claims`: there are none to carry.

        `prompt=consent` is always there: without it a user who consented before brings no refresh token.
        """
        if len(entropy) != ENTROPY_BYTES:
            raise ValueError(f"a PKCE verifier takes {ENTROPY_BYTES} bytes of entropy")
        verifier = _base64url(entropy)
        connecting = purpose is AuthorizationPurpose.CONNECT
        parameters = {
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "response_type": "code",
            "scope": " ".join((*SCOPES, CONTACTS_SCOPE) if self._settings.contacts else SCOPES),
            "state": state,
            "nonce": _nonce(verifier),
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            "access_type": "offline",
            "include_granted_scopes": "true",
            "prompt": "select_account consent" if connecting and not login_hint else "consent",
        }
        if login_hint:
            parameters["login_hint"] = login_hint
        return BegunConsent(url=f"{self._settings.auth_url}?{urlencode(parameters)}", kept=verifier)


class GoogleExchange:
    """The half that needs the network: implements providers.granting.ConsentExchange."""

    provider = Provider.GMAIL

    def __init__(
        self,
        settings: GoogleSettings,
        transport: Transport,
        keys: PublicKeys,
        requests: GmailRequests,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._keys = keys
        self._requests = requests
        self._clock = clock

    def explain(self, error: str) -> str:
        """A sentence for the user about the redirect's `error`; the parameter itself is never repeated."""
        return SENTENCES.get(error, "Google did not grant access. Nothing was connected; you can try again.")

    def reason(self, reason: ReconnectReason) -> str:
        """A sentence for the user about why nothing was connected."""
        return status_reason(reason)

    async def finish(self, *, code: str, kept: str, redirect_uri: str) -> Granted:
        """Exchange the code and say who came back with what. Raises as ConsentExchange says."""
        said, sent_at = await self._exchanged(code, kept, redirect_uri)
        claims = await self._claims(said, kept)
        scopes = granted_scopes(said)
        tokens = Tokens(
            access_token=said["access_token"],
            access_expires_at=expiry(said, sent_at),
            refresh_token=said.get("refresh_token", ""),
            scopes=scopes,
        )
        missing = missing_scopes(scopes)
        if not tokens.refresh_token:
            raise Refused("Google gave no lasting access. Please connect again.")
        address = await self._address(tokens, claims, missing)
        return Granted(address, f"{ISSUER}|{claims.subject}", tokens, missing)

    async def _exchanged(self, code: str, kept: str, redirect_uri: str) -> tuple[TokenAnswer, datetime]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": kept,
            "redirect_uri": redirect_uri,
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        sent_at = self._clock()
        request = Outgoing(
            "google code exchange", "POST", self._settings.token_url, FORM, urlencode(form).encode()
        )
        answer = await self._transport.fetch(request, limit_bytes=64 * 1024)
        said = decipher_grant(Grant.CODE, answer.status, answer.headers, answer.body, now=self._clock())
        return cast(TokenAnswer, said), sent_at

    async def _claims(self, said: TokenAnswer, kept: str) -> Claims:
        """The id token's claims, verified although it came straight from Google (R8)."""
        token = said.get("id_token")
        if not isinstance(token, str):
            raise OperatorMustAct("Google's answer holds no id token.")
        now, audience = self._clock(), self._settings.client_id
        try:
            claims = await self._keys.verify(
                lambda keys: verified_claims(token, keys, now=now, audience=audience, issuers=ISSUERS)
            )
        except Unverified as error:
            raise Refused(f"Google's id token does not hold: {error}.") from error
        if claims.nonce != _nonce(kept):
            raise Refused("The consent belongs to another attempt. Please connect again.")
        return claims

    async def _address(self, tokens: Tokens, claims: Claims, missing: tuple[str, ...]) -> EmailAddress:
        """The mailbox's own word for its address; the id token's where Gmail may not be asked."""
        if MODIFY_SCOPE in missing:
            return parse.own_address(claims.email)
        call = self._requests.profile()
        headers = {**call.outgoing.headers, "authorization": f"Bearer {tokens.access_token}"}
        request = Outgoing(call.outgoing.name, call.outgoing.method, call.outgoing.url, headers)
        answer = await self._transport.fetch(request)
        try:
            said = decipher(call.asked, answer.status, answer.headers, answer.body, now=self._clock())
        except StaleAccessToken as error:
            raise Retryable("Google does not accept its own new token yet.") from error
        except NeedsReconnect as trouble:
            if trouble.reason is ReconnectReason.MISSING_PERMISSION:
                return parse.own_address(claims.email)
            raise
        return parse.own_address(cast(Profile, said).get("emailAddress"))


def missing_scopes(granted: frozenset[str]) -> tuple[str, ...]:
    """Which of SCOPES the user left unticked, in their order."""
    known = granted | {SAME_SCOPE[scope] for scope in granted if scope in SAME_SCOPE}
    return tuple(scope for scope in SCOPES if scope not in known)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _challenge(verifier: str) -> str:
    """Source: RFC 7636 section 4.2."""
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def _nonce(verifier: str) -> str:
    """Bound to the verifier, and says nothing of it."""
    return _base64url(hashlib.sha256(b"bothways id token nonce\0" + verifier.encode("utf-8")).digest())
