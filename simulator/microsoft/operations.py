"""Every Graph operation that the simulator speaks: verb, path, and the scopes that allow it.

Source: the permissions tables of https://learn.microsoft.com/en-us/graph/api (each operation's page).
"""

import re
from dataclasses import dataclass
from functools import cached_property

READ_BASIC = frozenset({"Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"})
READ = frozenset({"Mail.Read", "Mail.ReadWrite"})
WRITE = frozenset({"Mail.ReadWrite"})
SEND = frozenset({"Mail.Send"})
PROFILE = frozenset({"User.Read", "User.ReadWrite", "User.ReadBasic.All"})
CONTACTS = frozenset({"Contacts.Read", "Contacts.ReadWrite"})
CONTACTS_WRITE = frozenset({"Contacts.ReadWrite"})
SETTINGS = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
SETTINGS_WRITE = frozenset({"MailboxSettings.ReadWrite"})
PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """One operation; `path` is below the user, or below `v1.0` where it begins with a slash."""

    id: str
    verb: str
    path: str
    scopes: frozenset[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern with named parameters."""
        return re.compile(
            PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(self.path).replace(r"\{", "{").replace(r"\}", "}"))
        )


MAIL, FOLDER = "messages/{id}", "mailFolders/{fid}"
Row = tuple[str, str, str, frozenset[str]]


def _of_messages() -> list[Row]:
    return [
        ("me.get", "GET", "", PROFILE),
        ("messages.list", "GET", "messages", READ_BASIC),
        ("messages.create", "POST", "messages", WRITE),
        ("messages.get", "GET", MAIL, READ_BASIC),
        ("messages.update", "PATCH", MAIL, WRITE),
        ("messages.delete", "DELETE", MAIL, WRITE),
        ("messages.value", "GET", f"{MAIL}/$value", READ),
        ("messages.send", "POST", f"{MAIL}/send", SEND),
        ("messages.move", "POST", f"{MAIL}/move", WRITE),
        ("messages.copy", "POST", f"{MAIL}/copy", WRITE),
        ("messages.createReply", "POST", f"{MAIL}/createReply", WRITE),
        ("messages.createReplyAll", "POST", f"{MAIL}/createReplyAll", WRITE),
        ("messages.createForward", "POST", f"{MAIL}/createForward", WRITE),
        ("messages.reply", "POST", f"{MAIL}/reply", SEND),
        ("messages.replyAll", "POST", f"{MAIL}/replyAll", SEND),
        ("messages.forward", "POST", f"{MAIL}/forward", SEND),
        ("attachments.list", "GET", f"{MAIL}/attachments", READ),
        ("attachments.create", "POST", f"{MAIL}/attachments", WRITE),
        ("attachments.createUploadSession", "POST", f"{MAIL}/attachments/createUploadSession", WRITE),
        ("attachments.get", "GET", f"{MAIL}/attachments/{{aid}}", READ),
        ("attachments.delete", "DELETE", f"{MAIL}/attachments/{{aid}}", WRITE),
        ("attachments.value", "GET", f"{MAIL}/attachments/{{aid}}/$value", READ),
        ("sendMail", "POST", "sendMail", SEND),
    ]


def _of_folders_and_people() -> list[Row]:
    return [
        ("mailFolders.list", "GET", "mailFolders", READ_BASIC),
        ("mailFolders.create", "POST", "mailFolders", WRITE),
        ("mailFolders.delta", "GET", "mailFolders/delta", READ_BASIC),
        ("mailFolders.get", "GET", FOLDER, READ_BASIC),
        ("mailFolders.update", "PATCH", FOLDER, WRITE),
        ("mailFolders.delete", "DELETE", FOLDER, WRITE),
        ("mailFolders.childFolders.list", "GET", f"{FOLDER}/childFolders", READ_BASIC),
        ("mailFolders.childFolders.create", "POST", f"{FOLDER}/childFolders", WRITE),
        ("mailFolders.messages.list", "GET", f"{FOLDER}/messages", READ_BASIC),
        ("mailFolders.messages.create", "POST", f"{FOLDER}/messages", WRITE),
        ("mailFolders.messages.delta", "GET", f"{FOLDER}/messages/delta", READ_BASIC),
        ("messageRules.list", "GET", "mailFolders/inbox/messageRules", SETTINGS),
        ("messageRules.create", "POST", "mailFolders/inbox/messageRules", SETTINGS_WRITE),
        ("messageRules.delete", "DELETE", "mailFolders/inbox/messageRules/{rid}", SETTINGS_WRITE),
        ("mailboxSettings.get", "GET", "mailboxSettings", SETTINGS),
        ("masterCategories.list", "GET", "outlook/masterCategories", SETTINGS),
        ("contacts.list", "GET", "contacts", CONTACTS),
        ("contacts.create", "POST", "contacts", CONTACTS_WRITE),
        ("contacts.delta", "GET", "contacts/delta", CONTACTS),
        ("contacts.delta", "GET", "contactFolders/{cfid}/contacts/delta", CONTACTS),
        ("contactFolders.list", "GET", "contactFolders", CONTACTS),
        ("contactFolders.childFolders.list", "GET", "contactFolders/{cfid}/childFolders", CONTACTS),
        ("contacts.get", "GET", "contacts/{cid}", CONTACTS),
        ("contacts.update", "PATCH", "contacts/{cid}", CONTACTS_WRITE),
        ("contacts.delete", "DELETE", "contacts/{cid}", CONTACTS_WRITE),
        ("translateExchangeIds", "POST", "translateExchangeIds", PROFILE),
    ]


def _of_subscriptions() -> list[Row]:
    return [
        ("subscriptions.list", "GET", "/subscriptions", READ_BASIC | CONTACTS),
        ("subscriptions.create", "POST", "/subscriptions", READ_BASIC | CONTACTS),
        ("subscriptions.get", "GET", "/subscriptions/{sid}", READ_BASIC | CONTACTS),
        ("subscriptions.update", "PATCH", "/subscriptions/{sid}", READ_BASIC | CONTACTS),
        ("subscriptions.delete", "DELETE", "/subscriptions/{sid}", READ_BASIC | CONTACTS),
        ("subscriptions.reauthorize", "POST", "/subscriptions/{sid}/reauthorize", READ_BASIC | CONTACTS),
    ]


OPERATIONS = [
    Operation(f"graph.{name}", verb, path, scopes)
    for name, verb, path, scopes in (*_of_messages(), *_of_folders_and_people(), *_of_subscriptions())
]
USER = re.compile(r"/(?:me|users/(?P<user>[^/]+))(?:/(?P<rest>.*))?")
BRACKETED = re.compile(r"\('([^']*)'\)")


@dataclass(frozen=True)
class Found:
    """An operation, its path parameters, and whose mailbox the path names (empty for `me`)."""

    operation: Operation
    params: dict[str, str]
    user: str


def operation_for(verb: str, path: str) -> Found | None:
    """Return the operation of a path below `v1.0`; `mailFolders('inbox')` is `mailFolders/inbox`."""
    path = BRACKETED.sub(r"/\1", path).replace("/microsoft.graph.", "/")
    user = USER.fullmatch(path)
    subject = path if user is None else user["rest"] or ""
    for operation in OPERATIONS:
        if operation.verb == verb and operation.path.startswith("/") == (user is None):
            found = operation.pattern.fullmatch(subject)
            if found:
                return Found(operation, found.groupdict(), (user["user"] or "") if user else "")
    return None
