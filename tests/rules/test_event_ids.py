"""Event ids: there and back, in order, and nothing else is one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.event_ids import UnknownEventId, decode_event_id, encode_event_id
from rules.words import WorkspaceId

numbers = st.integers(0, 2**63 - 1)
workspaces = st.uuids().map(WorkspaceId)


@given(workspaces, numbers)
def test_an_id_leads_back_to_its_number(workspace_id: WorkspaceId, number: int) -> None:
    assert decode_event_id(workspace_id, encode_event_id(workspace_id, number)) == number


@given(workspaces, numbers, numbers)
def test_ids_are_ordered_as_their_events(workspace_id: WorkspaceId, one: int, other: int) -> None:
    ids = encode_event_id(workspace_id, one), encode_event_id(workspace_id, other)
    assert (ids[0] < ids[1]) == (one < other)


@given(workspaces, workspaces, numbers)
def test_an_id_is_unknown_in_another_workspace(one: WorkspaceId, other: WorkspaceId, number: int) -> None:
    if one != other:
        with pytest.raises(UnknownEventId):
            decode_event_id(other, encode_event_id(one, number))


@given(workspaces, numbers, st.integers(0, 23), st.sampled_from("0123456789abcdefghijklmnopqrstuvwz=A é\x00"))
def test_one_changed_character_makes_it_unknown(
    workspace_id: WorkspaceId, number: int, place: int, character: str
) -> None:
    text = encode_event_id(workspace_id, number)
    if text[place] != character:
        with pytest.raises(UnknownEventId):
            decode_event_id(workspace_id, text[:place] + character + text[place + 1 :])


@given(st.text())
def test_any_other_text_is_unknown(text: str) -> None:
    with pytest.raises(UnknownEventId):
        decode_event_id(WorkspaceId(UUID(int=5)), text)


@pytest.mark.parametrize("number", [-1, 2**63])
def test_no_event_has_such_a_number(number: int) -> None:
    with pytest.raises(ValueError, match="no event has the number"):
        encode_event_id(WorkspaceId(UUID(int=5)), number)


def test_an_id_looks_the_same_for_ever() -> None:
    """Clients keep ids over upgrades, so their spelling is part of the API."""
    assert encode_event_id(WorkspaceId(UUID(int=1)), 42) == "0400000000000alimd8tbang"
