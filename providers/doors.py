"""Where providers are made: from settings and a keeper of tokens, everything else is shared.

Belongs here: putting together. One `Doors` per process; it owns the transport and closes it. A provider it
opens is cheap: it holds no connection of its own, so closing one is nothing to do.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from providers.address_book import AddressBook
from providers.gmail.calls import Calls
from providers.gmail.client import GmailProvider
from providers.gmail.consent import GoogleConsent, GoogleExchange
from providers.gmail.people import GoogleAddressBook
from providers.gmail.requests import requests_to
from providers.gmail.settings import GoogleSettings
from providers.gmail.tokens import FreshTokens
from providers.granting import ConsentExchange
from providers.outlook import calls as outlook_calls
from providers.outlook import tokens as outlook_tokens
from providers.outlook.client import OutlookProvider
from providers.outlook.consent import MicrosoftConsent, MicrosoftExchange
from providers.outlook.contacts import MicrosoftAddressBook
from providers.outlook.folders import Folders
from providers.outlook.requests import GraphRequests
from providers.outlook.settings import MicrosoftSettings
from providers.outlook.sign_in import SignIn
from providers.pace import Pace, SharedBuckets
from providers.protocol import MailProvider
from providers.public_keys import PublicKeys
from providers.smtp.account import SmtpSettings
from providers.smtp.sender import SmtpSender
from providers.tokens import TokenKeeper
from providers.transport import Transport
from providers.web import WebClient, WebSettings, images_reaching, webhooks_reaching
from rules.consent import ConsentDoor
from rules.errors import OperatorMustAct
from rules.pacing import (
    GMAIL_PROJECT_RATE,
    GMAIL_USER_RATE,
    GRAPH_APP_RATE,
    GRAPH_APP_UPLOAD_RATE,
    GRAPH_MAILBOX_RATE,
    GRAPH_UPLOAD_RATE,
    Rate,
)
from rules.words import Provider

FOLDERS_REMEMBERED: Final = 5_000


class _Provider(Protocol):
    """What all mailboxes of one provider share in this process."""

    @property
    def consent(self) -> ConsentDoor: ...
    @property
    def exchange(self) -> ConsentExchange: ...
    def mailbox(self, keeper: TokenKeeper) -> MailProvider: ...
    def address_book(self, keeper: TokenKeeper) -> AddressBook: ...


class Doors:
    """Opens mailboxes and consents, for the providers that this deployment is set up for.

    `shared` are the buckets that several processes take from, by provider; rates of Gmail count quota units,
    those of Outlook count requests.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        google: GoogleSettings | None = None,
        microsoft: MicrosoftSettings | None = None,
        smtp: SmtpSettings | None = None,
        webhooks: WebSettings | None = None,
        images: WebSettings | None = None,
        shared: SharedBuckets | None = None,
        transport: Transport | None = None,
        mailbox_rate: Rate = GMAIL_USER_RATE,
        project_rate: Rate = GMAIL_PROJECT_RATE,
        graph_rate: Rate = GRAPH_MAILBOX_RATE,
    ) -> None:
        self._transport = transport or Transport()
        self.workspace_sender = SmtpSender(smtp or SmtpSettings())
        self.webhooks = WebClient(webhooks or webhooks_reaching())
        self.images = WebClient(images or images_reaching())
        self._providers: dict[Provider, _Provider] = {}
        if google is not None:
            self._google = _Google(google, self._transport, clock, shared, mailbox_rate, project_rate)
            self._providers[Provider.GMAIL] = self._google
        if microsoft is not None:
            self._providers[Provider.OUTLOOK] = _Microsoft(
                microsoft, self._transport, clock, shared, graph_rate
            )

    @property
    def offered(self) -> frozenset[Provider]:
        """The providers that this deployment is set up for."""
        return frozenset(self._providers)

    def mailbox(self, provider: Provider, keeper: TokenKeeper) -> MailProvider:
        """Return the mailbox whose tokens are kept by `keeper`.

        Raises:
            OperatorMustAct: this deployment is not set up for the provider.
        """
        return self._of(provider).mailbox(keeper)

    def address_book(self, provider: Provider, keeper: TokenKeeper) -> AddressBook:
        """The address book of the account whose tokens are kept by `keeper`.

        Raises:
            OperatorMustAct: this deployment is not set up for the provider.
        """
        return self._of(provider).address_book(keeper)

    def consent(self, provider: Provider) -> ConsentDoor:
        """The half of the consent that needs no network. Raises OperatorMustAct."""
        return self._of(provider).consent

    def exchange(self, provider: Provider) -> ConsentExchange:
        """The half of the consent that needs the network. Raises OperatorMustAct."""
        return self._of(provider).exchange

    def google_keys(self) -> PublicKeys:
        """The keys that Gmail's pushes are verified with. Raises OperatorMustAct."""
        self._of(Provider.GMAIL)
        return self._google.keys

    async def close(self) -> None:
        """Close every connection."""
        await self.workspace_sender.close()
        await self.webhooks.close()
        await self.images.close()
        await self._transport.close()

    def _of(self, provider: Provider) -> _Provider:
        if provider in self._providers:
            return self._providers[provider]
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
        self._requests = requests_to(settings.api_root)
        self._pace = Pace(clock=clock, shared=shared, mailbox_rate=mailbox_rate, project_rate=project_rate)
        self.keys = PublicKeys(transport, settings.jwks_url, clock)
        self.consent: ConsentDoor = GoogleConsent(settings)
        self.exchange: ConsentExchange = GoogleExchange(settings, transport, self.keys, self._requests, clock)

    def address_book(self, keeper: TokenKeeper) -> GoogleAddressBook:
        pace = self._pace.mailbox(keeper.mailbox_key)
        tokens = FreshTokens(keeper, self._settings, self._transport, pace, self._clock)
        return GoogleAddressBook(self._settings, tokens, self._transport)

    def mailbox(self, keeper: TokenKeeper) -> GmailProvider:
        pace = self._pace.mailbox(keeper.mailbox_key)
        tokens = FreshTokens(keeper, self._settings, self._transport, pace, self._clock)
        calls = Calls(self._transport, tokens, pace, self._clock)
        return GmailProvider(self._settings, self._requests, calls, self._transport)


class _Microsoft:
    """What all Outlook mailboxes of the process share."""

    def __init__(
        self,
        settings: MicrosoftSettings,
        transport: Transport,
        clock: Callable[[], datetime],
        shared: SharedBuckets | None,
        mailbox_rate: Rate,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._requests = GraphRequests(settings.graph_root)
        self._sign_in = SignIn(settings, transport)
        self._pace = Pace(
            clock=clock,
            shared=shared,
            mailbox_rate=mailbox_rate,
            project_rate=GRAPH_APP_RATE,
            name="graph",
        )
        self._uploads = Pace(
            clock=clock,
            shared=shared,
            mailbox_rate=GRAPH_UPLOAD_RATE,
            project_rate=GRAPH_APP_UPLOAD_RATE,
            name="graph uploads",
        )
        self._folders: OrderedDict[str, Folders] = OrderedDict()
        keys = PublicKeys(transport, settings.keys_url, clock)
        self.consent: ConsentDoor = MicrosoftConsent(settings)
        self.exchange: ConsentExchange = MicrosoftExchange(settings, transport, keys, self._requests, clock)

    def mailbox(self, keeper: TokenKeeper) -> OutlookProvider:
        folders = self._folders_of(keeper.mailbox_key)
        return OutlookProvider(self._settings, self._requests, self._calls(keeper), folders)

    def address_book(self, keeper: TokenKeeper) -> MicrosoftAddressBook:
        return MicrosoftAddressBook(self._requests, self._calls(keeper), asked_for=self._settings.contacts)

    def _calls(self, keeper: TokenKeeper) -> outlook_calls.Calls:
        key = keeper.mailbox_key
        pace, uploads = self._pace.mailbox(key), self._uploads.mailbox(key)
        tokens = outlook_tokens.FreshTokens(keeper, self._sign_in, pace, self._clock)
        return outlook_calls.Calls(self._transport, tokens, pace, uploads, self._clock)

    def _folders_of(self, key: str) -> Folders:
        """What is known of a mailbox's folders, for as long as it is among the last used."""
        folders = self._folders.setdefault(key, Folders())
        self._folders.move_to_end(key)
        if len(self._folders) > FOLDERS_REMEMBERED:
            self._folders.popitem(last=False)
        return folders
