"""Which mail syncs: the table of D1 to D14 as rows, in both directions and for both providers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.blocklist import blocklist
from rules.decision import (
    Decision,
    SyncSettings,
    decide,
)
from rules.envelope import AttachmentOutline, Envelope, Place
from rules.words import (
    AttachmentState,
    MailboxStatus,
    OversizePolicy,
    Provider,
    SkipReason,
    SyncScope,
)
from tests.rules.people import (
    ANN_ADDRESS,
    ANN_ALIAS,
    ANN_LOGIN,
    AUTO_BCC_ADDRESS,
    BEN_ADDRESS,
    CONNECTED,
    DANA,
    DANA_ADDRESS,
    DANAS_THREAD,
    FACTS,
    GMAIL,
    LOGGED,
    MEI,
    MEI_ADDRESS,
    OUTLOOK,
    SENT_HERE,
    STRANGER_ADDRESS,
    mail,
    people,
)

FROM_DANA = mail(DANA_ADDRESS, ANN_ADDRESS)
TO_DANA = mail(ANN_ADDRESS, DANA_ADDRESS)
BIG = (AttachmentOutline("plan.pdf", "application/pdf", 26 * 1024 * 1024),)


def outcome(decision: Decision) -> tuple[str, SkipReason | None]:
    return decision.rule, decision.reason


@pytest.mark.rule("D1")
@pytest.mark.parametrize(
    "status", [status for status in MailboxStatus if status is not MailboxStatus.CONNECTED]
)
def test_a_mailbox_that_is_not_connected_syncs_nothing(status: MailboxStatus) -> None:
    decision = decide(FROM_DANA, FACTS, replace(GMAIL, status=status))

    assert outcome(decision) == ("D1", SkipReason.NOT_CONNECTED)
    assert decision.delayed is (status is MailboxStatus.REAUTHENTICATE)


@pytest.mark.rule("D2")
@pytest.mark.parametrize(
    ("age", "synced"),
    [(timedelta(microseconds=-1), False), (timedelta(), True), (timedelta(seconds=1), True)],
)
def test_nothing_syncs_that_is_older_than_the_connection(age: timedelta, synced: bool) -> None:
    decision = decide(replace(FROM_DANA, received_at=CONNECTED + age), FACTS, GMAIL)

    assert decision.synced is synced
    assert synced or outcome(decision) == ("D2", SkipReason.BEFORE_CONNECTION)


@pytest.mark.rule("D2")
def test_outlook_mail_of_the_very_second_of_the_connection_is_not_lost() -> None:
    """Outlook's time is cut to the second; found by the sync machine."""
    received = CONNECTED.replace(microsecond=0)
    settings = replace(OUTLOOK, scope=SyncScope.CONTACTS, connected_at=received + timedelta(milliseconds=300))

    assert decide(replace(FROM_DANA, received_at=received), FACTS, settings).synced
    assert not decide(replace(FROM_DANA, received_at=received - timedelta(seconds=1)), FACTS, settings).synced


@pytest.mark.rule("D2")
def test_the_provider_s_time_counts_not_the_date_header() -> None:
    decision = decide(replace(FROM_DANA, sent_at=CONNECTED - timedelta(days=900)), FACTS, GMAIL)

    assert decision.synced


@pytest.mark.rule("D3")
@pytest.mark.parametrize("place", [place for place in Place if place is not Place.MAIL])
def test_drafts_spam_trash_chats_and_calendar_items_are_not_mail(place: Place) -> None:
    assert outcome(decide(replace(FROM_DANA, place=place), FACTS, GMAIL)) == ("D3", SkipReason.NOT_MAIL)


@pytest.mark.rule("D4")
def test_a_message_that_is_logged_already_gets_the_provider_s_ids() -> None:
    decision = decide(FROM_DANA, replace(FACTS, logged={"m1@mail.example": LOGGED}), GMAIL)

    assert outcome(decision) == ("D4", SkipReason.ALREADY_SYNCED)
    assert (decision.already, decision.links) == (LOGGED, False)


@pytest.mark.rule("D4")
def test_our_header_finds_the_sending_although_the_provider_changed_its_message_id() -> None:
    facts = replace(FACTS, submitted={"mark-1": SENT_HERE})
    decision = decide(replace(TO_DANA, marker="mark-1", internet_message_id="other@google"), facts, GMAIL)

    assert outcome(decision) == ("D4", SkipReason.ALREADY_SYNCED)
    assert (decision.already, decision.links) == (SENT_HERE, True)


@pytest.mark.rule("D4")
def test_our_header_on_mail_from_outside_is_not_believed() -> None:
    facts = replace(FACTS, submitted={"mark-1": SENT_HERE})

    assert decide(replace(FROM_DANA, marker="mark-1"), facts, GMAIL).rule == "D11"


@pytest.mark.rule("D5")
@pytest.mark.parametrize(
    "envelope",
    [
        mail(ANN_ADDRESS, BEN_ADDRESS),
        mail(ANN_ALIAS, ANN_LOGIN),
        mail(BEN_ADDRESS, ANN_ADDRESS, AUTO_BCC_ADDRESS),
        mail(ANN_ADDRESS, BEN_ADDRESS, bcc=people("other@in.crm.example")),
        mail(None),
    ],
)
def test_mail_among_users_stays_private(envelope: Envelope) -> None:
    assert outcome(decide(envelope, FACTS, GMAIL)) == ("D5", SkipReason.INTERNAL_ONLY)


@pytest.mark.rule("D5")
def test_a_user_who_is_a_contact_too_stays_a_user() -> None:
    facts = replace(FACTS, contacts={**FACTS.contacts, BEN_ADDRESS: (MEI,)})

    assert outcome(decide(mail(ANN_ADDRESS, BEN_ADDRESS), facts, GMAIL)) == ("D5", SkipReason.INTERNAL_ONLY)
    beside_a_stranger = mail(ANN_ADDRESS, BEN_ADDRESS, STRANGER_ADDRESS)
    assert outcome(decide(beside_a_stranger, facts, GMAIL)) == ("D14", SkipReason.NOT_A_CONTACT)


@pytest.mark.rule("D5")
def test_an_auto_bcc_address_outside_the_inbound_domain_is_internal_too() -> None:
    facts = replace(FACTS, auto_bcc_addresses=frozenset({people("b@old.example")[0].address}))

    assert outcome(decide(mail(ANN_ADDRESS, "b@old.example"), facts, GMAIL))[0] == "D5"


@pytest.mark.rule("D6")
@pytest.mark.parametrize(
    ("entries", "others", "blocked"),
    [
        (["dana@okafor.example"], (), True),
        (["okafor.example"], (), True),
        (["example"], (), False),
        (["@okafor.example"], (), True),
        (["okafor.example"], (MEI_ADDRESS,), False),
        (["okafor.example", "mei@lindqvist.example"], (MEI_ADDRESS, BEN_ADDRESS), True),
        (["afor.example"], (), False),
    ],
)
def test_mail_is_blocked_where_everybody_outside_is(
    entries: list[str], others: tuple[str, ...], blocked: bool
) -> None:
    envelope = mail(DANA_ADDRESS, ANN_ADDRESS, *others)
    decision = decide(envelope, FACTS, replace(GMAIL, blocklist=blocklist(entries)))

    assert (outcome(decision) == ("D6", SkipReason.BLOCKED)) is blocked


@pytest.mark.rule("D6")
def test_a_blocked_domain_blocks_its_subdomains() -> None:
    settings = replace(GMAIL, blocklist=blocklist(["bank.example"]))

    assert decide(mail("no-reply@mail.bank.example", ANN_ADDRESS), FACTS, settings).rule == "D6"


@pytest.mark.rule("D7")
@pytest.mark.parametrize(
    ("settings", "sender", "rule"),
    [
        (GMAIL, BEN_ADDRESS, "D7"),
        (GMAIL, ANN_ADDRESS, "D11"),
        (GMAIL, ANN_ALIAS, "D11"),
        (GMAIL, ANN_LOGIN, "D11"),
        (replace(GMAIL, provider=Provider.OUTLOOK), BEN_ADDRESS, "D11"),
        (replace(GMAIL, provider=Provider.IMAP), BEN_ADDRESS, "D11"),
    ],
)
def test_a_colleague_s_mail_syncs_from_their_own_mailbox(
    settings: SyncSettings, sender: str, rule: str
) -> None:
    decision = decide(mail(sender, DANA_ADDRESS, ANN_ADDRESS), FACTS, settings)

    assert decision.rule == rule
    assert rule != "D7" or decision.reason is SkipReason.FROM_ANOTHER_USER


@pytest.mark.rule("D7")
def test_an_alias_that_two_users_share_is_each_one_s_own() -> None:
    shared = {
        **FACTS.user_addresses,
        ANN_ALIAS: FACTS.user_addresses[ANN_ALIAS] | FACTS.user_addresses[BEN_ADDRESS],
    }

    assert decide(mail(ANN_ALIAS, DANA_ADDRESS), replace(FACTS, user_addresses=shared), GMAIL).synced


@pytest.mark.rule("D8")
def test_attachments_over_the_limit_skip_the_message_or_become_stubs() -> None:
    envelope = replace(FROM_DANA, attachments=BIG)

    assert outcome(decide(envelope, FACTS, GMAIL)) == ("D8", SkipReason.ATTACHMENT_TOO_LARGE)
    kept = decide(envelope, FACTS, replace(GMAIL, oversize=OversizePolicy.KEEP_WITHOUT_ATTACHMENT))
    assert (kept.rule, kept.attachments) == ("D11", (AttachmentState.TOO_LARGE,))


@pytest.mark.rule("D8")
@pytest.mark.parametrize(("sizes", "synced"), [((3_000_000,), True), ((3_000_000, 1), False)])
def test_attachments_are_added_up(sizes: tuple[int, ...], synced: bool) -> None:
    files = tuple(AttachmentOutline(f"{size}.pdf", "application/pdf", size) for size in sizes)
    settings = replace(GMAIL, attachment_limit_bytes=3_000_000)

    assert decide(replace(FROM_DANA, attachments=files), FACTS, settings).synced is synced


@pytest.mark.rule("D9")
@pytest.mark.parametrize(
    "envelope",
    [
        mail(STRANGER_ADDRESS, ANN_ADDRESS),
        mail(STRANGER_ADDRESS, ANN_ADDRESS, remote_thread_id="other", in_reply_to="known@x"),
        mail(
            STRANGER_ADDRESS, ANN_ADDRESS, remote_thread_id="other", references=("old@x", "known@x", "new@x")
        ),
        mail(ANN_ADDRESS, STRANGER_ADDRESS),
    ],
)
@pytest.mark.parametrize("settings", [GMAIL, OUTLOOK, replace(GMAIL, scope=SyncScope.SENT_TO_CONTACTS)])
def test_a_linked_thread_syncs_whoever_writes_in_it(envelope: Envelope, settings: SyncSettings) -> None:
    facts = replace(FACTS, linked={"t1": DANAS_THREAD}, linked_references={"known@x": DANAS_THREAD})
    decision = decide(envelope, facts, settings)

    assert (decision.rule, decision.links) == ("D9", True)
    assert decision.conversation is not None
    assert (decision.conversation.thread_id, decision.conversation.contact_id) == (
        DANAS_THREAD.thread_id,
        DANA.contact_id,
    )


@pytest.mark.rule("D10")
@pytest.mark.parametrize(
    ("envelope", "rule"),
    [(FROM_DANA, "D10"), (TO_DANA, "D14"), (mail(MEI_ADDRESS, ANN_ADDRESS), "D14")],
)
def test_a_contact_that_auto_bcc_tracks_brings_their_mail_in(envelope: Envelope, rule: str) -> None:
    facts = replace(FACTS, tracked=frozenset({DANA.contact_id}))

    assert decide(envelope, facts, OUTLOOK).rule == rule


SCOPES = {scope: replace(GMAIL, scope=scope) for scope in SyncScope}


@pytest.mark.rule("D11")
@pytest.mark.rule("D12")
@pytest.mark.rule("D14")
@pytest.mark.parametrize(
    ("envelope", "contacts", "sent_to_contacts", "crm_threads"),
    [
        (FROM_DANA, "D11", "D14", "D14"),
        (TO_DANA, "D11", "D12", "D14"),
        (mail(ANN_ADDRESS, STRANGER_ADDRESS, cc=people(DANA_ADDRESS)), "D11", "D14", "D14"),
        (mail(ANN_ADDRESS, STRANGER_ADDRESS, bcc=people(DANA_ADDRESS)), "D11", "D14", "D14"),
        (mail(STRANGER_ADDRESS, ANN_ADDRESS, cc=people(DANA_ADDRESS)), "D14", "D14", "D14"),
        (mail(None, ANN_ADDRESS, STRANGER_ADDRESS), "D14", "D14", "D14"),
        (mail(ANN_ADDRESS, STRANGER_ADDRESS), "D14", "D14", "D14"),
    ],
)
def test_the_scope_says_which_strange_threads_come_in(
    envelope: Envelope, contacts: str, sent_to_contacts: str, crm_threads: str
) -> None:
    rules = tuple(
        decide(envelope, FACTS, SCOPES[scope]).rule
        for scope in (SyncScope.CONTACTS, SyncScope.SENT_TO_CONTACTS, SyncScope.CRM_THREADS)
    )

    assert rules == (contacts, sent_to_contacts, crm_threads)


@pytest.mark.rule("D13")
@pytest.mark.rule("L3")
def test_before_the_first_mail_from_the_crm_nothing_begins() -> None:
    waiting = decide(FROM_DANA, FACTS, replace(OUTLOOK, activated=False))

    assert outcome(waiting) == ("D13", SkipReason.NOT_ACTIVATED)
    assert outcome(decide(FROM_DANA, FACTS, OUTLOOK)) == ("D14", SkipReason.NOT_CRM_THREAD)


@pytest.mark.rule("D14")
def test_otherwise_the_reason_names_what_is_missing() -> None:
    stranger = mail(STRANGER_ADDRESS, ANN_ADDRESS)

    assert outcome(decide(stranger, FACTS, GMAIL)) == ("D14", SkipReason.NOT_A_CONTACT)
    assert outcome(decide(stranger, FACTS, OUTLOOK)) == ("D14", SkipReason.NOT_CRM_THREAD)


@pytest.mark.rule("D11")
def test_an_attachment_of_a_type_off_the_list_is_kept_by_name() -> None:
    files = (
        AttachmentOutline("plan.PDF", "application/octet-stream", 10),
        AttachmentOutline("run.exe", "application/pdf", 10),
        AttachmentOutline("photo.jpeg", "image/jpeg", 10),
        AttachmentOutline("", "image/png", 10),
        AttachmentOutline("noending", "application/x-thing", 10),
    )
    settings = replace(GMAIL, attachment_types=frozenset({"PDF", "jpg", ".png"}))

    assert decide(replace(FROM_DANA, attachments=files), FACTS, settings).attachments == (
        AttachmentState.STORED,
        AttachmentState.BLOCKED_TYPE,
        AttachmentState.STORED,
        AttachmentState.STORED,
        AttachmentState.BLOCKED_TYPE,
    )


@pytest.mark.rule("L6")
def test_after_a_reconnect_an_old_thread_waits_for_the_crm() -> None:
    """Ended links are not among the facts; References alone do not bring an old thread back."""
    reply = replace(FROM_DANA, references=("old@x",))
    facts = replace(FACTS, threads_by_reference={"old@x": DANAS_THREAD})

    assert outcome(decide(reply, facts, OUTLOOK)) == ("D14", SkipReason.NOT_CRM_THREAD)
    again = decide(reply, facts, GMAIL)
    assert again.conversation is not None
    assert again.conversation.thread_id == DANAS_THREAD.thread_id
