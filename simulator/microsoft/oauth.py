"""The identity platform over HTTP: discovery, authorize, token, keys, admin consent, logout.

Source: https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow and
/v2-protocols-oidc, /v2-admin-consent, /reference-error-codes.
There is no revocation endpoint, as at Microsoft.
"""

import base64
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from simulator.dials import Fault
from simulator.exchange import Answer, Json, Request, json_answer
from simulator.faults import noted
from simulator.microsoft import aadsts, consent, consent_page, identity
from simulator.microsoft.aadsts import Refusal
from simulator.microsoft.grants import SIGN_IN_SCOPES, AccessToken, Code, MicrosoftClient, scopes_of, shown

if TYPE_CHECKING:
    from simulator.world import World

ID_TOKEN_LIFETIME_SECONDS = 3600
PATH = re.compile(r"/login/(?P<authority>[A-Za-z0-9.\-]+)/(?P<rest>.+)")
Handler = Callable[["World", Request, str, str], Answer]


async def respond(world: "World", request: Request, root_url: str) -> Answer | None:
    """Answer a request of the identity side; None for any other path."""
    found = PATH.fullmatch(request.path)
    route = ROUTES.get((request.verb, found["rest"])) if found else None
    if found is None or route is None:
        return None
    method_id, handler = route
    authority = found["authority"].lower()

    async def act() -> Answer:
        try:
            _check_authority(world, authority)
            return handler(world, request, authority, root_url)
        except Refusal as refusal:
            return json_answer(refusal.body(world.clock.now()), refusal.status)

    def wrong(fault: Fault) -> Answer:
        status, body = aadsts.of_fault(fault.body, fault.code, world.clock.now())
        return json_answer(body, status)

    answer = await noted(world, request, method_id, _account_of(world, request, method_id), act, wrong)
    answer.headers.setdefault("x-ms-request-id", world.microsoft.new_guid())
    return answer


def form_of(request: Request) -> dict[str, str]:
    """Return the first value of each field of a form, body before query; none where it is malformed."""
    try:
        fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}
    return {name: values[0] for name, values in {**request.query, **fields}.items()}


def _check_authority(world: "World", authority: str) -> None:
    """Raise Refusal 90002 for a tenant that does not exist."""
    if authority in identity.SHARED_AUTHORITIES:
        return
    accounts = [one for one in world.post.state.accounts.values() if identity.is_microsofts(one)]
    if not any(identity.admits(authority, one) for one in accounts):
        raise Refusal(90002)


def _account_of(world: "World", request: Request, method_id: str) -> str | None:
    """Return whose token a request carries, so that faults can be meant for one account."""
    if method_id != "entra.token":
        return None
    form, state = form_of(request), world.microsoft.grants.state
    held = state.refresh_tokens.get(form.get("refresh_token", "")) or state.codes.get(form.get("code", ""))
    return held.address if held else None


def _html(page: str, status: int = 200) -> Answer:
    return Answer(
        status, page.encode(), {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
    )


def _sent_back(outcome: consent.Outcome) -> Answer:
    if outcome.as_form:
        return _html(consent_page.posting_page(outcome))
    return Answer(302, b"", {"location": outcome.url, "cache-control": "no-store"})


def issuer(root_url: str, tenant: str) -> str:
    """Return the issuer of a tenant: always https, as it is a name and nothing that is fetched."""
    return f"https://{urlsplit(root_url).netloc}{urlsplit(root_url).path}/login/{tenant}/v2.0"


def _discovery(_world: "World", request: Request, authority: str, root_url: str) -> Answer:
    """Return the metadata; what programs call is https where they came through a proxy that says so."""
    secure = request.headers.get("x-forwarded-proto") == "https"
    called = root_url.replace("http://", "https://", 1) if secure else root_url
    shared = authority in ("common", "organizations")
    tenant = "{tenantid}" if shared else identity.PERSONAL_TENANT if authority == "consumers" else authority
    return json_answer(
        {
            "token_endpoint": f"{called}/login/{authority}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{called}/login/{authority}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": list(SIGN_IN_SCOPES),
            "issuer": issuer(root_url, tenant),
            "authorization_endpoint": f"{root_url}/login/{authority}/oauth2/v2.0/authorize",
            "end_session_endpoint": f"{root_url}/login/{authority}/oauth2/v2.0/logout",
            "claims_supported": [
                "sub",
                "iss",
                "aud",
                "exp",
                "iat",
                "nonce",
                "preferred_username",
                "name",
                "tid",
                "oid",
            ],
        }
    )


def _show(world: "World", request: Request, authority: str, _root_url: str) -> Answer:
    params = {name: values[0] for name, values in request.query.items()}
    try:
        ask = consent.read(world, authority, params)
    except consent.Blocked as blocked:
        return _html(
            consent_page.message_page("Sorry, but we're having trouble signing you in", str(blocked)), 400
        )
    if ask.prompt == "none":
        return _sent_back(consent.silent(world, ask))
    page = consent_page.consent_page(world, ask, params, chosen=ask.login_hint, wrong_password=False)
    return _html(page)


def _decided(world: "World", request: Request, authority: str, _root_url: str) -> Answer:
    params = form_of(request)
    try:
        ask = consent.read(world, authority, params)
        if params.get("decision") == "return":
            return _sent_back(consent.needs_admin(world, ask))
        deny = params.get("decision") != "allow"
        account = world.post.find(params.get("account", ""))
        if account is None and not deny:
            page = consent_page.consent_page(world, ask, params, chosen="", wrong_password=False)
            return _html(page, 400)
        if account is None or deny:
            return _sent_back(consent.refused(world, ask, Refusal(65004)))
        password = params.get("password", "")
        return _sent_back(consent.decide(world, ask, account, password=password, deny=False))
    except consent.Blocked as blocked:
        return _html(
            consent_page.message_page("Sorry, but we're having trouble signing you in", str(blocked)), 400
        )
    except consent.WrongPassword as wrong:
        page = consent_page.consent_page(world, ask, params, chosen=str(wrong), wrong_password=True)
        return _html(page, 400)
    except consent.NeedsAdmin:
        requests = world.dials.now.microsoft.admin_consent == "required_with_requests"
        return _html(consent_page.needs_admin_page(ask, params, requests=requests), 403)


def _show_admin(world: "World", request: Request, authority: str, _root_url: str) -> Answer:
    params = {name: values[0] for name, values in request.query.items()}
    try:
        return _html(consent_page.admin_page(world, consent.read_admin(world, authority, params), params))
    except consent.Blocked as blocked:
        return _html(
            consent_page.message_page("Sorry, but we're having trouble signing you in", str(blocked)), 400
        )


def _decided_admin(world: "World", request: Request, authority: str, _root_url: str) -> Answer:
    params = form_of(request)
    try:
        ask = consent.read_admin(world, authority, params)
        deny = params.get("decision") != "allow"
        return _sent_back(consent.decide_for_tenant(world, ask, params.get("tenant", ""), deny=deny))
    except consent.Blocked as blocked:
        return _html(
            consent_page.message_page("Sorry, but we're having trouble signing you in", str(blocked)), 400
        )


def _token(world: "World", request: Request, authority: str, root_url: str) -> Answer:
    params = form_of(request)
    client_id, secret = params.get("client_id", ""), params.get("client_secret")
    scheme, _, basic = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client_id, secret = _basic(basic)
    client = world.microsoft.grants.client(client_id, secret)
    match params.get("grant_type"):
        case "authorization_code":
            body = _exchanged(world, client, params, authority, root_url)
        case "refresh_token":
            body = _refreshed(world, client, params, root_url)
        case None:
            raise Refusal(90014)
        case _:
            raise Refusal(9002313)
    world.touched()
    answer = json_answer(body)
    answer.headers["cache-control"] = "no-store, no-cache"
    return answer


def _basic(text: str) -> tuple[str, str]:
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except ValueError as error:
        raise Refusal(9002313) from error
    return client_id, secret


def _exchanged(
    world: "World", client: MicrosoftClient, params: dict[str, str], authority: str, root_url: str
) -> Json:
    grants = world.microsoft.grants
    code = grants.redeem(
        client,
        params.get("code", ""),
        params.get("redirect_uri", ""),
        params.get("code_verifier", ""),
        authority,
    )
    access = grants.issue_access(client.id, code.address, code.scopes, stepped_up=code.stepped_up)
    body = _answered(world, access, params)
    if "offline_access" in code.scopes:
        refresh = grants.issue_refresh(client.id, code.address, code.scopes, stepped_up=code.stepped_up)
        body["refresh_token"] = refresh.token
    if "openid" in code.scopes:
        body["id_token"] = _id_token(world, client, code, root_url)
    return body


def _refreshed(world: "World", client: MicrosoftClient, params: dict[str, str], root_url: str) -> Json:
    wanted = scopes_of(params.get("scope", ""))
    access, successor = world.microsoft.grants.refresh(
        client, params.get("refresh_token", ""), wanted, claimed="claims" in params
    )
    body = {**_answered(world, access, params), "refresh_token": successor.token}
    if "openid" in access.scopes:
        code = Code("", client.id, access.address, access.scopes, "", "", "", "", 0)
        body["id_token"] = _id_token(world, client, code, root_url)
    return body


def _answered(world: "World", access: AccessToken, params: dict[str, str]) -> Json:
    lifetime = world.dials.now.access_token_lifetime_seconds
    body: Json = {
        "token_type": "Bearer",
        "scope": shown(access.scopes),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access.token,
    }
    if params.get("client_info") == "1":
        account = world.post.state.accounts[access.address]
        pair = {"uid": identity.object_id(account), "utid": identity.tenant_id(account)}
        body["client_info"] = base64.urlsafe_b64encode(json.dumps(pair).encode()).decode().rstrip("=")
    return body


def _id_token(world: "World", client: MicrosoftClient, code: Code, root_url: str) -> str:
    account = world.post.state.accounts[code.address]
    issued = world.clock.now_ms() // 1000
    return world.signing_key.sign(
        {
            "aud": client.id,
            "iss": issuer(root_url, identity.tenant_id(account)),
            "iat": issued,
            "nbf": issued,
            "exp": issued + ID_TOKEN_LIFETIME_SECONDS,
            **({"nonce": code.nonce} if code.nonce else {}),
            **({"email": account.address} if "email" in code.scopes else {}),
            **(
                {"name": account.name, "preferred_username": account.address}
                if "profile" in code.scopes
                else {}
            ),
            **({"oid": identity.object_id(account)} if "profile" in code.scopes else {}),
            "sub": identity.pairwise_subject(account, client.id),
            "tid": identity.tenant_id(account),
            "ver": "2.0",
        }
    )


def _keys(world: "World", _request: Request, _authority: str, root_url: str) -> Answer:
    keys = world.signing_key.jwks()["keys"]
    shown_keys = (
        [{**key, "issuer": issuer(root_url, "{tenantid}")} for key in keys] if isinstance(keys, list) else []
    )
    answer = json_answer({"keys": shown_keys})
    answer.headers["cache-control"] = "max-age=86400, private"
    return answer


def _logout(world: "World", request: Request, _authority: str, _root_url: str) -> Answer:
    target = request.first("post_logout_redirect_uri")
    known = world.microsoft.grants.state.clients.values()
    if target and any(target in client.redirect_uris for client in known):
        return Answer(302, b"", {"location": target})
    return _html(consent_page.message_page("You signed out of your account", "Close all browser windows."))


ROUTES: dict[tuple[str, str], tuple[str, Handler]] = {
    ("GET", "v2.0/.well-known/openid-configuration"): ("entra.discovery", _discovery),
    ("GET", "oauth2/v2.0/authorize"): ("entra.authorize", _show),
    ("POST", "oauth2/v2.0/authorize"): ("entra.consent", _decided),
    ("POST", "oauth2/v2.0/token"): ("entra.token", _token),
    ("GET", "discovery/v2.0/keys"): ("entra.keys", _keys),
    ("GET", "v2.0/adminconsent"): ("entra.adminconsent", _show_admin),
    ("POST", "v2.0/adminconsent"): ("entra.adminconsent", _decided_admin),
    ("GET", "oauth2/v2.0/logout"): ("entra.logout", _logout),
}
