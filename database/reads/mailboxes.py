"""What connecting a mailbox has to know before anything is written; `$1`... are the arguments."""

from typing import Final

OUTLOOK_IS_ON: Final = "select labs_outlook from workspaces where id = $1"
"""Workspace -> whether its labs allow Outlook."""

LIVE_MAILBOX_OF_USER: Final = (
    "select id from mailboxes where workspace_id = $1 and user_id = $2 "
    "and status in ('CONNECTED', 'REAUTHENTICATE')"
)
"""Workspace, user -> the mailbox they have; one at most, by a unique index."""

MAILBOX_OF_USER: Final = (
    "select id, user_id, provider, address, status, claims_challenge from mailboxes "
    "where workspace_id = $1 and id = $2 and user_id = $3"
)
"""Workspace, mailbox, user -> the mailbox, if it is theirs: nobody consents for somebody else."""
