"""Whose conversation a message belongs to: C1 to C7."""

from dataclasses import replace
from uuid import UUID

import pytest

from rules.conversation import Conversation, direction_of, first_created, participant_kind, primary_contact
from rules.decision import decide
from rules.envelope import Correspondent, Envelope
from rules.words import ContactId, Direction, EmailAddress, ParticipantKind
from tests.rules.people import (
    ANN_ADDRESS,
    BEN_ADDRESS,
    DANA,
    DANA_ADDRESS,
    DANAS_THREAD,
    FACTS,
    GMAIL,
    MEI,
    MEI_ADDRESS,
    STRANGER_ADDRESS,
    USERS,
    mail,
    people,
    person,
)


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    ("sender", "direction"),
    [
        (person(ANN_ADDRESS), Direction.OUTBOUND),
        (person(BEN_ADDRESS), Direction.OUTBOUND),
        (person(DANA_ADDRESS), Direction.INBOUND),
        (None, Direction.INBOUND),
    ],
)
def test_direction_is_told_by_from(sender: Correspondent | None, direction: Direction) -> None:
    assert direction_of(sender, USERS.keys()) is direction


@pytest.mark.rule("C2")
@pytest.mark.rule("C6")
@pytest.mark.parametrize(
    "envelope",
    [
        mail(STRANGER_ADDRESS, ANN_ADDRESS),
        mail(MEI_ADDRESS, ANN_ADDRESS, DANA_ADDRESS),
        mail(ANN_ADDRESS, STRANGER_ADDRESS, subject="Fwd: Offer for the roof"),
        mail(ANN_ADDRESS, MEI_ADDRESS, cc=people(STRANGER_ADDRESS)),
    ],
)
def test_replies_of_others_forwards_and_new_ccs_stay_with_the_thread_s_contact(envelope: Envelope) -> None:
    decision = decide(envelope, replace(FACTS, linked={"t1": DANAS_THREAD}), GMAIL)

    assert decision.conversation == Conversation(DANAS_THREAD.thread_id, DANA.contact_id)


@pytest.mark.rule("C6")
def test_a_forward_is_logged_as_sent() -> None:
    forward = mail(ANN_ADDRESS, STRANGER_ADDRESS, subject="Fwd: Offer")

    assert decide(forward, replace(FACTS, linked={"t1": DANAS_THREAD}), GMAIL).direction is Direction.OUTBOUND


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("envelope", "direction", "contact"),
    [
        (mail(MEI_ADDRESS, DANA_ADDRESS), Direction.INBOUND, MEI),
        (mail(STRANGER_ADDRESS, DANA_ADDRESS, cc=people(MEI_ADDRESS)), Direction.INBOUND, MEI),
        (mail(ANN_ADDRESS, MEI_ADDRESS, cc=people(DANA_ADDRESS)), Direction.OUTBOUND, MEI),
        (
            mail(ANN_ADDRESS, STRANGER_ADDRESS, cc=people(MEI_ADDRESS), bcc=people(DANA_ADDRESS)),
            Direction.OUTBOUND,
            MEI,
        ),
        (mail(ANN_ADDRESS, bcc=people(DANA_ADDRESS)), Direction.OUTBOUND, DANA),
        (mail(ANN_ADDRESS, STRANGER_ADDRESS), Direction.OUTBOUND, None),
        (mail(None, DANA_ADDRESS), Direction.INBOUND, None),
    ],
)
def test_candidates_are_from_or_to_then_cc_then_bcc(
    envelope: Envelope, direction: Direction, contact: object
) -> None:
    expected = getattr(contact, "contact_id", None)

    assert primary_contact(envelope, direction, FACTS.contacts) == expected


@pytest.mark.rule("C4")
def test_of_several_the_contact_that_was_created_first() -> None:
    envelope = mail(ANN_ADDRESS, MEI_ADDRESS, DANA_ADDRESS)
    twin = replace(DANA, contact_id=ContactId(UUID(int=10)))

    assert primary_contact(envelope, Direction.OUTBOUND, FACTS.contacts) == DANA.contact_id
    assert first_created((MEI, DANA, twin)) == twin.contact_id
    assert first_created(()) is None
    on_two = {DANA_ADDRESS: (MEI, DANA)}
    assert primary_contact(mail(DANA_ADDRESS, ANN_ADDRESS), Direction.INBOUND, on_two) == DANA.contact_id


@pytest.mark.rule("C5")
@pytest.mark.rule("C7")
def test_strangers_in_copy_make_no_contact() -> None:
    decision = decide(mail(DANA_ADDRESS, ANN_ADDRESS, cc=people(STRANGER_ADDRESS)), FACTS, GMAIL)

    assert decision.conversation == Conversation(None, DANA.contact_id)


def test_a_participant_is_a_user_before_a_contact() -> None:
    contacts = {**FACTS.contacts, ANN_ADDRESS: (MEI,)}

    assert participant_kind(ANN_ADDRESS, USERS.keys(), contacts) is ParticipantKind.USER
    assert participant_kind(DANA_ADDRESS, USERS.keys(), contacts) is ParticipantKind.CONTACT
    assert participant_kind(EmailAddress("x@y.example"), USERS.keys(), contacts) is ParticipantKind.OTHER
