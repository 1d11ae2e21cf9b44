"""What is Outlook's alone, against a simulated Microsoft: sign-in, subscriptions, files near 3 MB."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from functools import partial
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from providers.doors import Doors
from providers.outlook.consent import MicrosoftConsent
from providers.outlook.settings import MicrosoftSettings
from providers.protocol import Draft
from providers.transport import Transport
from rules.consent import BegunConsent
from rules.envelope import Correspondent, Place
from rules.errors import NeedsReconnect, OperatorMustAct, ReconnectReason, RefusalKind, Refused
from rules.words import AuthorizationPurpose, EmailAddress, Provider
from tests.providers.cases import CUSTOMER, attachment, composed_of, written
from tests.providers.outlook_world import REDIRECT_URI, OutlookWorld, clock, running_outlook, settings_of
from tests.providers.world import Connected
from tests.waiting import wait_until

MEI = "mei@lindqvist-co.test"
SECRET = "what a push must carry"


@pytest.fixture(scope="module")
async def one_world() -> AsyncIterator[OutlookWorld]:
    async with running_outlook() as world:
        await world.simulator.create_account(MEI, "Mei Lindqvist", "microsoft")
        yield world


@pytest.fixture
async def world(one_world: OutlookWorld) -> OutlookWorld:
    await one_world.simulator.ask("DELETE", "/dials")
    return one_world


async def dial(world: OutlookWorld, **microsoft: Any) -> None:
    await world.simulator.ask("PATCH", "/dials", {"microsoft": microsoft})


def begin(world: OutlookWorld, **more: Any) -> BegunConsent:
    asked = {"purpose": AuthorizationPurpose.CONNECT, "login_hint": None, **more}
    return MicrosoftConsent(settings_of(world.simulator)).begin(
        state="the state", entropy=token_bytes(32), **asked
    )


async def code_for(world: OutlookWorld, begun: BegunConsent) -> str:
    returned = await world.simulator.microsoft_consent(begun.url, MEI)
    return parse_qs(urlsplit(returned).query)["code"][0]


def test_a_consent_begins_without_the_network_and_binds_what_comes_back() -> None:
    settings = MicrosoftSettings(
        client_id="b07bbd27",
        client_secret=SecretStr("s"),
        redirect_uri="https://crm.test/oauth/microsoft/callback",
    )
    seen = []
    for _ in range(2):
        begun = MicrosoftConsent(settings).begin(
            state="s", purpose=AuthorizationPurpose.CONNECT, login_hint=None, entropy=token_bytes(32)
        )
        parts, asked = urlsplit(begun.url), parse_qs(urlsplit(begun.url).query)
        assert parts.netloc + parts.path == "login.microsoftonline.com/common/oauth2/v2.0/authorize"
        assert asked["code_challenge_method"] == ["S256"] and asked["response_mode"] == ["query"]
        assert asked["state"] == ["s"] and asked["prompt"] == ["select_account"]
        assert set(asked["scope"][0].split()) == {
            *("User.Read", "Mail.ReadWrite", "Mail.Send", "openid", "profile", "offline_access"),
        }
        assert "the state" not in begun.kept and "client_secret" not in begun.kept
        seen += [asked["code_challenge"][0], asked["nonce"][0]]
    assert len(set(seen)) == 4


async def test_who_consents_again_is_asked_for_by_name(world: OutlookWorld) -> None:
    begun = begin(world, purpose=AuthorizationPurpose.REAUTHENTICATE, login_hint=MEI)
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["login_hint"] == [MEI] and "prompt" not in asked


@pytest.mark.rule("R8")
async def test_a_code_is_good_once_and_for_its_own_attempt(world: OutlookWorld) -> None:
    exchange = world.doors().exchange(Provider.OUTLOOK)
    begun, other = begin(world), begin(world)
    code = await code_for(world, begun)
    with pytest.raises(Refused):
        await exchange.finish(code=code, kept=other.kept, redirect_uri=REDIRECT_URI)
    begun = begin(world)
    code = await code_for(world, begun)
    granted = await exchange.finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)
    assert granted.address == MEI and granted.missing == ()
    shown = await world.simulator.microsoft_account(MEI)
    assert granted.remote_account_id.endswith(f"|{shown['object_id']}.{shown['tenant_id']}")
    with pytest.raises(Refused):
        await exchange.finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)


async def test_a_wrong_secret_is_the_operators_affair(world: OutlookWorld) -> None:
    begun = begin(world)
    code = await code_for(world, begun)
    wrong = replace(settings_of(world.simulator), client_secret=SecretStr("wrong"))
    doors = Doors(clock=clock, microsoft=wrong, transport=Transport())
    with pytest.raises(OperatorMustAct):
        await doors.exchange(Provider.OUTLOOK).finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)
    await doors.close()


async def test_another_organisations_account_is_refused_where_one_is_named(world: OutlookWorld) -> None:
    begun = begin(world)
    code = await code_for(world, begun)
    narrow = replace(settings_of(world.simulator), tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95")
    doors = Doors(clock=clock, microsoft=narrow, transport=Transport())
    with pytest.raises((Refused, NeedsReconnect, OperatorMustAct)):
        await doors.exchange(Provider.OUTLOOK).finish(code=code, kept=begun.kept, redirect_uri=REDIRECT_URI)
    await doors.close()


def test_the_sentence_for_an_administrator_holds_their_link_and_the_others_hold_none() -> None:
    settings = MicrosoftSettings(
        client_id="cid", client_secret=SecretStr("hidden"), redirect_uri="https://crm.test/cb"
    )
    exchange = Doors(clock=clock, microsoft=settings).exchange(Provider.OUTLOOK)
    for told in (
        exchange.explain("access_denied AADSTS90094"),
        exchange.reason(ReconnectReason.ADMIN_BLOCKED),
    ):
        link = urlsplit(next(word for word in told.split() if word.startswith("https://")))
        asked = parse_qs(link.query)
        assert link.path == "/organizations/v2.0/adminconsent" and asked["client_id"] == ["cid"]
        assert asked["scope"] == ["User.Read Mail.ReadWrite Mail.Send"] and "hidden" not in told
    for error in ("access_denied AADSTS65004", "access_denied", "server_error", "<script>"):
        assert "https://" not in exchange.explain(error) and "<" not in exchange.explain(error)


async def test_a_refusal_is_not_remembered_once_the_server_has_recovered(world: OutlookWorld) -> None:
    """msal alone would answer the same request from memory for a minute."""
    mailbox = await world.connect()
    _expire(mailbox)
    await world.simulator.add_fault("status", method="entra.token", body="invalid_grant", code=400, times=1)
    with pytest.raises(NeedsReconnect):
        await mailbox.provider.profile()
    assert (await world.again(mailbox).provider.profile()).address == mailbox.address


@pytest.mark.rule("R14")
async def test_who_refreshed_second_uses_what_the_first_one_kept(world: OutlookWorld) -> None:
    mailbox = await world.connect()
    await dial(world, old_refresh_tokens="end")
    _expire(mailbox)
    stale = mailbox.keeper.tokens
    await mailbox.provider.profile()
    fresh, loads = mailbox.keeper.tokens, iter([stale])
    assert stale and fresh and stale.refresh_token != fresh.refresh_token

    class Late(type(mailbox.keeper)):  # type: ignore[misc]  # a keeper that first reads what was kept before
        async def load(self) -> Any:
            return next(loads, fresh)

    late = Late(mailbox.address, fresh)
    doors = world.doors()
    assert (await doors.mailbox(Provider.OUTLOOK, late).profile()).address == mailbox.address


def _expire(mailbox: Connected) -> None:
    assert mailbox.keeper.tokens is not None
    mailbox.keeper.tokens = replace(mailbox.keeper.tokens, access_token="ended", access_expires_at=clock())


@pytest.mark.rule("R63")
async def test_a_subscription_that_microsoft_removed_is_made_anew(world: OutlookWorld) -> None:
    mailbox = await world.connect(pushes_to="us")
    first = await mailbox.provider.watch(None, SECRET)
    assert first is not None
    await world.simulator.lifecycle(mailbox.address, "subscriptionRemoved")
    second = await mailbox.provider.watch(first.remote_id, SECRET)
    assert second is not None and second.remote_id != first.remote_id
    assert await world.is_watched(mailbox.address)


async def test_a_subscription_that_nobody_remembered_is_adopted(world: OutlookWorld) -> None:
    """A job may end between making it and keeping its id."""
    mailbox = await world.connect(pushes_to="us")
    first = await mailbox.provider.watch(None, SECRET)
    second = await mailbox.provider.watch(None, SECRET)
    assert first is not None and second is not None and second.remote_id == first.remote_id
    [one] = (await world.simulator.microsoft_account(mailbox.address))["subscriptions"]
    assert one["client_state"] == SECRET


SIZES = (2_899_999, 2_900_000, 3_000_000, 3_145_000, 3_145_728, 3_145_729, 3_276_801)


@pytest.mark.parametrize("size_bytes", SIZES)
async def test_a_file_near_three_megabytes_arrives_whole_whichever_way_microsoft_wants_it(
    world: OutlookWorld, size_bytes: int
) -> None:
    mailbox = await world.connect()
    message = composed_of(mailbox.address, (attachment(size_bytes), attachment(10, name="small.txt")))
    sent = await mailbox.provider.send_draft(await mailbox.provider.create_draft(message.message))
    stored = message_from_bytes(await world.original(mailbox.address, sent.remote_id))
    files = [part for part in stored.walk() if part.get_filename()]
    contents = {part.get_filename(): part.get_payload(decode=True) for part in files}
    sizes = {name: len(content) for name, content in contents.items() if isinstance(content, bytes)}
    assert sizes == {"roof.bin": size_bytes, "small.txt": 10}


async def test_a_file_between_the_two_limits_is_refused_and_leaves_no_draft(
    world: OutlookWorld,
) -> None:
    """Some two hundred sizes are too small for a session and too large for a request (ADR 0016)."""
    mailbox = await world.connect()
    with pytest.raises(Refused) as refused:
        await mailbox.provider.create_draft(composed_of(mailbox.address, (attachment(3_145_727),)).message)
    assert refused.value.kind is RefusalKind.TOO_LARGE
    assert await world.held(mailbox.address, "DRAFT") == []


async def test_a_sent_copy_is_found_though_its_id_became_another(world: OutlookWorld) -> None:
    mailbox = await world.connect()
    await dial(world, sent_item_id="new")
    message = written(mailbox.address)
    since = clock()
    draft = await mailbox.provider.create_draft(message.message)
    told = await mailbox.provider.send_draft(draft)
    [really] = await world.held(mailbox.address, "SENT")
    found = await mailbox.provider.find_sent(
        marker=message.marker, internet_message_id="lost@nowhere.test", since=since, remote_thread_id=None
    )
    assert found is not None and found.remote_id == really != draft.remote_id
    assert found.remote_thread_id == told.remote_thread_id
    assert not await mailbox.provider.draft_exists(draft)


async def test_a_reply_keeps_its_recipients_and_its_blind_copies(world: OutlookWorld) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    message = written(mailbox.address, subject="Re: Roof").message
    hidden = Correspondent(EmailAddress("hidden@okafor-roofing.test"), "Hidden")
    message = replace(message, cc=(Correspondent(EmailAddress("cc@okafor-roofing.test")),), bcc=(hidden,))
    sent = await mailbox.provider.send_draft(await mailbox.provider.create_draft(message, answers=arrived))
    [fetched] = await mailbox.provider.envelopes([sent.remote_id])
    assert fetched.envelope is not None
    assert [one.address for one in fetched.envelope.to] == [CUSTOMER]
    assert [one.address for one in fetched.envelope.cc] == ["cc@okafor-roofing.test"]
    received = await world.simulator.mailbox("hidden@okafor-roofing.test")
    assert len(received) == 1


async def test_mail_keeps_its_id_wherever_it_is_moved_and_what_lies_below_the_bin_is_binned(
    world: OutlookWorld,
) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address)
    cursor = (await mailbox.provider.profile()).cursor
    folder = await world.simulator.add_folder(mailbox.address, "Old", parent="deleteditems")
    places = []
    for target in ("archive", folder["id"], "inbox"):
        shown = await world.simulator.microsoft_account(mailbox.address)
        [copy] = [one["copy_id"] for one in shown["items"] if one["immutable_id"] == arrived]
        await world.simulator.move(mailbox.address, copy, target)
        [fetched] = await mailbox.provider.envelopes([arrived])
        assert fetched.envelope is not None
        places.append(fetched.envelope.place)
    assert places == [Place.MAIL, Place.TRASH, Place.MAIL]
    changes = (await mailbox.provider.changes(cursor)).changes
    assert [(change.remote_id, change.deleted) for change in changes] == [(arrived, False)]


async def test_what_is_listed_is_listed_whole_whatever_a_page_holds(world: OutlookWorld) -> None:
    """Graph may send less than was asked for; that is not the end of the list."""
    mailbox = await world.connect()
    since = clock() - timedelta(minutes=1)
    arrived = await world.deliver_many(mailbox.address, 5)
    await dial(world, most_per_page=2)
    found: list[str] = []
    page: str | None = None
    for _ in range(10):
        listed = await mailbox.provider.listed(since, page)
        found += listed.remote_ids
        page = listed.next_page
        if page is None:
            break
    assert set(found) == set(arrived)


async def test_half_a_draft_that_an_earlier_attempt_left_is_taken_away(world: OutlookWorld) -> None:
    """The process was killed in the middle of a large file: the draft has our Message-ID and no marker."""
    mailbox = await world.connect()
    message = composed_of(mailbox.address, (attachment(6_000_000),)).message
    storing = asyncio.create_task(mailbox.provider.create_draft(message))
    await wait_until(partial(world.held, mailbox.address, "DRAFT"), description="a draft is begun")
    await _ended(storing)

    again = await world.again(mailbox).provider.create_draft(message, again=True)

    assert await world.held(mailbox.address, "DRAFT") == [again.remote_id]
    sent = await mailbox.provider.send_draft(again)
    [fetched] = await mailbox.provider.envelopes([sent.remote_id])
    assert fetched.envelope is not None and len(fetched.envelope.attachments) == 1


async def test_a_reply_that_was_only_begun_is_taken_away(world: OutlookWorld) -> None:
    """The process was killed between createReply and the first PATCH: the draft says that it was begun."""
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    message = written(mailbox.address).message
    await world.simulator.add_fault("hang_before", "graph.messages.update")
    storing = asyncio.create_task(mailbox.provider.create_draft(message, answers=arrived))
    await wait_until(partial(world.held, mailbox.address, "DRAFT"), description="a reply is begun")
    await _ended(storing)
    await world.simulator.ask("DELETE", "/dials")

    again = await world.again(mailbox).provider.create_draft(message, answers=arrived, again=True)

    assert await world.held(mailbox.address, "DRAFT") == [again.remote_id]


async def test_a_reply_begins_without_the_property_where_graph_does_not_take_it(world: OutlookWorld) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    await world.simulator.add_fault("status", "graph.messages.createReply", code=400, body="InvalidRequest")

    message = written(mailbox.address).message
    draft = await mailbox.provider.create_draft(message, answers=arrived)

    assert await world.held(mailbox.address, "DRAFT") == [draft.remote_id]
    created = await world.simulator.journal(account=mailbox.address, method="graph.messages.createReply")
    assert [one["status"] for one in created] == [400, 201]


async def _ended(task: "asyncio.Task[Draft]") -> None:
    """End a task as a killed process ends: it takes nothing away."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_json_cannot_say_of_a_reply_is_said(world: OutlookWorld) -> None:
    """An automatic answer names itself as one (RFC 3834), which only MIME can carry."""
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    [fetched] = await mailbox.provider.envelopes([arrived])
    assert fetched.envelope is not None
    written_to = fetched.envelope.internet_message_id
    message = replace(written(mailbox.address, in_reply_to=written_to).message, automatic=True)
    await mailbox.provider.send_draft(await mailbox.provider.create_draft(message, answers=arrived))
    [theirs] = [one for one in await world.simulator.mailbox(CUSTOMER) if one["subject"] == "An offer"][:1]
    raw = await world.simulator.control.get(f"/accounts/{CUSTOMER}/messages/{theirs['id']}/raw")
    received = message_from_bytes(raw.content)
    assert received["auto-submitted"] == "auto-generated"
    assert received["in-reply-to"] == f"<{written_to}>"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://outlook.office.com/api/v2.0/x?authtoken=eyJ", True),
        ("https://graph.microsoft.com/v1.0/x", True),
        ("http://outlook.office.com/x", False),
        ("https://outlook.office.com.evil.test/x", False),
        ("https://user:pass@outlook.office.com/x", False),
        ("https://evil.test/outlook.office.com", False),
        ("//outlook.office.com/x", False),
        ("https://[", False),
    ],
)
def test_files_go_only_to_listed_hosts(url: str, allowed: bool) -> None:
    settings = MicrosoftSettings(
        client_id="c", client_secret=SecretStr("s"), redirect_uri="https://crm.test/cb"
    )
    assert settings.may_upload_to(url) is allowed
