"""Requests to Gmail, written by google-api-python-client and sent by nobody here.

Belongs here: which method with which parameters, and what it costs. Never: I/O. The service is built once
per process out of the discovery document that the package bundles, with `rootUrl` replaced before anything is
built: `api_endpoint` would lose a path prefix and the scheme for uploads and ignore itself for batches. Its
`http` refuses to be used, so that httplib2, which repeats a POST by itself, can never send anything
(security, finding 2).

Source: https://developers.google.com/workspace/gmail/api/reference/rest; the costs are rules/pacing.py's.
"""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast
from urllib.parse import urlsplit

from googleapiclient.discovery import build_from_document  # type: ignore[attr-defined]  # not in the stubs
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.http import HttpRequest, MediaUpload

from providers.exchange import Effect, Outgoing
from providers.gmail.decipher import Asked
from rules.pacing import gmail_units

if TYPE_CHECKING:
    from googleapiclient._apis.gmail.v1.resources import GmailResource

UPLOAD_LIMIT_BYTES: Final = 36_700_160
"""Source: maxSize of drafts.create in the discovery document."""
BATCH_LIMIT: Final = 50
HISTORY_KINDS: Final = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")
_PART: Final = "partId,mimeType,filename,headers,body/size"


def _nested(depth: int) -> str:
    return _PART if depth == 0 else f"{_PART},parts({_nested(depth - 1)})"


ENVELOPE_FIELDS: Final = f"id,threadId,labelIds,internalDate,sizeEstimate,payload({_nested(4)})"
"""Everything of `format=full` but bodies: headers, and name, type and size of each part.

`format=metadata` says nothing of attachments, which the rules need (D8); this costs the same units.
Source: https://developers.google.com/workspace/gmail/api/guides/performance#partial-response
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API without its Authorization, what its errors mean, and its cost in quota units."""

    outgoing: Outgoing
    asked: Asked
    units: int


class _Unsent:
    """What the service gets for an HTTP client: one that refuses."""

    def request(self, *_: object, **__: object) -> NoReturn:
        raise AssertionError("requests are only written here, never sent")

    def close(self) -> None:
        return None


class _Announced(MediaUpload):
    """A message that will be streamed: the client library is told its size and never asks for its bytes."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__()
        self._size_bytes = size_bytes

    def chunksize(self) -> int:
        return -1

    def mimetype(self) -> str:
        return "message/rfc822"

    def size(self) -> int:
        return self._size_bytes

    def resumable(self) -> bool:
        return True

    def getbytes(self, begin: int, length: int) -> NoReturn:
        raise AssertionError("the body is streamed by the transport")


class GmailRequests:
    """Writes requests for one API root; read-only after it is built, so one serves every mailbox."""

    def __init__(self, api_root: str) -> None:
        document = json.loads(get_static_doc("gmail", "v1"))  # type: ignore[no-untyped-call]  # bare in the stubs
        document["rootUrl"] = api_root
        service = build_from_document(document, http=_Unsent())
        # Each of these is built anew, method by method, whenever it is asked for; so it is asked for once.
        self._users = cast("GmailResource", service).users()
        self._messages = self._users.messages()
        self._threads = self._users.threads()
        self._drafts = self._users.drafts()
        self._history = self._users.history()
        self._send_as = self._users.settings().sendAs()
        self._batch_url = api_root + document["batchPath"]
        self._host = urlsplit(api_root).netloc

    def profile(self) -> Call:
        return _call(self._users.getProfile(userId="me"), Asked.ACCOUNT)

    def userinfo(self, url: str) -> Call:
        """OpenID's own question, which is no Gmail method and costs no units."""
        headers = {"accept": "application/json"}
        return Call(Outgoing("openid userinfo", "GET", url, headers), Asked.ACCOUNT, 0)

    def send_as(self) -> Call:
        return _call(self._send_as.list(userId="me"), Asked.ACCOUNT)

    def history(self, start: str, page: str | None) -> Call:
        """Every kind of change, unfiltered: a message that left a label would be missing from that label."""
        kinds = cast(Any, list(HISTORY_KINDS))
        listed = self._history.list(
            userId="me", startHistoryId=start, historyTypes=kinds, maxResults=500, **_page(page)
        )
        return _call(listed, Asked.HISTORY)

    def envelope(self, remote_id: str) -> Call:
        got = self._messages.get(userId="me", id=remote_id, format="full", **_any(fields=ENVELOPE_FIELDS))
        return _call(got, Asked.MESSAGE)

    def headers(self, remote_id: str, names: Sequence[str]) -> Call:
        """Named headers only; at most twenty, so that the URL stays short."""
        got = self._messages.get(userId="me", id=remote_id, format="metadata", metadataHeaders=list(names))
        return _call(got, Asked.MESSAGE)

    def raw(self, remote_id: str) -> Call:
        got = self._messages.get(userId="me", id=remote_id, format="raw", **_any(fields="id,raw"))
        return _call(got, Asked.MESSAGE)

    def messages(self, *, query: str, labels: Sequence[str] = (), size: int, page: str | None) -> Call:
        """Ids, newest first; spam and trash are left out by Gmail itself."""
        narrowed = _any(labelIds=list(labels)) if labels else {}
        listed = self._messages.list(userId="me", q=query, maxResults=size, **narrowed, **_page(page))
        return _call(listed, Asked.LIST)

    def thread(self, remote_thread_id: str, names: Sequence[str]) -> Call:
        got = self._threads.get(
            userId="me", id=remote_thread_id, format="metadata", metadataHeaders=list(names)
        )
        return _call(got, Asked.MESSAGE)

    def new_draft(self, size_bytes: int, remote_thread_id: str | None) -> Call:
        """The first of the two steps of a resumable upload: metadata now, the message to where it says."""
        message = {"threadId": remote_thread_id} if remote_thread_id else {}
        written = self._drafts.create(
            userId="me", body=cast(Any, {"message": message}), **_any(media_body=_Announced(size_bytes))
        )
        call = _call(written, Asked.NEW_DRAFT)
        announced = {"x-upload-content-type": "message/rfc822", "x-upload-content-length": str(size_bytes)}
        headers = {**call.outgoing.headers, **announced}
        return replace(call, outgoing=replace(call.outgoing, headers=headers))

    def small_draft(self, raw: str, remote_thread_id: str | None) -> Call:
        """A whole draft in one request; `raw` is base64url."""
        message = {"raw": raw, "threadId": remote_thread_id} if remote_thread_id else {"raw": raw}
        written = self._drafts.create(userId="me", body=cast(Any, {"message": message}))
        return _call(written, Asked.NEW_DRAFT)

    def drafts(self, query: str | None, size: int) -> Call:
        """Drafts' ids, newest first: those that a query finds, or all."""
        narrowed = _any(q=query) if query else {}
        return _call(self._drafts.list(userId="me", maxResults=size, **narrowed), Asked.LIST)

    def draft(self, remote_id: str) -> Call:
        return _call(self._drafts.get(userId="me", id=remote_id, format="minimal"), Asked.DRAFT)

    def send_draft(self, remote_id: str) -> Call:
        """The one request that must never be repeated by anybody below the caller."""
        call = _call(self._drafts.send(userId="me", body={"id": remote_id}), Asked.SEND)
        return replace(call, outgoing=replace(call.outgoing, effect=Effect.ONCE))

    def mark(self, remote_ids: Sequence[str], *, read: bool) -> Call:
        """Read state of up to 1000 messages.

        Source: https://developers.google.com/workspace/gmail/api/guides/labels
        """
        change = cast(Any, {"removeLabelIds": ["UNREAD"]} if read else {"addLabelIds": ["UNREAD"]})
        if len(remote_ids) == 1:
            one = self._messages.modify(userId="me", id=remote_ids[0], body=change)
            return _call(one, Asked.CHANGE)
        many = self._messages.batchModify(userId="me", body=cast(Any, {"ids": list(remote_ids), **change}))
        return _call(many, Asked.CHANGE)

    def watch(self, topic: str) -> Call:
        """Unfiltered: read state and un-archiving matter too, and a needless notice costs two units."""
        return _call(self._users.watch(userId="me", body={"topicName": topic}), Asked.WATCH)

    def stop(self) -> Call:
        return _call(self._users.stop(userId="me"), Asked.WATCH)

    def batch(self, calls: Sequence[Call], content_type: str, body: bytes) -> Call:
        """One request that carries up to fifty; each still costs its own units."""
        outgoing = Outgoing("gmail batch", "POST", self._batch_url, {"content-type": content_type}, body)
        return Call(outgoing, Asked.LIST, sum(call.units for call in calls))

    @property
    def host(self) -> str:
        """What a batch's inner requests name as their Host."""
        return self._host


@cache
def requests_to(api_root: str) -> GmailRequests:
    """The one writer of this process's requests to an API root: reading Google's document takes 30 ms."""
    return GmailRequests(api_root)


def _call(request: HttpRequest, asked: Asked) -> Call:
    method = cast(str, request.methodId)
    body = request.body
    outgoing = Outgoing(
        name=method,
        method=request.method,
        url=request.uri.rstrip("?"),
        headers={name.lower(): str(value) for name, value in (request.headers or {}).items()},
        body=body.encode() if isinstance(body, str) else cast("bytes | AsyncIterator[bytes] | None", body),
    )
    return Call(outgoing, asked, gmail_units(method))


def _any(**values: object) -> dict[str, Any]:
    """Parameters that the API takes and the type stubs do not know (`fields`, `media_body`)."""
    return dict(values)


def _page(token: str | None) -> dict[str, Any]:
    return {"pageToken": token} if token else {}


def chunked(ids: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """The ids in runs of at most `size`, in order."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
