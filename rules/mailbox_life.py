"""The life of one connection, from consent to its end: which status may follow which, and what to do then.

    AUTHORIZING ─> CONNECTED <─> REAUTHENTICATE
         │             └──────┬────────┘
         └─> FAILED           ├─> REPLACED       (update: another mailbox took its place)
                              └─> DISCONNECTED

The law: a status changes only by `move`. FAILED, REPLACED and DISCONNECTED are ends: reconnecting makes a
new mailbox (L6). Only a confirmed answer of the provider leads to REAUTHENTICATE, never a time-out or a 5xx
(R15).
Source: sync-rules L1 to L9.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.errors import ReconnectReason
from rules.words import AuthorizationPurpose, MailboxStatus


class MailboxHappening(StrEnum):
    """What can happen to a connection."""

    CONSENT_COMPLETE = "CONSENT_COMPLETE"
    CONSENT_FAILED = "CONSENT_FAILED"
    ACCESS_LOST = "ACCESS_LOST"
    REPLACED_BY_ANOTHER = "REPLACED_BY_ANOTHER"
    DISCONNECT = "DISCONNECT"


class Duty(StrEnum):
    """What must be done along with a change of status, in the same transaction or by the job it asks for."""

    SET_CURSOR_TO_NOW = "SET_CURSOR_TO_NOW"
    GO_ON_FROM_CURSOR = "GO_ON_FROM_CURSOR"
    REGISTER_PUSH = "REGISTER_PUSH"
    END_LINKS = "END_LINKS"
    RELEASE_AT_PROVIDER = "RELEASE_AT_PROVIDER"
    """Push unregistered, tokens revoked there and erased here."""
    VOID_JOBS = "VOID_JOBS"
    PROMPT_USER = "PROMPT_USER"


@dataclass(frozen=True, slots=True)
class Move:
    """A change of status, and its duties."""

    status: MailboxStatus
    duties: frozenset[Duty] = frozenset()


_ENDING: Final = frozenset((Duty.END_LINKS, Duty.RELEASE_AT_PROVIDER, Duty.VOID_JOBS))

TRANSITIONS: Final[Mapping[MailboxStatus, Mapping[MailboxHappening, Move]]] = {
    MailboxStatus.AUTHORIZING: {
        MailboxHappening.CONSENT_COMPLETE: Move(
            MailboxStatus.CONNECTED, frozenset((Duty.SET_CURSOR_TO_NOW, Duty.REGISTER_PUSH))
        ),
        MailboxHappening.CONSENT_FAILED: Move(MailboxStatus.FAILED),
        MailboxHappening.DISCONNECT: Move(MailboxStatus.DISCONNECTED, _ENDING),
    },
    MailboxStatus.CONNECTED: {
        # A user may consent again although nothing was wrong; nothing is lost by it.
        MailboxHappening.CONSENT_COMPLETE: Move(
            MailboxStatus.CONNECTED, frozenset((Duty.GO_ON_FROM_CURSOR, Duty.REGISTER_PUSH))
        ),
        MailboxHappening.CONSENT_FAILED: Move(MailboxStatus.CONNECTED),
        MailboxHappening.ACCESS_LOST: Move(MailboxStatus.REAUTHENTICATE, frozenset((Duty.PROMPT_USER,))),
        MailboxHappening.REPLACED_BY_ANOTHER: Move(MailboxStatus.REPLACED, _ENDING),
        MailboxHappening.DISCONNECT: Move(MailboxStatus.DISCONNECTED, _ENDING),
    },
    MailboxStatus.REAUTHENTICATE: {
        MailboxHappening.CONSENT_COMPLETE: Move(
            MailboxStatus.CONNECTED, frozenset((Duty.GO_ON_FROM_CURSOR, Duty.REGISTER_PUSH))
        ),
        MailboxHappening.CONSENT_FAILED: Move(MailboxStatus.REAUTHENTICATE),
        MailboxHappening.ACCESS_LOST: Move(MailboxStatus.REAUTHENTICATE),
        MailboxHappening.REPLACED_BY_ANOTHER: Move(MailboxStatus.REPLACED, _ENDING),
        MailboxHappening.DISCONNECT: Move(MailboxStatus.DISCONNECTED, _ENDING),
    },
    MailboxStatus.FAILED: {},
    MailboxStatus.REPLACED: {},
    MailboxStatus.DISCONNECTED: {},
}


class ForbiddenMailboxMove(Exception):
    """A status was to change in a way that a connection's life does not know."""

    def __init__(self, status: MailboxStatus, happening: MailboxHappening) -> None:
        super().__init__(f"a mailbox that is {status} cannot meet {happening}")
        self.status = status
        self.happening = happening


def may(status: MailboxStatus, happening: MailboxHappening) -> bool:
    """Whether something can happen to a connection of this status."""
    return happening in TRANSITIONS[status]


def move(status: MailboxStatus, happening: MailboxHappening) -> Move:
    """Return the next status and its duties. Raises: ForbiddenMailboxMove."""
    try:
        return TRANSITIONS[status][happening]
    except KeyError:
        raise ForbiddenMailboxMove(status, happening) from None


STATUS_REASONS: Final[Mapping[ReconnectReason, str]] = {
    ReconnectReason.REVOKED_OR_EXPIRED: (
        "Access to the mailbox ended: the password changed, access was withdrawn, or it ran out. "
        "Connect again; nothing is lost."
    ),
    ReconnectReason.SESSION_POLICY: (
        "Your organisation asks you to sign in again from time to time. Connect again; nothing is lost."
    ),
    ReconnectReason.MISSING_PERMISSION: (
        "A permission that syncing needs was not granted. Connect again and leave every box ticked."
    ),
    ReconnectReason.ADMIN_BLOCKED: (
        "The administrator of your mail does not allow this application. Ask them to allow it, "
        "then connect again."
    ),
    ReconnectReason.NO_MAILBOX: (
        "There is no mailbox behind this account. Connect with an account that has mail switched on."
    ),
}


def status_reason(reason: ReconnectReason) -> str:
    """Return the sentence that tells the user what happened and what to do."""
    return STATUS_REASONS[reason]


class ConsentRefusal(StrEnum):
    """Why a finished consent connects nothing."""

    MISSING_PERMISSION = "MISSING_PERMISSION"
    DIFFERENT_ACCOUNT = "DIFFERENT_ACCOUNT"
    SAME_ACCOUNT = "SAME_ACCOUNT"
    TAKEN = "TAKEN"


@dataclass(frozen=True, slots=True)
class ConsentVerdict:
    """Whether a finished consent connects the mailbox, and if not, what the user is told."""

    refusal: ConsentRefusal | None
    sentence: str | None = None
    missing: tuple[str, ...] = ()


def judge_consent(
    purpose: AuthorizationPurpose,
    *,
    account: str,
    expected_account: str | None,
    taken: bool,
    missing: Sequence[str],
) -> ConsentVerdict:
    """Return whether a consent may connect: L1 (permissions), L8 (another account), L9 (taken).

    `account` is the provider's own id of the account, `expected_account` the one of the mailbox that is
    authenticated again or replaced; `taken`: another user of the workspace has a live connection to it.
    """
    if missing:
        names = ", ".join(missing)
        sentence = (
            f"Not every permission was granted. Missing: {names}. Connect again and leave every box ticked."
        )
        return ConsentVerdict(ConsentRefusal.MISSING_PERMISSION, sentence, tuple(missing))
    if purpose is AuthorizationPurpose.REAUTHENTICATE and account != expected_account:
        return ConsentVerdict(
            ConsentRefusal.DIFFERENT_ACCOUNT,
            "You signed in with another mailbox than the connected one. To move to it, use update.",
        )
    if purpose is AuthorizationPurpose.UPDATE and account == expected_account:
        return ConsentVerdict(
            ConsentRefusal.SAME_ACCOUNT,
            "This is the mailbox that is already connected. To sign in again, use re-authenticate.",
        )
    if taken:
        return ConsentVerdict(
            ConsentRefusal.TAKEN,
            "Somebody else in this workspace has connected this mailbox; a mailbox has one owner.",
        )
    return ConsentVerdict(None)


def missing_permissions(
    granted: Collection[str], required: Mapping[str, str], implied: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    """Return the user's words for each permission that was not granted, in the order required.

    `required` maps a scope to words for it; `implied` maps a scope to scopes of which any contains it.
    """
    return tuple(
        words
        for scope, words in required.items()
        if scope not in granted and not any(wider in granted for wider in implied.get(scope, ()))
    )
