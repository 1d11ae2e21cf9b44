"""SPF: whether a domain lets a client send its mail. The whole evaluation of RFC 7208, within its bounds.

Belongs here: records, their terms, macros, what they cost. Never: alignment (rules/authentication.py).
The law: a record is read whole before anything in it counts, ten look-ups and two void ones are the most, and
DNS that does not answer is `temperror`. The mechanism `ptr` costs its look-up and never matches: it is slow,
"do not use" since 2014, and leaving it out can only believe less.
Source: RFC 7208 4 to 7.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import quote

from inbound.dns_answers import Dns, DnsAway
from rules.authentication import SpfResult

LOOKUPS_LIMIT: Final = 10
VOID_LIMIT: Final = 2
HOSTS_LIMIT: Final = 10
TERMS_LIMIT: Final = 200

_VERSION: Final = re.compile(rb"v=spf1( |$)", re.IGNORECASE)
_TERM: Final = re.compile(
    r"(?P<sign>[-+~?])?(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?::(?P<domain>[^/]\S*?|[^/]))?(?P<cidr>(?:/\S*)?)",
    re.IGNORECASE,
)
_IP: Final = re.compile(r"(?P<sign>[-+~?])?(?P<name>ip4|ip6):(?P<network>\S+)", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)", re.IGNORECASE)
_CIDR: Final = re.compile(r"(?:/(\d{1,3}))?(?://(\d{1,3}))?")
_MACRO: Final = re.compile(r"%(?:\{([slodiphcvrt])(\d{0,3})(r?)([.\-+,/_=]*)\}|([%_-]))", re.IGNORECASE)
_SIGNS: Final[Mapping[str, SpfResult]] = {
    "+": SpfResult.PASS,
    "-": SpfResult.FAIL,
    "~": SpfResult.SOFTFAIL,
    "?": SpfResult.NEUTRAL,
}

Ip = IPv4Address | IPv6Address


class _BrokenRecord(Exception):
    """The record, or what it leads to, is against the rules: permerror."""


@dataclass(frozen=True, slots=True)
class _Term:
    sign: SpfResult
    name: str
    domain: str | None = None
    network: str = ""
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True)
class _Record:
    terms: tuple[_Term, ...]
    redirect: str | None


@dataclass(slots=True)
class _Check:
    """One evaluation: who sends, and what it has cost so far."""

    dns: Dns
    ip: Ip
    sender: str
    helo: str
    lookups: int = 0
    voids: int = field(default=0)

    def spend(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS_LIMIT:
            raise _BrokenRecord

    def void(self, found: tuple[str, ...]) -> tuple[str, ...]:
        if not found:
            self.voids += 1
            if self.voids > VOID_LIMIT:
                raise _BrokenRecord
        return found


async def check_host(dns: Dns, ip: str, domain: str, sender: str, helo: str) -> SpfResult:
    """Return whether `domain` lets the client `ip` send for it; `sender` is the whole envelope address.

    Never raises for what a record or a name server says.
    """
    client = ip_address(ip.partition("%")[0])
    if isinstance(client, IPv6Address) and client.ipv4_mapped is not None:
        client = client.ipv4_mapped
    try:
        return await _evaluate(_Check(dns, client, sender, helo), domain)
    except _BrokenRecord:
        return SpfResult.PERMERROR
    except DnsAway:
        return SpfResult.TEMPERROR


async def _evaluate(check: _Check, domain: str) -> SpfResult:
    if not _is_name(domain):
        return SpfResult.NONE
    found = [text for text in await check.dns.texts(domain) if _VERSION.match(text)]
    if not found:
        return SpfResult.NONE
    if len(found) > 1:
        raise _BrokenRecord
    record = _read(found[0])
    for term in record.terms:
        if await _matches(check, term, domain):
            return term.sign
    if record.redirect is None:
        return SpfResult.NEUTRAL
    check.spend()
    result = await _evaluate(check, _expand(check, record.redirect, domain))
    if result is SpfResult.NONE:
        raise _BrokenRecord
    return result


def _is_name(domain: str) -> bool:
    labels = domain.removesuffix(".").split(".")
    return len(domain) <= 253 and len(labels) > 1 and all(0 < len(label) <= 63 for label in labels)


def _read(text: bytes) -> _Record:
    """Read a record whole. Raises: _BrokenRecord. Source: RFC 7208 4.6."""
    try:
        words = text.decode("ascii").split(" ")[1:]
    except UnicodeDecodeError:
        raise _BrokenRecord from None
    terms: list[_Term] = []
    modifiers: dict[str, str] = {}
    for word in (word for word in words if word):
        modifier = _MODIFIER.fullmatch(word)
        if modifier is not None:
            name = modifier["name"].lower()
            if name in modifiers and name in ("redirect", "exp"):
                raise _BrokenRecord
            _check_macros(modifier["value"])
            modifiers[name] = modifier["value"]
        else:
            terms.append(_term(word))
    redirect = modifiers.get("redirect")
    if len(terms) > TERMS_LIMIT or redirect == "":
        raise _BrokenRecord
    stops = any(term.name == "all" for term in terms)
    return _Record(tuple(terms), None if stops else redirect)


def _term(word: str) -> _Term:
    address = _IP.fullmatch(word)
    if address is not None:
        network = address["network"]
        try:
            version = ip_network(network, strict=False).version
        except ValueError:
            raise _BrokenRecord from None
        if version != int(address["name"][2]):
            raise _BrokenRecord
        return _Term(_SIGNS[address["sign"] or "+"], address["name"].lower(), network=network)
    found = _TERM.fullmatch(word)
    cidr = _CIDR.fullmatch(found["cidr"]) if found else None
    if found is None or cidr is None:
        raise _BrokenRecord
    name, domain = found["name"].lower(), found["domain"]
    prefix4, prefix6 = int(cidr[1] or 32), int(cidr[2] or 128)
    needs_domain, allows_cidr = name in ("include", "exists"), name in ("a", "mx")
    wrong = (
        name in ("ip4", "ip6")
        or (needs_domain and not domain)
        or (name == "all" and domain)
        or (found["cidr"] and not allows_cidr)
        or prefix4 > 32
        or prefix6 > 128
    )
    if wrong:
        raise _BrokenRecord
    _check_macros(domain or "")
    return _Term(_SIGNS[found["sign"] or "+"], name, domain, prefix4=prefix4, prefix6=prefix6)


def _check_macros(text: str) -> None:
    if "%" in _MACRO.sub("", text):
        raise _BrokenRecord


async def _matches(check: _Check, term: _Term, domain: str) -> bool:
    match term.name:
        case "all":
            return True
        case "ip4" | "ip6":
            return check.ip in ip_network(term.network, strict=False)
    check.spend()
    target = _expand(check, term.domain, domain) if term.domain else domain
    match term.name:
        case "include":
            return await _included(check, target)
        case "a":
            return await _at_host(check, target, term)
        case "mx":
            hosts = check.void(await check.dns.exchanges(target))
            if len(hosts) > HOSTS_LIMIT:
                raise _BrokenRecord
            for host in hosts:
                if await _at_host(check, host, term):
                    return True
            return False
        case "exists":
            return bool(check.void(await check.dns.addresses(target, v6=False)))
    return False


async def _included(check: _Check, target: str) -> bool:
    """Source: RFC 7208 5.2, the table."""
    result = await _evaluate(check, target)
    if result in (SpfResult.NONE, SpfResult.PERMERROR):
        raise _BrokenRecord
    return result is SpfResult.PASS


async def _at_host(check: _Check, host: str, term: _Term) -> bool:
    v6 = check.ip.version == 6
    prefix = term.prefix6 if v6 else term.prefix4
    found = check.void(await check.dns.addresses(host, v6=v6))
    return any(check.ip in ip_network(f"{one}/{prefix}", strict=False) for one in found)


def _expand(check: _Check, text: str, domain: str) -> str:
    """Return a domain with its macros filled in. Source: RFC 7208 7."""
    values = {
        "s": check.sender,
        "l": check.sender.rpartition("@")[0] or "postmaster",
        "o": check.sender.rpartition("@")[2],
        "d": domain,
        "i": _dotted(check.ip),
        "p": "unknown",
        "h": check.helo,
        "v": "in-addr" if check.ip.version == 4 else "ip6",
        "c": str(check.ip),
        "r": "unknown",
        "t": "0",
    }

    def fill(found: re.Match[str]) -> str:
        if found[5]:
            return {"%": "%", "_": " ", "-": "%20"}[found[5]]
        letter = found[1].lower()
        parts = re.split(f"[{re.escape(found[4] or '.')}]", values[letter])
        if found[3]:
            parts.reverse()
        if found[2]:
            kept = int(found[2])
            if kept == 0:
                raise _BrokenRecord
            parts = parts[-kept:]
        joined = ".".join(parts)
        return quote(joined, safe="-._~") if found[1].isupper() else joined

    name = _MACRO.sub(fill, text).removesuffix(".")
    while len(name) > 253 and "." in name:
        name = name.partition(".")[2]
    return name


def _dotted(ip: Ip) -> str:
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
