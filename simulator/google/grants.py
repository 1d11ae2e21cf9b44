"""Who let which program do what: clients, codes, grants, refresh and access tokens, and how they die.

Source: https://developers.google.com/identity/protocols/oauth2 (web server flow, expiration list), RFC 6749
(codes, errors), RFC 7636 (PKCE).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.dials import Switchboard
from simulator.post import Account

MAIL_SCOPES = "https://mail.google.com/"
SCOPE = "https://www.googleapis.com/auth/"
SIGN_IN_SCOPES = {"openid", f"{SCOPE}userinfo.email", f"{SCOPE}userinfo.profile"}
FULL_NAMES = {"email": f"{SCOPE}userinfo.email", "profile": f"{SCOPE}userinfo.profile"}
DAY_MS = 86_400_000
CODE_LIFETIME_MS = 10 * 60 * 1000
UNUSED_LIFETIME_MS = 183 * DAY_MS
TESTING_LIFETIME_MS = 7 * DAY_MS


@dataclass
class Client:
    """A registered program; `state` may be `deleted`, which the token endpoint then says."""

    id: str
    secret: str
    redirect_uris: list[str]
    name: str = "Bothways"
    project: str = "bothways-demo"
    state: str = "active"


@dataclass
class Code:
    """An authorization code: used once, within ten minutes."""

    code: str
    client_id: str
    address: str
    scopes: list[str]
    redirect_uri: str
    challenge: str
    offline: bool
    fresh: bool
    nonce: str
    issued_ms: int


@dataclass
class RefreshToken:
    """A refresh token of one grant."""

    token: str
    client_id: str
    address: str
    scopes: list[str]
    issued_ms: int
    used_ms: int


@dataclass
class AccessToken:
    """A bearer token and when it ends."""

    token: str
    client_id: str
    address: str
    scopes: list[str]
    expires_ms: int


@dataclass
class GrantState:
    """Everything the identity side remembers; `granted` holds scopes by `client address`."""

    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    granted: dict[str, list[str]] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)


@dataclass
class Refusal(Exception):
    """An error of the token endpoint: status, code, description and whatever else the body holds."""

    status: int
    error: str
    description: str
    more: dict[str, str] = field(default_factory=dict)


Doom = Callable[[RefreshToken | AccessToken | Code], bool]


def dead() -> Refusal:
    """Return the error of a refresh token that has died."""
    return Refusal(400, "invalid_grant", "Token has been expired or revoked.")


def bad() -> Refusal:
    """Return the error of a code or token that never fitted."""
    return Refusal(400, "invalid_grant", "Bad Request")


def full_scopes(text: str) -> list[str]:
    """Return the scopes of a space-separated list in Google's full spelling, once each."""
    return list(dict.fromkeys(FULL_NAMES.get(scope, scope) for scope in text.split()))


class Grants:
    """Issues and ends codes and tokens."""

    def __init__(self, clock: Clock, dials: Switchboard) -> None:
        """Start with nothing granted."""
        self.clock = clock
        self.dials = dials
        self.state = GrantState()

    def allow(self, code: Code) -> str:
        """Remember what was allowed and return the code."""
        known = self.state.granted.setdefault(_grant(code.client_id, code.address), [])
        known.extend(scope for scope in code.scopes if scope not in known)
        self.state.codes[code.code] = code
        return code.code

    def granted(self, client_id: str, address: str) -> list[str]:
        """Return the scopes that the account has allowed the client."""
        return list(self.state.granted.get(_grant(client_id, address), []))

    def client(self, client_id: str, secret: str) -> Client:
        """Return the client that proves itself.

        Raises:
            Refusal: 401 invalid_client or deleted_client.
        """
        client = self.state.clients.get(client_id)
        if client is None:
            raise Refusal(401, "invalid_client", "The OAuth client was not found.")
        if client.state == "deleted":
            raise Refusal(401, "deleted_client", "The OAuth client was deleted.")
        if not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Refusal(401, "invalid_client", "Unauthorized")
        return client

    def redeem(self, client: Client, code_text: str, redirect_uri: str, verifier: str) -> Code:
        """Use up a code.

        Raises:
            Refusal: unknown, used or old code, another client's, wrong redirect URI or verifier.
        """
        code = self.state.codes.pop(code_text, None)
        if code is None or code.client_id != client.id or code.redirect_uri != redirect_uri:
            raise bad()
        if self.clock.now_ms() - code.issued_ms > CODE_LIFETIME_MS:
            raise bad()
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if code.challenge and not hmac.compare_digest(code.challenge, digest):
            raise bad()
        return code

    def issue_refresh(self, client_id: str, address: str, scopes: list[str]) -> RefreshToken:
        """Issue a refresh token; beyond the cap the account's oldest of this client dies silently."""
        now_ms = self.clock.now_ms()
        token = RefreshToken(
            f"1//sim-{secrets.token_urlsafe(32)}", client_id, address, scopes, now_ms, now_ms
        )
        self.state.refresh_tokens[token.token] = token
        same = [
            found
            for found in self.state.refresh_tokens.values()
            if (found.client_id, found.address) == (client_id, address)
        ]
        for oldest in same[: max(0, len(same) - self.dials.now.refresh_token_cap)]:
            del self.state.refresh_tokens[oldest.token]
        return token

    def issue_access(self, client_id: str, address: str, scopes: list[str]) -> AccessToken:
        """Issue an access token of the dialled lifetime, and drop those long expired."""
        now_ms = self.clock.now_ms()
        for old in [found.token for found in self.state.access_tokens.values() if found.expires_ms < now_ms]:
            del self.state.access_tokens[old]
        lifetime_ms = self.dials.now.access_token_lifetime_seconds * 1000
        token = AccessToken(
            f"ya29.sim-{secrets.token_urlsafe(40)}", client_id, address, scopes, now_ms + lifetime_ms
        )
        self.state.access_tokens[token.token] = token
        return token

    def refresh(self, client: Client, text: str, wanted: str) -> tuple[AccessToken, RefreshToken | None]:
        """Use a refresh token; the second value is its successor where tokens rotate.

        Raises:
            Refusal: dead or foreign token, or a scope outside the grant.
        """
        token = self.state.refresh_tokens.get(text)
        if token is None:
            raise dead() if text.startswith("1//sim-") else bad()
        if token.client_id != client.id:
            raise Refusal(401, "unauthorized_client", "Unauthorized")
        if self._outlived(token):
            del self.state.refresh_tokens[text]
            raise dead()
        scopes = full_scopes(wanted) or token.scopes
        if not set(scopes) <= set(token.scopes):
            raise Refusal(400, "invalid_scope", "Some requested scopes cannot be shown")
        token.used_ms = self.clock.now_ms()
        access = self.issue_access(client.id, token.address, scopes)
        if not self.dials.now.rotate_refresh_tokens:
            return access, None
        del self.state.refresh_tokens[text]
        return access, self.issue_refresh(client.id, token.address, token.scopes)

    def bearer(self, text: str) -> AccessToken | None:
        """Return the access token if it is alive."""
        token = self.state.access_tokens.get(text)
        return token if token is not None and token.expires_ms > self.clock.now_ms() else None

    def revoke(self, text: str) -> bool:
        """End the whole grant of a refresh or access token; False for an unknown one."""
        token = self.state.refresh_tokens.get(text) or self.bearer(text)
        if token is None:
            return False
        self.end_grant(token.client_id, token.address)
        return True

    def end_grant(self, client_id: str, address: str) -> None:
        """End every token of a client for an account, and forget what was allowed."""
        self.state.granted.pop(_grant(client_id, address), None)
        self._drop(lambda token: (token.client_id, token.address) == (client_id, address))

    def password_changed(self, account: Account) -> None:
        """End the tokens that hold Gmail scopes; that access tokens end too, at once, is our choice.

        Source: https://developers.google.com/identity/protocols/oauth2#expiration
        """
        self._drop(lambda token: token.address == account.address and _has_mail_scope(token.scopes))

    def _drop(self, doomed: Doom) -> None:
        state = self.state
        state.refresh_tokens = {
            text: token for text, token in state.refresh_tokens.items() if not doomed(token)
        }
        state.access_tokens = {
            text: token for text, token in state.access_tokens.items() if not doomed(token)
        }
        state.codes = {text: code for text, code in state.codes.items() if not doomed(code)}

    def _outlived(self, token: RefreshToken) -> bool:
        now_ms = self.clock.now_ms()
        testing = self.dials.now.testing_mode and not set(token.scopes) <= SIGN_IN_SCOPES
        return now_ms - token.used_ms > UNUSED_LIFETIME_MS or (
            testing and now_ms - token.issued_ms > TESTING_LIFETIME_MS
        )


def _has_mail_scope(scopes: list[str]) -> bool:
    return any(scope == MAIL_SCOPES or scope.startswith(f"{SCOPE}gmail.") for scope in scopes)


def _grant(client_id: str, address: str) -> str:
    return f"{client_id} {address}"
