"""A Pub/Sub push of Gmail: is it Google's, and whose mailbox does it ring for?

Pure: the keys and the time are arguments. Belongs here: verifying and reading. Never: fetching keys, storing,
asking Gmail anything. A push says only "something changed", repeatedly, late or out of order: its history id
is for the log, never a cursor.

Tolerant in form and strict in proof: base64 of either alphabet with or without padding, the history id as a
number or a string (both have been seen); but RS256 by a key of Google's, our audience, our service account.
Sources: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions,
https://developers.google.com/workspace/gmail/api/guides/push
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from providers.openid import KeySet, Unverified, verified_claims
from rules.addresses import InvalidAddress, normalise
from rules.words import EmailAddress

ISSUERS: Final = frozenset({"https://accounts.google.com", "accounts.google.com"})
BODY_LIMIT_BYTES: Final = 64 * 1024
DATA_LIMIT_CHARACTERS: Final = 8 * 1024
ID_LIMIT_CHARACTERS: Final = 200


class Unreadable(Exception):
    """A verified push that is not a Gmail notice; pushing it again will not help."""


@dataclass(frozen=True, slots=True)
class GmailNotice:
    """Something changed in the mailbox. `publication_id` is Pub/Sub's: the same one may come again."""

    address: EmailAddress
    history_id: int
    publication_id: str


def verify_push(
    authorization: str | None,
    keys: KeySet,
    *,
    now: datetime,
    audience: str,
    service_account_email: str,
) -> None:
    """Return if the Authorization header proves that Pub/Sub pushed this for our subscription.

    Raises:
        UnknownKey: fetch the keys once more (PublicKeys.verify does).
        Unverified: it proves nothing; answer 401 and do nothing.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unverified("there is no bearer token")
    if not audience or not service_account_email:
        raise Unverified("this deployment expects no push")
    claims = verified_claims(token.strip(), keys, now=now, audience=audience, issuers=ISSUERS)
    theirs = (claims.email or "").encode()
    if not hmac.compare_digest(theirs, service_account_email.encode()) or not claims.email_verified:
        raise Unverified("it was made for another service account")


def read_notice(body: bytes) -> GmailNotice:
    """Read the push envelope. Raises Unreadable: it rings for no mailbox."""
    if len(body) > BODY_LIMIT_BYTES:
        raise Unreadable("the push is too large")
    envelope = _object(body)
    message = envelope.get("message")
    if not isinstance(message, dict):
        raise Unreadable("the push holds no message")
    data = message.get("data")
    if not isinstance(data, str) or len(data) > DATA_LIMIT_CHARACTERS:
        raise Unreadable("the message holds no data")
    said = _object(_decoded(data))
    publication_id = message.get("messageId", message.get("message_id", ""))
    return GmailNotice(
        address=_address(said.get("emailAddress")),
        history_id=_history_id(said.get("historyId")),
        publication_id=publication_id[:ID_LIMIT_CHARACTERS] if isinstance(publication_id, str) else "",
    )


def _object(text: bytes) -> dict[str, object]:
    try:
        decoded = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable("it is not JSON") from error
    if not isinstance(decoded, dict):
        raise Unreadable("it is not a JSON object")
    return decoded


def _decoded(data: str) -> bytes:
    """Standard or URL-safe base64: Pub/Sub writes the one, Gmail's guide says the other."""
    standard = data.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("the data is not base64") from error


def _address(value: object) -> EmailAddress:
    if not isinstance(value, str):
        raise Unreadable("it names no mailbox")
    try:
        return normalise(value)
    except InvalidAddress as error:
        raise Unreadable("it names no mailbox") from error


def _history_id(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63:
        return value
    raise Unreadable("it names no place in the change feed")
