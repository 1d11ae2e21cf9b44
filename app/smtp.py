"""The SMTP process: takes mail for Auto BCC addresses and answers to our mail, and tells how it is.

The law: what is said to a sender is true after this process is killed: 250 follows the commit. It needs the
database and the blob store; without Redis its news are found a little later, like everybody's.
"""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Final

import structlog

from app import health
from app.ending import end
from app.http_guards import Guards, application
from app.returning import deployment_secret
from app.ringing import redis_answers
from app.serving import server, spare_the_collector, until_signal
from app.settings import BadSettings, Settings
from app.smtp_settings import SmtpSettings
from app.wiring import Ground, open_ground
from database import clock
from database.ids import new_id
from database.lines import DatabaseAway, DatabaseBusy
from inbound.auto_bcc import AutoBccDesk
from inbound.destinations import Owner, ReplyAddress, ReturnPath
from inbound.dns_answers import Resolver
from inbound.mailroom import Letter, SharedMailroom
from inbound.replies import RepliesDesk
from inbound.sender_checks import SenderPolicy
from inbound.smtp import SmtpDoor, SmtpLimits, server_tls
from jobs import auto_bcc, replies
from jobs.auto_bcc import Arrival
from jobs.context import JobContext, JobSettings
from jobs.sandbox import Sandbox, SandboxClosed
from rules.authentication import Belief
from rules.auto_bcc import Refused
from rules.replies import RefusedReply

log = structlog.get_logger(__name__)

_STOP_PATIENCE: Final = timedelta(seconds=5)
_TROUBLES: Final = (DatabaseAway, DatabaseBusy, SandboxClosed, OSError)


def _nothing(point: str) -> None:
    """Passing a point does nothing; a test that kills the process there hands in something else."""


async def serve(settings: Settings, passing: Callable[[str], None] = _nothing) -> None:
    """Run until a signal asks to stop.

    Raises:
        BadSettings: no inbound domain is set, or the certificate cannot be used.
        What app/wiring.py's open_ground raises.
    """
    async with open_ground(settings) as ground, _context(ground, passing) as context:
        door = _door(ground, context)
        listening = await door.listen(settings.smtp.host, settings.smtp.port)
        http = server(_health_app(ground), settings.smtp.host, settings.smtp.health_port, stop_seconds=1)
        health_task = asyncio.create_task(http.serve(), name="health")
        signals = asyncio.create_task(until_signal(), name="signals")
        spare_the_collector()
        log.info("smtp_listens", port=settings.smtp.port, domain=door.domain, tls=door.tls is not None)
        await asyncio.wait([signals, health_task], return_when=asyncio.FIRST_COMPLETED)
        listening.close()
        await door.stop(_STOP_PATIENCE)
        http.should_exit = True
        await end(signals)
        await asyncio.gather(health_task, return_exceptions=True)


@asynccontextmanager
async def _context(ground: Ground, passing: Callable[[str], None]) -> AsyncIterator[JobContext]:
    """What the logbook works with; the scratch folder is private, and empty at the start."""
    scratch = Path(tempfile.mkdtemp(prefix="bothways-smtp-"))
    try:
        async with Sandbox() as sandbox:
            yield JobContext(
                db=ground.db,
                vault=ground.vault,
                blobs=ground.blobs,
                doors=ground.doors,
                sandbox=sandbox,
                settings=JobSettings(inbound_domains=ground.settings.smtp.inbound_domains),
                scratch=scratch,
                now=clock.now,
                dice=SystemRandom().random,
                passing=passing,
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _door(ground: Ground, context: JobContext) -> SmtpDoor:
    settings = ground.settings.smtp
    if settings.inbound_domain is None:
        raise BadSettings("SMTP_INBOUND_DOMAIN is missing: the domain that we take mail for.")
    mailroom = SharedMailroom(
        db=ground.db,
        secret=deployment_secret(ground.settings),
        dns=Resolver(settings.dns_servers, port=settings.dns_port),
        policy=SenderPolicy(settings.networks, frozenset(settings.trusted_forwarders)),
        auto_bcc=AutoBccDesk(partial(_log, context), partial(auto_bcc.quarantine, context)),
        replies=RepliesDesk(partial(_keep, context)),
        now=clock.now,
        new_file=new_id,
        troubles=_TROUBLES,
    )
    return SmtpDoor(
        domain=settings.inbound_domain,
        hostname=settings.hostname or settings.inbound_domain,
        mailroom=mailroom,
        spool=context.scratch,
        tls=_tls(settings),
        limits=SmtpLimits(
            connections=settings.connections, connections_per_ip=settings.connections_per_address
        ),
    )


async def _log(context: JobContext, letter: Letter, owner: Owner) -> Refused | None:
    assert letter.sender is not None, "the desk turns away what has none"
    arrival = Arrival(
        owner.workspace_id, owner.user_id, letter.address, letter.sender, letter.raw, letter.received_at
    )
    return await auto_bcc.log(context, arrival)


async def _keep(context: JobContext, letter: Letter, belief: Belief) -> RefusedReply | None:
    destination = letter.destination
    assert isinstance(destination, ReplyAddress | ReturnPath), "the mailroom sorts by destination"
    reply = replies.Reply(
        workspace_id=destination.workspace_id,
        thread_id=destination.thread_id if isinstance(destination, ReplyAddress) else None,
        submission_id=destination.submission_id if isinstance(destination, ReturnPath) else None,
        address=letter.address,
        sender=letter.sender,
        belief=belief,
        raw=letter.raw,
        received_at=letter.received_at,
        from_nobody=not letter.client.mail_from,
    )
    return await replies.keep(context, reply)


def _tls(settings: SmtpSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None and settings.tls_key is None:
        return None
    if settings.tls_certificate is None or settings.tls_key is None:
        raise BadSettings("SMTP_TLS_CERTIFICATE and SMTP_TLS_KEY go together; one of them is missing.")
    try:
        return server_tls(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as trouble:
        raise BadSettings(f"The certificate of SMTP_TLS_CERTIFICATE cannot be used: {trouble}") from None


def _health_app(ground: Ground) -> Guards:
    async def database() -> bool:
        return await health.database_answers(ground.db)

    async def redis() -> bool:
        return await redis_answers(ground.settings.redis.url.get_secret_value())

    token = ground.settings.logs.metrics_token
    checks = {"database": database, "redis": redis}
    routes = health.routes(checks, ground.metrics, token.get_secret_value() if token else None)
    return Guards(
        application(routes), new_request_id=lambda: new_id().hex, metrics=ground.metrics, https=False
    )
