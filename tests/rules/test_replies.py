"""Mail for a conversation's own address: who is believed, who is kept and marked, who is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from rules.authentication import Belief, DmarcModes, dmarc_modes
from rules.blocklist import blocklist
from rules.conversation import KnownThread
from rules.decision import LoggedMessage
from rules.envelope import AttachmentOutline, Correspondent, Envelope
from rules.replies import (
    REPLIES,
    AlreadyKept,
    KeptReply,
    RefusedReply,
    ReplyFacts,
    ReplyRefusal,
    ReplySettings,
    judge_reply,
)
from rules.words import (
    AttachmentState,
    ContactId,
    Direction,
    EmailAddress,
    MessageId,
    OversizePolicy,
    ThreadId,
    UserId,
)

NOW = datetime(2026, 11, 28, tzinfo=UTC)
DANA, OTHER, ANN = (EmailAddress(one) for one in ("dana@okafor.test", "d@home.test", "ann@crm.test"))
ANN_ID = UserId(UUID(int=7))
THREAD = KnownThread(ThreadId(UUID(int=1)), ContactId(UUID(int=2)))
FACTS = ReplyFacts(thread=THREAD, taking_part=frozenset({DANA, ANN}), users={ANN: ANN_ID})


def mail(sender: EmailAddress = DANA, **more: Any) -> Envelope:
    return Envelope("", "", NOW, NOW, Correspondent(sender), internet_message_id="reply@x", **more)


@pytest.mark.rule("C1")
@pytest.mark.rule("C2")
@pytest.mark.rule("R37")
@pytest.mark.parametrize(
    ("sender", "belief", "outcome"),
    [
        (DANA, Belief.BELIEVED, (Direction.INBOUND, True, None)),
        (OTHER, Belief.BELIEVED, (Direction.INBOUND, True, None)),
        (ANN, Belief.BELIEVED, (Direction.OUTBOUND, True, ANN_ID)),
        (DANA, Belief.NOT_BELIEVED, (Direction.INBOUND, False, None)),
        (OTHER, Belief.NOT_BELIEVED, ReplyRefusal.NOT_AUTHENTICATED),
        (ANN, Belief.NOT_BELIEVED, ReplyRefusal.NOT_AUTHENTICATED),
        (DANA, Belief.DOMAIN_REFUSES, ReplyRefusal.DOMAIN_REFUSES),
        (OTHER, Belief.DOMAIN_REFUSES, ReplyRefusal.DOMAIN_REFUSES),
    ],
)
def test_who_is_believed(
    sender: EmailAddress, belief: Belief, outcome: tuple[Direction, bool, UserId | None] | ReplyRefusal
) -> None:
    verdict = judge_reply(mail(sender), belief, FACTS, ReplySettings())

    if isinstance(outcome, ReplyRefusal):
        assert verdict == RefusedReply(outcome)
    else:
        assert verdict == KeptReply(outcome[0], (), outcome[1], outcome[2])


@pytest.mark.rule("D4")
@pytest.mark.parametrize("belief", [Belief.BELIEVED, Belief.NOT_BELIEVED, Belief.DOMAIN_REFUSES])
def test_what_is_logged_already_is_done(belief: Belief) -> None:
    logged = LoggedMessage(MessageId(UUID(int=3)), THREAD, through_this_mailbox=False)

    assert judge_reply(mail(), belief, replace(FACTS, logged=logged), ReplySettings()) == AlreadyKept()


def test_mail_of_ours_is_a_loop_whoever_brings_it() -> None:
    for belief in (Belief.BELIEVED, Belief.NOT_BELIEVED):
        verdict = judge_reply(mail(marker="a-submission"), belief, FACTS, ReplySettings())
        assert verdict == RefusedReply(ReplyRefusal.LOOP)


def test_a_program_is_believed_at_a_return_path_alone() -> None:
    report = mail(EmailAddress("mailer-daemon@mx.test"), automatic=True)

    at_address = judge_reply(report, Belief.NOT_BELIEVED, FACTS, ReplySettings())
    at_return = judge_reply(report, Belief.NOT_BELIEVED, FACTS, ReplySettings(), reported=True)
    person = judge_reply(
        replace(report, automatic=False), Belief.NOT_BELIEVED, FACTS, ReplySettings(), reported=True
    )

    assert at_address == person == RefusedReply(ReplyRefusal.NOT_AUTHENTICATED)
    assert at_return == KeptReply(Direction.INBOUND, (), proved=False, author=None)


@pytest.mark.rule("D6")
def test_who_is_blocked_is_refused() -> None:
    settings = ReplySettings(blocklist=blocklist(["okafor.test"]))

    assert judge_reply(mail(), Belief.BELIEVED, FACTS, settings) == RefusedReply(ReplyRefusal.BLOCKED)


@pytest.mark.rule("D8")
def test_what_is_too_large_is_refused_or_kept_without_its_files() -> None:
    large = mail(attachments=(AttachmentOutline("plan.pdf", "application/pdf", 11),))
    skip = ReplySettings(attachment_limit_bytes=10)
    keep = replace(skip, oversize=OversizePolicy.KEEP_WITHOUT_ATTACHMENT)

    assert judge_reply(large, Belief.BELIEVED, FACTS, skip) == RefusedReply(ReplyRefusal.ATTACHMENT_TOO_LARGE)
    kept = judge_reply(large, Belief.BELIEVED, FACTS, keep)
    assert isinstance(kept, KeptReply) and kept.attachments == (AttachmentState.TOO_LARGE,)


def test_every_refusal_has_a_permanent_reply() -> None:
    assert set(REPLIES) == set(ReplyRefusal)
    assert all(reply.isascii() and reply.startswith("55") and len(reply) < 120 for reply in REPLIES.values())


@pytest.mark.rule("R37")
@pytest.mark.parametrize(
    ("record", "subdomain", "rejects"),
    [
        ("v=DMARC1; p=reject", False, True),
        ("v=DMARC1; p=REJECT; pct=100", False, True),
        ("v=DMARC1; p=reject; pct=20", False, False),
        ("v=DMARC1; p=quarantine", False, False),
        ("v=DMARC1; p=none; sp=reject", False, False),
        ("v=DMARC1; p=none; sp=reject", True, True),
        ("v=DMARC1; p=reject; sp=none", True, False),
        ("v=DMARC1; p=reject", True, True),
        ("v=DMARC1", False, False),
        ("v=spf1 -all", False, False),
    ],
)
def test_what_a_domain_asks_of_mail_it_did_not_prove(record: str, subdomain: bool, rejects: bool) -> None:
    assert dmarc_modes([record], subdomain=subdomain) == DmarcModes(rejects=rejects)
