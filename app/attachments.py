"""Attachments and remote images as the API process serves them: the routes, and what signs addresses."""

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.routing import Route

from app.credentials import Credentials, TooManyBadCredentials
from database import clock
from database.blobs import Blobs
from database.pool import Database
from inbound.downloads import Downloads
from inbound.remote_images import RemoteImages
from inbound.uploads import Admit, Refused, Uploader, Uploads
from providers.web import WebClient
from resolvers.context import SignAttachment, SignRemoteImage
from resolvers.viewer import Viewer
from rules.download_links import Holder, signed_image_path, signed_path
from rules.words import Scope


def attachment_routes(db: Database, blobs: Blobs, credentials: Credentials, secret: bytes) -> list[Route]:
    """The routes of uploads and downloads; `secret` is 32 random bytes, the same in every process."""
    uploads = Uploads(db, blobs, _admit_with(credentials, Scope.SEND), secret, clock.now)
    downloads = Downloads(db, blobs, _admit_with(credentials, Scope.READ), secret, clock.now)
    return [
        Route("/attachments", uploads.answer, methods=["POST"]),
        Route("/attachments/{attachment_id:uuid}", downloads.answer, methods=["GET", "HEAD"]),
    ]


def sign_with(secret: bytes) -> SignAttachment:
    """What gives resolvers the address of an attachment for one viewer."""

    def sign(attachment_id: UUID, viewer: Viewer, now: datetime) -> str:
        return signed_path(secret, attachment_id, holder_of(viewer), now)

    return sign


def image_routes(db: Database, web: WebClient, secret: bytes) -> list[Route]:
    """The route of remote images."""
    images = RemoteImages(db, web, secret, clock.now)
    return [Route("/mail-images/{message_id:uuid}", images.answer, methods=["GET"])]


def sign_images_with(secret: bytes) -> SignRemoteImage:
    """What gives resolvers the address of a remote image for one viewer."""

    def sign(message_id: UUID, address: str, viewer: Viewer, now: datetime) -> str:
        return signed_image_path(secret, message_id, address, holder_of(viewer), now)

    return sign


def holder_of(viewer: Viewer) -> Holder:
    """Whom an address is made for."""
    return Holder(viewer.workspace_id, viewer.user_id, viewer.api_key_id)


def _admit_with(credentials: Credentials, scope_needed: Scope) -> Admit:
    async def admit(scope: MutableMapping[str, Any]) -> Uploader:
        try:
            viewer = await credentials.authenticate(scope)
        except TooManyBadCredentials as too_many:
            wait = (too_many.extensions or {}).get("retry_after_seconds", 60)
            raise Refused(429, "RATE_LIMITED", too_many.message, (), wait) from None
        if viewer is None:
            raise Refused(401, "UNAUTHENTICATED", "This needs a valid access token or API key.")
        if scope_needed not in viewer.scopes:
            raise Refused(403, "FORBIDDEN", f"This needs the scope {scope_needed}.")
        return Uploader(viewer.workspace_id, viewer.user_id, holder_of(viewer))

    return admit
