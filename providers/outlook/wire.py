"""The JSON that Microsoft Graph sends, typed; nothing of it is trusted, and `Any` stops here.

Belongs here: TypedDicts with their documentation's address. Never: behaviour, beyond saying whether a decoded
body is a JSON object at all. Every member may be missing or null.
"""

from typing import TypedDict

import orjson

JsonObject = dict[str, object]

ODataType = TypedDict("ODataType", {"@odata.type": str}, total=False)


class EmailAddress(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/emailaddress"""

    name: str | None
    address: str | None


class GraphRecipient(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/recipient"""

    emailAddress: EmailAddress | None


class Header(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/internetmessageheader"""

    name: str | None
    value: str | None


class ExtendedProperty(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/singlevaluelegacyextendedproperty"""

    id: str
    value: str | None


class Attachment(ODataType, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/attachment"""

    id: str
    name: str | None
    contentType: str | None
    size: int
    isInline: bool


MessageFrom = TypedDict("MessageFrom", {"from": GraphRecipient | None}, total=False)
"""The one member whose name Python keeps for itself."""


class Message(ODataType, MessageFrom, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/message"""

    id: str
    changeKey: str | None
    conversationId: str | None
    internetMessageId: str | None
    subject: str | None
    sender: GraphRecipient | None
    toRecipients: list[GraphRecipient]
    ccRecipients: list[GraphRecipient]
    bccRecipients: list[GraphRecipient]
    receivedDateTime: str | None
    sentDateTime: str | None
    lastModifiedDateTime: str | None
    isRead: bool | None
    isDraft: bool | None
    hasAttachments: bool | None
    parentFolderId: str | None
    internetMessageHeaders: list[Header] | None
    singleValueExtendedProperties: list[ExtendedProperty] | None
    attachments: list[Attachment]


MessageList = TypedDict("MessageList", {"value": list[Message], "@odata.nextLink": str}, total=False)
"""https://learn.microsoft.com/en-us/graph/api/user-list-messages; the link is never followed."""


class Folder(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/mailfolder"""

    id: str
    parentFolderId: str | None


class User(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/user"""

    id: str
    mail: str | None
    userPrincipalName: str | None
    proxyAddresses: list[str] | None


class Subscription(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/subscription"""

    id: str
    resource: str
    notificationUrl: str
    expirationDateTime: str


class UploadSession(TypedDict, total=False):
    """https://learn.microsoft.com/en-us/graph/api/resources/uploadsession"""

    uploadUrl: str


def json_object(body: bytes) -> JsonObject | None:
    """The body as a JSON object, or None where it is anything else: HTML, half an answer, a list."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return decoded if isinstance(decoded, dict) else None
