"""Who may do what. Whose rows there are is written into the reads (database/reads); here are the scopes.

READ queries and subscribes. SEND does what a user does: contacts, conversations, sending, their own mailbox.
ADMIN, in the hands of an admin or of a workspace's key, governs: settings, users, keys, all mailboxes.
What is another workspace's does not exist: no id of it is ever answered with "forbidden".
"""

from typing import Final

from resolvers.viewer import Viewer
from rules.words import Role, Scope
from schema.faults import Forbidden as ForbiddenFault
from schema.results.refusals import Forbidden

_NEEDED: Final = {
    Scope.READ: "This credential may not read.",
    Scope.SEND: "This credential may not change anything; it needs the scope SEND.",
    Scope.ADMIN: "This is for the workspace's admins, with the scope ADMIN.",
}


def governs(viewer: Viewer) -> bool:
    """Whether the viewer may govern the workspace."""
    return Scope.ADMIN in viewer.scopes and (viewer.user_id is None or viewer.role is Role.ADMIN)


def require_read(viewer: Viewer) -> None:
    """Let readers pass.

    Raises:
        ForbiddenFault: the credential may not read.
    """
    if Scope.READ not in viewer.scopes:
        raise ForbiddenFault(_NEEDED[Scope.READ])


def refusal(viewer: Viewer, needed: Scope) -> Forbidden | None:
    """Return why a mutation that needs a scope is refused, or None where it may go on."""
    allowed = governs(viewer) if needed is Scope.ADMIN else needed in viewer.scopes
    return None if allowed else Forbidden(message=_NEEDED[needed])


NEEDS_USER: Final = "A workspace's key has no mailbox; use the credential of a user."
