"""Every job there is: what carries each command out, for how long at most, and when it is given up.

A time-out is well under the command's lease, so that a job that hangs is ended by its own worker before
another may take it over. `attempts` is how many failures park a command where a person can see it; the jobs
without it are those that must never end while their mailbox lives.
"""

from datetime import timedelta
from typing import Final

from jobs.address_book import read_address_book
from jobs.authorize import finish_authorization
from jobs.bulk import run_bulk_send
from jobs.erase import erase_mailbox, erase_user
from jobs.narrow import narrow_mailbox
from jobs.pull import pull
from jobs.read_state import carry_read_state
from jobs.release import release
from jobs.running import Job
from jobs.send import send
from jobs.set_aside import retry_set_aside
from jobs.verify import verify
from jobs.watch import renew_watch
from jobs.webhooks import deliver_webhook
from jobs.workspace_sender import try_workspace_sender
from rules.happenings import (
    CarryReadState,
    DeliverWebhook,
    EraseMailbox,
    EraseUser,
    FinishAuthorization,
    NarrowMailbox,
    PullMailbox,
    ReadAddressBook,
    ReleaseMailbox,
    RenewWatch,
    RetrySetAside,
    RunBulkSend,
    SendBulkSubmission,
    SendSubmission,
    TryWorkspaceSender,
    VerifyMailbox,
)

_SOON: Final = timedelta(seconds=50)

TABLE: Final[dict[str, Job]] = {
    PullMailbox.kind: Job(pull, _SOON),
    SendSubmission.kind: Job(send, _SOON),
    SendBulkSubmission.kind: Job(send, _SOON),
    RunBulkSend.kind: Job(run_bulk_send, _SOON),
    TryWorkspaceSender.kind: Job(try_workspace_sender, _SOON, attempts=1),
    RenewWatch.kind: Job(renew_watch, _SOON),
    FinishAuthorization.kind: Job(finish_authorization, _SOON, attempts=5),
    ReleaseMailbox.kind: Job(release, _SOON),
    EraseMailbox.kind: Job(erase_mailbox, _SOON),
    EraseUser.kind: Job(erase_user, _SOON),
    CarryReadState.kind: Job(carry_read_state, _SOON, attempts=20),
    RetrySetAside.kind: Job(retry_set_aside, _SOON),
    NarrowMailbox.kind: Job(narrow_mailbox, _SOON),
    ReadAddressBook.kind: Job(read_address_book, _SOON, attempts=10),
    VerifyMailbox.kind: Job(verify, _SOON),
    DeliverWebhook.kind: Job(deliver_webhook, _SOON),
}
