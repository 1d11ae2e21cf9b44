"""DNS as the checks of a sender need it: few kinds of question, two kinds of failure, a time limit on each.

The law: what does not exist is an empty answer; what could not be found out is DnsAway, so that a mail is
never refused for good, or believed, because a name server was slow.
Source: RFC 1035; RFC 7208 2.6.6, 4.6.4 (void look-ups).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

TEXT_BYTES_LIMIT: Final = 16_384
ANSWERS_LIMIT: Final = 100


class DnsAway(Exception):
    """No name server answered in time, or they answered that they cannot now."""


class Dns(Protocol):
    """Each answer is empty where the name, or its kind of record, does not exist. All raise DnsAway."""

    async def texts(self, name: str) -> tuple[bytes, ...]:
        """TXT records, the strings of each joined."""

    async def addresses(self, name: str, *, v6: bool) -> tuple[str, ...]:
        """AAAA or A records."""

    async def exchanges(self, name: str) -> tuple[str, ...]:
        """The hosts of MX records, the preferred first."""


class Resolver:
    """The real DNS, through the system's name servers or those given."""

    def __init__(
        self, servers: Sequence[str] = (), *, port: int = 53, patience: timedelta = timedelta(seconds=5)
    ) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.port = port
        self._seconds = patience.total_seconds()
        self._resolver.timeout = self._seconds / 2

    async def texts(self, name: str) -> tuple[bytes, ...]:
        """TXT records. Raises: DnsAway."""
        found = [b"".join(record.strings) for record in await self._ask(name, "TXT")]
        return tuple(text for text in found if len(text) <= TEXT_BYTES_LIMIT)

    async def addresses(self, name: str, *, v6: bool) -> tuple[str, ...]:
        """AAAA or A records. Raises: DnsAway."""
        return tuple(record.address for record in await self._ask(name, "AAAA" if v6 else "A"))

    async def exchanges(self, name: str) -> tuple[str, ...]:
        """MX hosts. Raises: DnsAway."""
        records = sorted(await self._ask(name, "MX"), key=lambda record: (record.preference, record.exchange))
        return tuple(record.exchange.to_text(omit_final_dot=True) for record in records)

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            asked = dns.name.from_text(name)
            answer = await self._resolver.resolve(asked, kind, lifetime=self._seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return []
        except (dns.name.LabelTooLong, dns.name.EmptyLabel, dns.name.NameTooLong, dns.name.BadEscape):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as trouble:
            raise DnsAway(f"DNS did not answer ({type(trouble).__name__})") from trouble
        return list(answer)[:ANSWERS_LIMIT]
