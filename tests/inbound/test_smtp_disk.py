"""A disk that fails while a mail comes in."""

import errno
from pathlib import Path

import pytest

from inbound.smtp import Conversation
from tests.inbound.smtp_world import smtp_world


@pytest.mark.rule("R33")
@pytest.mark.rule("R36")
async def test_a_disk_that_fails_in_the_middle_ends_the_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What of the mail is still to come is no command: it could hand in a mail of its own."""

    async def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Conversation, "_spool", full)
    async with smtp_world(tmp_path) as world, world.greeted() as client:
        await client.to_data()
        await client.send(b"Subject: x\r\n\r\nMAIL FROM:<eve@attacker.test>\r\n")
        said = await client.rest()
    assert said == "421 4.3.0 It could not be stored; try again later\r\n"
    assert world.mailroom.mails == []
