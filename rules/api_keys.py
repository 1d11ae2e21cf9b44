"""What an API key looks like: `bw_<prefix>_<secret><checksum>`.

The prefix names the key to people and may be shown; the secret is 256 random bits in base 62; the checksum
(CRC-32, 6 digits) lets a mistyped or cut key, and a secret scanner, be answered without asking the database.
Only the SHA-256 of the whole key is stored: with 256 random bits nothing slower is needed.
Source: OWASP ASVS 6.5.2 and 6.5.3.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final

ENTROPY_BYTES: Final = 38
"""How many random bytes `made` takes: 32 for the secret, 6 for the prefix."""

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_DIGITS: Final = 43
_PREFIX_DIGITS: Final = 8
_CHECK_DIGITS: Final = 6
_SHAPE: Final = re.compile(r"bw_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment it is known whole; `shown` goes to its owner, the rest is stored."""

    shown: str
    prefix: str
    secret_hash: bytes


def made(entropy: bytes) -> NewKey:
    """Make a key of ENTROPY_BYTES random bytes."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"A key is made of {ENTROPY_BYTES} random bytes.")
    prefix = _base62(entropy[32:], _PREFIX_DIGITS)
    body = f"bw_{prefix}_{_base62(entropy[:32], _SECRET_DIGITS)}"
    shown = body + _checksum(body)
    return NewKey(shown, prefix, hash_of(shown))


def prefix_of(presented: str) -> str | None:
    """Return the prefix of what has a key's shape and checksum; None for anything else."""
    found = _SHAPE.fullmatch(presented)
    if found is None or _checksum(presented[:-_CHECK_DIGITS]) != found[3]:
        return None
    return found[1]


def hash_of(presented: str) -> bytes:
    """Return the SHA-256 under which a key is stored."""
    return hashlib.sha256(presented.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()).to_bytes(4, "big"), _CHECK_DIGITS)


def _base62(octets: bytes, digits: int) -> str:
    """The number's lowest digits; for the prefix's 48 bits the highest is cut, which costs it nothing."""
    number, written = int.from_bytes(octets, "big"), ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        written = _DIGITS[digit] + written
    return written
