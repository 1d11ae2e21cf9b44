"""Who asks: the outcome of authentication, and the only thing that resolvers know of it."""

from dataclasses import dataclass
from datetime import datetime

from rules.words import ApiKeyId, Role, Scope, UserId, WorkspaceId


@dataclass(frozen=True, slots=True)
class Viewer:
    """One credential, understood: in which workspace, as whom, allowed what, until when.

    `user_id` is None for a key that acts as the workspace, `api_key_id` is None for a user's token;
    `valid_until` (aware UTC) is None where the credential does not end by itself.
    """

    workspace_id: WorkspaceId
    user_id: UserId | None
    api_key_id: ApiKeyId | None
    scopes: frozenset[Scope]
    role: Role
    valid_until: datetime | None = None

    @property
    def credential(self) -> ApiKeyId | UserId:
        """What is counted and revoked: the key, or the user whose token it is."""
        if self.api_key_id is not None:
            return self.api_key_id
        assert self.user_id is not None, "a viewer without a key is a user"
        return self.user_id
