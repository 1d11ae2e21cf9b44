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


def _operations() -> list[Operation]:
    mail = "messages/{id}"
    folder = "mailFolders/{fid}"
    table: list[tuple[str, str, str, frozenset[str]]] = [
        ("me.get", "GET", "", PROFILE),
        ("messages.list", "GET", "messages", READ_BASIC),
        ("messages.create", "POST", "messages", WRITE),
        ("messages.get", "GET", mail, READ_BASIC),
        ("messages.update", "PATCH", mail, WRITE),
        ("messages.delete", "DELETE", mail, WRITE),
        ("messages.value", "GET", f"{mail}/$value", READ),
        ("messages.send", "POST", f"{mail}/send", SEND),
        ("messages.move", "POST", f"{mail}/move", WRITE),
        ("messages.copy", "POST", f"{mail}/copy", WRITE),
        ("messages.createReply", "POST", f"{mail}/createReply", WRITE),
        ("messages.createReplyAll", "POST", f"{mail}/createReplyAll", WRITE),
        ("messages.createForward", "POST", f"{mail}/createForward", WRITE),
        ("messages.reply", "POST", f"{mail}/reply", SEND),
        ("messages.replyAll", "POST", f"{mail}/replyAll", SEND),
        ("messages.forward", "POST", f"{mail}/forward", SEND),
        ("attachments.list", "GET", f"{mail}/attachments", READ),
        ("attachments.create", "POST", f"{mail}/attachments", WRITE),
        ("attachments.createUploadSession", "POST", f"{mail}/attachments/createUploadSession", WRITE),
        ("attachments.get", "GET", f"{mail}/attachments/{{aid}}", READ),
        ("attachments.delete", "DELETE", f"{mail}/attachments/{{aid}}", WRITE),
        ("attachments.value", "GET", f"{mail}/attachments/{{aid}}/$value", READ),
        ("sendMail", "POST", "sendMail", SEND),
        ("mailFolders.list", "GET", "mailFolders", READ_BASIC),
        ("mailFolders.create", "POST", "mailFolders", WRITE),
        ("mailFolders.delta", "GET", "mailFolders/delta", READ_BASIC),
        ("mailFolders.get", "GET", folder, READ_BASIC),
        ("mailFolders.update", "PATCH", folder, WRITE),
        ("mailFolders.delete", "DELETE", folder, WRITE),
        ("mailFolders.childFolders.list", "GET", f"{folder}/childFolders", READ_BASIC),
        ("mailFolders.childFolders.create", "POST", f"{folder}/childFolders", WRITE),
        ("mailFolders.messages.list", "GET", f"{folder}/messages", READ_BASIC),
        ("mailFolders.messages.create", "POST", f"{folder}/messages", WRITE),
        ("mailFolders.messages.delta", "GET", f"{folder}/messages/delta", READ_BASIC),
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
        ("contacts.get", "GET", "contacts/{cid}", CONTACTS),
        ("contacts.update", "PATCH", "contacts/{cid}", CONTACTS_WRITE),
        ("contacts.delete", "DELETE", "contacts/{cid}", CONTACTS_WRITE),
        ("translateExchangeIds", "POST", "translateExchangeIds", PROFILE),
        ("subscriptions.list", "GET", "/subscriptions", READ_BASIC | CONTACTS),
        ("subscriptions.create", "POST", "/subscriptions", READ_BASIC | CONTACTS),
        ("subscriptions.get", "GET", "/subscriptions/{sid}", READ_BASIC | CONTACTS),
        ("subscriptions.update", "PATCH", "/subscriptions/{sid}", READ_BASIC | CONTACTS),
        ("subscriptions.delete", "DELETE", "/subscriptions/{sid}", READ_BASIC | CONTACTS),
        ("subscriptions.reauthorize", "POST", "/subscriptions/{sid}/reauthorize", READ_BASIC | CONTACTS),
    ]
    return [Operation(f"graph.{name}", verb, path, scopes) for name, verb, path, scopes in table]


OPERATIONS = _operations()
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
