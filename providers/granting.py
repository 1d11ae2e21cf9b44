"""What a finished consent yields, for every provider, and the half of it that needs the network.

The other half, which needs none, is rules/consent.py. Implementations are providers/*/consent.py.
"""

from dataclasses import dataclass
from typing import Protocol

from providers.tokens import Tokens
from rules.errors import ReconnectReason
from rules.words import EmailAddress, Provider


@dataclass(frozen=True, slots=True)
class Granted:
    """A consent that was given: whose mailbox it is, with which tokens, and what was left unticked."""

    address: EmailAddress
    remote_account_id: str
    """Issuer and subject, `https://accounts.google.com|1093...`: a mailbox is known by this (R10)."""
    tokens: Tokens
    missing: tuple[str, ...]
    """Scopes that were asked for and not granted; empty when everything needed was."""


class ConsentExchange(Protocol):
    """Finishes a consent, over the network."""

    provider: Provider

    async def finish(self, *, code: str, kept: str, redirect_uri: str) -> Granted:
        """Exchange the code of the redirect; `kept` is what `begin` gave.

        Raises:
            Refused: the code is used, old or another's; the user begins again.
            NeedsReconnect: NO_MAILBOX, ADMIN_BLOCKED.
            OperatorMustAct, Retryable: nothing was granted to us yet.
        """

    def explain(self, error: str) -> str:
        """A sentence for the user about the `error` parameter of a redirect."""

    def reason(self, reason: ReconnectReason) -> str:
        """A sentence for the user about why a consent connected nothing, and what to do."""
