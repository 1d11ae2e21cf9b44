"""The life of a connection: L1 to L9."""

import pytest

from rules.errors import ReconnectReason
from rules.mailbox_life import (
    TRANSITIONS,
    ConsentRefusal,
    Duty,
    ForbiddenMailboxMove,
    MailboxHappening,
    Move,
    judge_consent,
    may,
    missing_permissions,
    move,
    status_reason,
)
from rules.words import AuthorizationPurpose, MailboxStatus

LIVE = (MailboxStatus.CONNECTED, MailboxStatus.REAUTHENTICATE)
ENDED = (MailboxStatus.FAILED, MailboxStatus.REPLACED, MailboxStatus.DISCONNECTED)


@pytest.mark.rule("L1")
@pytest.mark.rule("L2")
def test_a_complete_consent_connects_from_now_on() -> None:
    connected = move(MailboxStatus.AUTHORIZING, MailboxHappening.CONSENT_COMPLETE)

    assert connected.status is MailboxStatus.CONNECTED
    assert connected.duties == {Duty.SET_CURSOR_TO_NOW, Duty.REGISTER_PUSH}
    failed = move(MailboxStatus.AUTHORIZING, MailboxHappening.CONSENT_FAILED)
    assert (failed.status, failed.duties) == (MailboxStatus.FAILED, frozenset())


@pytest.mark.rule("L4")
@pytest.mark.rule("L5")
@pytest.mark.parametrize("status", LIVE)
@pytest.mark.parametrize(
    ("happening", "end"),
    [
        (MailboxHappening.DISCONNECT, MailboxStatus.DISCONNECTED),
        (MailboxHappening.REPLACED_BY_ANOTHER, MailboxStatus.REPLACED),
    ],
)
def test_an_end_ends_links_push_tokens_and_jobs(
    status: MailboxStatus, happening: MailboxHappening, end: MailboxStatus
) -> None:
    ended = move(status, happening)

    assert ended.status is end
    assert ended.duties == {Duty.END_LINKS, Duty.RELEASE_AT_PROVIDER, Duty.VOID_JOBS}


@pytest.mark.rule("L4")
@pytest.mark.parametrize("status", LIVE)
def test_an_update_that_fails_leaves_the_old_connection_untouched(status: MailboxStatus) -> None:
    kept = move(status, MailboxHappening.CONSENT_FAILED)

    assert (kept.status, kept.duties) == (status, frozenset())


@pytest.mark.rule("L6")
@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("happening", MailboxHappening)
def test_an_ended_connection_never_lives_again(status: MailboxStatus, happening: MailboxHappening) -> None:
    assert not may(status, happening)
    with pytest.raises(ForbiddenMailboxMove, match=f"a mailbox that is {status} cannot meet {happening}"):
        move(status, happening)


@pytest.mark.rule("L7")
def test_lost_access_prompts_the_user_and_goes_on_from_the_old_cursor() -> None:
    lost = move(MailboxStatus.CONNECTED, MailboxHappening.ACCESS_LOST)
    back = move(lost.status, MailboxHappening.CONSENT_COMPLETE)

    assert lost == Move(MailboxStatus.REAUTHENTICATE, frozenset({Duty.PROMPT_USER}))
    assert back.duties == {Duty.GO_ON_FROM_CURSOR, Duty.REGISTER_PUSH}
    assert move(lost.status, MailboxHappening.ACCESS_LOST).duties == frozenset()


@pytest.mark.rule("R15")
def test_no_happening_but_a_confirmed_loss_asks_for_a_new_consent() -> None:
    leading = {
        happening
        for status, moves in TRANSITIONS.items()
        for happening, change in moves.items()
        if change.status is MailboxStatus.REAUTHENTICATE and status is not MailboxStatus.REAUTHENTICATE
    }

    assert leading == {MailboxHappening.ACCESS_LOST}


@pytest.mark.rule("L7")
@pytest.mark.parametrize("reason", ReconnectReason)
def test_every_reason_says_what_to_do(reason: ReconnectReason) -> None:
    sentence = status_reason(reason)

    assert sentence.endswith(".")
    assert "onnect" in sentence


@pytest.mark.rule("L1")
def test_missing_permissions_are_named_in_the_user_s_words() -> None:
    required = {"gmail.modify": "read and file mail", "gmail.send": "send mail", "openid": "see who you are"}
    implied = {"gmail.modify": ["mail.google.com"], "gmail.send": ["gmail.modify", "mail.google.com"]}

    assert missing_permissions(["gmail.modify", "openid"], required, implied) == ()
    assert missing_permissions(["mail.google.com"], required, implied) == ("see who you are",)
    assert missing_permissions(["openid"], required, implied) == ("read and file mail", "send mail")


@pytest.mark.rule("L1")
@pytest.mark.rule("L8")
@pytest.mark.rule("L9")
@pytest.mark.rule("R10")
@pytest.mark.parametrize(
    ("purpose", "expected", "taken", "missing", "refusal"),
    [
        (AuthorizationPurpose.CONNECT, None, False, (), None),
        (AuthorizationPurpose.CONNECT, None, True, (), ConsentRefusal.TAKEN),
        (AuthorizationPurpose.CONNECT, None, True, ("send mail",), ConsentRefusal.MISSING_PERMISSION),
        (AuthorizationPurpose.REAUTHENTICATE, "google|1", False, (), None),
        (AuthorizationPurpose.REAUTHENTICATE, "google|2", False, (), ConsentRefusal.DIFFERENT_ACCOUNT),
        (AuthorizationPurpose.UPDATE, "google|2", False, (), None),
        (AuthorizationPurpose.UPDATE, "google|1", False, (), ConsentRefusal.SAME_ACCOUNT),
        (AuthorizationPurpose.UPDATE, "google|2", True, (), ConsentRefusal.TAKEN),
    ],
)
def test_a_consent_connects_or_says_why_not(
    purpose: AuthorizationPurpose,
    expected: str | None,
    taken: bool,
    missing: tuple[str, ...],
    refusal: ConsentRefusal | None,
) -> None:
    verdict = judge_consent(
        purpose, account="google|1", expected_account=expected, taken=taken, missing=missing
    )

    assert (verdict.refusal, verdict.missing) == (refusal, missing)
    assert (verdict.sentence is None) is (refusal is None)
    assert all(name in (verdict.sentence or "") for name in missing)
