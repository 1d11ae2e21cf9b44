"""The identity side over HTTP: consent page, token, revoke, key set, userinfo.

Source: https://developers.google.com/identity/protocols/oauth2/web-server, RFC 6749 sections 4.1 and 6,
RFC 7009 (revocation), OpenID Connect Core section 5.3 (userinfo);
the bodies of errors are those that public reports show.
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from simulator.exchange import Answer, Request, json_answer
from simulator.google import consent, errors
from simulator.google.consent_page import blocked_page, consent_page
from simulator.google.door import with_faults
from simulator.google.errors import Json
from simulator.google.grants import FULL_NAMES, Client, Code, GrantState, Refusal
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

AUTHORIZE, TOKEN, REVOKE = "/o/oauth2/v2/auth", "/token", "/revoke"
CERTS, USERINFO = "/oauth2/v3/certs", ("/oauth2/v3/userinfo", "/v1/userinfo")
ID_TOKEN_LIFETIME_SECONDS = 3600
ISSUER = "https://accounts.google.com"


async def respond(world: "World", request: Request) -> Answer | None:
    """Answer a request of the identity side; None for any other path."""
    routes = {
        ("GET", AUTHORIZE): ("oauth.authorize", _show),
        ("POST", AUTHORIZE): ("oauth.consent", _decided),
        ("POST", TOKEN): ("oauth.token", _token),
        ("POST", REVOKE): ("oauth.revoke", _revoke),
        ("GET", REVOKE): ("oauth.revoke", _revoke),
        ("GET", CERTS): ("oauth.certs", _certs),
        **{(verb, path): ("oauth.userinfo", _userinfo) for verb in ("GET", "POST") for path in USERINFO},
    }
    found = routes.get((request.verb, request.path))
    if found is None:
        return None
    method_id, handler = found

    async def act() -> Answer:
        return handler(world, request)

    return await with_faults(world, request, method_id, _account_of(world, request), act)


def form_of(request: Request) -> dict[str, list[str]]:
    """Return the fields of a form, in the body or the query."""
    fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)
    return {**request.query, **fields}


def _account_of(world: "World", request: Request) -> str | None:
    """Return whose token a request carries, so that faults can be meant for one account."""
    if request.path not in (TOKEN, REVOKE):
        return None
    try:
        form = form_of(request)
    except ValueError:
        return None
    state: GrantState = world.grants.state
    for name in ("refresh_token", "code", "token"):
        text = form.get(name, [""])[0]
        held = state.refresh_tokens.get(text) or state.codes.get(text) or state.access_tokens.get(text)
        if held is not None:
            return held.address
    return None


def _html(page: str, status: int = 200) -> Answer:
    return Answer(
        status, page.encode(), {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
    )


def _redirect(url: str) -> Answer:
    return Answer(302, b"", {"location": url, "cache-control": "no-store"})


def _show(world: "World", request: Request) -> Answer:
    params = {name: values[0] for name, values in request.query.items()}
    try:
        ask = consent.read(world, params)
    except consent.Blocked as blocked:
        return _html(blocked_page(str(blocked)), 400)
    if "none" in ask.prompt:
        return _redirect(consent.silent(world, ask))
    return _html(consent_page(world, ask, params, chosen=ask.login_hint, wrong_password=False))


def _decided(world: "World", request: Request) -> Answer:
    try:
        form = form_of(request)
    except ValueError:
        return _html(blocked_page("Error 400: invalid_request"), 400)
    params = {name: values[0] for name, values in form.items()}
    try:
        ask = consent.read(world, params)
    except consent.Blocked as blocked:
        return _html(blocked_page(str(blocked)), 400)
    deny = params.get("decision") != "allow"
    account = world.post.find(params.get("account", ""))
    if deny:
        return _redirect(consent.back(ask, error="access_denied"))
    if account is None or account.kind != "google":
        return _html(consent_page(world, ask, params, chosen="", wrong_password=False), 400)
    try:
        return _redirect(
            consent.decide(
                world,
                ask,
                account,
                permissions=form.get("permission", []),
                password=params.get("password", ""),
                deny=False,
            )
        )
    except consent.WrongPassword:
        return _html(consent_page(world, ask, params, chosen=account.address, wrong_password=True), 400)


def _token(world: "World", request: Request) -> Answer:
    try:
        params = {name: values[0] for name, values in form_of(request).items()}
        client = world.grants.client(params.get("client_id", ""), params.get("client_secret", ""))
        match params.get("grant_type"):
            case "authorization_code":
                body = _exchanged(world, client, params)
            case "refresh_token":
                body = _refreshed(world, client, params)
            case _:
                raise Refusal(400, "unsupported_grant_type", "Invalid grant_type")
    except Refusal as refusal:
        return json_answer(
            {"error": refusal.error, "error_description": refusal.description, **refusal.more}, refusal.status
        )
    except ValueError:
        return json_answer({"error": "invalid_request", "error_description": "Bad Request"}, 400)
    world.touched()
    answer = json_answer(body)
    answer.headers["cache-control"] = "no-store"
    return answer


def _exchanged(world: "World", client: Client, params: dict[str, str]) -> Json:
    grants = world.grants
    code = grants.redeem(
        client, params.get("code", ""), params.get("redirect_uri", ""), params.get("code_verifier", "")
    )
    access = grants.issue_access(client.id, code.address, code.scopes)
    body: Json = {
        "access_token": access.token,
        "expires_in": world.dials.now.access_token_lifetime_seconds,
        "scope": " ".join(code.scopes),
        "token_type": "Bearer",
    }
    if code.offline and code.fresh:
        body["refresh_token"] = grants.issue_refresh(client.id, code.address, code.scopes).token
    if "openid" in code.scopes:
        body["id_token"] = _id_token(world, client, code)
    return body


def _refreshed(world: "World", client: Client, params: dict[str, str]) -> Json:
    access, successor = world.grants.refresh(client, params.get("refresh_token", ""), params.get("scope", ""))
    return {
        "access_token": access.token,
        "expires_in": world.dials.now.access_token_lifetime_seconds,
        "scope": " ".join(access.scopes),
        "token_type": "Bearer",
        **({"refresh_token": successor.token} if successor else {}),
    }


def _id_token(world: "World", client: Client, code: Code) -> str:
    account = world.post.state.accounts[code.address]
    issued = world.clock.now_ms() // 1000
    return world.signing_key.sign(
        {
            "iss": ISSUER,
            "azp": client.id,
            "aud": client.id,
            "iat": issued,
            "exp": issued + ID_TOKEN_LIFETIME_SECONDS,
            **({"nonce": code.nonce} if code.nonce else {}),
            **_claims(account, code.scopes),
        }
    )


def _claims(account: Account, scopes: list[str]) -> Json:
    claims: Json = {"sub": account.subject}
    if FULL_NAMES["email"] in scopes:
        claims.update(email=account.address, email_verified=True)
    if FULL_NAMES["profile"] in scopes:
        claims.update(name=account.name)
    return claims


def _revoke(world: "World", request: Request) -> Answer:
    try:
        token = form_of(request).get("token", [""])[0]
    except ValueError:
        token = ""
    if not world.grants.revoke(token):
        return json_answer({"error": "invalid_token", "error_description": "Token expired or revoked"}, 400)
    world.touched()
    return json_answer({})


def _certs(world: "World", _request: Request) -> Answer:
    answer = json_answer(world.signing_key.jwks())
    answer.headers["cache-control"] = "public, max-age=19800, must-revalidate, no-transform"
    return answer


def _userinfo(world: "World", request: Request) -> Answer:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = world.grants.bearer(text.strip()) if scheme.lower() == "bearer" else None
    account = world.post.state.accounts.get(token.address) if token else None
    if token is None or account is None:
        raise errors.bad_token()
    return json_answer(_claims(account, token.scopes))
