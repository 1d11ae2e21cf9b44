"""An authorization request at Microsoft: check it, choose the account, accept, decline, or ask the admin.

Source: https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow (parameters and
redirect errors) and /v2-admin-consent. Microsoft's consent is all or nothing: there is no box to untick.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from simulator.microsoft import identity
from simulator.microsoft.aadsts import Refusal
from simulator.microsoft.grants import SIGN_IN_SCOPES, Code, MicrosoftClient, scopes_of
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World


class Blocked(ValueError):
    """A mistake that Microsoft shows on its own page instead of sending the browser back."""


class WrongPassword(ValueError):
    """The password that was typed is not the account's."""


class NeedsAdmin(ValueError):
    """The tenant's policy does not let this user accept; the page says so."""


@dataclass(frozen=True)
class Ask:
    """A valid authorization request; `fragment` is the part of the redirect that carries the answer."""

    authority: str
    client: MicrosoftClient
    redirect_uri: str
    scopes: list[str]
    state: str
    challenge: str
    nonce: str
    prompt: str
    login_hint: str
    response_mode: str
    claims: str = ""

    @property
    def permissions(self) -> list[str]:
        """The scopes beyond signing in."""
        return [scope for scope in self.scopes if scope not in SIGN_IN_SCOPES]


@dataclass(frozen=True)
class Outcome:
    """Where the browser goes, and what it carries: in the query, or as a form that posts itself."""

    redirect_uri: str
    fields: dict[str, str]
    as_form: bool

    @property
    def url(self) -> str:
        """The redirect URI with the answer in its query."""
        parts = urlsplit(self.redirect_uri)
        query = urlencode(self.fields)
        return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


def read(world: "World", authority: str, params: Mapping[str, str]) -> Ask:
    """Check an authorization request.

    Raises:
        Blocked: unknown client, redirect URI that is not registered, or parameters that Microsoft refuses.
    """
    client = world.microsoft.grants.state.clients.get(params.get("client_id", ""))
    if client is None or client.state == "deleted":
        raise Blocked(Refusal(700016).described(world.clock.now()))
    redirect_uri = params.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise Blocked(Refusal(50011).described(world.clock.now()))
    if params.get("response_type") != "code" or params.get("response_mode", "query") not in (
        "query",
        "form_post",
    ):
        raise Blocked(Refusal(9002313).described(world.clock.now()))
    scopes = scopes_of(params.get("scope", ""))
    if not scopes or any("://" in scope for scope in scopes):
        raise Blocked(Refusal(70011).described(world.clock.now()))
    challenge = params.get("code_challenge", "")
    if challenge and params.get("code_challenge_method") != "S256":
        raise Blocked(Refusal(9002313).described(world.clock.now()))
    claims = params.get("claims", "")
    if claims and not _is_object(claims):
        raise Blocked(Refusal(9002313).described(world.clock.now()))
    return Ask(
        authority,
        client,
        redirect_uri,
        scopes,
        params.get("state", ""),
        challenge,
        params.get("nonce", ""),
        params.get("prompt", ""),
        params.get("login_hint", "").lower(),
        params.get("response_mode", "query"),
        claims,
    )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def choosable(world: "World", authority: str) -> list[Account]:
    """Return the accounts that can sign in at this authority."""
    accounts = world.post.state.accounts.values()
    return [one for one in accounts if identity.is_microsofts(one) and identity.admits(authority, one)]


def must_type_password(world: "World", account: Account) -> bool:
    """Tell whether the page asks for the password: after a change of it, or where the dial says so."""
    return account.must_sign_in or world.dials.now.ask_password


def silent(world: "World", ask: Ask) -> Outcome:
    """Return the redirect for `prompt=none`."""
    account = world.post.find(ask.login_hint) if ask.login_hint else None
    if account is None or account not in choosable(world, ask.authority):
        return refused(world, ask, Refusal(50058), error="login_required")
    if must_type_password(world, account):
        return refused(world, ask, Refusal(50058), error="interaction_required")
    if not set(ask.scopes) <= {*world.microsoft.grants.granted(ask.client.id, account), *SIGN_IN_SCOPES}:
        return refused(world, ask, Refusal(65001), error="consent_required")
    return allowed(world, ask, account)


def decide(world: "World", ask: Ask, account: Account, *, password: str, deny: bool) -> Outcome:
    """Return the redirect that the user's decision leads to.

    Raises:
        WrongPassword: the page asked for it, and it is wrong.
        NeedsAdmin: only an administrator may accept.
        Blocked: the account may not sign in at this authority.
    """
    if deny:
        return refused(world, ask, Refusal(65004))
    if not identity.is_microsofts(account) or not identity.admits(ask.authority, account):
        raise Blocked(Refusal(50020).described(world.clock.now()))
    if account.address in world.microsoft.grants.state.disabled:
        raise Blocked(Refusal(50057).described(world.clock.now()))
    if must_type_password(world, account) and not secrets.compare_digest(
        password.encode(), account.password.encode()
    ):
        raise WrongPassword(account.address)
    account.must_sign_in = False
    if world.microsoft.grants.must_ask_admin(ask.client.id, account, ask.permissions):
        raise NeedsAdmin(account.address)
    return allowed(world, ask, account)


def needs_admin(world: "World", ask: Ask) -> Outcome:
    """Return the redirect of a user who goes back from the page "Need admin approval"."""
    requests = world.dials.now.microsoft.admin_consent == "required_with_requests"
    return refused(world, ask, Refusal(90095 if requests else 90094))


def allowed(world: "World", ask: Ask, account: Account) -> Outcome:
    """Return the redirect with a code."""
    code = world.microsoft.grants.allow(
        Code(
            f"1.ASim{secrets.token_urlsafe(48)}",
            ask.client.id,
            account.address,
            ask.scopes,
            ask.redirect_uri,
            ask.challenge,
            ask.nonce,
            ask.authority,
            world.clock.now_ms(),
            stepped_up=bool(ask.claims),
        )
    )
    world.touched()
    return back(ask, code=code, session_state=secrets.token_hex(16))


def refused(world: "World", ask: Ask, refusal: Refusal, *, error: str = "") -> Outcome:
    """Return the redirect with an error; `error` replaces the one of the number."""
    described = refusal.described(world.clock.now())
    return back(ask, error=error or refusal.error, error_description=described)


def back(ask: Ask, **answer: str) -> Outcome:
    """Return the client's redirect URI with an answer and its state."""
    fields = {name: value for name, value in answer.items() if value}
    return Outcome(
        ask.redirect_uri,
        {**fields, **({"state": ask.state} if ask.state else {})},
        ask.response_mode == "form_post",
    )


@dataclass(frozen=True)
class AdminAsk:
    """A valid request for an administrator's consent."""

    authority: str
    client: MicrosoftClient
    redirect_uri: str
    scopes: list[str]
    state: str


def read_admin(world: "World", authority: str, params: Mapping[str, str]) -> AdminAsk:
    """Check a request for admin consent.

    Raises:
        Blocked: the authority is for personal accounts, the client or redirect URI is unknown.
    """
    if authority in ("consumers", identity.PERSONAL_TENANT):
        raise Blocked(Refusal(90002).described(world.clock.now()))
    client = world.microsoft.grants.state.clients.get(params.get("client_id", ""))
    if client is None or client.state == "deleted":
        raise Blocked(Refusal(700016).described(world.clock.now()))
    redirect_uri = params.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise Blocked(Refusal(50011).described(world.clock.now()))
    scopes = scopes_of(params.get("scope", ""))
    if not scopes:
        raise Blocked(Refusal(70011).described(world.clock.now()))
    return AdminAsk(authority, client, redirect_uri, scopes, params.get("state", ""))


def tenants(world: "World", authority: str) -> dict[str, str]:
    """Return the tenants whose administrator may answer: id and domain."""
    accounts = [one for one in choosable(world, authority) if not identity.is_personal(one)]
    return {identity.tenant_id(one): identity.domain_of(one) for one in accounts}


def decide_for_tenant(world: "World", ask: AdminAsk, tenant: str, *, deny: bool) -> Outcome:
    """Return the redirect that an administrator's decision leads to.

    Raises:
        Blocked: no such tenant at this authority.
    """
    state = {"state": ask.state} if ask.state else {}
    if deny:
        described = Refusal(65004).described(world.clock.now())
        fields = {"error": "access_denied", "error_description": described, "admin_consent": "True"}
        return Outcome(ask.redirect_uri, {**fields, **state}, as_form=False)
    if tenant not in tenants(world, ask.authority):
        raise Blocked(Refusal(90002).described(world.clock.now()))
    world.microsoft.grants.allow_tenant(ask.client.id, tenant, ask.scopes)
    world.touched()
    fields = {"admin_consent": "True", "tenant": tenant, "scope": " ".join(ask.scopes)}
    return Outcome(ask.redirect_uri, {**fields, **state}, as_form=False)
