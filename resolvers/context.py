"""What a resolver may use: who asks, the database, the secrets, the consents, a few settings.

app/ builds one for every request (and one for every batch of live events). There is no provider, no job and
no clock in it but the ones given here: a GraphQL request never waits for Google or Microsoft.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

import strawberry

from database.pool import Database
from database.reads.wanted import Sight
from database.vault import Vault
from resolvers.access import governs
from resolvers.viewer import Viewer
from rules.consent import ConsentDoor
from rules.words import Provider


class SignAttachment(Protocol):
    """Gives the path under which one viewer may download one attachment, for some minutes."""

    def __call__(self, attachment_id: UUID, viewer: Viewer, now: datetime) -> str: ...


class SignRemoteImage(Protocol):
    """Gives the path under which one viewer may see one remote image of a message, for some minutes."""

    def __call__(self, message_id: UUID, address: str, viewer: Viewer, now: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What of the deployment's settings the API answers with."""

    return_urls: frozenset[str] = frozenset()
    """Where a consent may send the user afterwards; compared whole, never by prefix."""
    message_id_domain: str = "localhost"
    """The right-hand side of the Message-IDs that we write."""
    inbound_domain: str | None = None
    """What stands behind the @ of Auto BCC addresses; None where no mail is taken."""
    webhook_networks: tuple[str, ...] = ()
    """Networks besides the open internet that webhooks may lead to, there also without TLS."""


@dataclass(frozen=True, slots=True)
class Context:
    """One request's."""

    viewer: Viewer
    db: Database
    vault: Vault
    sign_attachment: SignAttachment
    sign_remote_image: SignRemoteImage
    consents: Mapping[Provider, ConsentDoor]
    settings: ApiSettings
    now: datetime
    new_id: Callable[[], UUID]
    entropy: Callable[[int], bytes]
    """Gives so many random bytes."""
    request_id: str

    @property
    def sight(self) -> Sight:
        """Whose eyes read."""
        viewer = self.viewer
        return Sight(viewer.workspace_id, viewer.user_id, governs(viewer), self.now)

    def sign(self, attachment_id: UUID) -> str:
        """Return the path under which the viewer may download an attachment."""
        return self.sign_attachment(attachment_id, self.viewer, self.now)

    def sign_image(self, message_id: UUID, address: str) -> str:
        """Return the path under which the viewer may see a remote image of a message."""
        return self.sign_remote_image(message_id, address, self.viewer, self.now)


Info: TypeAlias = strawberry.Info[Context, None]
