"""Addresses and domains that never sync: a workspace's list and a user's own, read together.

A domain stands for its subdomains too: who blocks `bank.example` means `mail.bank.example` as well.
Source: sync-rules, "Settings that decide", D6.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.addresses import InvalidAddress, normalise
from rules.words import EmailAddress


@dataclass(frozen=True, slots=True)
class Blocklist:
    """Normalised addresses and domains."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def blocks(self, address: EmailAddress) -> bool:
        """Whether an address is on the list, itself or by its domain."""
        if address in self.addresses:
            return True
        labels = address.rpartition("@")[2].split(".")
        return any(".".join(labels[start:]) in self.domains for start in range(len(labels)))


def blocklist_entry(text: str) -> str:
    """Return an entry as it is stored: an address, or a domain without `@`, `*.` or a leading dot.

    Raises:
        InvalidAddress: it is neither, with the reason in words.
    """
    entry = text.strip()
    if "@" in entry[1:]:
        return normalise(entry)
    return normalise(f"x@{entry.removeprefix('@').removeprefix('*.').removeprefix('.')}").partition("@")[2]


def blocklist(entries: Iterable[str]) -> Blocklist:
    """Return the list made of stored entries; one that is neither address nor domain blocks nothing."""
    addresses: set[str] = set()
    domains: set[str] = set()
    for entry in entries:
        try:
            stored = blocklist_entry(entry)
        except InvalidAddress:
            continue
        (addresses if "@" in stored else domains).add(stored)
    return Blocklist(frozenset(addresses), frozenset(domains))
