"""Page cursors: what was written is read back exactly, and nothing else is."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.reads.cursors import UnknownCursor, cursor_writer, read_cursor
from database.reads.wanted import Position

_WORKSPACE = UUID(int=7)
_INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(at=_INSTANTS, key=st.uuids(), workspace=st.uuids(), listed=st.text(max_size=20))
def test_a_position_is_read_back_to_the_microsecond(
    at: datetime, key: UUID, workspace: UUID, listed: str
) -> None:
    position = Position(at, key)

    assert read_cursor(workspace, listed, cursor_writer(workspace, listed)(*position)) == position


@given(at=_INSTANTS, key=st.uuids(), place=st.integers(0, 39), letter=st.characters(codec="ascii"))
def test_a_cursor_with_another_letter_is_none(at: datetime, key: UUID, place: int, letter: str) -> None:
    cursor = cursor_writer(_WORKSPACE, "threads")(at, key)
    changed = cursor[:place] + letter + cursor[place + 1 :]

    if changed != cursor:
        with pytest.raises(UnknownCursor):
            read_cursor(_WORKSPACE, "threads", changed)


@pytest.mark.parametrize("text", ["", "x", "=" * 40, "A" * 40, "é" * 40, "A" * 41, " " * 40])
def test_what_was_never_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(UnknownCursor):
        read_cursor(_WORKSPACE, "threads", text)


def test_a_cursor_belongs_to_its_workspace_and_its_list() -> None:
    cursor = cursor_writer(_WORKSPACE, "threads")(datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1))

    for workspace, listed in ((UUID(int=8), "threads"), (_WORKSPACE, "contacts")):
        with pytest.raises(UnknownCursor):
            read_cursor(workspace, listed, cursor)
