"""How tests speak HTTP to the servers that they started themselves."""

import ssl
from typing import Final

UNENCRYPTED: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's `verify`, where every address is plain http: trusts nobody. Left to itself each client of httpx
reads the authorities that the public trusts, for 20 ms."""
