"""Which thread a message joins, and what a reply carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.headers import REFERENCES_LIMIT
from rules.threading import (
    base_subject,
    linked_thread,
    parents,
    reply_references,
    reply_subject,
    thread_to_join,
)
from tests.rules.people import ANN_ADDRESS, DANA, DANA_ADDRESS, DANAS_THREAD, MEI, MEIS_THREAD, mail

REPLY = mail(DANA_ADDRESS, ANN_ADDRESS, references=("old@x", "new@x"), in_reply_to="nearest@x")


@pytest.mark.rule("S11")
def test_the_provider_s_thread_goes_before_references_and_those_before_in_reply_to() -> None:
    by_reference = {"old@x": DANAS_THREAD, "nearest@x": MEIS_THREAD}

    assert linked_thread(REPLY, {"t1": MEIS_THREAD}, {"old@x": DANAS_THREAD}) == MEIS_THREAD
    assert linked_thread(REPLY, {}, by_reference) == DANAS_THREAD
    assert linked_thread(REPLY, {}, {"nearest@x": MEIS_THREAD}) == MEIS_THREAD
    assert linked_thread(REPLY, {}, {"else@x": MEIS_THREAD}) is None
    assert parents(REPLY) == ("new@x", "old@x", "nearest@x")


def test_a_thread_is_joined_only_where_its_contact_takes_part() -> None:
    by_reference = {"old@x": DANAS_THREAD, "nearest@x": MEIS_THREAD}

    assert thread_to_join(REPLY, by_reference, {DANA.contact_id, MEI.contact_id}) == DANAS_THREAD
    assert thread_to_join(REPLY, by_reference, {MEI.contact_id}) == MEIS_THREAD
    assert thread_to_join(REPLY, by_reference, set()) is None


def test_the_same_subject_alone_joins_nothing() -> None:
    assert linked_thread(mail(DANA_ADDRESS, ANN_ADDRESS, subject="Re: Offer"), {}, {}) is None


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Offer", "Offer"),
        ("Re: Offer", "Offer"),
        ("RE: Fwd: re[2]: Offer", "Offer"),
        ("AW: WG: Angebot", "Angebot"),
        ("SV: VS: Antw: Tilbud", "Tilbud"),
        ("[list] Re: Offer", "Offer"),
        ("[list] Offer", "[list] Offer"),
        ("Offer (fwd)", "Offer"),
        ("[Fwd: Offer]", "Offer"),
        ("回复：报价", "报价"),
        ("  Re:\t Offer  for \n you ", "Offer for you"),
        ("Re:", ""),
        ("Reading: a list", "Reading: a list"),
        ("Re(3): Offer", "Offer"),
    ],
)
def test_the_base_subject_has_no_reply_marks(subject: str, base: str) -> None:
    assert base_subject(subject) == base


@given(st.text(max_size=200))
def test_the_base_subject_of_a_base_subject_is_itself(subject: str) -> None:
    assert base_subject(base_subject(subject)) == base_subject(subject)


@pytest.mark.parametrize(
    ("subject", "reply"),
    [
        ("Offer", "Re: Offer"),
        ("Re: Offer", "Re: Offer"),
        ("AW: Offer", "AW: Offer"),
        ("Fwd: Offer", "Re: Fwd: Offer"),
        ("", "Re:"),
    ],
)
def test_a_reply_s_subject_says_re_once(subject: str, reply: str) -> None:
    assert reply_subject(subject) == reply


@pytest.mark.rule("S11")
def test_a_reply_refers_to_its_parent_last() -> None:
    assert reply_references("p@x", ("a@x", "b@x")) == ("a@x", "b@x", "p@x")
    assert reply_references("a@x", ("a@x", "b@x")) == ("b@x", "a@x")
    assert reply_references(None, ("a@x",)) == ("a@x",)


@pytest.mark.rule("S11")
@given(st.integers(0, 200))
def test_references_are_capped_and_keep_the_root(count: int) -> None:
    chain = tuple(f"{number}@x" for number in range(count))
    references = reply_references("parent@x", chain)

    assert len(references) <= REFERENCES_LIMIT
    assert references[-1] == "parent@x"
    assert not chain or references[0] == chain[0]
