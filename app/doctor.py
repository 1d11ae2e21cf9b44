"""`python -m app doctor`: looks at what usually goes wrong in a deployment, and says how to mend it.

Belongs here: looking. Nothing is changed, and no user's mailbox is touched.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.known_trouble import KNOWN
from app.ringing import refuse_unsafe_redis
from app.settings import Settings
from app.wiring import google_settings, refuse_other_tables
from database import clock
from database.blobs import Blobs, key_for
from database.ids import new_id
from database.pool import Database
from database.sealing import KeyRing, read_keys
from database.vault import Vault

_SKEW: Final = timedelta(seconds=30)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, what was seen, and what mends it."""

    subject: str
    well: bool
    told: str
    mend: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; one thing that is broken does not hide another."""
    found = [
        await _look("database", lambda: _database(settings)),
        await _look("vault keys", lambda: _vault(settings)),
        await _look("redis", lambda: _redis(settings)),
        await _look("blob store", lambda: _blobs(settings)),
        _public_url(settings),
    ]
    return [*found, *_google(settings), *await _google_reached(settings)]


async def _look(subject: str, look: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await look()
    except KNOWN as trouble:
        return Finding(subject, False, str(trouble))


async def _database(settings: Settings) -> Finding:
    db = await Database.open(
        settings.database.url.get_secret_value(), read_connections=1, write_connections=1
    )
    try:
        await refuse_other_tables(settings)
        count = len(await db.across.workspaces())
    finally:
        await db.close()
    return Finding("database", True, f"migrated, row-level security holds, {count} workspaces")


async def _vault(settings: Settings) -> Finding:
    ring = KeyRing(read_keys(settings.vault.keys.get_secret_value()))
    db = await Database.open(
        settings.database.url.get_secret_value(), read_connections=1, write_connections=1
    )
    try:
        await Vault(ring, db).check()
        behind = len(await db.across.workspaces_wrapped_otherwise(ring.newest))
    finally:
        await db.close()
    if behind:
        mend = "Run: python -m app rewrap. Then the older keys may go."
        return Finding("vault keys", False, f"{behind} workspaces still use an older key", mend)
    return Finding("vault keys", True, f"every workspace's key opens with {ring.newest}")


async def _redis(settings: Settings) -> Finding:
    url = settings.redis.url.get_secret_value()
    if not await refuse_unsafe_redis(url):
        mend = "Everything goes on without it, a second later. Start it, or correct REDIS_URL."
        return Finding("redis", False, "it does not answer", mend)
    async with Redis.from_url(url, socket_timeout=2) as client:
        try:
            persistence = await client.info("persistence")
        except RedisError:
            return Finding("redis", True, "it answers, and evicts nothing")
    kept = "with" if persistence.get("aof_enabled") else "without"
    return Finding("redis", True, f"it answers, evicts nothing, {kept} an append-only file")


async def _blobs(settings: Settings) -> Finding:
    try:
        blobs = Blobs(settings.blobs.url)
        key = key_for(new_id(), new_id())

        async def piece() -> AsyncIterator[bytes]:
            yield b"doctor"

        await blobs.put_stream(key, piece())
        await blobs.delete([key])
    except Exception as trouble:  # each store has errors of its own
        mend = "BLOB_URL must name a place that this process may write to."
        return Finding("blob store", False, f"{type(trouble).__name__}: {trouble}"[:300], mend)
    return Finding("blob store", True, f"{settings.blobs.url} takes, gives and forgets")


def _public_url(settings: Settings) -> Finding:
    url = urlsplit(settings.http.public_url)
    if url.hostname in _LOOPBACK:
        return Finding("public address", True, "on this machine only; mailboxes are polled, not pushed")
    if url.scheme != "https":
        mend = "Put a proxy that speaks TLS before the API, and set HTTP_PUBLIC_URL to its https:// address."
        return Finding("public address", False, f"{settings.http.public_url} is not https", mend)
    if url.hostname not in settings.http.allowed_hosts:
        mend = f"Add {url.hostname} to HTTP_ALLOWED_HOSTS."
        return Finding("public address", False, "its host is not among the allowed ones", mend)
    return Finding("public address", True, settings.http.public_url)


def _google(settings: Settings) -> list[Finding]:
    google = google_settings(settings)
    if google is None:
        mend = "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET; docs/operating.md has the steps."
        return [Finding("google client", False, "not set: nobody can connect Gmail", mend)]
    found = [
        Finding(
            "google client",
            True,
            f"register this redirect URI exactly: {google.redirect_uri}. While the app's publishing status "
            "is Testing, Google ends every consent after 7 days.",
        )
    ]
    if google.pubsub_topic is None:
        found.append(
            Finding("gmail push", True, "off: mailboxes are polled (set GOOGLE_PUBSUB_TOPIC for push)")
        )
    elif not google.push_audience or not google.push_service_account_email:
        mend = "Set GOOGLE_PUSH_AUDIENCE and GOOGLE_PUSH_SERVICE_ACCOUNT_EMAIL, or no push is believed."
        found.append(Finding("gmail push", False, "a topic is set, but not who signs its pushes", mend))
    else:
        found.append(
            Finding("gmail push", True, f"{google.pubsub_topic} to {settings.http.public_url}/hooks/gmail")
        )
    return found


async def _google_reached(settings: Settings) -> list[Finding]:
    """Reach Google once, and compare clocks: its answers carry the time."""
    google = google_settings(settings)
    if google is None:
        return []
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(google.jwks_url)
    except httpx.HTTPError as trouble:
        mend = "The worker must be able to reach Google over HTTPS; check firewall and proxy."
        return [Finding("reaching google", False, type(trouble).__name__, mend)]
    if answer.status_code != httpx.codes.OK:
        return [Finding("reaching google", False, f"HTTP {answer.status_code} from {google.jwks_url}")]
    return [
        Finding("reaching google", True, "its signing keys were read"),
        *_clock(answer.headers.get("date")),
    ]


def _clock(told: str | None) -> list[Finding]:
    if told is None:
        return []
    theirs = parsedate_to_datetime(told)
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    skew: timedelta = abs(clock.now() - datetime.fromtimestamp(theirs.timestamp(), UTC))
    seconds = round(skew.total_seconds())
    if skew > _SKEW:
        return [Finding("clock", False, f"{seconds} s off", "Switch time synchronisation on (NTP).")]
    return [Finding("clock", True, f"within {max(seconds, 1)} s of Google's")]
