"""Who let which program do what at Microsoft: consents, codes, refresh and access tokens, and how they die.

Source: https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens (90 days, sliding; every use
brings another, the old one stays good; what ends them), /v2-oauth2-auth-code-flow (codes, PKCE, secrets), and
https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/manage-app-consent-policies.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from simulator.clock import Clock
from simulator.dials import Switchboard
from simulator.microsoft.aadsts import Refusal
from simulator.microsoft.identity import is_personal, tenant_id
from simulator.post import Account

GRAPH = "https://graph.microsoft.com/"
SIGN_IN_SCOPES = ("openid", "profile", "email", "offline_access")
# What users of a tenant with Microsoft's recommended policy may not allow themselves.
ADMIN_SCOPES = (
    "Mail.Read",
    "Mail.ReadWrite",
    "Mail.ReadBasic",
    "MailboxSettings.",
    "Contacts.ReadWrite",
    "People.",
)
CODE_LIFETIME_MS = 10 * 60 * 1000
REFRESH_LIFETIME_MS = 90 * 86_400_000


@dataclass
class MicrosoftClient:
    """A registered application; `tenants` None means any."""

    id: str
    secret: str
    redirect_uris: list[str]
    name: str = "Bothways"
    state: Literal["active", "secret_expired", "deleted"] = "active"


@dataclass
class Code:
    """An authorization code: used once, within ten minutes."""

    code: str
    client_id: str
    address: str
    scopes: list[str]
    redirect_uri: str
    challenge: str
    nonce: str
    authority: str
    issued_ms: int
    redeemed: bool = False
    stepped_up: bool = False
    """The sign-in was asked with the claims that the account's policy wants."""


@dataclass
class RefreshToken:
    """A refresh token; `dead` is the number of the error that its use answers, 0 while it lives."""

    token: str
    client_id: str
    address: str
    scopes: list[str]
    used_ms: int
    dead: int = 0
    stepped_up: bool = False


@dataclass
class AccessToken:
    """A bearer token; `challenged` means that Graph answers with a claims challenge."""

    token: str
    client_id: str
    address: str
    scopes: list[str]
    expires_ms: int
    challenged: bool = False
    stepped_up: bool = False


@dataclass
class MicrosoftGrantState:
    """What the identity side remembers; consents by `client address`, those of admins by `client tenant`."""

    clients: dict[str, MicrosoftClient] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    granted: dict[str, list[str]] = field(default_factory=dict)
    admin_granted: dict[str, list[str]] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    disabled: list[str] = field(default_factory=list)
    stepping_up: list[str] = field(default_factory=list)
    """Whose mail wants a sign-in with claims, beyond the one that there was."""


def bare(scope: str) -> str:
    """Return a scope without Graph's prefix."""
    return scope.removeprefix(GRAPH)


def scopes_of(text: str) -> list[str]:
    """Return the scopes of a space-separated list, bare, once each."""
    return list(dict.fromkeys(bare(scope) for scope in text.split()))


def shown(scopes: list[str]) -> str:
    """Return scopes as the token endpoint answers them: Graph's in full, no `offline_access`."""
    named = [scope if scope in SIGN_IN_SCOPES else f"{GRAPH}{scope}" for scope in scopes]
    return " ".join(sorted((one for one in named if one != "offline_access"), key=lambda one: "/" not in one))


def needs_admin(scopes: list[str]) -> bool:
    """Tell whether one of the scopes is among those that users may not allow by the default policy."""
    return any(scope.startswith(ADMIN_SCOPES) or scope.endswith(".Shared") for scope in scopes)


class MicrosoftGrants:
    """Issues and ends codes and tokens."""

    def __init__(self, clock: Clock, dials: Switchboard) -> None:
        """Start with nothing granted."""
        self.clock = clock
        self.dials = dials
        self.state = MicrosoftGrantState()

    def allow(self, code: Code) -> str:
        """Remember what was allowed and return the code."""
        known = self.state.granted.setdefault(_pair(code.client_id, code.address), [])
        known.extend(scope for scope in code.scopes if scope not in known)
        self.state.codes[code.code] = code
        return code.code

    def allow_tenant(self, client_id: str, tenant: str, scopes: list[str]) -> None:
        """Remember what an administrator allowed for everybody of a tenant."""
        known = self.state.admin_granted.setdefault(_pair(client_id, tenant), [])
        known.extend(scope for scope in scopes if scope not in known)

    def granted(self, client_id: str, account: Account) -> list[str]:
        """Return the scopes that the user or the tenant's administrator has allowed the client."""
        own = self.state.granted.get(_pair(client_id, account.address), [])
        return [*own, *self.state.admin_granted.get(_pair(client_id, tenant_id(account)), [])]

    def must_ask_admin(self, client_id: str, account: Account, scopes: list[str]) -> bool:
        """Tell whether the tenant's policy keeps this user from allowing the scopes."""
        if self.dials.now.microsoft.admin_consent == "not_needed" or is_personal(account):
            return False
        missing = [scope for scope in scopes if scope not in self.granted(client_id, account)]
        return needs_admin(missing)

    def client(self, client_id: str, secret: str | None) -> MicrosoftClient:
        """Return the client that proves itself.

        Raises:
            Refusal: 700016 unknown, 7000218 no secret, 7000222 expired secret, 7000215 wrong one.
        """
        client = self.state.clients.get(client_id)
        if client is None or client.state == "deleted":
            raise Refusal(700016)
        if not secret:
            raise Refusal(7000218)
        if client.state == "secret_expired":
            raise Refusal(7000222)
        if not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Refusal(7000215)
        return client

    def redeem(
        self, client: MicrosoftClient, text: str, redirect_uri: str, verifier: str, authority: str
    ) -> Code:
        """Use up a code.

        Raises:
            Refusal: unknown, used or old code, another client's, wrong redirect URI, verifier or authority.
        """
        code = self.state.codes.get(text)
        if code is None or code.client_id != client.id:
            raise Refusal(70000)
        if code.redirect_uri != redirect_uri:
            raise Refusal(50011)
        if code.redeemed:
            raise Refusal(54005)
        if self.clock.now_ms() - code.issued_ms > CODE_LIFETIME_MS:
            raise Refusal(70008)
        if code.authority != authority:
            raise Refusal(700005)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if code.challenge and not hmac.compare_digest(code.challenge, digest):
            raise Refusal(501481)
        code.redeemed = True
        return code

    def issue_refresh(
        self, client_id: str, address: str, scopes: list[str], *, stepped_up: bool = False
    ) -> RefreshToken:
        """Issue a refresh token."""
        text = f"0.ASim{secrets.token_urlsafe(48)}"
        token = RefreshToken(text, client_id, address, scopes, self.clock.now_ms(), stepped_up=stepped_up)
        self.state.refresh_tokens[text] = token
        return token

    def issue_access(
        self, client_id: str, address: str, scopes: list[str], *, stepped_up: bool = False
    ) -> AccessToken:
        """Issue an access token of the dialled lifetime, and drop those long expired."""
        now_ms = self.clock.now_ms()
        kept = self.state.access_tokens.items()
        self.state.access_tokens = {
            text: token for text, token in kept if token.expires_ms > now_ms - 86_400_000
        }
        lifetime_ms = self.dials.now.access_token_lifetime_seconds * 1000
        text = f"eyJ0eXAiOiJKV1QiSim{secrets.token_urlsafe(60)}"
        token = AccessToken(text, client_id, address, scopes, now_ms + lifetime_ms, stepped_up=stepped_up)
        self.state.access_tokens[text] = token
        return token

    def refresh(
        self, client: MicrosoftClient, text: str, wanted: list[str], *, claimed: bool = False
    ) -> tuple[AccessToken, RefreshToken]:
        """Use a refresh token: an access token and the next refresh token. `claimed`: with claims.

        Raises:
            Refusal: 50076 where only the user can meet the claims; a dead, foreign or too long unused token,
                a disabled user, a scope never allowed.
        """
        token = self.state.refresh_tokens.get(text)
        if token is None or token.client_id != client.id:
            raise Refusal(70000)
        if token.address in self.state.disabled:
            raise Refusal(50057)
        if token.dead:
            raise Refusal(token.dead)
        if claimed and token.address in self.state.stepping_up and not token.stepped_up:
            raise Refusal(50076)
        if self.clock.now_ms() - token.used_ms > REFRESH_LIFETIME_MS:
            raise Refusal(700082)
        scopes = wanted or token.scopes
        if not {scope for scope in scopes if scope not in SIGN_IN_SCOPES} <= set(token.scopes):
            raise Refusal(65001)
        granted = [scope for scope in token.scopes if scope in scopes or scope in SIGN_IN_SCOPES]
        access = self.issue_access(client.id, token.address, granted, stepped_up=token.stepped_up)
        if self.dials.now.microsoft.old_refresh_tokens == "end":
            token.dead = 70000
        following = self.issue_refresh(client.id, token.address, token.scopes, stepped_up=token.stepped_up)
        return access, following

    def bearer(self, text: str) -> AccessToken | None:
        """Return the access token, expired or not; None for an unknown one."""
        return self.state.access_tokens.get(text)

    def end_consent(self, client_id: str, address: str) -> None:
        """Withdraw what the user allowed a client: its refresh tokens answer 65001 from now on."""
        self.state.granted.pop(_pair(client_id, address), None)
        self._end(65001, lambda token: (token.client_id, token.address) == (client_id, address))

    def end_sessions(self, address: str, number: int = 50173) -> None:
        """End every refresh token of a user, as an administrator's reset does."""
        self._end(number, lambda token: token.address == address)

    def password_changed(self, account: Account) -> None:
        """End a personal account's tokens; those of confidential clients at work survive a new password."""
        if is_personal(account):
            self.end_sessions(account.address)

    def _end(self, number: int, doomed: Callable[[RefreshToken | AccessToken], bool]) -> None:
        """Kill refresh tokens; access tokens live on unless access is evaluated continuously."""
        for refresh in self.state.refresh_tokens.values():
            if doomed(refresh) and not refresh.dead:
                refresh.dead = number
        if self.dials.now.microsoft.continuous_access_evaluation:
            for access in self.state.access_tokens.values():
                access.challenged = access.challenged or doomed(access)


def _pair(client_id: str, other: str) -> str:
    return f"{client_id} {other}"
