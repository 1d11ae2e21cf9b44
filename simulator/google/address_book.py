"""The address books of Google accounts: people, what changed since a sync token, and how tokens die.

Source: https://developers.google.com/people/api/rest/v1/people.connections/list (sync tokens, deleted people,
seven days from the full sync on; `personFields` must not change between calls).
"""

import secrets
from dataclasses import dataclass, field

TOKEN_LIFETIME_MS = 7 * 86_400_000


@dataclass
class Person:
    """One entry. `version` is the book's version at its last change."""

    name: str
    emails: list[str]
    version: int
    deleted: bool = False


@dataclass
class Token:
    """A sync token: everything up to `version` was told, since a full sync at `full_ms`."""

    version: int
    full_ms: int
    fields: str


@dataclass
class Book:
    """One account's people by resource name, and the sync tokens it gave out."""

    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    version: int = 0

    def put(self, resource_name: str, name: str, emails: list[str]) -> None:
        """Add an entry, or change it."""
        self.version += 1
        self.people[resource_name] = Person(name, emails, self.version)

    def remove(self, resource_name: str) -> bool:
        """Delete an entry; whether there was one."""
        person = self.people.get(resource_name)
        if person is None or person.deleted:
            return False
        self.version += 1
        self.people[resource_name] = Person("", [], self.version, deleted=True)
        return True

    def changed(self, since: int | None) -> list[tuple[str, Person]]:
        """Return entries in a stable order: all, or those that changed, deleted ones included."""
        return [
            (name, person)
            for name, person in sorted(self.people.items(), key=lambda entry: entry[0])
            if (not person.deleted if since is None else person.version > since)
        ]

    def give(self, full_ms: int, fields: str) -> str:
        """Return a new sync token for the book as it is now."""
        token = f"sync-{secrets.token_urlsafe(12)}"
        self.tokens[token] = Token(self.version, full_ms, fields)
        return token


@dataclass
class AddressBooks:
    """Every account's book, by address."""

    books: dict[str, Book] = field(default_factory=dict)

    def of(self, address: str) -> Book:
        """Return an account's book, empty at first."""
        return self.books.setdefault(address, Book())
