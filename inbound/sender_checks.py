"""Find out whether a mail is by whom it names: SPF, DKIM, DMARC and ARC, asked of DNS within a time limit.

Belongs here: gathering the evidence. What it proves is decided in rules/authentication.py. The law: DNS that
does not answer in time leaves the mail with its sender for later, never accepted and never refused for good.
Source: R37; RFC 7489 6.6.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from publicsuffixlist import PublicSuffixList

from inbound.dns_answers import Dns, DnsAway
from inbound.signatures import check_seals, check_signatures
from inbound.spf import check_host
from rules.authentication import (
    Belief,
    DmarcModes,
    Evidence,
    SpfOutcome,
    SpfResult,
    believe,
    dmarc_modes,
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who hands a mail in: its address, what it says its name is, and the envelope sender, `` for bounces."""

    ip: str
    helo: str
    mail_from: str


@dataclass(frozen=True, slots=True)
class SenderPolicy:
    """Whom to believe without being shown."""

    trusted_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Mail from here is believed unseen: for closed networks and tests."""
    trusted_forwarders: frozenset[str] = frozenset()
    """Domains whose ARC seals are believed."""
    patience: timedelta = field(default=timedelta(seconds=20))


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def organisation(domain: str) -> str | None:
    """Return a domain's organisational domain; None for a public suffix. Source: RFC 7489 3.2."""
    found: str | None = _suffixes().privatesuffix(domain)
    return found


async def check_sender(dns: Dns, policy: SenderPolicy, client: Client, author: str, raw: bytes) -> Belief:
    """Return whether a mail with CRLF lines is by the domain `author` that its From names."""
    if is_trusted(policy, client.ip):
        return Belief.BELIEVED
    try:
        async with asyncio.timeout(policy.patience.total_seconds()):
            return await _check(dns, policy, client, author, raw)
    except (TimeoutError, DnsAway):
        return Belief.LATER


def is_trusted(policy: SenderPolicy, ip: str) -> bool:
    """Return whether a client's mail is believed unseen."""
    address = ip_address(ip.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in policy.trusted_networks)


async def _check(dns: Dns, policy: SenderPolicy, client: Client, author: str, raw: bytes) -> Belief:
    spf, modes = await asyncio.gather(_spf(dns, client), _dmarc(dns, author))
    alone = Evidence(spf, (), modes)
    if believe(author, alone, organisation) is Belief.BELIEVED:
        return Belief.BELIEVED
    signatures = await check_signatures(dns, raw)
    signed = Evidence(spf, signatures, modes)
    verdict = believe(author, signed, organisation)
    if verdict is Belief.BELIEVED or not policy.trusted_forwarders:
        return verdict
    sealed = await check_seals(dns, raw, policy.trusted_forwarders)
    evidence = Evidence(spf, signatures, modes, sealed)
    return believe(author, evidence, organisation, policy.trusted_forwarders)


async def _spf(dns: Dns, client: Client) -> SpfOutcome:
    """Source: RFC 7208 2.4: without an envelope sender, the name in HELO stands for it."""
    sender = client.mail_from or f"postmaster@{client.helo}"
    domain = sender.rpartition("@")[2].lower().removesuffix(".")
    if not domain or domain.startswith("["):
        return SpfOutcome(SpfResult.NONE, "")
    return SpfOutcome(await check_host(dns, client.ip, domain, sender, client.helo), domain)


async def _dmarc(dns: Dns, author: str) -> DmarcModes | None:
    """Source: RFC 7489 6.6.3: the author's own record, else its organisational domain's."""
    try:
        for name in dict.fromkeys((author, organisation(author) or author)):
            texts = [text.decode("ascii", errors="replace") for text in await dns.texts(f"_dmarc.{name}")]
            if any(text.lstrip().startswith("v=DMARC1") for text in texts):
                return dmarc_modes(texts, subdomain=name != author)
    except DnsAway:
        return None
    return DmarcModes()
