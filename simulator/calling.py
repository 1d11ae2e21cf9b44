"""HTTP that the simulated providers begin: pushes, and the first call to a subscriber's endpoint."""

import ssl
from functools import cache

import httpx


@cache
def _authorities() -> ssl.SSLContext:
    """Reading them takes 20 ms, which nobody else can use meanwhile."""
    return httpx.create_ssl_context(trust_env=False)


def caller() -> httpx.AsyncClient:
    """A client that heeds no proxy of the environment and follows nobody elsewhere."""
    return httpx.AsyncClient(verify=_authorities(), trust_env=False, follow_redirects=False)
