"""The consent: what the user is sent to, and what their return is worth."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import pytest_asyncio
from pydantic import SecretStr

from providers.doors import Doors
from providers.gmail.consent import MODIFY_SCOPE, SCOPES, SENTENCES, GoogleConsent, missing_scopes
from providers.gmail.settings import GoogleSettings
from rules.consent import BegunConsent
from rules.errors import NeedsReconnect, OperatorMustAct, ProviderTrouble, ReconnectReason, Refused, Retryable
from rules.words import AuthorizationPurpose, Provider
from tests.providers.gmail_world import REDIRECT_URI, GmailWorld, clock, running_gmail, settings_of
from tests.providers.world import Spoil, Step

SETTINGS = GoogleSettings(
    client_id="cid.apps.test", client_secret=SecretStr("shh"), redirect_uri="https://crm.test/oauth/google"
)
ENTROPY = bytes(range(32))
CONNECT = AuthorizationPurpose.CONNECT


def test_the_consent_asks_for_exactly_this() -> None:
    begun = GoogleConsent(SETTINGS).begin(state="st", purpose=CONNECT, login_hint=None, entropy=ENTROPY)
    assert begun.kept == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert begun.url.partition("?")[0] == "https://accounts.google.com/o/oauth2/v2/auth"
    assert dict(parse_qsl(urlsplit(begun.url).query)) == {
        "client_id": "cid.apps.test",
        "redirect_uri": "https://crm.test/oauth/google",
        "response_type": "code",
        "scope": "openid email https://www.googleapis.com/auth/gmail.modify",
        "state": "st",
        "nonce": "vjImTkPsBEOL4xspnb4Sr3rhw9Ih1X7ZWAGKAtB1jUU",
        "code_challenge": "6oZqdX5MOLq_qBJ8vppAnT4fk6AP8UiP9zX8-Rev_9A",
        "code_challenge_method": "S256",
        "access_type": "offline",
        "include_granted_scopes": "true",
        "prompt": "select_account consent",
    }


@pytest.mark.rule("R11")
def test_no_permission_is_asked_for_without_need() -> None:
    assert SCOPES == ("openid", "email", "https://www.googleapis.com/auth/gmail.modify")


@pytest.mark.parametrize("purpose", list(AuthorizationPurpose))
def test_a_known_account_is_preselected_and_consents_anew(purpose: AuthorizationPurpose) -> None:
    begun = GoogleConsent(SETTINGS).begin(
        state="st", purpose=purpose, login_hint="ann+x@example.test", entropy=ENTROPY
    )
    query = dict(parse_qsl(urlsplit(begun.url).query))
    assert (query["login_hint"], query["prompt"]) == ("ann+x@example.test", "consent")


@pytest.mark.rule("R7")
def test_each_consent_has_its_own_verifier_that_the_url_does_not_tell() -> None:
    door = GoogleConsent(SETTINGS)
    ones = [
        door.begin(state="st", purpose=CONNECT, login_hint=None, entropy=bytes([number]) * 32)
        for number in range(3)
    ]
    assert len({one.kept for one in ones}) == 3
    assert all(one.kept not in one.url and 43 <= len(one.kept) <= 128 for one in ones)
    with pytest.raises(ValueError, match="entropy"):
        door.begin(state="st", purpose=CONNECT, login_hint=None, entropy=b"short")


def test_what_was_unticked_is_known_by_either_name() -> None:
    email = "https://www.googleapis.com/auth/userinfo.email"
    assert missing_scopes(frozenset({"openid", email, MODIFY_SCOPE})) == ()
    assert missing_scopes(frozenset({"openid", "email"})) == (MODIFY_SCOPE,)
    assert missing_scopes(frozenset()) == SCOPES


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def simulated() -> AsyncIterator[GmailWorld]:
    async with running_gmail() as world:
        await world.simulator.create_account("ann@example-co.test", "Ann Berg", "google")
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def gmail(simulated: GmailWorld) -> GmailWorld:
    """The world, with every dial where it belongs."""
    await simulated.simulator.ask("DELETE", "/dials")
    return simulated


def begin(doors: Doors) -> BegunConsent:
    return doors.consent(Provider.GMAIL).begin(
        state="st", purpose=CONNECT, login_hint=None, entropy=bytes(32)
    )


async def code_for(gmail: GmailWorld, begun: BegunConsent) -> str:
    returned = await gmail.simulator.consent(begun.url, "ann@example-co.test")
    query = parse_qs(urlsplit(returned).query)
    assert query["state"] == ["st"]
    return query["code"][0]


async def test_a_consent_names_the_mailbox_and_brings_lasting_tokens(gmail: GmailWorld) -> None:
    doors = gmail.doors()
    begun = begin(doors)
    granted = await doors.exchange(Provider.GMAIL).finish(
        code=await code_for(gmail, begun), kept=begun.kept, redirect_uri=REDIRECT_URI
    )
    issuer, _, subject = granted.remote_account_id.partition("|")
    assert (granted.address, issuer, granted.missing) == (
        "ann@example-co.test",
        "https://accounts.google.com",
        (),
    )
    assert subject and granted.tokens.refresh_token and granted.tokens.access_token
    assert MODIFY_SCOPE in granted.tokens.scopes
    assert 3500 < (granted.tokens.access_expires_at - clock()).total_seconds() <= 3600


@pytest.mark.rule("R11")
async def test_an_unticked_permission_is_told_and_nothing_breaks(gmail: GmailWorld) -> None:
    doors = gmail.doors()
    begun = begin(doors)
    returned = await gmail.simulator.consent(begun.url, "ann@example-co.test", ["openid", "email"])
    code = parse_qs(urlsplit(returned).query)["code"][0]
    await gmail.simulator.revoke("ann@example-co.test")
    returned = await gmail.simulator.consent(begun.url, "ann@example-co.test", ["openid", "email"])
    code = parse_qs(urlsplit(returned).query)["code"][0]
    granted = await doors.exchange(Provider.GMAIL).finish(
        code=code, kept=begun.kept, redirect_uri=REDIRECT_URI
    )
    assert (granted.address, granted.missing) == ("ann@example-co.test", (MODIFY_SCOPE,))


@pytest.mark.rule("R7")
async def test_a_code_is_worth_nothing_with_another_verifier_or_twice(gmail: GmailWorld) -> None:
    doors = gmail.doors()
    exchange = doors.exchange(Provider.GMAIL)
    begun = begin(doors)
    other = doors.consent(Provider.GMAIL).begin(
        state="st", purpose=CONNECT, login_hint=None, entropy=b"\1" * 32
    )
    with pytest.raises(Refused):
        await exchange.finish(code=await code_for(gmail, begun), kept=other.kept, redirect_uri=REDIRECT_URI)
    code = await code_for(gmail, begun)
    await exchange.finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)
    with pytest.raises(Refused):
        await exchange.finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)
    with pytest.raises(Refused):
        await exchange.finish(code="4/made-up", kept=begun.kept, redirect_uri=REDIRECT_URI)


@pytest.mark.rule("R8")
async def test_an_id_token_for_another_attempt_is_refused(gmail: GmailWorld) -> None:
    """The page was opened without our nonce: somebody else's consent, put into our hands."""
    doors = gmail.doors()
    begun = begin(doors)
    nonce = parse_qs(urlsplit(begun.url).query)["nonce"][0]
    foreign = BegunConsent(begun.url.replace(nonce, "another"), begun.kept)
    with pytest.raises(Refused, match="another attempt"):
        await doors.exchange(Provider.GMAIL).finish(
            code=await code_for(gmail, foreign), kept=begun.kept, redirect_uri=REDIRECT_URI
        )


@pytest.mark.rule("R8")
async def test_an_id_token_that_google_did_not_sign_is_refused(gmail: GmailWorld) -> None:
    async with running_gmail() as elsewhere:
        foreign = replace(settings_of(gmail.simulator), jwks_url=settings_of(elsewhere.simulator).jwks_url)
        doors = Doors(clock=clock, google=foreign)
        begun = begin(doors)
        with pytest.raises(Refused, match="id token"):
            await doors.exchange(Provider.GMAIL).finish(
                code=await code_for(gmail, begun), kept=begun.kept, redirect_uri=REDIRECT_URI
            )
        await doors.close()


@pytest.mark.parametrize(
    ("spoil", "step", "kind"),
    [
        (Spoil.LOST_AFTER, Step.TOKEN, Retryable),
        (Spoil.FAULT_BEFORE, Step.TOKEN, Retryable),
        (Spoil.PAGE_INSTEAD, Step.TOKEN, Retryable),
        (Spoil.FAULT_BEFORE, Step.PROFILE, Retryable),
        (Spoil.TOKEN_REFUSED, Step.PROFILE, Retryable),
        (Spoil.NO_MAILBOX, Step.PROFILE, NeedsReconnect),
        (Spoil.ADMIN_BLOCKED, Step.PROFILE, NeedsReconnect),
    ],
)
async def test_a_consent_that_meets_trouble_says_whose(
    gmail: GmailWorld, spoil: Spoil, step: Step, kind: type[ProviderTrouble]
) -> None:
    doors = gmail.doors()
    begun = begin(doors)
    code = await code_for(gmail, begun)
    await gmail.spoil(spoil, step)
    with pytest.raises(ProviderTrouble) as told:
        await doors.exchange(Provider.GMAIL).finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)
    assert type(told.value) is kind
    if spoil is Spoil.NO_MAILBOX:
        assert isinstance(told.value, NeedsReconnect)
        assert told.value.reason is ReconnectReason.NO_MAILBOX


async def test_a_wrong_client_is_the_operators_affair(gmail: GmailWorld) -> None:
    wrong = replace(settings_of(gmail.simulator), client_secret=SecretStr("not it"))
    doors = Doors(clock=clock, google=wrong)
    begun = begin(doors)
    with pytest.raises(OperatorMustAct):
        await doors.exchange(Provider.GMAIL).finish(
            code=await code_for(gmail, begun), kept=begun.kept, redirect_uri=REDIRECT_URI
        )
    await doors.close()


def test_every_refusal_on_the_redirect_has_a_sentence_of_ours() -> None:
    doors = Doors(clock=clock, google=SETTINGS)
    explain = doors.exchange(Provider.GMAIL).explain
    sentences = [explain(error) for error in (*SENTENCES, "<script>alert(1)</script>", "")]
    assert all(sentence.endswith((".", "again.")) and "<" not in sentence for sentence in sentences)
    assert explain("access_denied") == "Access was not granted. Nothing was connected; you can try again."


@pytest.mark.parametrize("provider", [Provider.OUTLOOK, Provider.GMAIL])
def test_a_provider_that_is_not_set_up_is_the_operators_affair(provider: Provider) -> None:
    doors = Doors(clock=clock, google=None)
    for way in (doors.consent, doors.exchange):
        with pytest.raises(OperatorMustAct):
            way(provider)


def test_settings_show_no_secret_and_need_a_whole_root() -> None:
    assert "shh" not in repr(SETTINGS) + str(SETTINGS)
    with pytest.raises(ValueError, match="slash"):
        replace(SETTINGS, api_root="http://127.0.0.1:9000/google")
