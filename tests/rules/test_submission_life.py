"""The life of a sending: every transition of the table, every outcome a provider can give."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rules.errors import (
    CursorExpired,
    Gone,
    NeedsReconnect,
    OperatorMustAct,
    OurBug,
    OutcomeUnknown,
    ProviderTrouble,
    RefusalKind,
    Refused,
    Retryable,
    Scope,
)
from rules.send_errors import REFUSALS, SendError
from rules.submission_life import (
    ATTEMPT_LIMIT,
    GIVE_UP_AFTER,
    OPERATOR_PAUSE,
    RECONCILE_AFTER,
    SETTLE,
    TRANSITIONS,
    Attempt,
    Finding,
    ForbiddenMove,
    Happening,
    Stage,
    Verdict,
    begin,
    judge,
    may,
    may_be_retried,
    move,
    reconcile,
    stage_of,
    uncertain,
)
from rules.words import DeliveryState

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def attempt(stage: Stage, attempts: int = 0, **changes: object) -> Attempt:
    return Attempt(stage, attempts, NOW, **changes)  # type: ignore[arg-type]  # the fields differ in type


@pytest.mark.rule("S10")
def test_the_way_of_a_sending_through_a_mailbox() -> None:
    stage = Stage.QUEUED
    for happening in (
        Happening.DRAFT_BEGUN,
        Happening.DRAFT_STORED,
        Happening.SEND_BEGUN,
        Happening.ACCEPTED,
    ):
        stage = move(stage, happening)

    assert stage is Stage.SENT


@pytest.mark.rule("R51")
@pytest.mark.parametrize("stage", Stage)
def test_only_what_has_not_begun_to_leave_can_be_cancelled(stage: Stage) -> None:
    safe = {Stage.SCHEDULED, Stage.HELD, Stage.QUEUED, Stage.DRAFTED}

    assert may(stage, Happening.CANCEL) is (stage in safe)


@pytest.mark.rule("S10")
@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("happening", Happening)
def test_every_move_is_in_the_table_or_refused(stage: Stage, happening: Happening) -> None:
    if happening in TRANSITIONS[stage]:
        assert move(stage, happening) is TRANSITIONS[stage][happening]
        return
    with pytest.raises(ForbiddenMove) as refused:
        move(stage, happening)
    assert (refused.value.stage, refused.value.happening) == (stage, happening)


@pytest.mark.rule("S10")
def test_nothing_that_may_have_left_is_sent_again_by_itself() -> None:
    """From UNCERTAIN only a person's RETRY leads to a new draft."""
    ways = {
        happening: stage for happening, stage in TRANSITIONS[Stage.UNCERTAIN].items() if stage is Stage.QUEUED
    }

    assert ways == {Happening.RETRY: Stage.QUEUED}
    assert TRANSITIONS[Stage.CANCELLED] == {}
    assert set(TRANSITIONS[Stage.SENT].values()) == {Stage.SENT}


@pytest.mark.parametrize("stage", Stage)
def test_a_row_s_state_and_step_give_the_stage_back(stage: Stage) -> None:
    assert stage_of(stage.state, stage.step) is stage


def test_a_refused_row_may_have_kept_any_step() -> None:
    assert stage_of(DeliveryState.REFUSED, "drafted") is Stage.REFUSED
    with pytest.raises(ValueError, match="no sending is SENT at step 'drafting'"):
        stage_of(DeliveryState.SENT, "drafting")


@pytest.mark.parametrize(
    ("send_at", "undo", "stage", "due_at", "undo_until"),
    [
        (None, timedelta(), Stage.QUEUED, NOW, None),
        (None, timedelta(seconds=10), Stage.HELD, NOW + timedelta(seconds=10), NOW + timedelta(seconds=10)),
        (None, timedelta(hours=1), Stage.HELD, NOW + timedelta(seconds=60), NOW + timedelta(seconds=60)),
        (None, timedelta(seconds=-1), Stage.QUEUED, NOW, None),
        (LATER, timedelta(seconds=10), Stage.SCHEDULED, LATER, None),
        (NOW, timedelta(), Stage.QUEUED, NOW, None),
        (NOW - timedelta(days=1), timedelta(), Stage.QUEUED, NOW, None),
    ],
)
def test_a_sending_begins_scheduled_held_or_queued(
    send_at: datetime | None, undo: timedelta, stage: Stage, due_at: datetime, undo_until: datetime | None
) -> None:
    beginning = begin(NOW, send_at=send_at, undo=undo)

    assert (beginning.stage, beginning.due_at, beginning.undo_until) == (stage, due_at, undo_until)


@pytest.mark.rule("S10")
@pytest.mark.parametrize(
    ("stage", "trouble", "next_stage", "code"),
    [
        (Stage.DRAFTING, Retryable("slow down"), Stage.QUEUED, SendError.WAITING),
        (Stage.DRAFTING, OutcomeUnknown("cut"), Stage.QUEUED, SendError.WAITING),
        (Stage.DRAFTING, Gone("gone"), Stage.QUEUED, SendError.WAITING),
        (Stage.DRAFTED, Retryable("slow down"), Stage.DRAFTED, SendError.WAITING),
        (Stage.SENDING, Retryable("slow down"), Stage.DRAFTED, SendError.WAITING),
        (Stage.SENDING, OutcomeUnknown("cut"), Stage.UNCERTAIN, SendError.WAITING),
        (Stage.SENDING, Gone("no such draft"), Stage.UNCERTAIN, SendError.WAITING),
        (Stage.SENDING, OperatorMustAct("client id"), Stage.DRAFTED, SendError.SET_UP_WRONGLY),
        (Stage.SENDING, OurBug("malformed"), Stage.REFUSED, SendError.OUR_FAULT),
        (Stage.SENDING, CursorExpired("?"), Stage.REFUSED, SendError.OUR_FAULT),
        (Stage.SENDING, Refused("bad", RefusalKind.BAD_THREAD), Stage.REFUSED, SendError.REFUSED),
        (Stage.UNCERTAIN, Retryable("slow down"), Stage.UNCERTAIN, SendError.WAITING),
    ],
)
def test_an_outcome_leads_to_its_stage(
    stage: Stage, trouble: ProviderTrouble, next_stage: Stage, code: SendError
) -> None:
    verdict = judge(attempt(stage), trouble, NOW, dice=0.5)

    assert (verdict.stage, verdict.code, verdict.counts) == (next_stage, code, True)
    assert verdict.error is not None
    assert (verdict.due_at is None) is (next_stage is Stage.REFUSED)


@pytest.mark.rule("S10")
@pytest.mark.parametrize("kind", RefusalKind)
def test_a_refusal_says_what_to_do(kind: RefusalKind) -> None:
    verdict = judge(attempt(Stage.SENDING), Refused("no", kind), NOW, 0.0)

    assert verdict == Verdict(Stage.REFUSED, None, *REFUSALS[kind], counts=True)
    assert "Nothing was sent" in REFUSALS[kind][1]


@pytest.mark.rule("S9")
@pytest.mark.parametrize("stage", [Stage.DRAFTING, Stage.DRAFTED, Stage.SENDING])
def test_a_mailbox_that_must_be_reconnected_keeps_the_mail_for_a_retry(stage: Stage) -> None:
    verdict = judge(attempt(stage), NeedsReconnect("withdrawn"), NOW, 0.0)

    assert (verdict.stage, verdict.code) == (Stage.REFUSED, SendError.REAUTHENTICATE)
    assert may_be_retried(verdict.stage, verdict.due_at)
    assert move(verdict.stage, Happening.RETRY) is Stage.QUEUED


@pytest.mark.rule("S7")
@pytest.mark.rule("R51")
def test_the_provider_s_daily_limit_defers_without_counting() -> None:
    trouble = Retryable("limit", at=LATER, concerns=Scope.SENDING)
    verdict = judge(attempt(Stage.SENDING, ATTEMPT_LIMIT + 1), trouble, NOW, 0.0)

    assert (verdict.stage, verdict.due_at, verdict.code, verdict.counts) == (
        Stage.DRAFTED,
        LATER,
        SendError.DAILY_LIMIT_REACHED,
        False,
    )
    past = judge(
        attempt(Stage.SENDING), Retryable("x", at=NOW - GIVE_UP_AFTER, concerns=Scope.SENDING), NOW, 0.0
    )
    assert past.due_at == NOW


@pytest.mark.rule("R61")
def test_no_attempt_is_made_before_the_provider_s_time() -> None:
    verdict = judge(attempt(Stage.SENDING), Retryable("wait", at=LATER), NOW, 0.0)

    assert verdict.due_at == LATER
    assert judge(attempt(Stage.DRAFTED), OperatorMustAct("x"), NOW, 0.0).due_at == NOW + OPERATOR_PAUSE


def test_a_thread_that_the_provider_refuses_is_left_out_of_the_next_draft() -> None:
    verdict = judge(attempt(Stage.DRAFTING), Refused("thread", RefusalKind.BAD_THREAD), NOW, 0.0)

    assert (verdict.stage, verdict.due_at, verdict.without_thread) == (Stage.QUEUED, NOW, True)


@pytest.mark.parametrize(
    ("attempts", "waited"), [(ATTEMPT_LIMIT - 1, timedelta()), (0, GIVE_UP_AFTER), (3, GIVE_UP_AFTER * 2)]
)
def test_what_never_left_is_given_up_on_after_a_day(attempts: int, waited: timedelta) -> None:
    verdict = judge(attempt(Stage.DRAFTING, attempts), Retryable("busy"), NOW + waited, 0.0)

    assert (verdict.stage, verdict.code, verdict.due_at) == (Stage.REFUSED, SendError.GAVE_UP, None)


def test_a_sender_without_drafts_is_tried_again_from_the_queue() -> None:
    verdict = judge(attempt(Stage.SENDING, drafted=False), Retryable("busy"), NOW, 0.0)

    assert verdict.stage is Stage.QUEUED


@pytest.mark.rule("R50")
def test_an_uncertain_sending_is_looked_for_after_the_settle_time_ten_minutes_an_hour_and_a_day() -> None:
    first = uncertain(Stage.SENDING, NOW)
    looks = [first.due_at]
    while looks[-1] is not None:
        verdict = reconcile(Stage.UNCERTAIN, Finding.NEITHER, NOW, looks[-1])
        looks.append(verdict.due_at)

    assert looks[:-1] == [NOW + after for after in RECONCILE_AFTER]
    assert (verdict.stage, verdict.code) == (Stage.UNCERTAIN, SendError.NOT_PROVED)
    assert may_be_retried(verdict.stage, verdict.due_at)
    assert not may_be_retried(first.stage, first.due_at)
    assert not may_be_retried(Stage.SENT, None)


@pytest.mark.rule("R50")
@pytest.mark.parametrize(
    ("finding", "after", "stage"),
    [
        (Finding.IN_SENT, timedelta(), Stage.SENT),
        (Finding.DRAFT_STILL_THERE, SETTLE, Stage.DRAFTED),
        (Finding.DRAFT_STILL_THERE, SETTLE - timedelta(microseconds=1), Stage.UNCERTAIN),
        (Finding.NEITHER, timedelta(), Stage.UNCERTAIN),
    ],
)
@pytest.mark.parametrize("begun", [Stage.SENDING, Stage.UNCERTAIN])
def test_what_a_look_shows_decides(finding: Finding, after: timedelta, stage: Stage, begun: Stage) -> None:
    assert reconcile(begun, finding, NOW, NOW + after).stage is stage


def test_a_draft_seen_too_early_is_looked_at_again_when_it_proves_something() -> None:
    assert reconcile(Stage.SENDING, Finding.DRAFT_STILL_THERE, NOW, NOW).due_at == NOW + SETTLE


troubles = st.sampled_from(
    [
        Retryable("busy"),
        Retryable("limit", LATER, Scope.SENDING),
        OutcomeUnknown("cut"),
        Gone("gone"),
        Refused("no"),
        Refused("thread", RefusalKind.BAD_THREAD),
        NeedsReconnect("withdrawn"),
        OperatorMustAct("id"),
        OurBug("bug"),
    ]
)


@pytest.mark.rule("R50")
@given(
    troubles, st.integers(0, 100), st.floats(0, 1, exclude_max=True), st.timedeltas(timedelta(), timedelta(3))
)
def test_an_unknown_outcome_never_leads_back_to_sending(
    trouble: ProviderTrouble, attempts: int, dice: float, waited: timedelta
) -> None:
    verdict = judge(attempt(Stage.SENDING, attempts), trouble, NOW + waited, dice)

    if isinstance(trouble, OutcomeUnknown | Gone):
        assert verdict.stage is Stage.UNCERTAIN
    assert verdict.due_at is None or verdict.due_at >= NOW + waited


class SendingMachine(RuleBasedStateMachine):
    """A provider with a draft and a Sent folder, a worker that crashes anywhere: never two mails."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage.QUEUED
        self.draft = False
        self.mails = 0
        self.now = NOW
        self.since = NOW

    def follow(self, verdict: Verdict) -> None:
        self.stage = verdict.stage
        self.now = max(self.now, verdict.due_at or self.now)

    @precondition(lambda self: self.stage is Stage.QUEUED)
    @rule(crash=st.booleans())
    def makes_a_draft(self, crash: bool) -> None:
        self.stage = move(self.stage, Happening.DRAFT_BEGUN)
        self.draft = True
        if crash:
            self.follow(judge(attempt(self.stage), OutcomeUnknown("crash"), self.now, 0.0))
        else:
            self.stage = move(self.stage, Happening.DRAFT_STORED)

    @precondition(lambda self: self.stage is Stage.DRAFTED)
    @rule(left=st.booleans(), trouble=troubles | st.none())
    def sends_the_draft(self, left: bool, trouble: ProviderTrouble | None) -> None:
        self.stage = move(self.stage, Happening.SEND_BEGUN)
        self.since = self.now
        consumed = self.draft and (trouble is None or (left and isinstance(trouble, OutcomeUnknown)))
        if not self.draft:
            trouble = Gone("no such draft")
        if consumed:
            self.draft = False
            self.mails += 1
        if trouble is None:
            self.stage = move(self.stage, Happening.ACCEPTED)
        else:
            self.follow(judge(attempt(self.stage), trouble, self.now, 0.0))

    @precondition(lambda self: self.stage in (Stage.UNCERTAIN, Stage.SENDING))
    @rule()
    def looks(self) -> None:
        finding = (
            Finding.DRAFT_STILL_THERE if self.draft else Finding.IN_SENT if self.mails else Finding.NEITHER
        )
        self.follow(reconcile(self.stage, finding, self.since, self.now + timedelta(minutes=1)))
        self.now += timedelta(minutes=1)

    @precondition(lambda self: self.stage is Stage.REFUSED)
    @rule()
    def its_author_sends_it_again(self) -> None:
        self.stage = move(self.stage, Happening.RETRY)

    @rule()
    def the_feed_brings_what_lies_in_sent(self) -> None:
        """The provider's change feed may be faster than the answer to the send request."""
        if self.mails and may(self.stage, Happening.FOUND_IN_SENT):
            self.stage = move(self.stage, Happening.FOUND_IN_SENT)

    @invariant()
    def never_two_mails(self) -> None:
        assert self.mails <= 1
        assert self.stage is not Stage.SENT or self.mails == 1


@pytest.mark.rule("S10")
def test_no_order_of_crashes_and_outcomes_makes_a_second_mail() -> None:
    run_state_machine_as_test(SendingMachine, settings=settings(max_examples=200, deadline=None))
