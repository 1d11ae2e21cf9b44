"""Where providers reach us: the return from a consent, and pushes; for each provider that is offered."""

from starlette.routing import BaseRoute, Route

from app.wiring import Ground, google_settings, microsoft_settings
from database import clock
from inbound.gmail_push import GmailPush
from inbound.graph_push import GraphPush
from inbound.oauth_return import OAuthReturn
from rules.words import Provider


def provider_routes(ground: Ground) -> list[BaseRoute]:
    """Return the routes of every provider that this deployment is set up for."""
    return [*_google_routes(ground), *_microsoft_routes(ground)]


def _google_routes(ground: Ground) -> list[BaseRoute]:
    google = google_settings(ground.settings)
    if google is None:
        return []
    gmail_return = OAuthReturn(ground.db, ground.vault, Provider.GMAIL)
    routes: list[BaseRoute] = [Route("/oauth/google/callback", gmail_return.__call__, methods=["GET"])]
    if google.pubsub_topic is not None:
        push = GmailPush(
            db=ground.db,
            keys=ground.doors.google_keys(),
            audience=google.push_audience,
            service_account_email=google.push_service_account_email,
            now=clock.now,
        )
        routes.append(Route("/hooks/gmail", push.__call__, methods=["POST"]))
    return routes


def _microsoft_routes(ground: Ground) -> list[BaseRoute]:
    microsoft = microsoft_settings(ground.settings)
    if microsoft is None:
        return []
    outlook_return = OAuthReturn(ground.db, ground.vault, Provider.OUTLOOK)
    routes: list[BaseRoute] = [Route("/oauth/microsoft/callback", outlook_return.__call__, methods=["GET"])]
    if microsoft.push_url is not None:
        push = GraphPush(ground.db)
        routes += [
            Route("/hooks/graph", push.__call__, methods=["POST"]),
            Route("/hooks/graph/lifecycle", push.__call__, methods=["POST"]),
        ]
    return routes
