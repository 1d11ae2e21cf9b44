"""What an address of the inbound domain stands for: a user's Auto BCC, a conversation, one mail's way back.

Belongs here: from a local part to what it names. The law: a signed name that is not ours, and one whose
workspace has nothing of that id, are the same to whoever asks: there is no such address.
"""

from dataclasses import dataclass

from database.across import Across
from rules.auto_bcc import is_auto_bcc
from rules.return_tokens import submission_of_return, submission_to_unsubscribe, thread_of_reply
from rules.words import SubmissionId, ThreadId, UserId, WorkspaceId


@dataclass(frozen=True, slots=True)
class Owner:
    """An Auto BCC address, and whose it is."""

    user_id: UserId
    workspace_id: WorkspaceId


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """A conversation's own address: answers to the workspace sender's mail."""

    thread_id: ThreadId
    workspace_id: WorkspaceId


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """The envelope sender of one mail: reports on it, and automatic answers."""

    submission_id: SubmissionId
    workspace_id: WorkspaceId


@dataclass(frozen=True, slots=True)
class UnsubscribeAddress:
    """The address of one bulk mail's List-Unsubscribe."""

    submission_id: SubmissionId
    workspace_id: WorkspaceId


Destination = Owner | ReplyAddress | ReturnPath | UnsubscribeAddress


async def find_destination(across: Across, secret: bytes, local_part: str) -> Destination | None:
    """Return what an address of the inbound domain stands for. Raises: DatabaseAway, DatabaseBusy."""
    if is_auto_bcc(local_part):
        found = await across.auto_bcc(local_part)
        return Owner(*found) if found else None
    thread_id = thread_of_reply(secret, local_part)
    if thread_id is not None:
        workspace_id = await across.workspace_of_thread(thread_id)
        return None if workspace_id is None else ReplyAddress(thread_id, workspace_id)
    returned = submission_of_return(secret, local_part)
    unwanted = submission_to_unsubscribe(secret, local_part)
    submission_id = returned or unwanted
    workspace_id = None if submission_id is None else await across.workspace_of_submission(submission_id)
    if submission_id is None or workspace_id is None:
        return None
    kind = ReturnPath if returned is not None else UnsubscribeAddress
    return kind(submission_id, workspace_id)
