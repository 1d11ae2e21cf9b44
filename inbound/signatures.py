"""DKIM and ARC signatures of a mail, checked with dkimpy inside bounds that it does not have itself.

The law: a signature proves something only if it covers the whole body, is no SHA-1 and by no key under 1024
bits; every other one is POLICY, and proves nothing. Keys are fetched before, within a time limit; what hashes
and verifies runs in a thread, one mail at a time, on input that is made linear first: the relaxed body is
canonicalised here, because dkimpy's way takes the square of a run of spaces.
Source: RFC 6376 3.7, 5.4, 6.1, 8.2 (l=); RFC 8301 (SHA-1, key sizes); RFC 8617 5.2; R37; security, finding 9.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import dkim  # type: ignore[import-untyped]  # dkimpy ships no types

from inbound.dns_answers import Dns, DnsAway
from rules.authentication import SealedResults, SignatureOutcome, SignatureResult

SIGNATURES_LIMIT: Final = 5
"""Signatures that are looked at, the topmost first; senders write one or two."""
FIELD_BYTES_LIMIT: Final = 8_192
SEALS_LIMIT: Final = 10
KEY_BITS_LEAST: Final = 1024
KEY_BYTES_LIMIT: Final = 2_048
"""A key's whole record: 8192 bits of RSA as base64. A larger one costs seconds of arithmetic."""

_FIELD: Final = re.compile(rb"^([!-9;-~]{1,64}):(.*?\r\n)(?![ \t])", re.DOTALL | re.MULTILINE)
_TAG: Final = re.compile(rb"([a-zA-Z][a-zA-Z0-9_]{0,20})[ \t\r\n]*=([^;]*)")
_NAME: Final = re.compile(rb"[A-Za-z0-9_.-]{1,253}")
_SPACES: Final = re.compile(rb"[\t ]+")

_one_at_a_time = asyncio.Semaphore(1)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    value: bytes
    tags: Mapping[bytes, bytes]

    @property
    def key_name(self) -> str | None:
        """Where the key is; None if the tags name none."""
        selector, domain = self.tags.get(b"s", b""), self.tags.get(b"d", b"")
        if not (_NAME.fullmatch(selector) and _NAME.fullmatch(domain)):
            return None
        return f"{selector.decode('ascii')}._domainkey.{domain.decode('ascii')}".lower()

    @property
    def domain(self) -> str:
        return self.tags.get(b"d", b"").decode("ascii", errors="replace").lower().removesuffix(".")

    @property
    def relaxed_body(self) -> bool:
        return self.tags.get(b"c", b"").lower().partition(b"/")[2] == b"relaxed"


async def check_signatures(dns: Dns, raw: bytes) -> tuple[SignatureOutcome, ...]:
    """Return what becomes of each DKIM signature of a mail with CRLF lines. Never raises for its content."""
    head, body = _split(raw)
    fields = [one for one in _fields(head) if one.name == "dkim-signature"]
    outcomes = []
    for place, signature in enumerate(fields[:SIGNATURES_LIMIT]):
        result = await _judge(dns, head, body, signature, place)
        outcomes.append(SignatureOutcome(result, signature.domain))
    return tuple(outcomes)


async def check_seals(dns: Dns, raw: bytes, trusted: frozenset[str]) -> SealedResults | None:
    """Return what a trusted forwarder sealed, if the mail's whole ARC chain passes; else None.

    Raises:
        DnsAway: the chain could not be checked now.
    """
    head, body = _split(raw)
    fields = [one for one in _fields(head) if one.name.startswith("arc-")]
    seals = [one for one in fields if one.name == "arc-seal"]
    if not seals or len(seals) > SEALS_LIMIT or any(len(one.value) > FIELD_BYTES_LIMIT for one in fields):
        return None
    newest = max(seals, key=lambda seal: _instance(seal.value))
    if newest.domain not in trusted:
        return None
    names = {one.key_name for one in fields if one.name in ("arc-seal", "arc-message-signature")} - {None}
    keys = {name: await _key(dns, name) for name in names if name is not None}
    signed = [one for one in fields if one.name == "arc-message-signature"]
    mine = [one for one in signed if _instance(one.value) == _instance(newest.value)]
    relaxed = bool(mine) and mine[0].relaxed_body
    if not await _in_thread(_chain_passes, head, relaxed_body(body) if relaxed else body, keys):
        return None
    for one in fields:
        if one.name == "arc-authentication-results" and _instance(one.value) == _instance(newest.value):
            words = one.value.decode("ascii", errors="replace")
            return SealedResults(newest.domain, words.partition(";")[2])
    return None


def relaxed_body(body: bytes) -> bytes:
    """Return a body in relaxed canonical form, in linear time. Source: RFC 6376 3.4.4."""
    lines = (_SPACES.sub(b" ", body) + b"\r\n").replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return lines + b"\r\n" if lines else b""


def _simple_length(body: bytes) -> int:
    return len(body.rstrip(b"\r\n")) + 2


def _split(raw: bytes) -> tuple[bytes, bytes]:
    head, gap, body = raw.partition(b"\r\n\r\n")
    return head + b"\r\n", body if gap else b""


def _fields(head: bytes) -> list[_Field]:
    """Return the header's fields in order, with their tags where they may be long enough to have any."""
    found = []
    for field in _FIELD.finditer(head):
        name, value = field[1].decode("ascii").lower(), field[2]
        tagged = name == "dkim-signature" or name.startswith("arc-")
        short = len(value) <= FIELD_BYTES_LIMIT
        tags = {key: b"".join(text.split()) for key, text in _TAG.findall(value)} if tagged and short else {}
        found.append(_Field(name, value, tags))
    return found


def _instance(value: bytes) -> int:
    found = re.search(rb"(?:^|[;\s])i\s*=\s*(\d{1,2})(?!\d)", value[:1000])
    return int(found[1]) if found else 0


async def _key(dns: Dns, name: str) -> bytes | None:
    texts = await dns.texts(name)
    return texts[0] if len(texts) == 1 and len(texts[0]) <= KEY_BYTES_LIMIT else None


async def _judge(dns: Dns, head: bytes, body: bytes, signature: _Field, place: int) -> SignatureResult:
    name = signature.key_name
    if name is None:
        return SignatureResult.FAIL
    if signature.tags.get(b"a", b"").lower() not in (b"rsa-sha256", b"ed25519-sha256"):
        return SignatureResult.POLICY
    body = relaxed_body(body) if signature.relaxed_body else body
    covered = signature.tags.get(b"l")
    if covered is not None:
        length = len(body) if signature.relaxed_body else _simple_length(body)
        if not re.fullmatch(rb"\d{1,15}", covered) or int(covered) < length:
            return SignatureResult.POLICY
    try:
        key = await _key(dns, name)
    except DnsAway:
        return SignatureResult.TEMPERROR
    if key is None:
        return SignatureResult.FAIL
    good: bool = await _in_thread(_verifies, head, body, {name: key}, place)
    return SignatureResult.PASS if good else SignatureResult.FAIL


async def _in_thread(check: Callable[..., bool], *arguments: object) -> bool:
    async with _one_at_a_time:
        return await asyncio.to_thread(check, *arguments)


def _lookup(keys: Mapping[str, bytes | None]) -> Callable[..., bytes | None]:
    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return keys.get(name.decode("ascii", errors="replace").lower().removesuffix("."))

    return look_up


def _verifies(head: bytes, body: bytes, keys: Mapping[str, bytes | None], place: int) -> bool:
    try:
        checked = dkim.DKIM(head + b"\r\n" + body, minkey=KEY_BITS_LEAST)
        return bool(checked.verify(idx=place, dnsfunc=_lookup(keys)))
    except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError, AttributeError):
        # What dkimpy raises for hostile fields and keys; none of them is a proof.
        return False


def _chain_passes(head: bytes, body: bytes, keys: Mapping[str, bytes | None]) -> bool:
    try:
        state, _, _ = dkim.ARC(head + b"\r\n" + body, minkey=KEY_BITS_LEAST).verify(dnsfunc=_lookup(keys))
    except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError, AttributeError):
        return False
    return bool(state == dkim.CV_Pass)
