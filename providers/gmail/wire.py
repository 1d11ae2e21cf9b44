"""The JSON that Google sends and reads, typed; nothing of it is trusted, and `Any` stops here.

Belongs here: TypedDicts with their documentation's address. Never: behaviour, beyond saying whether a decoded
body is a JSON object at all. Every member may be missing: Google leaves out what is empty. 64-bit numbers are
strings (except in a push's payload).
"""

from typing import Literal, TypedDict

import orjson

JsonObject = dict[str, object]


class Header(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#header"""

    name: str
    value: str


class Body(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages.attachments"""

    attachmentId: str
    size: int


class Part(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#messagepart"""

    partId: str
    mimeType: str
    filename: str
    headers: list[Header]
    body: Body
    parts: list["Part"]


class Message(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages"""

    id: str
    threadId: str
    labelIds: list[str]
    historyId: str
    internalDate: str
    sizeEstimate: int
    payload: Part


class MessageList(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list"""

    messages: list[Message]
    nextPageToken: str


class Thread(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.threads"""

    id: str
    messages: list[Message]


class MessageNote(TypedDict, total=False):
    """One entry of a typed array of a history record; `labelIds` are those added or removed."""

    message: Message
    labelIds: list[str]


class HistoryRecord(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list#history"""

    id: str
    messagesAdded: list[MessageNote]
    messagesDeleted: list[MessageNote]
    labelsAdded: list[MessageNote]
    labelsRemoved: list[MessageNote]


HistoryKind = Literal["messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved"]


class HistoryList(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list"""

    history: list[HistoryRecord]
    nextPageToken: str
    historyId: str


class Draft(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts"""

    id: str
    message: Message


class DraftList(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts/list"""

    drafts: list[Draft]


class Profile(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/getProfile"""

    emailAddress: str
    historyId: str


class SendAs(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.settings.sendAs"""

    sendAsEmail: str
    isPrimary: bool
    verificationStatus: str


class SendAsList(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.settings.sendAs/list"""

    sendAs: list[SendAs]


class WatchAnswer(TypedDict, total=False):
    """https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/watch"""

    historyId: str
    expiration: str


class TokenAnswer(TypedDict, total=False):
    """https://developers.google.com/identity/protocols/oauth2/web-server#exchange-authorization-code"""

    access_token: str
    expires_in: int
    refresh_token: str
    scope: str
    token_type: str
    id_token: str


class UserInfo(TypedDict, total=False):
    """https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation"""

    sub: str
    email: str


def json_object(body: bytes) -> JsonObject | None:
    """The body as a JSON object, or None where it is anything else: HTML, half an answer, a list."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return decoded if isinstance(decoded, dict) else None
