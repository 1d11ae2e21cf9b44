"""Consent, tokens, and all the ways in which they end."""

import re
from typing import Any

import httpx
import jwt
import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request as GoogleRequest
from google.oauth2 import id_token

from tests.simulator.conftest import ANN, BEN
from tests.simulator.google_client import (
    MODIFY,
    REDIRECT_URI,
    SCOPE,
    Connection,
    answer_of,
    authorize_url,
    connected,
    exchanged,
    token_request,
    tokens_for,
)
from tests.simulator_process import CLIENT_ID, Simulator

DEAD = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
BAD = {"error": "invalid_grant", "error_description": "Bad Request"}
DAY_SECONDS = 86_400


async def refreshed(simulator: Simulator, tokens: dict[str, Any], **form: str) -> httpx.Response:
    """Use a refresh token."""
    return await token_request(
        simulator, **{"grant_type": "refresh_token", "refresh_token": str(tokens["refresh_token"]), **form}
    )


async def test_code_exchange_answers_tokens_and_a_signed_identity(simulator: Simulator) -> None:
    """The body has the documented keys, and the id_token is verified with the published key."""
    tokens = await tokens_for(simulator, ANN)
    async with httpx.AsyncClient(trust_env=False) as client:
        jwks = (await client.get(f"{simulator.google_url}oauth2/v3/certs")).json()
        userinfo = await client.get(
            f"{simulator.google_url}oauth2/v3/userinfo",
            headers={"Authorization": f"Bearer {tokens['access_token']}"},
        )
    key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    claims = jwt.decode(tokens["id_token"], key, ["RS256"], audience=CLIENT_ID)

    assert set(tokens) == {"access_token", "expires_in", "refresh_token", "scope", "token_type", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3599)
    assert tokens["scope"].split() == ["openid", f"{SCOPE}userinfo.email", MODIFY]
    assert (claims["iss"], claims["email"]) == ("https://accounts.google.com", ANN)
    assert userinfo.json() == {"sub": claims["sub"], "email": ANN, "email_verified": True}


async def test_google_auth_verifies_the_identity_token(simulator: Simulator) -> None:
    """google-auth itself accepts the id_token with our key set."""
    tokens = await tokens_for(simulator, ANN)
    with GoogleRequest().session as session:
        claims = id_token.verify_token(
            tokens["id_token"], GoogleRequest(session), CLIENT_ID, f"{simulator.google_url}oauth2/v3/certs"
        )

    assert claims["email"] == ANN


async def test_page_shows_accounts_and_permissions_and_is_driven_by_its_form(simulator: Simulator) -> None:
    """A browser that posts the form, with one permission unticked, is sent back with what was ticked."""
    url = authorize_url(simulator, [MODIFY, f"{SCOPE}contacts.readonly"])
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(url)
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        fields = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
        form = {**fields, "account": BEN, "permission": MODIFY, "decision": "allow"}
        done = await client.post(f"{simulator.google_url}o/oauth2/v2/auth", data=form)

    assert page.status_code == 200
    assert [ANN in page.text, BEN in page.text, "contacts.readonly" in page.text] == [True, True, True]
    assert done.status_code == 302
    assert done.headers["location"].startswith(f"{REDIRECT_URI}?")
    answer = answer_of(done.headers["location"])
    assert answer["state"] == "the state"
    granted = (await exchanged(simulator, answer["code"])).json()["scope"]
    assert granted.split() == ["openid", f"{SCOPE}userinfo.email", MODIFY]


async def test_denying_sends_the_error_and_the_state_back(simulator: Simulator) -> None:
    """The user says no."""
    redirect = await simulator.consent(authorize_url(simulator), ANN, deny=True)

    assert answer_of(redirect) == {"state": "the state", "error": "access_denied"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"redirect_uri": f"{REDIRECT_URI}/more"}, "redirect_uri_mismatch"),
        ({"client_id": "somebody"}, "invalid_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
async def test_mistakes_of_the_client_stay_on_google_s_page(
    simulator: Simulator, change: dict[str, str], text: str
) -> None:
    """Nothing is sent to a redirect URI that may be the attacker's."""
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(authorize_url(simulator, **change))

    assert (page.status_code, text in page.text) == (400, True)


async def test_code_is_good_once_and_for_its_verifier_and_redirect(simulator: Simulator) -> None:
    """A used code, a wrong verifier and a wrong redirect URI are all `Bad Request`."""
    codes = [answer_of(await simulator.consent(authorize_url(simulator), ANN))["code"] for _ in range(4)]
    first = await exchanged(simulator, codes[0])
    again = await exchanged(simulator, codes[0])
    wrong = await exchanged(simulator, codes[1], code_verifier="wrong")
    elsewhere = await exchanged(simulator, codes[2], redirect_uri="http://127.0.0.1:9/other")
    await simulator.set_dials(clock_offset_seconds=601)
    late = await exchanged(simulator, codes[3])

    assert first.status_code == 200
    assert [(answer.status_code, answer.json()) for answer in (again, wrong, elsewhere, late)] == [
        (400, BAD)
    ] * 4


async def test_second_consent_without_prompt_brings_no_refresh_token(simulator: Simulator) -> None:
    """As at Google: only the first consent, or a forced one, issues a refresh token."""
    await tokens_for(simulator, ANN)
    redirect = await simulator.consent(authorize_url(simulator, prompt="select_account"), ANN)

    assert "refresh_token" not in (await exchanged(simulator, answer_of(redirect)["code"])).json()


async def test_silent_consent_answers_at_once(simulator: Simulator) -> None:
    """`prompt=none` gives a code after an earlier grant and an error before it."""
    url = authorize_url(simulator, prompt="none", login_hint=ANN)
    async with httpx.AsyncClient(trust_env=False) as client:
        before = await client.get(url)
        await tokens_for(simulator, ANN)
        after = await client.get(url)

    assert answer_of(before.headers["location"])["error"] == "interaction_required"
    assert "code" in answer_of(after.headers["location"])


async def test_refresh_keeps_the_refresh_token_unless_rotation_is_on(simulator: Simulator) -> None:
    """Without the dial no new one comes; with it the old one dies."""
    tokens = await tokens_for(simulator, ANN)
    plain = (await refreshed(simulator, tokens)).json()
    await simulator.set_dials(rotate_refresh_tokens=True)
    rotated = (await refreshed(simulator, tokens)).json()
    old = await refreshed(simulator, tokens)
    new = await refreshed(simulator, rotated)

    assert set(plain) == {"access_token", "expires_in", "scope", "token_type"}
    assert rotated["refresh_token"] != tokens["refresh_token"]
    assert (old.status_code, old.json()) == (400, DEAD)
    assert new.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, {"error": "invalid_client", "error_description": "Unauthorized"}),
        (
            {"client_id": "x"},
            401,
            {"error": "invalid_client", "error_description": "The OAuth client was not found."},
        ),
        ({"refresh_token": "1//sim-unknown"}, 400, DEAD),
        ({"refresh_token": "malformed"}, 400, BAD),
        (
            {"scope": f"{SCOPE}contacts"},
            400,
            {"error": "invalid_scope", "error_description": "Some requested scopes cannot be shown"},
        ),
        (
            {"grant_type": "password"},
            400,
            {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"},
        ),
    ],
)
async def test_refresh_errors(simulator: Simulator, form: dict[str, str], status: int, error: object) -> None:
    """Each has its own status and body."""
    tokens = await tokens_for(simulator, ANN)
    answer = await refreshed(simulator, tokens, **form)

    assert (answer.status_code, answer.json()) == (status, error)


async def test_deleted_client_is_named_as_such(simulator: Simulator) -> None:
    """An operator's mistake is told apart from a user's."""
    known = (await simulator.ask("GET", "/clients"))["clients"]
    try:
        await simulator.ask(
            "PUT", "/clients", {"clients": [{**client, "state": "deleted"} for client in known]}
        )
        answer = await token_request(simulator, grant_type="refresh_token", refresh_token="x")
    finally:
        await simulator.ask("PUT", "/clients", {"clients": known})

    assert (answer.status_code, answer.json()["error"]) == (401, "deleted_client")


async def test_password_change_kills_tokens_and_asks_at_the_next_consent(simulator: Simulator) -> None:
    """Gmail scopes die with the password, and the page then wants the new one."""
    tokens = await tokens_for(simulator, ANN)
    await simulator.change_password(ANN, "another one")
    answer = await refreshed(simulator, tokens)
    page = httpx.get(authorize_url(simulator), trust_env=False)
    again = await simulator.consent(authorize_url(simulator), ANN, password="another one")

    assert (answer.status_code, answer.json()) == (400, DEAD)
    assert 'type="password"' in page.text
    assert "code" in answer_of(again)


async def test_wrong_password_goes_no_further(simulator: Simulator) -> None:
    """The form comes back, and no code is given."""
    await simulator.change_password(ANN, "another one")
    url = httpx.URL(authorize_url(simulator))
    form = {
        **dict(url.params),
        "account": ANN,
        "permission": MODIFY,
        "decision": "allow",
        "password": "simulator",
    }
    answer = httpx.post(f"{simulator.google_url}o/oauth2/v2/auth", data=form, trust_env=False)

    assert (answer.status_code, "Wrong password" in answer.text) == (400, True)


async def test_revoking_any_token_ends_the_whole_grant(simulator: Simulator) -> None:
    """Revoking the access token kills the refresh token too; a second revocation is an error."""
    tokens = await tokens_for(simulator, ANN)
    async with httpx.AsyncClient(base_url=simulator.google_url, trust_env=False) as client:
        first = await client.post("revoke", data={"token": tokens["access_token"]})
        second = await client.post("revoke", data={"token": tokens["access_token"]})
    answer = await refreshed(simulator, tokens)

    assert (first.status_code, second.status_code) == (200, 400)
    assert (answer.status_code, answer.json()) == (400, DEAD)


async def test_user_who_revokes_is_seen_by_google_auth(simulator: Simulator, ann: Connection) -> None:
    """The library gets 401, refreshes, and ends with RefreshError and the payload."""
    await simulator.revoke(ANN)
    with pytest.raises(RefreshError) as caught:
        await ann.do(ann.messages.list(userId="me"))

    assert caught.value.args[1] == DEAD


async def test_access_token_ends_after_its_lifetime_and_google_auth_refreshes(simulator: Simulator) -> None:
    """With the clock moved on the library's call still works, by one refresh."""
    async with connected(simulator, ANN) as ann:
        await simulator.set_dials(clock_offset_seconds=3600)
        plain = httpx.get(f"{ann.google_url}gmail/v1/users/me/profile", headers=ann.headers, trust_env=False)
        profile = await ann.do(ann.service.users().getProfile(userId="me"))

    assert (plain.status_code, plain.json()["error"]["errors"][0]["reason"]) == (401, "authError")
    assert profile["emailAddress"] == ANN


async def test_testing_mode_and_disuse_end_refresh_tokens(simulator: Simulator) -> None:
    """Seven days under Testing, six months without use."""
    tokens = await tokens_for(simulator, ANN)
    await simulator.set_dials(clock_offset_seconds=8 * DAY_SECONDS)
    in_production = await refreshed(simulator, tokens)
    await simulator.set_dials(clock_offset_seconds=8 * DAY_SECONDS, testing_mode=True)
    in_testing = await refreshed(simulator, tokens)
    await simulator.set_dials()
    unused = await tokens_for(simulator, ANN)
    await simulator.set_dials(clock_offset_seconds=190 * DAY_SECONDS)

    assert (in_production.status_code, in_testing.status_code) == (200, 400)
    assert (await refreshed(simulator, unused)).json() == DEAD


async def test_oldest_refresh_token_dies_beyond_the_cap(simulator: Simulator) -> None:
    """The hundred-and-first kills the first; here the cap is two."""
    await simulator.set_dials(refresh_token_cap=2)
    issued = [await tokens_for(simulator, ANN) for _ in range(3)]

    statuses = [(await refreshed(simulator, tokens)).status_code for tokens in issued]
    assert statuses == [400, 200, 200]


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        (f"{SCOPE}gmail.send", "messages", 403),
        (f"{SCOPE}gmail.readonly", "messages?q=from:x", 200),
        (f"{SCOPE}gmail.metadata", "messages", 200),
        (f"{SCOPE}gmail.metadata", "messages?q=from:x", 403),
    ],
)
async def test_scopes_are_enforced(simulator: Simulator, scope: str, path: str, status: int) -> None:
    """A token without the method's scope is refused as Google refuses it."""
    tokens = await tokens_for(simulator, ANN, [scope])
    answer = httpx.get(
        f"{simulator.google_url}gmail/v1/users/me/{path}",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        trust_env=False,
    )

    assert answer.status_code == status
