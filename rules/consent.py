"""What beginning and finishing a consent means, for every provider; how each does it is in providers/.

Resolvers begin a consent (no network), the job `finish_authorization` finishes it (network). Both know only
these shapes; app/wiring.py hands them the implementation.
"""

from dataclasses import dataclass
from typing import Protocol

from rules.words import AuthorizationPurpose, Provider


@dataclass(frozen=True, slots=True)
class BegunConsent:
    """Where to send the user, and what must be kept, sealed, until they come back.

    `kept` is opaque to everybody but the provider's own consent module (for Gmail the PKCE verifier).
    """

    url: str
    kept: str


class ConsentDoor(Protocol):
    """The half of a provider's consent that needs no network."""

    provider: Provider

    def begin(
        self,
        *,
        state: str,
        purpose: AuthorizationPurpose,
        login_hint: str | None,
        entropy: bytes,
        claims: str | None = None,
    ) -> BegunConsent:
        """Return the provider's consent URL; `entropy` (32 random bytes) makes the PKCE verifier.

        `claims` is what a `NeedsReconnect` of the mailbox carried; the sign-in is asked for it.
        """
