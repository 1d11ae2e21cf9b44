"""Every Gmail method that the simulator speaks: verb, path, scopes that allow it, quota units.

Source: the discovery document gmail v1 (paths, scopes) and the quota page for projects made since 2026-05-01,
https://developers.google.com/workspace/gmail/api/reference/quota (units). Where the new value is not known
(messages.trash, drafts.get, threads.trash) we count 20, 20 and 40.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from simulator.google.grants import MAIL_SCOPES, SCOPE

MODIFY, READONLY, METADATA = f"{SCOPE}gmail.modify", f"{SCOPE}gmail.readonly", f"{SCOPE}gmail.metadata"
SEND, COMPOSE, INSERT = f"{SCOPE}gmail.send", f"{SCOPE}gmail.compose", f"{SCOPE}gmail.insert"
LABELS, SETTINGS = f"{SCOPE}gmail.labels", f"{SCOPE}gmail.settings.basic"

READ = frozenset({MAIL_SCOPES, MODIFY, READONLY, METADATA})
READ_BODY = frozenset({MAIL_SCOPES, MODIFY, READONLY})
CHANGE = frozenset({MAIL_SCOPES, MODIFY})
WRITE = frozenset({MAIL_SCOPES, MODIFY, COMPOSE})
ALL_MAIL = frozenset({MAIL_SCOPES})


@dataclass(frozen=True)
class Method:
    """One method: `path` is below `users/{userId}/`, `media` says that it also takes uploads."""

    id: str
    verb: str
    path: str
    scopes: frozenset[str]
    units: int
    media: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern with named parameters."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def _methods() -> list[Method]:
    table = [
        ("getProfile", "GET", "profile", READ | {COMPOSE}, 1),
        ("stop", "POST", "stop", READ, 50),
        ("watch", "POST", "watch", READ, 100),
        ("history.list", "GET", "history", READ, 2),
        ("messages.list", "GET", "messages", READ, 5),
        ("messages.insert", "POST", "messages", CHANGE | {INSERT}, 25),
        ("messages.import", "POST", "messages/import", CHANGE | {INSERT}, 25),
        ("messages.send", "POST", "messages/send", WRITE | {SEND}, 100),
        ("messages.batchModify", "POST", "messages/batchModify", CHANGE, 50),
        ("messages.batchDelete", "POST", "messages/batchDelete", ALL_MAIL, 50),
        ("messages.get", "GET", "messages/{id}", READ, 20),
        ("messages.delete", "DELETE", "messages/{id}", ALL_MAIL, 10),
        ("messages.modify", "POST", "messages/{id}/modify", CHANGE, 5),
        ("messages.trash", "POST", "messages/{id}/trash", CHANGE, 20),
        ("messages.untrash", "POST", "messages/{id}/untrash", CHANGE, 20),
        ("messages.attachments.get", "GET", "messages/{messageId}/attachments/{id}", READ_BODY, 20),
        ("threads.list", "GET", "threads", READ, 10),
        ("threads.get", "GET", "threads/{id}", READ, 40),
        ("threads.modify", "POST", "threads/{id}/modify", CHANGE, 10),
        ("threads.trash", "POST", "threads/{id}/trash", CHANGE, 40),
        ("threads.untrash", "POST", "threads/{id}/untrash", CHANGE, 40),
        ("threads.delete", "DELETE", "threads/{id}", ALL_MAIL, 20),
        ("drafts.list", "GET", "drafts", WRITE | {READONLY}, 5),
        ("drafts.create", "POST", "drafts", WRITE, 10),
        ("drafts.send", "POST", "drafts/send", WRITE, 100),
        ("drafts.get", "GET", "drafts/{id}", WRITE | {READONLY}, 20),
        ("drafts.update", "PUT", "drafts/{id}", WRITE, 15),
        ("drafts.delete", "DELETE", "drafts/{id}", WRITE, 10),
        ("labels.list", "GET", "labels", READ | {LABELS}, 1),
        ("labels.create", "POST", "labels", CHANGE | {LABELS}, 5),
        ("labels.get", "GET", "labels/{id}", READ | {LABELS}, 1),
        ("labels.delete", "DELETE", "labels/{id}", CHANGE | {LABELS}, 5),
        ("settings.sendAs.list", "GET", "settings/sendAs", READ_BODY | {SETTINGS}, 1),
        ("settings.sendAs.get", "GET", "settings/sendAs/{sendAsEmail}", READ_BODY | {SETTINGS}, 1),
    ]
    media = {
        "messages.insert",
        "messages.import",
        "messages.send",
        "drafts.create",
        "drafts.send",
        "drafts.update",
    }
    return [
        Method(f"gmail.users.{name}", verb, path, frozenset(scopes), units, name in media)
        for name, verb, path, scopes, units in table
    ]


METHODS = _methods()


def method_for(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """Return the method of a path below `users/{userId}/`, with its path parameters."""
    for method in METHODS:
        if method.verb == verb and (found := method.pattern.fullmatch(path)):
            return method, found.groupdict()
    return None
