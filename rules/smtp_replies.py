"""What a mail server's reply means for the mail, by the step at which it came.

Only the first digit, a handful of codes and the step decide; the server's own words are never shown or
stored, as they may repeat an address. A mail is handed over by the reply to the final dot and by nothing
else: before that dot is written, no failure can have had an effect; after it, a reply that does not come
proves nothing. Pure. Source: RFC 5321 4.2, 4.3.2; RFC 4954 6; RFC 3463.
"""

from enum import StrEnum

from rules.errors import (
    OperatorMustAct,
    OutcomeUnknown,
    ProviderTrouble,
    RefusalKind,
    Refused,
    Retryable,
    Scope,
)


class SmtpStep(StrEnum):
    """How far a conversation with a mail server has come."""

    CONNECT = "connecting"
    GREET = "the greeting"
    TLS = "securing the connection"
    LOGIN = "logging in"
    SENDER = "the sender's address"
    RECIPIENT = "a recipient's address"
    CONTENT = "the mail"
    FINAL_DOT = "the end of the mail"


OF_THE_SENDER = frozenset((SmtpStep.CONNECT, SmtpStep.GREET, SmtpStep.TLS, SmtpStep.LOGIN, SmtpStep.SENDER))
"""Steps whose failures concern every mail alike, not this one."""

_LOGIN_CODES = frozenset((454, 530, 534, 535, 538))


def trouble_of(step: SmtpStep, code: int) -> ProviderTrouble:
    """Return what a reply that is no success means; `code` has three digits."""
    told = f"The mail server answered {code} to {step.value}."
    if 400 <= code < 500:
        return Retryable(told, concerns=Scope.PROJECT if step in OF_THE_SENDER else Scope.MAILBOX)
    if step in (SmtpStep.GREET, SmtpStep.TLS, SmtpStep.LOGIN) or code in _LOGIN_CODES:
        return OperatorMustAct(told)
    if not 500 <= code < 600:
        # Neither yes nor no, and after the final dot that may be either.
        return OutcomeUnknown(told) if step is SmtpStep.FINAL_DOT else Retryable(told)
    if code == 552:
        return Refused(told, RefusalKind.TOO_LARGE)
    match step:
        case SmtpStep.SENDER:
            return Refused(told, RefusalKind.FORBIDDEN)
        case SmtpStep.RECIPIENT:
            return Refused(told, RefusalKind.BAD_RECIPIENT)
        case _:
            return Refused(told)


def lost(step: SmtpStep, how: str) -> ProviderTrouble:
    """Return what a connection that ended, or fell silent, at a step means."""
    told = f"The mail server {how} at {step.value}."
    if step is SmtpStep.FINAL_DOT:
        return OutcomeUnknown(told)
    return Retryable(told, concerns=Scope.PROJECT if step in OF_THE_SENDER else Scope.MAILBOX)


def pauses_bulk(trouble: ProviderTrouble) -> bool:
    """Whether a bulk send stops until a person acts: the server refuses its sender, not one recipient."""
    match trouble:
        case OperatorMustAct():
            return True
        case Refused(kind=RefusalKind.FORBIDDEN):
            return True
        case _:
            return False
