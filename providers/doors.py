"""Where providers are made: from settings and a keeper of tokens, everything else is shared.

Belongs here: putting together. One `Doors` per process; it owns the transport and closes it. A provider it
opens is cheap: it holds no connection of its own, so closing one is nothing to do.
"""

from collections.abc import Callable
from datetime import datetime

from providers.gmail.calls import Calls
from providers.gmail.client import GmailProvider
from providers.gmail.consent import GoogleConsent, GoogleExchange
from providers.gmail.requests import GmailRequests
from providers.gmail.settings import GoogleSettings
from providers.gmail.tokens import FreshTokens
from providers.google_keys import GoogleKeys
from providers.granting import ConsentExchange
from providers.pace import Pace, SharedBuckets
from providers.protocol import MailProvider
from providers.tokens import TokenKeeper
from providers.transport import Transport
from rules.consent import ConsentDoor
from rules.errors import OperatorMustAct
from rules.pacing import GMAIL_PROJECT_RATE, GMAIL_USER_RATE, Rate
from rules.words import Provider


class Doors:
    """Opens mailboxes and consents, for the providers that this deployment is set up for."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        google: GoogleSettings | None,
        shared: SharedBuckets | None = None,
        transport: Transport | None = None,
        mailbox_rate: Rate = GMAIL_USER_RATE,
        project_rate: Rate = GMAIL_PROJECT_RATE,
    ) -> None:
        self._clock = clock
        self._transport = transport or Transport()
        self._google = (
            _Google(google, self._transport, clock, shared, mailbox_rate, project_rate) if google else None
        )

    def mailbox(self, provider: Provider, keeper: TokenKeeper) -> MailProvider:
        """Return the mailbox whose tokens are kept by `keeper`.

        Raises:
            OperatorMustAct: this deployment is not set up for the provider.
        """
        return self._of(provider).mailbox(keeper)

    def consent(self, provider: Provider) -> ConsentDoor:
        """The half of the consent that needs no network. Raises OperatorMustAct."""
        return self._of(provider).consent

    def exchange(self, provider: Provider) -> ConsentExchange:
        """The half of the consent that needs the network. Raises OperatorMustAct."""
        return self._of(provider).exchange

    def google_keys(self) -> GoogleKeys:
        """The keys that pushes are verified with. Raises OperatorMustAct."""
        return self._of(Provider.GMAIL).keys

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    def _of(self, provider: Provider) -> "_Google":
        if provider is Provider.GMAIL and self._google is not None:
            return self._google
        raise OperatorMustAct(f"This deployment is not set up for {provider.value.title()}.")


class _Google:
    """What all Gmail mailboxes of the process share."""

    def __init__(
        self,
        settings: GoogleSettings,
        transport: Transport,
        clock: Callable[[], datetime],
        shared: SharedBuckets | None,
        mailbox_rate: Rate,
        project_rate: Rate,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._requests = GmailRequests(settings.api_root)
        self._pace = Pace(clock=clock, shared=shared, mailbox_rate=mailbox_rate, project_rate=project_rate)
        self.keys = GoogleKeys(transport, settings.jwks_url, clock)
        self.consent = GoogleConsent(settings)
        self.exchange = GoogleExchange(settings, transport, self.keys, self._requests, clock)

    def mailbox(self, keeper: TokenKeeper) -> GmailProvider:
        pace = self._pace.mailbox(keeper.mailbox_key)
        tokens = FreshTokens(keeper, self._settings, self._transport, pace, self._clock)
        calls = Calls(self._transport, tokens, pace, self._clock)
        return GmailProvider(self._settings, self._requests, calls, self._transport)
