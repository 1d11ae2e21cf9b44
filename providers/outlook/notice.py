"""A push of Graph: which mailboxes does it ring for?

Pure. Belongs here: reading. Never: storing, asking Graph anything, believing more than "look". Nobody signs
such a push: each item carries the secret that its subscription was made with, and only its hash is
compared, by the caller. A change and a lifecycle event are told apart for the log alone: whichever comes,
the mailbox's subscription is seen to and its changes are read.
Sources: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks,
https://learn.microsoft.com/en-us/graph/change-notifications-lifecycle-events
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from providers.outlook.wire import json_object

BODY_LIMIT_BYTES: Final = 1024 * 1024
SECRET_LIMIT_CHARACTERS: Final = 128
"""Source: clientState, https://learn.microsoft.com/en-us/graph/api/resources/subscription"""
VALIDATION_LIMIT_CHARACTERS: Final = 4096


class Unreadable(Exception):
    """Not a push of Graph; pushing it again will not help."""


@dataclass(frozen=True, slots=True)
class GraphNotice:
    """One mailbox is rung for. `secret_hash` is the SHA-256 of what the items carried."""

    secret_hash: bytes
    lifecycle: frozenset[str]
    """Lifecycle events among the items: the subscription itself wants looking after."""


def read_notices(body: bytes) -> tuple[GraphNotice, ...]:
    """Read a push: one notice for each secret in it. Raises Unreadable."""
    if len(body) > BODY_LIMIT_BYTES:
        raise Unreadable("the push is too large")
    said = json_object(body)
    listed = said.get("value") if said is not None else None
    if not isinstance(listed, list):
        raise Unreadable("the push holds no list")
    found: dict[bytes, set[str]] = {}
    for item in listed:
        secret = item.get("clientState") if isinstance(item, dict) else None
        if not isinstance(secret, str) or not 0 < len(secret) <= SECRET_LIMIT_CHARACTERS:
            continue
        events = found.setdefault(hashlib.sha256(secret.encode("utf-8", "replace")).digest(), set())
        event = item.get("lifecycleEvent")
        if isinstance(event, str) and event:
            events.add(event[:64])
    return tuple(GraphNotice(secret_hash, frozenset(events)) for secret_hash, events in found.items())
