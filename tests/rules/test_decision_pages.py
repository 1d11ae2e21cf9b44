"""A page of envelopes: what is asked for it, what one message changes for the next, and what always holds."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decision import (
    ROWS,
    Facts,
    SyncSettings,
    decide,
    in_order,
    learn,
    people_of,
    questions,
)
from rules.envelope import Envelope, Place
from rules.explanations import EXPLANATIONS
from rules.words import (
    Direction,
    MailboxStatus,
    MessageId,
    Provider,
    SyncScope,
)
from tests.rules.people import (
    ANN_ADDRESS,
    ANN_ALIAS,
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
    MEIS_THREAD,
    STRANGER_ADDRESS,
    mail,
    people,
)

FROM_DANA = mail(DANA_ADDRESS, ANN_ADDRESS)


def test_what_is_let_in_changes_what_follows_in_the_same_page() -> None:
    first = FROM_DANA
    second = mail(STRANGER_ADDRESS, ANN_ADDRESS, remote_id="r2", internet_message_id="m2@mail.example")
    assert decide(second, FACTS, GMAIL).rule == "D14"

    facts = learn(FACTS, first, MessageId(UUID(int=40)), DANAS_THREAD)

    assert decide(second, facts, GMAIL).rule == "D9"
    assert decide(replace(first, remote_id="r3"), facts, GMAIL).rule == "D4"
    elsewhere = replace(second, remote_thread_id="t9", in_reply_to="m1@mail.example")
    assert decide(elsewhere, facts, GMAIL).rule == "D9"
    nameless = replace(first, internet_message_id=None, remote_thread_id="t5")
    assert learn(FACTS, nameless, MessageId(UUID(int=41)), MEIS_THREAD).linked == {"t5": MEIS_THREAD}


def test_a_page_is_decided_in_the_order_of_arrival() -> None:
    early, late = replace(FROM_DANA, received_at=CONNECTED), FROM_DANA

    assert in_order([late, early]) == [early, late]


def test_of_one_second_an_answer_comes_after_what_it_answers() -> None:
    """Outlook's times are cut to the second, and its ids say nothing of order; found by the sync machine."""
    first = mail(ANN_ADDRESS, DANA_ADDRESS, remote_id="z")
    answer = mail(DANA_ADDRESS, ANN_ADDRESS, remote_id="b", references=("m1@mail.example",))
    again = mail(
        ANN_ADDRESS,
        DANA_ADDRESS,
        remote_id="a",
        references=("m1@mail.example",),
        in_reply_to="m2@mail.example",
    )

    assert in_order([again, answer, first]) == [first, answer, again]


def test_questions_name_all_that_is_looked_up_and_nothing_else() -> None:
    envelope = mail(
        DANA_ADDRESS,
        ANN_ADDRESS,
        cc=people(MEI_ADDRESS),
        bcc=people(BEN_ADDRESS),
        references=("a@x", "b@x"),
        in_reply_to="b@x",
        marker="mark",
    )
    asked = questions([envelope, mail(None, remote_thread_id="t2", internet_message_id=None)])

    assert asked.addresses == {DANA_ADDRESS, ANN_ADDRESS, MEI_ADDRESS, BEN_ADDRESS}
    assert asked.internet_message_ids == {"m1@mail.example", "a@x", "b@x"}
    assert asked.remote_thread_ids == {"t1", "t2"}
    assert asked.markers == {"mark"}


def test_every_outcome_has_a_sentence_without_an_address() -> None:
    sentences = [sentence for row in EXPLANATIONS.values() for sentence in row.values()]

    assert len(EXPLANATIONS) == len(ROWS) + 1
    assert all(sentence.endswith(".") and "@" not in sentence for sentence in sentences)


addresses = st.sampled_from(
    [ANN_ADDRESS, ANN_ALIAS, BEN_ADDRESS, DANA_ADDRESS, MEI_ADDRESS, STRANGER_ADDRESS, AUTO_BCC_ADDRESS]
)
address_lists = st.lists(addresses, max_size=3).map(lambda chosen: people(*chosen))
envelopes = st.builds(
    mail,
    addresses | st.none(),
    cc=address_lists,
    bcc=address_lists,
    to=address_lists,
    place=st.sampled_from(Place),
    remote_thread_id=st.sampled_from(["t1", "t2"]),
    internet_message_id=st.sampled_from(["m1@mail.example", "m2@x", None]),
    received_at=st.timedeltas(timedelta(days=-2), timedelta(days=2)).map(lambda age: CONNECTED + age),
    in_reply_to=st.sampled_from(["known@x", "strange@x", None]),
)
settings_of_all_kinds = st.builds(
    replace,
    st.just(GMAIL),
    provider=st.sampled_from(Provider),
    status=st.sampled_from(MailboxStatus),
    scope=st.sampled_from(SyncScope),
    activated=st.booleans(),
)
facts_of_all_kinds = st.builds(
    replace,
    st.just(FACTS),
    linked=st.sampled_from([{}, {"t1": DANAS_THREAD}]),
    linked_references=st.sampled_from([{}, {"known@x": MEIS_THREAD}]),
    logged=st.sampled_from([{}, {"m2@x": LOGGED}]),
)


@pytest.mark.rule("R69")
@given(envelope=envelopes, facts=facts_of_all_kinds, settings=settings_of_all_kinds)
def test_what_syncs_has_a_conversation_and_an_outsider(
    envelope: Envelope, facts: Facts, settings: SyncSettings
) -> None:
    decision = decide(envelope, facts, settings)

    assert decision.synced is (decision.reason is None)
    assert decision.synced is (decision.conversation is not None)
    assert decision.rule in EXPLANATIONS
    assert decision.explanation == EXPLANATIONS[decision.rule][decision.reason]
    everybody = {one.address for one in people_of(envelope)}
    if decision.synced:
        assert settings.status is MailboxStatus.CONNECTED
        assert everybody & {DANA_ADDRESS, MEI_ADDRESS, STRANGER_ADDRESS}
        assert decision.conversation is not None
        assert decision.conversation.contact_id in {DANA.contact_id, MEI.contact_id}
    ours = {ANN_ADDRESS, ANN_ALIAS, BEN_ADDRESS}
    written_by_us = envelope.sender is not None and envelope.sender.address in ours
    assert decision.direction is (Direction.OUTBOUND if written_by_us else Direction.INBOUND)
