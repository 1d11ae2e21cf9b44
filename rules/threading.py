"""Which thread a message joins, and what a reply must carry so that every mail client agrees.

The order: the provider's thread link, then References from the newest, then In-Reply-To. Never the subject
alone: two strangers may both write "Offer". The subject's base form is for display only.
Source: sync-rules C2, D9, S11; RFC 5322 3.6.4; RFC 5256 2.1 (base subject).
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from rules.conversation import KnownThread
from rules.envelope import Envelope
from rules.headers import REFERENCES_LIMIT
from rules.words import ContactId

SUBJECT_LIMIT: Final = 998

_PREFIX = re.compile(
    r"\s*(?:re|fwd?|aw|wg|sv|vs|vb|antw|tr|rv|rif|enc|odp|ynt|res|回复|答复|转发|رد|תגובה)"
    r"(?:\s?\[[^\]]{0,20}\]|\s?\(\d{1,3}\))?\s?[:：]",
    re.IGNORECASE,
)
_BLOB = re.compile(r"\s*\[[^\[\]]{0,100}\]\s*(?=\S)")
_TRAILER = re.compile(r"\s*\(fwd\)\s*$", re.IGNORECASE)
_FORWARD_WRAP = re.compile(r"\[fwd?:(.*)\]", re.IGNORECASE | re.DOTALL)


def parents(envelope: Envelope) -> tuple[str, ...]:
    """Return the Message-IDs that the message answers, the nearest first, without repeats."""
    nearest = [*reversed(envelope.references)]
    if envelope.in_reply_to:
        nearest.append(envelope.in_reply_to)
    return tuple(dict.fromkeys(nearest))


def linked_thread(
    envelope: Envelope,
    by_remote_thread: Mapping[str, KnownThread],
    by_reference: Mapping[str, KnownThread],
) -> KnownThread | None:
    """Return the thread that the message belongs to through a live link of its connection (D9), or None.

    Both mappings hold only threads with a live link to the connection that the envelope came from.
    """
    linked = by_remote_thread.get(envelope.remote_thread_id)
    if linked is not None:
        return linked
    return next((by_reference[parent] for parent in parents(envelope) if parent in by_reference), None)


def thread_to_join(
    envelope: Envelope, by_reference: Mapping[str, KnownThread], participants: Collection[ContactId]
) -> KnownThread | None:
    """Return the thread that a message with no live link goes on with, or None for a new thread.

    A thread is joined through References only where its contact takes part in the message: naming a
    Message-ID must not put a stranger's mail into somebody else's conversation.
    """
    for parent in parents(envelope):
        thread = by_reference.get(parent)
        if thread is not None and thread.contact_id in participants:
            return thread
    return None


def base_subject(subject: str) -> str:
    """Return the subject without reply and forward marks, white space collapsed; may be empty.

    Source: RFC 5256 2.1, with the reply marks of other languages that mail programs write.
    """
    text = " ".join(subject[:SUBJECT_LIMIT].split())
    while True:
        before = text
        text = _TRAILER.sub("", text)
        text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
        blob = _BLOB.match(text)
        if blob and _PREFIX.match(text, blob.end()):
            text = text[blob.end() :]
        wrapped = _FORWARD_WRAP.fullmatch(text)
        text = wrapped[1] if wrapped else text
        text = text.strip()
        if text == before:
            return text


def reply_subject(subject: str) -> str:
    """Return the subject of a reply: `Re: ` once before what was answered. Source: RFC 5322 3.6.5."""
    stripped = subject.strip()
    if _PREFIX.match(stripped) and not re.match(r"\s*(?:fwd?|wg|tr|rv|enc|转发)\b", stripped, re.IGNORECASE):
        return stripped
    return f"Re: {stripped}".rstrip()


def reply_references(parent_id: str | None, parent_references: tuple[str, ...]) -> tuple[str, ...]:
    """Return the References of a reply: the parent's, then the parent; the first and the newest of too many.

    In-Reply-To is `parent_id` itself (S11).
    Source: RFC 5322 3.6.4.
    """
    if parent_id is None:
        return parent_references[-REFERENCES_LIMIT:]
    chain = [one for one in dict.fromkeys(parent_references) if one != parent_id] + [parent_id]
    return tuple(chain) if len(chain) <= REFERENCES_LIMIT else (chain[0], *chain[-REFERENCES_LIMIT + 1 :])
