"""Microsoft's consent: the page that a user is sent to, and what their return is worth.

Belongs here: which account came back with which permissions, and what a user is told where the organisation
must allow the app first. Never: msal (sign_in.py), `state` (whoever keeps the transaction makes and checks
it).

msal no longer validates the id token, so it is verified here: signature, audience, time, and an issuer that
is the one of the token's own tenant (R8); PKCE and nonce are msal's and are checked by it.
Sources: https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow,
https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent,
https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/manage-app-consent-policies
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, cast
from urllib.parse import urlencode

import jwt

from providers.exchange import Outgoing
from providers.granting import Granted
from providers.openid import Claims, Unverified, verified_claims
from providers.outlook import parse
from providers.outlook.decipher import StaleAccessToken, decipher
from providers.outlook.decipher_grants import NUMBERS, Asks, Grant, number_in
from providers.outlook.requests import GraphRequests
from providers.outlook.settings import MicrosoftSettings
from providers.outlook.sign_in import SCOPES, SignIn, account_in, consented, short_names
from providers.outlook.tokens import tokens_of
from providers.outlook.wire import User
from providers.public_keys import PublicKeys
from providers.tokens import Tokens
from providers.transport import Transport
from rules.consent import BegunConsent
from rules.errors import OperatorMustAct, ReconnectReason, Refused, Retryable
from rules.mailbox_life import status_reason
from rules.words import AuthorizationPurpose, EmailAddress, Provider

TENANT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WELL_KNOWN_TENANTS: Final = frozenset({"common", "organizations", "consumers"})
DECLINED: Final = "Access was not granted. Nothing was connected; you can try again."
SENTENCES: Final = {
    "access_denied": DECLINED,
    "consent_required": DECLINED,
    "login_required": "Microsoft asks you to sign in. Please connect again.",
    "interaction_required": "Microsoft asks you to sign in. Please connect again.",
    "temporarily_unavailable": "Microsoft is not available at the moment. Please try again in a few minutes.",
    "server_error": "Microsoft had a fault of its own. Please try again in a few minutes.",
    "unauthorized_client": "Microsoft does not know this app in your organisation; its operator must act.",
    "invalid_request": "The app is not set up properly with Microsoft; its operator must act.",
    "invalid_resource": "The app is not set up properly with Microsoft; its operator must act.",
}
ADMIN_STATE: Final = "admin"
"""The state of an administrator's consent: it connects nothing, so it needs no secret of ours."""


class MicrosoftConsent:
    """The half of Microsoft's consent that needs no network: implements rules.consent.ConsentDoor."""

    provider = Provider.OUTLOOK

    def __init__(self, settings: MicrosoftSettings) -> None:
        self._sign_in = SignIn(settings, None)

    def begin(
        self,
        *,
        state: str,
        purpose: AuthorizationPurpose,
        login_hint: str | None,
        entropy: bytes,
        claims: str | None = None,
    ) -> BegunConsent:
        """Return Microsoft's consent URL, and msal's flow to keep; verifier and nonce are msal's own dice."""
        choose = purpose is not AuthorizationPurpose.REAUTHENTICATE and not login_hint
        begun = self._sign_in.begin(
            state=state, prompt="select_account" if choose else None, login_hint=login_hint, claims=claims
        )
        return BegunConsent(url=begun.url, kept=begun.kept)


class MicrosoftExchange:
    """The half that needs the network: implements providers.granting.ConsentExchange."""

    provider = Provider.OUTLOOK

    def __init__(
        self,
        settings: MicrosoftSettings,
        transport: Transport,
        keys: PublicKeys,
        requests: GraphRequests,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._keys = keys
        self._requests = requests
        self._clock = clock
        self._sign_in = SignIn(settings, transport)

    def explain(self, error: str) -> str:
        """A sentence for the user about the redirect's `error` and its AADSTS number; neither is repeated."""
        number = number_in(error)
        if number is not None and NUMBERS.get(number) is Asks.ADMIN:
            return self.reason(ReconnectReason.ADMIN_BLOCKED)
        code = error.partition(" ")[0]
        return SENTENCES.get(
            code, "Microsoft did not grant access. Nothing was connected; you can try again."
        )

    def reason(self, reason: ReconnectReason) -> str:
        """A sentence for the user about why nothing was connected, with the administrator's way out."""
        if reason is ReconnectReason.ADMIN_BLOCKED:
            return (
                "Your organisation lets only an administrator allow this app. Send them this link; once they "
                f"have allowed it, connect again: {self.admin_consent_url()}"
            )
        return status_reason(reason)

    def admin_consent_url(self) -> str:
        """Where an administrator allows the app for everybody in their organisation.

        Permissions are named without Graph's address, which is another in each cloud.
        Source: https://learn.microsoft.com/en-us/graph/sdks/national-clouds
        """
        settings = self._settings
        tenant = "organizations" if settings.tenant in WELL_KNOWN_TENANTS else settings.tenant
        asked = {
            "client_id": settings.client_id,
            "scope": " ".join(consented(settings)),
            "redirect_uri": settings.redirect_uri,
            "state": ADMIN_STATE,
        }
        return f"{settings.authority}/{tenant}/v2.0/adminconsent?{urlencode(asked)}"

    async def finish(self, *, code: str, kept: str, redirect_uri: str) -> Granted:
        """Exchange the code and say who came back with what. Raises as ConsentExchange says."""
        sent_at = self._clock()
        signed_in = await self._sign_in.redeem(code=code, kept=kept, redirect_uri=redirect_uri)
        tokens = tokens_of(signed_in, sent_at, Grant.CODE, before=frozenset())
        claims = await self._claims(signed_in.said.get("id_token"))
        account = account_in(tokens.kept)
        if account is None or not account.endswith(f".{claims.tenant}"):
            raise Refused("Microsoft named two accounts at once. Please connect again.")
        if not tokens.refresh_token:
            raise Refused("Microsoft gave no lasting access. Please connect again.")
        missing = missing_scopes(tokens.scopes)
        address = await self._address(tokens, claims)
        return Granted(address, parse.account_id(self._settings, account), tokens, missing)

    async def _claims(self, token: object) -> Claims:
        """The id token's claims, verified although it came straight from Microsoft."""
        if not isinstance(token, str):
            raise OperatorMustAct("Microsoft's answer holds no id token.")
        now, audience = self._clock(), self._settings.client_id
        issuers = frozenset({self._settings.issuer(self._tenant(token))})
        try:
            return await self._keys.verify(
                lambda keys: verified_claims(token, keys, now=now, audience=audience, issuers=issuers)
            )
        except Unverified as error:
            raise Refused(f"Microsoft's id token does not hold: {error}.") from error

    def _tenant(self, token: str) -> str:
        """The tenant that the token names, which its issuer must then be; the signature is checked after."""
        try:
            tenant = jwt.decode(token, options={"verify_signature": False}).get("tid")
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Refused("Microsoft's id token cannot be read.") from error
        if not isinstance(tenant, str) or not TENANT_ID.fullmatch(tenant):
            raise Refused("Microsoft's id token names no tenant.")
        ours = self._settings.tenant
        if TENANT_ID.fullmatch(ours) and tenant != ours:
            raise Refused("This account belongs to another organisation.")
        return tenant

    async def _address(self, tokens: Tokens, claims: Claims) -> EmailAddress:
        """The mailbox's own word for its address; the id token's where we may not ask."""
        call = self._requests.me()
        headers = {**call.outgoing.headers, "authorization": f"Bearer {tokens.access_token}"}
        request = Outgoing(call.outgoing.name, call.outgoing.method, call.outgoing.url, headers)
        answer = await self._transport.fetch(request)
        if answer.status == 403 and claims.email:
            return parse.own_address({"mail": claims.email})
        try:
            said = decipher(call.asked, answer.status, answer.headers, answer.body, now=self._clock())
        except StaleAccessToken as error:
            raise Retryable("Microsoft does not accept its own new token yet.") from error
        return parse.own_address(cast(User, said))


def missing_scopes(granted: frozenset[str]) -> tuple[str, ...]:
    """Which of SCOPES were not granted, in their order."""
    known = short_names(granted)
    return tuple(scope for scope in SCOPES if scope.lower() not in known)
