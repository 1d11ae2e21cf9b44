"""Who sends, from which address, within which limits, and when two requests are one: S1 to S8, R47."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sender import (
    GMAIL_DAILY_LIMIT,
    MailKind,
    Plain,
    SendingMailbox,
    attachments_fit,
    daily_limit,
    daily_quota,
    individual_from,
    recipients_limit,
    request_hash,
    sender_kind,
)
from rules.words import EmailAddress, Provider, SenderKind

ANN = EmailAddress("ann@crm.example")
SALES = EmailAddress("sales@crm.example")
OTHER = EmailAddress("other@crm.example")
GMAIL = SendingMailbox(Provider.GMAIL, ANN, (ANN, SALES))
OUTLOOK = SendingMailbox(Provider.OUTLOOK, ANN)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.rule("S1")
@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    ("kind", "chosen", "gmail", "outlook"),
    [
        (MailKind.INDIVIDUAL, None, True, True),
        (MailKind.INDIVIDUAL, ANN, True, True),
        (MailKind.BULK, ANN, False, True),
        (MailKind.BULK, None, False, False),
        (MailKind.BULK, OTHER, False, False),
        (MailKind.WORKFLOW, ANN, False, False),
        (MailKind.WORKFLOW, None, False, False),
    ],
)
def test_the_table_of_senders(
    kind: MailKind, chosen: EmailAddress | None, gmail: bool, outlook: bool
) -> None:
    kinds = [sender_kind(kind, mailbox, chosen) is SenderKind.MAILBOX for mailbox in (GMAIL, OUTLOOK, None)]

    assert kinds == [gmail, outlook, False]


@pytest.mark.rule("S5")
@pytest.mark.parametrize(("chosen", "sent_from"), [(None, ANN), (ANN, ANN), (SALES, SALES), (OTHER, None)])
def test_an_individual_mail_is_from_the_mailbox_or_a_verified_alias(
    chosen: EmailAddress | None, sent_from: EmailAddress | None
) -> None:
    assert individual_from(GMAIL, chosen) == sent_from


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("ages_minutes", "used", "frees_in_minutes"),
    [
        ([], 0, None),
        ([1, 2], 2, None),
        ([1, 2, 3], 3, 24 * 60 - 3),
        ([1, 2, 3, 4], 4, 24 * 60 - 3),
        ([1, 2, 24 * 60], 2, None),
        ([24 * 60 - 1, 1, 2], 3, 1),
    ],
)
def test_a_rolling_day_says_when_it_frees(
    ages_minutes: list[int], used: int, frees_in_minutes: int | None
) -> None:
    quota = daily_quota([NOW - timedelta(minutes=age) for age in ages_minutes], NOW, limit=3)

    assert (quota.limit, quota.used, quota.free) == (3, used, used < 3)
    assert quota.frees_at == (None if frees_in_minutes is None else NOW + timedelta(minutes=frees_in_minutes))


@pytest.mark.rule("S7")
@given(st.lists(st.integers(0, 2 * 24 * 60), max_size=40), st.integers(1, 10))
def test_a_mail_fits_from_the_moment_it_frees(ages: list[int], limit: int) -> None:
    sent = [NOW - timedelta(minutes=age) for age in ages]
    quota = daily_quota(sent, NOW, limit)

    if quota.frees_at is not None:
        assert not quota.free
        assert daily_quota(sent, quota.frees_at, limit).free
        assert not daily_quota(sent, quota.frees_at - timedelta(microseconds=1), limit).free


@pytest.mark.rule("S7")
def test_gmail_has_five_hundred_a_day_and_nothing_is_known_of_the_others() -> None:
    assert daily_limit(Provider.GMAIL) == GMAIL_DAILY_LIMIT == 500
    assert daily_limit(Provider.OUTLOOK) is None
    assert daily_quota([], NOW, 0).frees_at is None


@pytest.mark.rule("S8")
@pytest.mark.parametrize(("sizes", "fit"), [([], True), ([10], True), ([5, 5], True), ([5, 6], False)])
def test_attachments_keep_to_the_limit_together(sizes: list[int], fit: bool) -> None:
    assert attachments_fit(sizes, 10) is fit


@pytest.mark.parametrize(("provider", "limit"), [(Provider.GMAIL, 500), (Provider.OUTLOOK, 500), (None, 100)])
def test_whoever_carries_a_mail_limits_its_recipients(provider: Provider | None, limit: int) -> None:
    assert recipients_limit(provider) == limit


REQUEST: dict[str, Plain] = {
    "idempotencyKey": "k1",
    "contactId": "c1",
    "to": ["a@x.example", "b@x.example"],
    "subject": "Offer",
    "sendAt": NOW,
    "undoSeconds": 10,
    "labels": {"a": 1, "b": True},
}


@pytest.mark.rule("R47")
@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"idempotencyKey": "k2"}, True),
        ({"cc": None}, True),
        ({"sendAt": NOW.astimezone(timezone(timedelta(hours=5)))}, True),
        ({"labels": {"b": True, "a": 1}}, True),
        ({"to": ["b@x.example", "a@x.example"]}, False),
        ({"subject": "Offer "}, False),
        ({"subject": None}, False),
        ({"undoSeconds": "10"}, False),
        ({"labels": {"a": 1, "b": 1}}, False),
        ({"sendAt": NOW + timedelta(microseconds=1)}, False),
        ({"sendAt": NOW.timestamp().__repr__()}, False),
    ],
)
def test_two_requests_are_the_same_where_they_mean_the_same(change: dict[str, Plain], same: bool) -> None:
    changed = request_hash({**REQUEST, **change})

    assert (changed == request_hash(REQUEST)) is same
    assert len(changed) == 32
