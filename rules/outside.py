"""Which hosts a workspace may make us connect to: those of the open internet, and what the operator lists.

An address inside the deployment's own network must never be reached because a workspace's admin wrote it
down; so every address that a name resolves to is looked at, and the connection goes to the very address that
was. Pure. Source: security R32; IANA special-purpose address registries, as Python's ipaddress knows them.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

MAIL_PORTS: Final = frozenset((25, 465, 587, 2525))
"""Where mail servers of the open internet listen; any other port would make us a port scanner."""
_NAT64: Final = ip_network("64:ff9b::/96")
_SIX_TO_FOUR: Final = ip_network("2002::/16")
Networks = Collection[str]


def allowed(address: str, port: int, networks: Networks = ()) -> bool:
    """Whether a numeric address may be connected to; `networks` are the operator's exceptions, any port."""
    try:
        found = _meant(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if any(found in ip_network(network, strict=False) for network in networks):
        return True
    return port in MAIL_PORTS and found.is_global and not found.is_multicast


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
