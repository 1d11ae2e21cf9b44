"""The identity platform, driven by MSAL: sign-in, refresh, errors, admin consent."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
import pytest

from tests.simulator.microsoft.conftest import MEI, NOOR
from tests.simulator.microsoft.msal_client import (
    MAIL_SCOPES,
    REDIRECT_URI,
    answer_of,
    application,
    connect,
)
from tests.simulator_process import (
    MICROSOFT_CLIENT_ID,
    MICROSOFT_CLIENT_SECRET,
    Simulator,
    SimulatorRefused,
)

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
Json = dict[str, Any]


async def refreshed(app: Any, tokens: Json) -> Json:
    """Let MSAL use a refresh token."""
    return dict(
        await asyncio.to_thread(
            app.acquire_token_by_refresh_token, tokens["refresh_token"], ["Mail.ReadWrite"]
        )
    )


def authorize_url(simulator: Simulator, tenant: str = "common", **more: str) -> str:
    """Return an authorization URL as a program without MSAL would write it."""
    query = {
        "client_id": MICROSOFT_CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": "openid profile offline_access Mail.Read",
        "state": "the state",
        **more,
    }
    return f"{simulator.microsoft_url}login/{tenant}/oauth2/v2.0/authorize?{urlencode(query)}"


async def token_request(simulator: Simulator, tenant: str = "common", **form: str) -> httpx.Response:
    """Post to the token endpoint."""
    fields = {"client_id": MICROSOFT_CLIENT_ID, "client_secret": MICROSOFT_CLIENT_SECRET, **form}
    url = f"{simulator.microsoft_url}login/{tenant}/oauth2/v2.0/token"
    return await simulator.control.post(url, data=fields)


async def test_sign_in_and_refresh_through_msal(simulator: Simulator) -> None:
    """Nonce, issuer, tenant and account fit; each refresh brings another token, the old one stays good."""
    app, tokens = await connect(simulator, MEI)
    account = await simulator.microsoft_account(MEI)
    keys = (await simulator.control.get("/microsoft/login/common/discovery/v2.0/keys")).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    claims = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience=MICROSOFT_CLIENT_ID)
    again = await refreshed(app, tokens)
    old_once_more = await refreshed(app, tokens)
    cached = await asyncio.to_thread(app.get_accounts)

    assert claims["tid"] == account["tenant_id"]
    assert claims["oid"] == account["object_id"]
    assert claims["iss"].endswith(f"/login/{account['tenant_id']}/v2.0")
    assert claims["preferred_username"] == MEI
    assert cached[0]["home_account_id"] == f"{account['object_id']}.{account['tenant_id']}"
    assert "https://graph.microsoft.com/Mail.ReadWrite" in tokens["scope"]
    assert again["refresh_token"] != tokens["refresh_token"]
    assert "access_token" in old_once_more


async def test_old_refresh_tokens_may_end_with_their_use(simulator: Simulator) -> None:
    """By the dial."""
    await simulator.set_dials(microsoft={"old_refresh_tokens": "end"})
    app, tokens = await connect(simulator, MEI)
    first, second = await refreshed(app, tokens), await refreshed(app, tokens)

    assert "access_token" in first
    assert (second["error"], second["error_codes"]) == ("invalid_grant", [70000])


async def test_authorities_let_in_whom_they_are_for(simulator: Simulator) -> None:
    """Personal accounts at consumers, work accounts at organizations and their tenant; others are told so."""
    tenant = (await simulator.microsoft_account(MEI))["tenant_id"]
    _app, personal = await connect(simulator, NOOR, tenant="consumers")
    _app, work = await connect(simulator, MEI, tenant=tenant)
    with pytest.raises(SimulatorRefused, match="AADSTS50020"):
        await connect(simulator, NOOR, tenant="organizations")
    with pytest.raises(SimulatorRefused, match="AADSTS50020"):
        await connect(simulator, MEI, tenant="consumers")
    with pytest.raises(ValueError, match="Unable to get authority"):
        await asyncio.to_thread(application, simulator, "unknown.test")

    assert personal["id_token_claims"]["tid"] == PERSONAL_TENANT
    assert work["id_token_claims"]["tid"] == tenant


async def test_admin_consent(simulator: Simulator) -> None:
    """Required: the user comes back with 90094; once the administrator accepts, the same user gets in."""
    await simulator.set_dials(microsoft={"admin_consent": "required"})
    refused = answer_of(await simulator.microsoft_consent(authorize_url(simulator), MEI))
    await simulator.set_dials(microsoft={"admin_consent": "required_with_requests"})
    asked = answer_of(await simulator.microsoft_consent(authorize_url(simulator), MEI))
    page = await simulator.control.post(
        authorize_url(simulator), data={"decision": "allow", "account": MEI, "password": ""}
    )
    _app, personal = await connect(simulator, NOOR)
    query = {"client_id": MICROSOFT_CLIENT_ID, "redirect_uri": REDIRECT_URI, "state": "s"}
    scope = " ".join(f"https://graph.microsoft.com/{name}" for name in (*MAIL_SCOPES, "Mail.Read"))
    page_url = f"{simulator.microsoft_url}login/organizations/v2.0/adminconsent"
    url = f"{page_url}?{urlencode({**query, 'scope': scope})}"
    shown = await simulator.control.get(url)
    denied = answer_of(await simulator.admin_consent(url, MEI, deny=True))
    given = answer_of(await simulator.admin_consent(url, MEI))
    _app, tokens = await connect(simulator, MEI)

    assert (refused["error"], "AADSTS90094" in refused["error_description"]) == ("access_denied", True)
    assert (refused["state"], "AADSTS90095" in asked["error_description"]) == ("the state", True)
    assert (page.status_code, "Need admin approval" in page.text) == (403, True)
    assert "access_token" in personal
    assert "lindqvist-co.test" in shown.text
    assert denied["error"] == "access_denied"
    tenant = (await simulator.microsoft_account(MEI))["tenant_id"]
    assert (given["admin_consent"], given["tenant"], given["state"]) == ("True", tenant, "s")
    assert "access_token" in tokens


async def test_consent_page_shows_and_takes_the_decision(simulator: Simulator) -> None:
    """A form with accounts and permissions; Cancel is 65004; silence without consent is told."""
    page = await simulator.control.get(authorize_url(simulator, login_hint=MEI))
    url = authorize_url(simulator)
    accepted = await simulator.control.post(url, data={"decision": "allow", "account": MEI})
    cancelled = answer_of(await simulator.microsoft_consent(url, MEI, deny=True))
    silent = await simulator.control.get(authorize_url(simulator, prompt="none", login_hint=MEI))
    stranger = await simulator.control.get(authorize_url(simulator, prompt="none", login_hint=NOOR))
    posted = await simulator.control.post(
        authorize_url(simulator, response_mode="form_post"), data={"decision": "allow", "account": MEI}
    )
    foreign = await simulator.control.get(authorize_url(simulator, redirect_uri="http://evil.test/"))
    plain = await simulator.control.get(
        authorize_url(simulator, code_challenge="x", code_challenge_method="plain")
    )

    assert all(text in page.text for text in ("Permissions requested", "Read your mail", MEI, NOOR))
    assert (accepted.status_code, "code" in answer_of(accepted.headers["location"])) == (302, True)
    assert (cancelled["error"], "AADSTS65004" in cancelled["error_description"]) == ("access_denied", True)
    assert "code" in answer_of(silent.headers["location"])
    assert answer_of(stranger.headers["location"])["error"] == "consent_required"
    assert '<form method="post" action="http://127.0.0.1:9/microsoft">' in posted.text
    assert (foreign.status_code, "AADSTS50011" in foreign.text) == (400, True)
    assert plain.status_code == 400


async def test_errors_of_the_token_endpoint(simulator: Simulator) -> None:
    """Code twice, wrong verifier, wrong secret, no secret, unknown client, other authority, malformed."""
    url = authorize_url(simulator)

    async def code() -> str:
        return answer_of(await simulator.microsoft_consent(url, MEI))["code"]

    good = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    once = await code()
    first = await token_request(simulator, **good, code=once)
    challenged = authorize_url(simulator, code_challenge="a" * 43, code_challenge_method="S256")
    pkce = answer_of(await simulator.microsoft_consent(challenged, MEI))["code"]
    answers = [
        await token_request(simulator, **good, code=once),
        await token_request(simulator, **good, code=pkce, code_verifier="wrong"),
        await token_request(simulator, **good, code=await code(), client_secret="wrong"),
        await token_request(simulator, **good, code=await code(), client_secret=""),
        await token_request(simulator, **good, code=await code(), client_id="unknown"),
        await token_request(simulator, grant_type="refresh_token", refresh_token="never"),
        await token_request(simulator, grant_type="password"),
        await token_request(simulator),
    ]
    elsewhere = await token_request(simulator, "organizations", **good, code=await code())

    assert first.status_code == 200
    assert [(answer.status_code, answer.json()["error_codes"][0]) for answer in [*answers, elsewhere]] == [
        (400, 54005),
        (400, 501481),
        (401, 7000215),
        (401, 7000218),
        (400, 700016),
        (400, 70000),
        (400, 9002313),
        (400, 90014),
        (400, 700005),
    ]
    body = answers[0].json()
    assert set(body) >= {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
    }
    assert body["error_description"].startswith("AADSTS54005: ")


async def test_how_refresh_tokens_die(simulator: Simulator) -> None:
    """Password at home but not at work, withdrawn consent, 90 days, a disabled user."""
    mei_app, mei = await connect(simulator, MEI)
    noor_app, noor = await connect(simulator, NOOR)
    await simulator.change_password(MEI, "another")
    await simulator.change_password(NOOR, "another")
    survived, died = await refreshed(mei_app, mei), await refreshed(noor_app, noor)
    await simulator.disable(MEI)
    disabled = await refreshed(application_of(simulator), survived)
    await simulator.disable(MEI, disabled=False)
    await simulator.set_dials(clock_offset_seconds=91 * 86_400)
    old = await refreshed(application_of(simulator), survived)
    await simulator.set_dials()
    await simulator.revoke(MEI)
    withdrawn = await refreshed(application_of(simulator), survived)
    await simulator.reset()

    assert "access_token" in survived
    codes = [answer["error_codes"] for answer in (died, disabled, old, withdrawn)]
    assert codes == [[50173], [50057], [700082], [65001]]
    assert (died["suberror"], withdrawn["suberror"]) == ("bad_token", "consent_required")


def application_of(simulator: Simulator) -> Any:
    """Return a fresh MSAL application, which remembers no refusal."""
    return application(simulator)


@pytest.mark.parametrize("number", [50076, 53003, 70043, 7000222, 90033, 50196])
async def test_dialled_errors_have_microsofts_shape(simulator: Simulator, number: int) -> None:
    """Each number by name, with claims where Conditional Access asks for more."""
    _app, tokens = await connect(simulator, MEI)
    await simulator.add_fault("status", "entra.token", body=f"AADSTS{number}", account=MEI)
    answer = await token_request(simulator, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    body = answer.json()

    assert body["error_codes"] == [number]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert ("claims" in body) is (number in (50076, 53003))
    assert answer.status_code == {7000222: 401, 90033: 503}.get(number, 400)
    assert (
        await token_request(simulator, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    ).is_success
