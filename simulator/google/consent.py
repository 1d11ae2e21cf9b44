"""The consent page: whose account, which permissions, allow or deny.

Source: https://developers.google.com/identity/protocols/oauth2/web-server (parameters, redirect errors) and
/resources/granular-permissions (a box for each permission beyond sign-in, ticked by the user).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from simulator.google.grants import SIGN_IN_SCOPES, Client, Code, full_scopes
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

KNOWN_SCOPE = ("https://www.googleapis.com/auth/", "https://mail.google.com/")


class Blocked(ValueError):
    """A mistake that Google shows on its own page instead of sending the browser back."""


class WrongPassword(ValueError):
    """The password that was typed is not the account's."""


@dataclass(frozen=True)
class Ask:
    """A valid authorization request."""

    client: Client
    redirect_uri: str
    scopes: list[str]
    state: str
    challenge: str
    offline: bool
    prompt: set[str]
    login_hint: str
    include_granted: bool
    nonce: str

    @property
    def permissions(self) -> list[str]:
        """The scopes that the user may untick."""
        return [scope for scope in self.scopes if scope not in SIGN_IN_SCOPES]


def read(world: "World", params: Mapping[str, str]) -> Ask:
    """Check an authorization request.

    Raises:
        Blocked: unknown client, redirect URI that is not registered, or parameters that Google refuses.
    """
    client = world.grants.state.clients.get(params.get("client_id", ""))
    if client is None or client.state == "deleted":
        raise Blocked("Error 401: invalid_client. The OAuth client was not found.")
    redirect_uri = params.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise Blocked(
            f"Error 400: redirect_uri_mismatch. {redirect_uri[:200]!r} is not registered for this client."
        )
    if params.get("response_type") != "code":
        raise Blocked("Error 400: unsupported_response_type")
    scopes = full_scopes(params.get("scope", ""))
    if not scopes or not all(scope in SIGN_IN_SCOPES or scope.startswith(KNOWN_SCOPE) for scope in scopes):
        raise Blocked("Error 400: invalid_scope")
    challenge = params.get("code_challenge", "")
    if challenge and params.get("code_challenge_method") != "S256":
        raise Blocked("Error 400: invalid_request. Only code_challenge_method=S256 is supported here.")
    return Ask(
        client,
        redirect_uri,
        scopes,
        params.get("state", ""),
        challenge,
        params.get("access_type") == "offline",
        set(params.get("prompt", "").split()),
        params.get("login_hint", "").lower(),
        params.get("include_granted_scopes") == "true",
        params.get("nonce", ""),
    )


def choosable(world: "World") -> list[Account]:
    """Return the accounts that can sign in at Google."""
    return [account for account in world.post.state.accounts.values() if account.kind == "google"]


def must_type_password(world: "World", account: Account) -> bool:
    """Tell whether the page asks for the password: after a change of it, or where the dial says so."""
    return account.must_sign_in or world.dials.now.ask_password


def silent(world: "World", ask: Ask) -> str:
    """Return the redirect for `prompt=none`: a code where everything was allowed before, else an error."""
    account = world.post.find(ask.login_hint) if ask.login_hint else None
    if account is None or account.kind != "google":
        return back(ask, error="login_required")
    granted = world.grants.granted(ask.client.id, account.address)
    if must_type_password(world, account) or not set(ask.scopes) <= set(granted):
        return back(ask, error="interaction_required")
    return allowed(world, ask, account, ask.scopes, fresh=False)


def decide(
    world: "World", ask: Ask, account: Account, *, permissions: list[str] | None, password: str, deny: bool
) -> str:
    """Return the redirect that the user's decision leads to; `permissions` None means all that were asked.

    Raises:
        WrongPassword: the page asked for it, and it is wrong.
    """
    if deny:
        return back(ask, error="access_denied")
    if must_type_password(world, account) and not secrets.compare_digest(
        password.encode(), account.password.encode()
    ):
        raise WrongPassword(account.address)
    account.must_sign_in = False
    ticked = (
        ask.permissions if permissions is None else [one for one in ask.permissions if one in permissions]
    )
    scopes = [scope for scope in ask.scopes if scope in SIGN_IN_SCOPES or scope in ticked]
    if not scopes:
        return back(ask, error="access_denied")
    before = world.grants.granted(ask.client.id, account.address)
    fresh = "consent" in ask.prompt or not set(scopes) <= set(before)
    return allowed(world, ask, account, scopes, fresh=fresh)


def allowed(world: "World", ask: Ask, account: Account, scopes: list[str], *, fresh: bool) -> str:
    """Return the redirect with a code for these scopes (and, if asked, those of earlier grants)."""
    if ask.include_granted:
        earlier = world.grants.granted(ask.client.id, account.address)
        scopes = [*scopes, *(scope for scope in earlier if scope not in scopes)]
    code = world.grants.allow(
        Code(
            f"4/0Sim{secrets.token_urlsafe(36)}",
            ask.client.id,
            account.address,
            scopes,
            ask.redirect_uri,
            ask.challenge,
            ask.offline,
            fresh,
            ask.nonce,
            world.clock.now_ms(),
        )
    )
    world.touched()
    return back(ask, code=code, scope=" ".join(scopes))


def back(ask: Ask, **answer: str) -> str:
    """Return the client's redirect URI with an answer and its state."""
    parts = urlsplit(ask.redirect_uri)
    query = urlencode({**({"state": ask.state} if ask.state else {}), **answer})
    return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))
