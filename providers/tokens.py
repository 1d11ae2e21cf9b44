"""What a provider's grant consists of, and who keeps it.

Belongs here: the tokens of one mailbox and the protocol of their keeper. Never: how they are obtained
(providers/*/tokens.py) nor how they are sealed (database/). A `Tokens` shows no secret in its `repr`, so that
it may stand in a traceback (security R12).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one grant; `scopes` are those that the user really granted."""

    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    scopes: frozenset[str]
    kept: str = field(repr=False, default="")
    """What a provider's own library keeps of the grant (msal's token cache); opaque to everybody else."""


class TokenKeeper(Protocol):
    """Remembers the tokens of one mailbox; the newest saved ones win."""

    @property
    def mailbox_key(self) -> str:
        """What names the mailbox in this process and in rate buckets: our id, never an address."""

    async def load(self) -> Tokens:
        """Return the newest tokens. Raises NeedsReconnect where there are none."""

    async def save(self, tokens: Tokens) -> None:
        """Remember refreshed tokens, durably, before they are used."""
