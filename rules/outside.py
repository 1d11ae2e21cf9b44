"""Which hosts a workspace, or a mail, may make us connect to: those of the open internet, and what the
operator lists.

An address inside the deployment's own network must never be reached because somebody wrote it down; so every
address that a name resolves to is looked at, and the connection goes to the very address that was
(providers/reaching.py). Pure. Source: security R32; IANA special-purpose address registries, as Python's
ipaddress knows them.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

MAIL_PORTS: Final = frozenset((25, 465, 587, 2525))
"""Where mail servers of the open internet listen; any other port would make us a port scanner."""
WEB_PORTS: Final = frozenset((80, 443, 8080, 8443))
"""Where web servers of the open internet listen."""
_NAT64: Final = ip_network("64:ff9b::/96")
_SIX_TO_FOUR: Final = ip_network("2002::/16")
Networks = Collection[str]


def allowed(address: str, port: int, networks: Networks = (), ports: Collection[int] = MAIL_PORTS) -> bool:
    """Whether a numeric address may be connected to, at these ports alone.

    `networks` are the operator's exceptions, at any port.
    """
    return listed(address, networks) or (port in ports and _is_public(address))


def listed(address: str, networks: Networks) -> bool:
    """Whether a numeric address is one of the operator's exceptions."""
    found = _read(address)
    return found is not None and any(found in ip_network(network, strict=False) for network in networks)


def _is_public(address: str) -> bool:
    found = _read(address)
    return found is not None and found.is_global and not found.is_multicast


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return _meant(ip_address(address.partition("%")[0]))
    except ValueError:
        return None


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside an IPv6 one that is only a way of writing, or of reaching, it."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if isinstance(_NAT64, IPv6Network) and address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if isinstance(_SIX_TO_FOUR, IPv6Network) and address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    return address
