"""The life of one sending, from accepted to sent: which stage may follow which, and what each outcome means.

    SCHEDULED ─┐                      ┌─ (clear "later") ─┐
    HELD ──────┼─> QUEUED ─> DRAFTING ─> DRAFTED ─> SENDING ─> SENT
               │                                      └─> UNCERTAIN ─> SENT, or DRAFTED again
               └─> CANCELLED            REFUSED from any of them; a retry goes back to QUEUED

The law: a stage changes only by `move`; a request that may have taken effect is never repeated before the
provider's own state proves that it did not. The draft is the compare-and-swap token: sending it a second time
is refused by the provider, so a repeated step cannot make a second mail.
Pure: `now`, ids and dice are arguments. Attempts, errors and times are the caller's row.
Source: security, "Exactly-once effect on top" and R47 to R51; sync-rules S6 to S10.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

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
from rules.pacing import backoff
from rules.send_errors import (
    DAILY_LIMIT_SENTENCE,
    GAVE_UP_SENTENCE,
    NOT_PROVED_SENTENCE,
    OPERATOR_SENTENCE,
    OUR_FAULT_SENTENCE,
    REAUTHENTICATE_SENTENCE,
    REFUSALS,
    SENDER_UNCERTAIN_SENTENCE,
    UNCERTAIN_SENTENCE,
    WAITING_SENTENCE,
    SendError,
)
from rules.words import DeliveryState

SETTLE: Final = timedelta(seconds=30)
"""How long a provider may take to show what a lost request did; no look before it counts as proof."""
RECONCILE_AFTER: Final = (
    timedelta(seconds=30),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=24),
)
"""When an uncertain sending is looked for, counted from when it became uncertain."""
GIVE_UP_AFTER: Final = timedelta(hours=24)
"""How long a sending that never left is tried, counted from its first attempt."""
OPERATOR_PAUSE: Final = timedelta(minutes=15)
ATTEMPT_LIMIT: Final = 50
UNDO_LIMIT: Final = timedelta(seconds=60)


class Stage(StrEnum):
    """Where a sending stands; finer than DeliveryState by the steps of the draft protocol."""

    SCHEDULED = "SCHEDULED"
    HELD = "HELD"
    QUEUED = "QUEUED"
    DRAFTING = "DRAFTING"
    DRAFTED = "DRAFTED"
    SENDING = "SENDING"
    UNCERTAIN = "UNCERTAIN"
    SENT = "SENT"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"

    @property
    def state(self) -> DeliveryState:
        """What the API shows."""
        return _STORED[self][0]

    @property
    def step(self) -> str:
        """What a submission's row keeps beside the state."""
        return _STORED[self][1]


_STORED: Final[Mapping[Stage, tuple[DeliveryState, str]]] = {
    Stage.SCHEDULED: (DeliveryState.SCHEDULED, ""),
    Stage.HELD: (DeliveryState.HELD, ""),
    Stage.QUEUED: (DeliveryState.QUEUED, ""),
    Stage.DRAFTING: (DeliveryState.SENDING, "drafting"),
    Stage.DRAFTED: (DeliveryState.SENDING, "drafted"),
    Stage.SENDING: (DeliveryState.SENDING, "sending"),
    Stage.UNCERTAIN: (DeliveryState.UNCERTAIN, "sending"),
    Stage.SENT: (DeliveryState.SENT, "sent"),
    Stage.REFUSED: (DeliveryState.REFUSED, ""),
    Stage.CANCELLED: (DeliveryState.CANCELLED, ""),
}
_BY_STORED: Final = {stored: stage for stage, stored in _STORED.items()}


class Happening(StrEnum):
    """What can happen to a sending."""

    FELL_DUE = "FELL_DUE"
    CANCEL = "CANCEL"
    DRAFT_BEGUN = "DRAFT_BEGUN"
    DRAFT_STORED = "DRAFT_STORED"
    SEND_BEGUN = "SEND_BEGUN"
    ACCEPTED = "ACCEPTED"
    FOUND_IN_SENT = "FOUND_IN_SENT"
    DRAFT_STILL_THERE = "DRAFT_STILL_THERE"
    TRY_LATER = "TRY_LATER"
    TRY_LATER_UNDRAFTED = "TRY_LATER_UNDRAFTED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    NOT_FOUND_YET = "NOT_FOUND_YET"
    REFUSE = "REFUSE"
    RETRY = "RETRY"


TRANSITIONS: Final[Mapping[Stage, Mapping[Happening, Stage]]] = {
    Stage.SCHEDULED: {Happening.FELL_DUE: Stage.QUEUED, Happening.CANCEL: Stage.CANCELLED},
    Stage.HELD: {Happening.FELL_DUE: Stage.QUEUED, Happening.CANCEL: Stage.CANCELLED},
    Stage.QUEUED: {
        Happening.DRAFT_BEGUN: Stage.DRAFTING,
        # A sender without drafts (SMTP) goes straight to the step that may take effect.
        Happening.SEND_BEGUN: Stage.SENDING,
        Happening.CANCEL: Stage.CANCELLED,
        Happening.TRY_LATER: Stage.QUEUED,
        Happening.REFUSE: Stage.REFUSED,
        Happening.FOUND_IN_SENT: Stage.SENT,
    },
    Stage.DRAFTING: {
        Happening.DRAFT_STORED: Stage.DRAFTED,
        Happening.TRY_LATER: Stage.QUEUED,
        # A draft that nobody knows of is untidy, never a second mail.
        Happening.OUTCOME_UNKNOWN: Stage.QUEUED,
        Happening.REFUSE: Stage.REFUSED,
        Happening.FOUND_IN_SENT: Stage.SENT,
    },
    Stage.DRAFTED: {
        Happening.SEND_BEGUN: Stage.SENDING,
        Happening.TRY_LATER: Stage.DRAFTED,
        Happening.REFUSE: Stage.REFUSED,
        Happening.FOUND_IN_SENT: Stage.SENT,
        # It may be parked for hours; until SENDING is committed nothing can have left.
        Happening.CANCEL: Stage.CANCELLED,
    },
    Stage.SENDING: {
        Happening.ACCEPTED: Stage.SENT,
        Happening.FOUND_IN_SENT: Stage.SENT,
        Happening.DRAFT_STILL_THERE: Stage.DRAFTED,
        Happening.TRY_LATER: Stage.DRAFTED,
        Happening.TRY_LATER_UNDRAFTED: Stage.QUEUED,
        Happening.OUTCOME_UNKNOWN: Stage.UNCERTAIN,
        Happening.NOT_FOUND_YET: Stage.UNCERTAIN,
        Happening.REFUSE: Stage.REFUSED,
    },
    Stage.UNCERTAIN: {
        Happening.FOUND_IN_SENT: Stage.SENT,
        Happening.DRAFT_STILL_THERE: Stage.DRAFTED,
        Happening.NOT_FOUND_YET: Stage.UNCERTAIN,
        Happening.TRY_LATER: Stage.UNCERTAIN,
        # Only a person may decide that what cannot be proved is to be sent again.
        Happening.RETRY: Stage.QUEUED,
    },
    # The user may have sent the kept draft by hand: what lies in Sent was sent.
    Stage.REFUSED: {Happening.RETRY: Stage.QUEUED, Happening.FOUND_IN_SENT: Stage.SENT},
    Stage.SENT: {Happening.FOUND_IN_SENT: Stage.SENT},
    Stage.CANCELLED: {},
}


class ForbiddenMove(Exception):
    """A stage was to change in a way that its life does not know; nothing may be done then."""

    def __init__(self, stage: Stage, happening: Happening) -> None:
        super().__init__(f"a sending that is {stage} cannot meet {happening}")
        self.stage = stage
        self.happening = happening


def stage_of(state: DeliveryState, step: str) -> Stage:
    """Return the stage that a row's state and step mean.

    Raises:
        ValueError: the two do not belong together.
    """
    if state in (DeliveryState.REFUSED, DeliveryState.CANCELLED):
        return Stage(state)
    try:
        return _BY_STORED[(state, step)]
    except KeyError:
        raise ValueError(f"no sending is {state} at step {step!r}") from None


def may(stage: Stage, happening: Happening) -> bool:
    """Whether something can happen to a sending at this stage."""
    return happening in TRANSITIONS[stage]


def move(stage: Stage, happening: Happening) -> Stage:
    """Return the next stage. Raises: ForbiddenMove."""
    try:
        return TRANSITIONS[stage][happening]
    except KeyError:
        raise ForbiddenMove(stage, happening) from None


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a new sending starts, and when its job falls due."""

    stage: Stage
    due_at: datetime
    undo_until: datetime | None


def begin(now: datetime, *, send_at: datetime | None, undo: timedelta) -> Beginning:
    """Return the first stage of a sending that was just accepted.

    `undo` is cut to UNDO_LIMIT; a scheduled sending can be cancelled until it falls due, and needs none.
    """
    if send_at is not None and send_at > now:
        return Beginning(Stage.SCHEDULED, send_at, None)
    held = min(max(undo, timedelta()), UNDO_LIMIT)
    if held:
        return Beginning(Stage.HELD, now + held, now + held)
    return Beginning(Stage.QUEUED, now, None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an outcome means: the next stage, when to go on (None: not by itself), what the user is told."""

    stage: Stage
    due_at: datetime | None = None
    code: SendError | None = None
    error: str | None = None
    counts: bool = False
    """It was an attempt that failed; waiting because the provider said until when is none."""
    without_thread: bool = False
    """The provider refused the thread: the draft is made again without it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a judgement needs to know of a sending: its stage, how often it was tried, since when."""

    stage: Stage
    attempts: int
    first_tried_at: datetime
    """When the sending first fell due."""
    drafted: bool = True
    """The sender keeps drafts; the workspace sender (SMTP) does not."""

    @property
    def waiting(self) -> Stage:
        """The stage from which the attempt is made again."""
        if self.stage is Stage.SENDING and not self.drafted:
            return move(self.stage, Happening.TRY_LATER_UNDRAFTED)
        return move(self.stage, Happening.TRY_LATER)


def judge(attempt: Attempt, trouble: ProviderTrouble, now: datetime, dice: float) -> Verdict:
    """Return what a provider's answer to a draft or send request means.

    `dice` in [0, 1) jitters the backoff. ACCEPTED and DRAFT_STORED are no trouble: use `move`.
    """
    stage = attempt.stage
    match trouble:
        case Retryable(concerns=Scope.SENDING, at=at) if at is not None:
            until = max(at, now)
            return Verdict(attempt.waiting, until, SendError.DAILY_LIMIT_REACHED, DAILY_LIMIT_SENTENCE)
        case Retryable(at=at):
            return _later(attempt, at, now, dice, SendError.WAITING, WAITING_SENTENCE)
        case OperatorMustAct():
            return _later(
                attempt, now + OPERATOR_PAUSE, now, dice, SendError.SET_UP_WRONGLY, OPERATOR_SENTENCE
            )
        case Gone() if stage is Stage.SENDING:
            # The draft is not there: it was sent, or deleted. Only Sent can tell.
            return uncertain(stage, now)
        case OutcomeUnknown() if stage is Stage.SENDING:
            return uncertain(stage, now)
        case OutcomeUnknown() | Gone():
            return _later(attempt, None, now, dice, SendError.WAITING, WAITING_SENTENCE)
        case Refused(kind=RefusalKind.BAD_THREAD) if stage is Stage.DRAFTING:
            return Verdict(attempt.waiting, now, counts=True, without_thread=True)
        case _:
            return _refused(stage, trouble)


def _refused(stage: Stage, trouble: ProviderTrouble) -> Verdict:
    match trouble:
        case Refused(kind=kind):
            code, sentence = REFUSALS[kind]
        case NeedsReconnect():
            code, sentence = SendError.REAUTHENTICATE, REAUTHENTICATE_SENTENCE
        case OurBug() | CursorExpired() | _:
            code, sentence = SendError.OUR_FAULT, OUR_FAULT_SENTENCE
    return Verdict(move(stage, Happening.REFUSE), None, code, sentence, counts=True)


def _later(
    attempt: Attempt, at: datetime | None, now: datetime, dice: float, code: SendError, sentence: str
) -> Verdict:
    tired = attempt.attempts + 1 >= ATTEMPT_LIMIT or now - attempt.first_tried_at >= GIVE_UP_AFTER
    if tired and attempt.stage is not Stage.UNCERTAIN:
        refused = move(attempt.stage, Happening.REFUSE)
        return Verdict(refused, None, SendError.GAVE_UP, GAVE_UP_SENTENCE, counts=True)
    pause = now + backoff(attempt.attempts, dice)
    due_at = max(at, now) if at is not None else pause
    return Verdict(attempt.waiting, due_at, code, sentence, counts=True)


def uncertain(stage: Stage, now: datetime) -> Verdict:
    """Return what follows a request that may have taken effect, or a lease that ran out during one."""
    later = move(stage, Happening.OUTCOME_UNKNOWN)
    return Verdict(later, now + RECONCILE_AFTER[0], SendError.WAITING, UNCERTAIN_SENTENCE, counts=True)


def unprovable(stage: Stage) -> Verdict:
    """Return what follows where a request may have taken effect and nobody can be asked (SMTP).

    It stays as it is until its author decides; it is never repeated by itself (R50).
    """
    later = move(stage, Happening.OUTCOME_UNKNOWN if stage is Stage.SENDING else Happening.NOT_FOUND_YET)
    return Verdict(later, None, SendError.NOT_PROVED, SENDER_UNCERTAIN_SENTENCE, counts=True)


class Finding(StrEnum):
    """What looking for an uncertain sending showed."""

    IN_SENT = "IN_SENT"
    DRAFT_STILL_THERE = "DRAFT_STILL_THERE"
    NEITHER = "NEITHER"


def reconcile(stage: Stage, finding: Finding, uncertain_since: datetime, now: datetime) -> Verdict:
    """Return what a look at the provider means for a sending whose outcome is unknown.

    A draft that is still there proves something only after SETTLE; before, the look is repeated.
    """
    match finding:
        case Finding.IN_SENT:
            return Verdict(move(stage, Happening.FOUND_IN_SENT))
        case Finding.DRAFT_STILL_THERE if now - uncertain_since >= SETTLE:
            return Verdict(move(stage, Happening.DRAFT_STILL_THERE), now)
        case Finding.DRAFT_STILL_THERE:
            later = move(stage, Happening.NOT_FOUND_YET)
            return Verdict(later, uncertain_since + SETTLE, SendError.WAITING, UNCERTAIN_SENTENCE)
        case _:
            return _still_uncertain(stage, uncertain_since, now)


def _still_uncertain(stage: Stage, uncertain_since: datetime, now: datetime) -> Verdict:
    later = move(stage, Happening.NOT_FOUND_YET)
    due_at = next(
        (uncertain_since + after for after in RECONCILE_AFTER if uncertain_since + after > now), None
    )
    if due_at is None:
        return Verdict(later, None, SendError.NOT_PROVED, NOT_PROVED_SENTENCE)
    return Verdict(later, due_at, SendError.WAITING, UNCERTAIN_SENTENCE)


def may_be_retried(stage: Stage, due_at: datetime | None) -> bool:
    """Whether its author may ask to send it again: it was refused, or looking for it has come to an end.

    `due_at` is when its job goes on by itself, None if it does not.
    """
    return stage is Stage.REFUSED or (stage is Stage.UNCERTAIN and due_at is None)
