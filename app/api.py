"""The API process: GraphQL over HTTP and web socket, the providers' way in, attachments, health.

Belongs here: which path leads where, and handing the parts to each other. Everything is opened before the
first request and closed after the last one.
"""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from app import graphiql, health, web
from app.attachments import attachment_routes, image_routes, sign_images_with, sign_with
from app.bad_credentials import BadCredentials
from app.budget import Budget
from app.credentials import Credentials
from app.graphql.documents import Documents
from app.graphql.http import GraphQLOverHTTP, Wiring
from app.graphql.open_sockets import OpenSockets
from app.graphql.operations import Execution
from app.graphql.socket import GraphQLSocket
from app.http_guards import Guards, application, beside
from app.live.bell import RedisBell
from app.live.hubs import Hubs
from app.live.payload import BacklogBudget, BacklogLimits
from app.provider_routes import provider_routes
from app.returning import deployment_secret, unsubscribe_routes
from app.ringing import redis_answers
from app.serving import run_until_signal, server, spare_the_collector
from app.settings import Settings
from app.user_tokens import TokenRules, UserTokens
from app.wiring import Ground, open_ground
from database import clock
from database.ids import new_id
from resolvers.context import ApiSettings, Context, SignAttachment, SignRemoteImage
from resolvers.feed import LiveFeed
from resolvers.viewer import Viewer
from rules.consent import ConsentDoor
from rules.words import Provider
from schema.root import VIEWER_FIELDS, schema

log = structlog.get_logger(__name__)


def new_request_id() -> str:
    """Name a request in logs and answers."""
    return new_id().hex


def token_rules(settings: Settings) -> TokenRules | None:
    """Return how the host CRM's tokens are checked, or None where only API keys are accepted."""
    group = settings.jwt
    if group.issuer is None or group.audience is None:
        return None
    return TokenRules(
        issuer=group.issuer,
        audience=group.audience,
        algorithm=group.algorithm,
        key=group.key.get_secret_value() if group.key else None,
        jwks_url=group.jwks_url,
        workspace_claim=group.workspace_claim,
    )


@dataclass(frozen=True, slots=True)
class Contexts:
    """Makes the context of each request."""

    ground: Ground
    sign_attachment: SignAttachment
    sign_remote_image: SignRemoteImage
    consents: Mapping[Provider, ConsentDoor]
    settings: ApiSettings

    def __call__(self, viewer: Viewer, request_id: str) -> Context:
        return Context(
            viewer=viewer,
            db=self.ground.db,
            vault=self.ground.vault,
            sign_attachment=self.sign_attachment,
            sign_remote_image=self.sign_remote_image,
            consents=self.consents,
            settings=self.settings,
            now=clock.now(),
            new_id=new_id,
            entropy=secrets.token_bytes,
            request_id=request_id,
        )


@asynccontextmanager
async def open_application(settings: Settings) -> AsyncIterator[ASGIApp]:
    """Open everything, and give the ASGI application while entered.

    Raises:
        What app/wiring.py's open_ground raises, BadSettings, BadTokenSettings.
    """
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(open_ground(settings))
        redis_url = settings.redis.url.get_secret_value()
        bad = BadCredentials(redis_url)
        stack.push_async_callback(bad.close)
        rules = token_rules(settings)
        tokens = UserTokens(rules) if rules else None
        if tokens is not None:
            stack.push_async_callback(tokens.close)
        credentials = Credentials(ground.db, bad, tokens)
        hubs = Hubs(ground.db.events, await stack.enter_async_context(RedisBell(redis_url)))
        stack.push_async_callback(hubs.close)
        contexts = Contexts(
            ground=ground,
            sign_attachment=sign_with(deployment_secret(settings)),
            sign_remote_image=sign_images_with(deployment_secret(settings)),
            consents={provider: ground.doors.consent(provider) for provider in ground.doors.offered},
            settings=ApiSettings(
                inbound_domain=ground.settings.smtp.inbound_domain,
                return_urls=frozenset(settings.http.return_urls),
                message_id_domain=settings.mail.message_id_domain,
                webhook_networks=settings.webhooks.allowed_networks,
            ),
        )
        yield _application(ground, credentials, contexts, hubs)


def _application(ground: Ground, credentials: Credentials, contexts: Contexts, hubs: Hubs) -> ASGIApp:
    settings = ground.settings
    budget = Budget(settings.http.cost_per_minute)
    sockets = OpenSockets(credentials.still_valid, clock.now, per_credential=settings.http.sockets_per_key)
    ground.metrics.gauge("bothways_sockets", "Acknowledged web sockets.", lambda: len(sockets))
    ground.metrics.gauge(
        "bothways_subscriptions", "Subscriptions that are delivered to.", lambda: hubs.members
    )
    over_http, over_socket = _graphql(settings, credentials, contexts, hubs, budget, sockets)
    routes: list[BaseRoute] = [
        Route("/graphql", endpoint=over_http),
        WebSocketRoute("/graphql", endpoint=over_socket),
        *attachment_routes(ground.db, ground.blobs, credentials, deployment_secret(settings)),
        *image_routes(ground.db, ground.doors.images, deployment_secret(settings)),
        *provider_routes(ground),
        *unsubscribe_routes(ground),
    ]
    if settings.http.graphiql:
        routes += graphiql.routes(settings.http.public_url)
    if settings.http.web and web.is_built():
        routes += web.routes(settings.http.public_url)
    # GraphQL answers its failures itself, so it needs no router around it; everything else has one.
    shared = CORSMiddleware(
        beside({"/graphql": over_http}, application(routes)),
        allow_origins=settings.http.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["x-request-id", "retry-after"],
        max_age=600,
    )
    named = TrustedHostMiddleware(shared, allowed_hosts=list(settings.http.allowed_hosts), www_redirect=False)
    # Orchestrators ask by address, so health stands before the check of the Host header.
    health_routes = _health_routes(ground)
    healthy = application(health_routes)
    outer = beside({route.path: healthy for route in health_routes}, named)
    https = settings.http.public_url.startswith("https://")
    return Guards(outer, new_request_id=new_request_id, metrics=ground.metrics, https=https)


def _graphql(
    settings: Settings,
    credentials: Credentials,
    contexts: Contexts,
    hubs: Hubs,
    budget: Budget,
    sockets: OpenSockets[Viewer],
) -> tuple[GraphQLOverHTTP[Viewer], GraphQLSocket[Viewer]]:
    graphql_schema = schema._schema  # Strawberry keeps graphql-core's schema under this name alone
    documents = Documents(graphql_schema, viewer_fields=VIEWER_FIELDS)
    over_http = GraphQLOverHTTP(
        documents,
        Wiring(
            authenticate=credentials.authenticate,
            make_context=contexts,
            new_request_id=new_request_id,
            charge=budget.charge,
            at_once=settings.http.requests_at_once,
        ),
    )
    execution = Execution(
        schema=graphql_schema,
        documents=documents,
        make_context=contexts,
        feed=LiveFeed(contexts),
        hubs=hubs,
        new_request_id=new_request_id,
        charge=budget.charge,
    )
    socket = GraphQLSocket(
        execution,
        credentials.authenticate,
        sockets,
        allowed_origins=frozenset({settings.http.public_url, *settings.http.allowed_origins}),
        budget=BacklogBudget(BacklogLimits()),
    )
    return over_http, socket


def _health_routes(ground: Ground) -> list[Route]:
    redis_url = ground.settings.redis.url.get_secret_value()
    token = ground.settings.logs.metrics_token

    async def database() -> bool:
        return await health.database_answers(ground.db)

    async def redis() -> bool:
        return await redis_answers(redis_url)

    return health.routes(
        {"database": database, "redis": redis}, ground.metrics, token.get_secret_value() if token else None
    )


async def serve(settings: Settings) -> None:
    """Serve until a signal asks to stop. Raises: what open_application raises."""
    async with open_application(settings) as served:
        http = server(
            served,
            settings.http.host,
            settings.http.port,
            stop_seconds=settings.http.stop_seconds,
            trusted_proxies=settings.http.trusted_proxies,
        )
        spare_the_collector()
        log.info("api_serves", host=settings.http.host, port=settings.http.port)
        await run_until_signal(http)
