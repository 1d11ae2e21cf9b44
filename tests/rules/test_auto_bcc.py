"""Auto BCC, row by row: who may log, as what, with whom (B1 to B6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.auto_bcc import (
    AlreadyLogged,
    AutoBccFacts,
    AutoBccSettings,
    Logged,
    NewContact,
    RefusalReason,
    Refused,
    is_auto_bcc,
    judge,
    new_local_part,
    only_sender,
)
from rules.blocklist import blocklist
from rules.conversation import Conversation, KnownContact, KnownThread
from rules.decision import LoggedMessage
from rules.envelope import AttachmentOutline, Correspondent, Envelope
from rules.header_block import fields_of
from rules.words import (
    AttachmentState,
    ContactId,
    Direction,
    EmailAddress,
    MessageId,
    OversizePolicy,
    ThreadId,
)
from tests.rules.people import NOW as AT

DOMAIN = "in.bothways.test"
OURS = EmailAddress(f"{'a' * 32}@{DOMAIN}")
ANN, ANN_ALIAS = EmailAddress("ann@example-co.test"), EmailAddress("sales@example-co.test")
BOB = EmailAddress("bob@example-co.test")
DANA, ELI, NEW = (
    EmailAddress("dana@okafor.test"),
    EmailAddress("eli@levi.test"),
    EmailAddress("new@somewhere.test"),
)
OLDER = KnownContact(ContactId(UUID(int=1)), AT - timedelta(days=2))
YOUNGER = KnownContact(ContactId(UUID(int=2)), AT - timedelta(days=1))
THREAD = KnownThread(ThreadId(UUID(int=10)), OLDER.contact_id)
KNOWN = LoggedMessage(MessageId(UUID(int=20)), THREAD, through_this_mailbox=False)
SETTINGS = AutoBccSettings(frozenset({ANN, ANN_ALIAS}), frozenset({DOMAIN}))
FACTS = AutoBccFacts(user_addresses=frozenset({ANN, BOB}), contacts={DANA: (OLDER,), ELI: (YOUNGER,)})


def people(*addresses: EmailAddress) -> tuple[Correspondent, ...]:
    return tuple(Correspondent(address) for address in addresses)


def mail(sender: EmailAddress = ANN, **more: Any) -> Envelope:
    return Envelope(
        remote_id="",
        remote_thread_id="",
        received_at=AT,
        sent_at=AT,
        sender=Correspondent(sender),
        internet_message_id="mail@example-co.test",
        **more,
    )


@pytest.mark.rule("B1")
@given(st.binary(min_size=16, max_size=16))
def test_an_address_is_made_of_all_its_random_bits(entropy: bytes) -> None:
    local = new_local_part(entropy)

    assert bytes.fromhex(local) == entropy
    assert is_auto_bcc(local)


@pytest.mark.rule("B1")
@pytest.mark.parametrize("local", ["ann", "a" * 31, "a" * 33, "g" * 32, ""])
def test_what_has_another_form_is_no_auto_bcc_address(local: str) -> None:
    assert not is_auto_bcc(local)


@pytest.mark.rule("B2")
@pytest.mark.parametrize("sender", [ANN, ANN_ALIAS])
def test_the_user_s_own_mail_is_logged_as_sent(sender: EmailAddress) -> None:
    verdict = judge(mail(sender, to=people(DANA)), OURS, FACTS, SETTINGS)

    assert verdict == Logged("B3", Direction.OUTBOUND, Conversation(None, OLDER.contact_id), (), track=True)


@pytest.mark.rule("B2")
@pytest.mark.rule("B6")
def test_a_colleague_may_not_log_for_the_user() -> None:
    assert judge(mail(BOB, to=people(DANA)), OURS, FACTS, SETTINGS) == Refused(RefusalReason.UNKNOWN_SENDER)


@pytest.mark.rule("B2")
def test_a_reply_goes_on_with_its_conversation() -> None:
    facts = replace(FACTS, threads_by_reference={"first@x": THREAD})
    joined = judge(mail(to=people(DANA), in_reply_to="first@x"), OURS, facts, SETTINGS)
    other = judge(mail(to=people(ELI), in_reply_to="first@x"), OURS, facts, SETTINGS)

    assert isinstance(joined, Logged) and isinstance(other, Logged)
    assert joined.with_whom == Conversation(THREAD.thread_id, OLDER.contact_id)
    assert other.with_whom == Conversation(None, YOUNGER.contact_id)


@pytest.mark.rule("B3")
@pytest.mark.parametrize(
    ("to", "cc", "expected"),
    [
        ([ELI, DANA], [], Conversation(None, OLDER.contact_id)),
        ([ELI], [DANA], Conversation(None, YOUNGER.contact_id)),
        ([NEW], [DANA], Conversation(None, OLDER.contact_id)),
        ([BOB, NEW], [], NewContact(NEW, None)),
        ([OURS, NEW], [], NewContact(NEW, None)),
    ],
    ids=["first created in To", "To before Cc", "Cc before a new one", "colleagues aside", "ourselves aside"],
)
def test_whom_it_is_with(to: list[EmailAddress], cc: list[EmailAddress], expected: object) -> None:
    verdict = judge(mail(to=people(*to), cc=people(*cc)), OURS, FACTS, SETTINGS)

    assert isinstance(verdict, Logged)
    assert verdict.with_whom == expected
    assert verdict.track


@pytest.mark.rule("B3")
def test_a_new_contact_has_the_name_that_the_mail_gives() -> None:
    verdict = judge(mail(to=(Correspondent(NEW, "Nia New"),)), OURS, FACTS, SETTINGS)

    assert isinstance(verdict, Logged)
    assert verdict.with_whom == NewContact(NEW, "Nia New")


@pytest.mark.rule("B3")
@pytest.mark.parametrize("more", [{}, {"to": people(BOB)}, {"cc": people(NEW)}, {"bcc": people(DANA)}])
def test_without_somebody_outside_in_to_nothing_is_logged(more: dict[str, Any]) -> None:
    assert judge(mail(**more), OURS, FACTS, SETTINGS) == Refused(RefusalReason.NOBODY_OUTSIDE)


@pytest.mark.rule("D4")
def test_what_is_logged_is_logged_once() -> None:
    facts = replace(FACTS, logged=KNOWN)

    assert judge(mail(to=people(DANA)), OURS, facts, SETTINGS) == AlreadyLogged(KNOWN, track=True)


ANSWERED = replace(
    FACTS,
    threads_by_reference={"first@x": THREAD},
    participants={THREAD.thread_id: frozenset({ANN, DANA, NEW})},
)


@pytest.mark.rule("B5")
@pytest.mark.parametrize("sender", [DANA, NEW])
@pytest.mark.parametrize("place", ["to", "cc"])
def test_a_participant_who_answers_everybody_is_logged_as_received(sender: EmailAddress, place: str) -> None:
    envelope = mail(sender, references=("first@x",), **{place: people(ANN, OURS)})
    verdict = judge(envelope, OURS, ANSWERED, SETTINGS)

    expected = Conversation(THREAD.thread_id, OLDER.contact_id)
    assert verdict == Logged("B5", Direction.INBOUND, expected, (), track=False)


@pytest.mark.rule("B5")
@pytest.mark.rule("B6")
@pytest.mark.parametrize(
    "envelope",
    [
        mail(ELI, cc=people(OURS), references=("first@x",)),
        mail(DANA, cc=people(OURS), references=("unknown@x",)),
        mail(DANA, cc=people(OURS)),
        mail(DANA, to=people(ANN), references=("first@x",)),
        mail(DANA, bcc=people(OURS), references=("first@x",)),
    ],
    ids=["a stranger", "another conversation", "no answer", "not to the address", "only in Bcc"],
)
def test_anything_else_is_refused(envelope: Envelope) -> None:
    verdict = judge(envelope, OURS, ANSWERED, SETTINGS)

    assert verdict == Refused(RefusalReason.UNKNOWN_SENDER)
    assert isinstance(verdict, Refused) and verdict.reply.startswith("550 ")


@pytest.mark.rule("D6")
def test_who_is_blocked_is_never_logged() -> None:
    settings = replace(SETTINGS, blocklist=blocklist(["okafor.test"]))

    assert judge(mail(to=people(DANA)), OURS, FACTS, settings) == Refused(RefusalReason.BLOCKED)
    assert isinstance(judge(mail(to=people(DANA, ELI)), OURS, FACTS, settings), Logged)


@pytest.mark.rule("D8")
def test_attachments_over_the_limit_are_refused_or_stubs() -> None:
    envelope = mail(to=people(DANA), attachments=(AttachmentOutline("a.pdf", "application/pdf", 101),))
    small = replace(SETTINGS, attachment_limit_bytes=100)
    kept = judge(envelope, OURS, FACTS, replace(small, oversize=OversizePolicy.KEEP_WITHOUT_ATTACHMENT))

    assert judge(envelope, OURS, FACTS, small) == Refused(RefusalReason.ATTACHMENT_TOO_LARGE)
    assert isinstance(kept, Logged) and kept.attachments == (AttachmentState.TOO_LARGE,)


@pytest.mark.rule("R37")
@pytest.mark.parametrize(
    "block",
    [
        b"From: a@x.test\r\nFrom: b@y.test",
        b"From: a@x.test\r\nFROM : b@y.test",
        b"From: a@x.test, b@y.test",
        b"From: a@x)b@y",
        b"From: a@x.test (b@y.test) c@z.test",
        b"From:",
        b"Subject: none",
        b"From: a@x.test\r\n" + b"X: y\r\n" * 1_000,
    ],
)
def test_a_mail_without_one_clear_author_has_none(block: bytes) -> None:
    assert only_sender(fields_of(block)) is None


@pytest.mark.rule("R37")
def test_one_author_is_read() -> None:
    assert only_sender(fields_of(b'From: "ceo@bank.test" <ann@example-co.test>')) == Correspondent(
        ANN, "ceo@bank.test"
    )
