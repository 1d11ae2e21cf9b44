"""A Google account's contacts as an AddressBook: one method of the People API, and what its errors mean.

Kept apart from Gmail's calls, because nothing that goes wrong here may disconnect a mailbox: a permission to
read contacts that was not given concerns contacts only.
Source: https://developers.google.com/people/api/rest/v1/people.connections/list
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from providers.address_book import BookEntry, BookPage, not_given
from providers.exchange import Answer, Outgoing
from providers.gmail.settings import GoogleSettings
from providers.gmail.tokens import FreshTokens
from providers.transport import Transport
from rules.addresses import InvalidAddress, normalise
from rules.errors import CursorExpired, OperatorMustAct, OurBug, Retryable
from rules.words import EmailAddress, Provider

CONTACTS_SCOPE: Final = "https://www.googleapis.com/auth/contacts.readonly"
PAGE_SIZE: Final = 1000
LIMIT_BYTES: Final = 16 * 1024 * 1024
EXPIRED: Final = "EXPIRED_SYNC_TOKEN"
_NO_API: Final = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})


class GoogleAddressBook:
    """One Google account's contacts; implements providers.address_book.AddressBook."""

    def __init__(self, settings: GoogleSettings, tokens: FreshTokens, transport: Transport) -> None:
        self._root = settings.people_root
        self._asked_for = settings.contacts
        self._tokens = tokens
        self._transport = transport

    async def page(self, sync_token: str | None, page: str | None) -> BookPage:
        """Every parameter but the page is the same in every call, as Google demands of sync tokens."""
        asked = {
            "personFields": "emailAddresses,metadata",
            "pageSize": str(PAGE_SIZE),
            "requestSyncToken": "true",
        }
        if sync_token:
            asked["syncToken"] = sync_token
        if page:
            asked["pageToken"] = page
        url = f"{self._root}v1/people/me/connections?{urlencode(asked)}"
        token = await self._tokens.access_token()
        answer = await self._fetch(url, token)
        if answer.status == 401:
            answer = await self._fetch(url, await self._tokens.replaced(token))
        return read_page(answer, asked_for=self._asked_for)

    async def _fetch(self, url: str, token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        outgoing = Outgoing("people connections", "GET", url, headers)
        return await self._transport.fetch(outgoing, limit_bytes=LIMIT_BYTES)


def read_page(answer: Answer, *, asked_for: bool = True) -> BookPage:
    """Return the page of an answer. `asked_for`: whether consents ask for the permission.

    Raises:
        CursorExpired, Refused, Retryable, OperatorMustAct, OurBug: what its error means.
    """
    said = _json(answer)
    if answer.status != 200:
        raise _trouble(answer.status, _reasons(said), asked_for=asked_for)
    entries = [_entry(one) for one in said.get("connections") or () if isinstance(one, dict)]
    return BookPage(
        tuple(one for one in entries if one is not None),
        said.get("nextPageToken") or None,
        said.get("nextSyncToken") or None,
    )


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Retryable(f"Google's contacts answered {answer.status} and no JSON.")
    return said


def _reasons(said: Mapping[str, Any]) -> set[str]:
    error = said.get("error")
    if not isinstance(error, dict):
        return set()
    parts = [*(error.get("details") or ()), *(error.get("errors") or ())]
    return {str(one.get("reason")) for one in parts if isinstance(one, dict)}


def _trouble(status: int, reasons: set[str], *, asked_for: bool) -> Exception:
    if EXPIRED in reasons or status == 410:
        return CursorExpired("Google's contacts no longer know our token.")
    if reasons & _NO_API:
        return OperatorMustAct("The People API is not switched on in the Google Cloud project.")
    if status == 403 and not any("limit" in reason.lower() for reason in reasons):
        return not_given(Provider.GMAIL, asked_for=asked_for)
    if status in (401, 403, 408, 429) or status >= 500:
        return Retryable(f"Google's contacts answered {status}.")
    return OurBug(f"Google's contacts answered {status}.")


def _entry(person: Mapping[str, Any]) -> BookEntry | None:
    name, metadata = person.get("resourceName"), person.get("metadata")
    if not isinstance(name, str) or not name:
        return None
    if isinstance(metadata, dict) and metadata.get("deleted"):
        return BookEntry(name, (), deleted=True)
    found: list[EmailAddress] = []
    for one in person.get("emailAddresses") or ():
        try:
            found.append(normalise(str(one.get("value") or "")))
        except (InvalidAddress, AttributeError):
            continue  # People write anything into their address books; it links with nobody.
    return BookEntry(name, tuple(dict.fromkeys(found)))
