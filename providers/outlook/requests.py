"""Requests to Microsoft Graph, written here and sent by nobody here.

Belongs here: which address with which parameters, and what it costs. Never: I/O, what an answer means.

Every request asks for immutable ids, inside a batch too: a message keeps its id when it is moved, and two
kinds of id must never mix. No link of Graph's for mail is followed: pages are asked for by place in time.
Those of the address book are, which knows no other way, and only below our own root: no other address that
an answer names is ever given the access token.
Sources: https://learn.microsoft.com/en-us/graph/outlook-immutable-id,
https://learn.microsoft.com/en-us/graph/api/user-list-messages, https://learn.microsoft.com/en-us/graph/json-batching
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import orjson

from providers.exchange import Effect, Outgoing
from providers.outlook.decipher import Asked

IMMUTABLE: Final = {"prefer": 'IdType="ImmutableId"'}
BATCH_LIMIT: Final = 20
PAGE: Final = 250
CONTACTS_PAGE: Final = 500
MARKER_PROPERTY: Final = "String {7c0f0d5e-6b0b-4f7e-9a53-0a6f2f1f9c11} Name BothwaysSubmission"
"""Our submission's marker on the message itself: it stays in the mailbox, and can be searched for."""
BEGUN_PROPERTY: Final = "String {7c0f0d5e-6b0b-4f7e-9a53-0a6f2f1f9c11} Name BothwaysBegun"
"""The same, on a reply's draft from its first moment: there is something of ours, perhaps not whole."""
IN_REPLY_TO_PROPERTY: Final = "String 0x1042"
REFERENCES_PROPERTY: Final = "String 0x1039"
"""MAPI's In-Reply-To and References, which sent copies have too; their headers are not told.

Source: MS-OXPROPS 2.748 PidTagInReplyToId, 2.758 PidTagInternetReferences
"""
ENVELOPE_FIELDS: Final = (
    "id,conversationId,internetMessageId,subject,sender,from,toRecipients,ccRecipients,bccRecipients,"
    "receivedDateTime,sentDateTime,isRead,isDraft,hasAttachments,parentFolderId,internetMessageHeaders"
)
"""Everything that the rules look at, and no body."""
CHANGE_FIELDS: Final = "id,changeKey,conversationId,receivedDateTime,lastModifiedDateTime,isRead,isDraft"
COPY_FIELDS: Final = "id,conversationId,internetMessageId,isDraft,parentFolderId"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Graph without its Authorization, what its errors mean, and how many it counts as."""

    outgoing: Outgoing
    asked: Asked
    units: int = 1
    places: int = 1
    """How many requests Graph makes of it at once: up to four of a batch."""


class GraphRequests:
    """Writes requests for one root."""

    def __init__(self, root: str) -> None:
        self._root = root

    def me(self) -> Call:
        return self._get(
            "graph.me", "me", {"$select": "id,mail,userPrincipalName,proxyAddresses"}, Asked.ACCOUNT
        )

    def folder(self, folder: str) -> Call:
        """A folder by its id or its well-known name."""
        return self._get(
            "graph.folder", f"me/mailFolders/{_segment(folder)}", {"$select": "id,parentFolderId"}
        )

    def changed(self, since: datetime, *, folder: str | None = None, skip: int = 0) -> Call:
        """What was modified at or after a second, oldest first: of the whole mailbox, or of one folder."""
        asked = {
            "$filter": f"lastModifiedDateTime ge {_second(since)}",
            "$orderby": "lastModifiedDateTime",
            "$select": CHANGE_FIELDS,
            "$top": str(PAGE),
        }
        return self._listed("graph.changes", folder, asked, skip, Asked.CHANGES)

    def received(self, since: datetime, until: datetime | None, *, skip: int = 0) -> Call:
        """What was received between two times, newest first."""
        before = f" and receivedDateTime le {_second(until)}" if until else ""
        asked = {
            "$filter": f"receivedDateTime ge {_second(since)}{before}",
            "$orderby": "receivedDateTime desc",
            "$select": "id,receivedDateTime,isDraft,parentFolderId",
            "$top": str(PAGE),
        }
        return self._listed("graph.list", None, asked, skip, Asked.LIST)

    def envelope(self, remote_id: str) -> Call:
        asked = {"$select": ENVELOPE_FIELDS, "$expand": _properties()}
        return self._get("graph.message", f"me/messages/{_segment(remote_id)}", asked, Asked.MESSAGE)

    def attachments(self, remote_id: str) -> Call:
        """What is attached, without its content: an expanded message would bring that along."""
        where = f"me/messages/{_segment(remote_id)}/attachments"
        asked = {"$select": "id,name,contentType,size,isInline"}
        return self._get("graph.attachments", where, asked, Asked.MESSAGE)

    def copy(self, remote_id: str, asked: Asked = Asked.MESSAGE) -> Call:
        """Where a message lies, and what it is called by."""
        return self._get(
            "graph.message", f"me/messages/{_segment(remote_id)}", {"$select": COPY_FIELDS}, asked
        )

    def raw(self, remote_id: str) -> Call:
        return self._get("graph.message.raw", f"me/messages/{_segment(remote_id)}/$value", {}, Asked.MESSAGE)

    def copies_with(self, folder: str, condition: str) -> Call:
        """Copies in a folder that fulfil a condition, with their markers."""
        asked = {"$filter": condition, "$select": COPY_FIELDS, "$expand": _properties(), "$top": "10"}
        return self._listed("graph.copies", folder, asked, 0, Asked.LIST)

    def latest_copies(self, folder: str, skip: int = 0) -> Call:
        """Copies in a folder, newest first, with their markers: a plain list, which needs no index."""
        asked = {
            "$orderby": "receivedDateTime desc",
            "$select": f"{COPY_FIELDS},receivedDateTime",
            "$expand": _properties(),
            "$top": "100",
        }
        return self._listed("graph.copies", folder, asked, skip, Asked.LIST)

    def draft_of_mime(self, encoded: bytes) -> Call:
        """A draft from a whole message, base64 as the standard writes it."""
        headers = {**IMMUTABLE, "content-type": "text/plain", "accept": "application/json"}
        outgoing = Outgoing("graph.draft", "POST", f"{self._root}me/messages", headers, encoded)
        return Call(outgoing, Asked.NEW_DRAFT)

    def reply_to(
        self, remote_id: str, headers: Mapping[str, str], properties: Mapping[str, str] | None = None
    ) -> Call:
        """A draft that answers a message: Exchange writes In-Reply-To, References and the conversation."""
        listed = [{"name": name, "value": value} for name, value in headers.items()]
        message: dict[str, object] = {"internetMessageHeaders": listed}
        if properties:
            message["singleValueExtendedProperties"] = [
                {"id": name, "value": value} for name, value in properties.items()
            ]
        content = {"message": message}
        where = f"me/messages/{_segment(remote_id)}/createReply"
        return self._post("graph.reply", where, content, Asked.DRAFT)

    def change(self, remote_id: str, content: object, asked: Asked = Asked.CHANGE) -> Call:
        return self._send("graph.change", "PATCH", f"me/messages/{_segment(remote_id)}", content, asked)

    def attach(self, remote_id: str, content: object) -> Call:
        where = f"me/messages/{_segment(remote_id)}/attachments"
        return self._post("graph.attach", where, content, Asked.NEW_DRAFT)

    def upload_session(self, remote_id: str, content: object) -> Call:
        where = f"me/messages/{_segment(remote_id)}/attachments/createUploadSession"
        return self._post("graph.upload", where, content, Asked.NEW_DRAFT)

    def delete(self, remote_id: str) -> Call:
        outgoing = Outgoing(
            "graph.delete", "DELETE", f"{self._root}me/messages/{_segment(remote_id)}", IMMUTABLE
        )
        return Call(outgoing, Asked.CHANGE)

    def send(self, remote_id: str) -> Call:
        """The one request that must never be repeated by anybody below the caller."""
        headers = {**IMMUTABLE, "content-length": "0"}
        where = f"{self._root}me/messages/{_segment(remote_id)}/send"
        return Call(Outgoing("graph.send", "POST", where, headers, b"", Effect.ONCE), Asked.SEND)

    def contact_folders(self, parent: str = "") -> Call:
        """The folders in a folder of the address book; in the default one, where none is named."""
        below = f"contactFolders/{_segment(parent)}/childFolders" if parent else "contactFolders"
        return self.contacts_at(f"{self._root}me/{below}?$select=id&$top={CONTACTS_PAGE}")

    def contacts(self, folder: str = "") -> Call:
        """A whole folder of the address book, the default one where none is named: the first delta page."""
        of = f"contactFolders/{_segment(folder)}/contacts" if folder else "contacts"
        return self.contacts_at(f"{self._root}me/{of}/delta?$select=emailAddresses")

    def contacts_at(self, link: str) -> Call:
        """The page that Graph itself named. Only links that `is_ours` says so of may be given."""
        prefer = f"{IMMUTABLE['prefer']}, odata.maxpagesize={CONTACTS_PAGE}"
        headers = {"prefer": prefer, "accept": "application/json"}
        return Call(Outgoing("graph.contacts", "GET", link, headers), Asked.CONTACTS)

    def is_ours(self, link: str) -> bool:
        """Whether a link leads to where the access token may go: below our own root, and nowhere else."""
        try:
            there, here = urlsplit(link), urlsplit(self._root)
        except ValueError:
            return False
        same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
        return same and there.path.startswith(here.path) and "/../" not in there.path

    def subscribe(self, content: object) -> Call:
        return self._post("graph.subscribe", "subscriptions", content, Asked.WATCH)

    def renew(self, subscription_id: str, content: object) -> Call:
        where = f"subscriptions/{_segment(subscription_id)}"
        return self._send("graph.renew", "PATCH", where, content, Asked.WATCH)

    def subscriptions(self) -> Call:
        return self._get("graph.subscriptions", "subscriptions", {}, Asked.WATCH)

    def unsubscribe(self, subscription_id: str) -> Call:
        where = f"{self._root}subscriptions/{_segment(subscription_id)}"
        return Call(Outgoing("graph.unsubscribe", "DELETE", where, IMMUTABLE), Asked.WATCH)

    def batch(self, calls: Sequence[Call]) -> Call:
        """One request that carries up to twenty; each still counts."""
        content = {"requests": [self._member(number, call) for number, call in enumerate(calls)]}
        called = self._post("graph.batch", "$batch", content, Asked.LIST)
        return Call(called.outgoing, Asked.LIST, len(calls), min(len(calls), 4))

    def _member(self, number: int, call: Call) -> dict[str, object]:
        outgoing = call.outgoing
        member: dict[str, object] = {
            "id": str(number),
            "method": outgoing.method,
            "url": "/" + outgoing.url.removeprefix(self._root),
            "headers": {_HEADER_NAMES[name]: value for name, value in outgoing.headers.items()},
        }
        if isinstance(outgoing.body, bytes):
            member["body"] = orjson.loads(outgoing.body)
        return member

    def _listed(self, name: str, folder: str | None, asked: dict[str, str], skip: int, kind: Asked) -> Call:
        where = f"me/mailFolders/{_segment(folder)}/messages" if folder else "me/messages"
        return self._get(name, where, {**asked, "$skip": str(skip)} if skip else asked, kind)

    def _get(self, name: str, where: str, asked: Mapping[str, str], kind: Asked = Asked.LIST) -> Call:
        query = "?" + urlencode(asked, quote_via=quote, safe="$,():'{}") if asked else ""
        headers = {**IMMUTABLE, "accept": "application/json"}
        return Call(Outgoing(name, "GET", f"{self._root}{where}{query}", headers), kind)

    def _post(self, name: str, where: str, content: object, asked: Asked) -> Call:
        return self._send(name, "POST", where, content, asked)

    def _send(self, name: str, method: str, where: str, content: object, asked: Asked) -> Call:
        headers = {**IMMUTABLE, "content-type": "application/json", "accept": "application/json"}
        return Call(Outgoing(name, method, f"{self._root}{where}", headers, orjson.dumps(content)), asked)


_HEADER_NAMES: Final = {"prefer": "Prefer", "accept": "Accept", "content-type": "Content-Type"}


def _properties() -> str:
    wanted = (MARKER_PROPERTY, BEGUN_PROPERTY, IN_REPLY_TO_PROPERTY, REFERENCES_PROPERTY)
    return f"singleValueExtendedProperties($filter={' or '.join(f'id eq {literal(one)}' for one in wanted)})"


def literal(text: str) -> str:
    """A text as OData writes it. Source: OData 4.01 ABNF, `string`."""
    return "'" + text.replace("'", "''") + "'"


def called(internet_message_id: str) -> str:
    """The condition that a message has this Message-ID (without brackets)."""
    return f"internetMessageId eq {literal(f'<{internet_message_id}>')}"


def marked(marker: str, name: str = MARKER_PROPERTY) -> str:
    """The condition that a message carries our marker, under this name.

    Source: https://learn.microsoft.com/en-us/graph/api/singlevaluelegacyextendedproperty-get
    """
    return (
        f"singleValueExtendedProperties/Any(ep: ep/id eq {literal(name)} and ep/value eq {literal(marker)})"
    )


def _segment(text: str) -> str:
    """An id as a segment of a path: ids hold `=`, and must not hold a slash's meaning."""
    return quote(text, safe="")


def _second(at: datetime) -> str:
    """A time to the whole second before it: Graph keeps no finer ones."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
