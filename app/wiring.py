"""Puts a process together: settings in, working parts out, closed again in the reverse order.

Belongs here: making parts and handing them to each other. Never: what a part does. The API and the worker
share the same ground (`Ground`); what only one of them needs is put together in app/api.py and app/worker.py.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from app.metrics import Metrics
from app.ringing import RedisRinger, refuse_unsafe_redis
from app.settings import Settings
from app.timekeeping import keeping_time
from database import migrate
from database.blobs import Blobs
from database.clock import now
from database.pool import Database
from database.sealing import KeyRing, read_keys
from database.vault import Vault
from providers.doors import Doors
from providers.gmail.settings import GoogleSettings
from providers.outlook.settings import MicrosoftSettings
from providers.pace import RedisBuckets
from providers.smtp.account import SmtpSettings
from providers.web import images_reaching, webhooks_reaching

log = structlog.get_logger(__name__)


class NotMigrated(Exception):
    """The database's tables are not those of this version."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every process stands on."""

    settings: Settings
    db: Database
    vault: Vault
    blobs: Blobs
    doors: Doors
    metrics: Metrics


def google_settings(settings: Settings) -> GoogleSettings | None:
    """Return the OAuth client, or None where no Gmail is offered."""
    group = settings.google
    if group.client_id is None or group.client_secret is None:
        return None
    urls = ("auth_url", "token_url", "revoke_url", "jwks_url", "userinfo_url", "api_root", "people_root")
    elsewhere = {name: value for name in urls if (value := getattr(group, name)) is not None}
    return GoogleSettings(
        client_id=group.client_id,
        client_secret=group.client_secret,
        redirect_uri=settings.google_redirect_uri,
        pubsub_topic=group.pubsub_topic,
        push_audience=group.push_audience,
        push_service_account_email=group.push_service_account_email,
        contacts=group.contacts,
        **elsewhere,
    )


def microsoft_settings(settings: Settings) -> MicrosoftSettings | None:
    """Return the app registration, or None where no Outlook is offered."""
    group = settings.microsoft
    if group.client_id is None or group.client_secret is None:
        return None
    elsewhere = {
        name: value for name in ("authority", "graph_root") if (value := getattr(group, name)) is not None
    }
    return MicrosoftSettings(
        client_id=group.client_id,
        client_secret=group.client_secret,
        redirect_uri=settings.microsoft_redirect_uri,
        tenant=group.tenant,
        upload_hosts=frozenset(group.upload_hosts),
        contacts=group.contacts,
        push_url=f"{settings.http.public_url}/hooks/graph" if group.push else None,
        **elsewhere,
    )


@asynccontextmanager
async def open_ground(settings: Settings) -> AsyncIterator[Ground]:
    """Reach the database, check keys and Redis, and hand everything out while entered.

    Raises:
        DatabaseAway, UnsafeRole, NotMigrated, VaultTrouble, UnsafeRedis: each message says what to do.
    """
    redis_url = settings.redis.url.get_secret_value()
    if not await refuse_unsafe_redis(redis_url):
        log.warning("redis_away", effect="work is found by looking into the database until it is back")
    async with AsyncExitStack() as stack:
        ringer = RedisRinger(redis_url)
        stack.push_async_callback(ringer.close)
        db = await Database.open(
            settings.database.url.get_secret_value(),
            bell=ringer,
            read_connections=settings.database.read_connections,
            write_connections=settings.database.write_connections,
        )
        stack.push_async_callback(db.close)
        await stack.enter_async_context(keeping_time(db))
        await refuse_other_tables(settings)
        vault = Vault(KeyRing(read_keys(settings.vault.keys.get_secret_value())), db)
        await vault.check()
        buckets: Redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
        stack.push_async_callback(buckets.aclose)
        doors = Doors(
            clock=now,
            google=google_settings(settings),
            microsoft=microsoft_settings(settings),
            smtp=SmtpSettings(
                allowed_networks=settings.sender.allowed_networks, our_name=settings.sender.hello_name
            ),
            webhooks=webhooks_reaching(settings.webhooks.allowed_networks),
            images=images_reaching(settings.images.allowed_networks),
            shared=RedisBuckets(buckets),
        )
        stack.push_async_callback(doors.close)
        yield Ground(settings, db, vault, Blobs(settings.blobs.url), doors, Metrics())


async def refuse_other_tables(settings: Settings) -> None:
    """Make sure that the migrations of this version ran. Raises: NotMigrated."""
    found = await migrate.current(settings.database.url.get_secret_value())
    if found is None:
        raise NotMigrated("The database has no tables yet. Run: python -m app migrate")
    newest = migrate.newest()
    if found == newest:
        return
    if migrate.knows(found):
        raise NotMigrated(
            f"The database is at {found}; this version needs {newest}. Run: python -m app migrate"
        )
    # A newer version has migrated: both work on the same tables while a release rolls out.
    log.warning("database_is_newer", revision=found)
