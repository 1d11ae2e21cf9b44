"""What a mail server's reply, or its silence, means at each step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import OperatorMustAct, OutcomeUnknown, RefusalKind, Refused, Retryable
from rules.smtp_replies import SmtpStep, lost, pauses_bulk, trouble_of


@pytest.mark.rule("R50")
@pytest.mark.parametrize("step", list(SmtpStep))
def test_only_what_is_lost_after_the_final_dot_is_unknown(step: SmtpStep) -> None:
    trouble = lost(step, "closed the connection")

    assert isinstance(trouble, OutcomeUnknown if step is SmtpStep.FINAL_DOT else Retryable)


@pytest.mark.parametrize(
    ("step", "code", "kind"),
    [
        (SmtpStep.SENDER, 550, RefusalKind.FORBIDDEN),
        (SmtpStep.SENDER, 552, RefusalKind.TOO_LARGE),
        (SmtpStep.RECIPIENT, 550, RefusalKind.BAD_RECIPIENT),
        (SmtpStep.FINAL_DOT, 552, RefusalKind.TOO_LARGE),
        (SmtpStep.FINAL_DOT, 554, RefusalKind.OTHER),
        (SmtpStep.CONTENT, 554, RefusalKind.OTHER),
    ],
)
def test_a_clear_no_is_a_refusal(step: SmtpStep, code: int, kind: RefusalKind) -> None:
    trouble = trouble_of(step, code)

    assert isinstance(trouble, Refused)
    assert trouble.kind is kind


@pytest.mark.parametrize(
    ("step", "code"),
    [(SmtpStep.LOGIN, 535), (SmtpStep.SENDER, 530), (SmtpStep.GREET, 554), (SmtpStep.TLS, 502)],
)
def test_what_concerns_the_account_is_for_whoever_set_it_up(step: SmtpStep, code: int) -> None:
    assert isinstance(trouble_of(step, code), OperatorMustAct)


@given(st.sampled_from(list(SmtpStep)), st.integers(min_value=400, max_value=499))
def test_later_is_later_at_every_step(step: SmtpStep, code: int) -> None:
    assert isinstance(trouble_of(step, code), Retryable)


@given(st.sampled_from(list(SmtpStep)), st.integers(min_value=0, max_value=999))
def test_no_reply_but_those_that_are_neither_yes_nor_no_leaves_the_outcome_open(
    step: SmtpStep, code: int
) -> None:
    unknown = isinstance(trouble_of(step, code), OutcomeUnknown)

    assert unknown == (step is SmtpStep.FINAL_DOT and not 400 <= code < 600)


@pytest.mark.rule("S3")
def test_a_bulk_send_stops_for_what_concerns_its_sender_alone() -> None:
    assert pauses_bulk(trouble_of(SmtpStep.LOGIN, 535))
    assert pauses_bulk(trouble_of(SmtpStep.SENDER, 550))
    assert not pauses_bulk(trouble_of(SmtpStep.RECIPIENT, 550))
    assert not pauses_bulk(trouble_of(SmtpStep.RECIPIENT, 451))
    assert not pauses_bulk(lost(SmtpStep.FINAL_DOT, "closed the connection"))
