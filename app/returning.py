"""What comes back from recipients: the secret that signs where it goes, and the way in for unsubscribing."""

import base64
import binascii
from typing import Final

from starlette.routing import BaseRoute, Route

from app.settings import BadSettings, Settings
from app.wiring import Ground
from inbound.unsubscribing import OneClickUnsubscribe
from jobs.context import ReturnAddresses

_SECRET_BYTES: Final = 32


def deployment_secret(settings: Settings) -> bytes:
    """Return the key that signs addresses of ours. Raises: BadSettings."""
    try:
        secret = base64.b64decode(settings.http.secret.get_secret_value(), validate=True)
    except binascii.Error:
        raise BadSettings("HTTP_SECRET is not base64. Make one with: python -m app vault secret") from None
    if len(secret) < _SECRET_BYTES:
        raise BadSettings("HTTP_SECRET is shorter than 32 bytes. Make one with: python -m app vault secret")
    return secret


def return_addresses(settings: Settings) -> ReturnAddresses:
    """Return how mail that we write says where answers go. Raises: BadSettings."""
    return ReturnAddresses(
        secret=deployment_secret(settings),
        reply_domain=settings.smtp.inbound_domain,
        public_url=settings.http.public_url,
    )


def unsubscribe_routes(ground: Ground) -> list[BaseRoute]:
    """Return the route that List-Unsubscribe names."""
    endpoint = OneClickUnsubscribe(ground.db, deployment_secret(ground.settings))
    return [Route("/unsubscribe/{token}", endpoint.__call__, methods=["GET", "POST"])]
