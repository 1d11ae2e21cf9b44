"""Addresses on the web that somebody else wrote: a webhook's, or an image's in a mail.

Belongs here: what such an address is, strictly, so that everybody who looks at it sees the same host. Whether
the host may be reached is decided where it is resolved (rules/outside.py). Pure.
Source: RFC 3986; RFC 9110 section 4.2; WHATWG URL (what browsers take for the same address).
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import idna

LONGEST: Final = 2_000
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?\.?\Z")
_NUMERIC: Final = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*\Z")
_PATH: Final = "/%:@!$&'()*+,;=~-._"
_QUERY: Final = _PATH + "?"


class BadWebAddress(ValueError):
    """It is none; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An http or https address. `host` is in lower case and ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    target: str
    """The path and the query."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    @property
    def is_secure(self) -> bool:
        """Whether the way there is encrypted."""
        return self.scheme == "https"


def read_web_address(text: str, longest: int = LONGEST) -> WebAddress:
    """Return the address that a text is.

    Raises:
        BadWebAddress: it is none, or one that names a user, or holds what no address holds.
    """
    if not 0 < len(text) <= longest:
        raise BadWebAddress(f"An address has 1 to {longest} characters.")
    if not text.isprintable() or any(one in text for one in ' \\"<>`'):
        raise BadWebAddress("An address holds no spaces, quotes or control characters.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadWebAddress("This is no address on the web.") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise BadWebAddress("This is no address on the web; one begins with https:// and a host's name.")
    if "@" in parts.netloc:
        raise BadWebAddress("An address must not hold a user name or a password.")
    target = quote(parts.path, safe=_PATH) or "/"
    if parts.query:
        target += "?" + quote(parts.query, safe=_QUERY)
    return WebAddress(parts.scheme, _host(parts.hostname), port or _DEFAULT_PORTS[parts.scheme], target)


def joined(base: WebAddress, location: str) -> WebAddress:
    """Return where a redirect leads. Raises: BadWebAddress: nowhere on the web."""
    try:
        return read_web_address(urljoin(str(base), location))
    except BadWebAddress:
        raise
    except ValueError:
        raise BadWebAddress("This is no address on the web.") from None


def _host(written: str) -> str:
    host = written.lower()
    if _NUMERIC.match(host):
        return host
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise BadWebAddress("The host's name is none.") from None
    if not _NAME.match(host):
        raise BadWebAddress("The host's name is none.")
    return host
