"""Events and commands are read back as they were written, ids that are not there included."""

import pytest

from database.ids import new_id
from database.written import NotOurs, names_and_ids, read_back
from rules.happenings import MessageSynced
from rules.words import ContactId, MailboxId, MessageId, ThreadId

_KNOWN = {MessageSynced.kind: MessageSynced}


@pytest.mark.parametrize("mailbox_id", [None, MailboxId(new_id())])
def test_an_event_is_read_back_with_or_without_a_mailbox(mailbox_id: MailboxId | None) -> None:
    event = MessageSynced(MessageId(new_id()), ThreadId(new_id()), ContactId(new_id()), mailbox_id)

    assert read_back(_KNOWN, MessageSynced.kind, names_and_ids(event)) == event


def test_an_id_that_must_be_there_is_missed() -> None:
    event = MessageSynced(MessageId(new_id()), ThreadId(new_id()), ContactId(new_id()), None)

    with pytest.raises(NotOurs, match="thread_id is not an id"):
        read_back(_KNOWN, MessageSynced.kind, {**names_and_ids(event), "thread_id": None})
