"""Reply and unsubscribe addresses: they name what they were made for, and nobody else can make one."""

import base64
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from rules.addresses import normalise
from rules.return_tokens import (
    Unsubscribing,
    read_unsubscribe_token,
    reply_address,
    return_path,
    submission_of_return,
    submission_to_unsubscribe,
    thread_of_reply,
    unsubscribe_address,
    unsubscribe_token,
)
from rules.words import SubmissionId, ThreadId, WorkspaceId

SECRET, OTHER = b"s" * 32, b"t" * 32
IDS = st.uuids()


@given(IDS)
def test_a_reply_address_names_its_conversation_in_any_case(id: UUID) -> None:
    address = reply_address(SECRET, ThreadId(id), "in.example")
    local_part = address.partition("@")[0]

    assert normalise(address) == address
    assert len(local_part) <= 64
    assert thread_of_reply(SECRET, local_part.upper()) == id
    assert thread_of_reply(OTHER, local_part) is None


@given(IDS, st.integers(min_value=3, max_value=44), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_changed_reply_address_names_nothing(id: UUID, place: int, letter: str) -> None:
    local_part = reply_address(SECRET, ThreadId(id), "in.example").partition("@")[0]
    changed = local_part[:place] + letter + local_part[place + 1 :]

    assert thread_of_reply(SECRET, changed) == (id if changed == local_part else None)


@given(st.text(max_size=80))
def test_what_comes_from_outside_is_read_or_refused(text: str) -> None:
    assert thread_of_reply(SECRET, text) is None
    assert read_unsubscribe_token(SECRET, text) is None


@given(IDS, IDS)
def test_an_unsubscribe_token_names_its_sending(workspace: UUID, submission: UUID) -> None:
    named = Unsubscribing(WorkspaceId(workspace), SubmissionId(submission))
    token = unsubscribe_token(SECRET, named)

    assert len(token) == 64 and token.isascii()
    assert read_unsubscribe_token(SECRET, token) == named
    assert read_unsubscribe_token(OTHER, token) is None


@given(IDS, IDS, st.integers(min_value=0, max_value=47), st.integers(min_value=1, max_value=255))
def test_no_byte_of_a_token_can_be_changed(workspace: UUID, submission: UUID, place: int, by: int) -> None:
    named = Unsubscribing(WorkspaceId(workspace), SubmissionId(submission))
    raw = bytearray(base64.urlsafe_b64decode(unsubscribe_token(SECRET, named)))
    raw[place] ^= by

    assert read_unsubscribe_token(SECRET, base64.urlsafe_b64encode(raw).decode()) is None


def test_a_token_of_one_kind_is_none_of_the_other() -> None:
    id = UUID(int=7)
    token = unsubscribe_token(SECRET, Unsubscribing(WorkspaceId(id), SubmissionId(id)))

    assert thread_of_reply(SECRET, f"re-{token}") is None


@given(IDS)
def test_a_name_of_one_purpose_is_none_of_another(id: UUID) -> None:
    makers = (
        (reply_address(SECRET, ThreadId(id), "in.example"), thread_of_reply),
        (return_path(SECRET, SubmissionId(id), "in.example"), submission_of_return),
        (unsubscribe_address(SECRET, SubmissionId(id), "in.example"), submission_to_unsubscribe),
    )
    for address, reader in makers:
        local_part = address.partition("@")[0]
        for other, read in makers:
            swapped = other.partition("@")[0][:3] + local_part[3:]
            assert read(SECRET, local_part) == (id if read is reader else None)
            assert read(SECRET, swapped) == (id if other == address else None)
