"""What each process of a demo is told: addresses, secrets of the first start, the simulator as Google
and as Microsoft.

Belongs here: turning a demo's places into the variables of app/settings.py. The providers
and their simulator differ by these settings only.
"""

import base64
import json
import secrets
import sys
from dataclasses import asdict, dataclass, replace
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from app import web
from app.demo.places import HOST, DemoTrouble, Places, write_private
from app.settings import child_environment, given
from database.roles import APP
from database.sealing import write_new_key

CLIENT_ID: Final = "bothways-demo.apps.simulator"
CLIENT_SECRET: Final = "simulator-secret"  # noqa: S105 - the simulator's own, printed in its README
MICROSOFT_CLIENT_ID: Final = "b07bbd27-1f2a-4c35-9d5e-5d1a7e0c2f10"
PUSH_ACCOUNT: Final = "pubsub@simulator.test"
INBOUND_DOMAIN: Final = "in.bothways.test"
TOPIC: Final = "projects/simulator/topics/bothways"


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """Made at the first start and kept, readable by their owner alone."""

    vault_keys: str
    http_secret: str
    app_password: str
    workspace_id: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Addresses that the environment names; None where the demo starts a server of its own."""

    owner: str | None
    app: str | None
    redis: str | None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where PostgreSQL (as its owner, and as the processes' role) and Redis are."""

    owner: str
    app: str
    redis: str


def read_secrets(places: Places) -> DemoSecrets:
    """Return the demo's secrets, made now if this is the first start. Raises: DemoTrouble."""
    if not places.secrets.exists():
        made = DemoSecrets(
            vault_keys=write_new_key("demo"),
            http_secret=base64.b64encode(secrets.token_bytes(32)).decode(),
            app_password=secrets.token_urlsafe(24),
        )
        keep_secrets(places, made)
        return made
    try:
        return DemoSecrets(**json.loads(places.secrets.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise DemoTrouble(f"{places.secrets} cannot be read. Start afresh with: make demo-reset") from None


def keep_secrets(places: Places, kept: DemoSecrets) -> None:
    """Write the secrets down."""
    write_private(places.secrets, asdict(kept))


def remember(places: Places, kept: DemoSecrets, workspace_id: str, token: str) -> DemoSecrets:
    """Keep which workspace is the demo's, and its token."""
    kept = replace(kept, workspace_id=workspace_id, token=token)
    keep_secrets(places, kept)
    return kept


def given_addresses(kept: DemoSecrets) -> Given:
    """Read DATABASE_URL and REDIS_URL, which win over servers of the demo's own.

    A DATABASE_URL of another role than the processes' is taken for the owner's; the processes then log in as
    their own role, whose password the migration sets.
    """
    url, owner, redis = given("DATABASE_URL"), given("DATABASE_OWNER_URL"), given("REDIS_URL")
    if url is None:
        return Given(None, None, redis)
    parts = urlsplit(url)
    if parts.username == APP:
        if owner is None:
            raise DemoTrouble(
                f"DATABASE_URL logs in as {APP}, who may not make tables. Set DATABASE_OWNER_URL as well, to "
                "the same database with the role that owns it."
            )
        return Given(owner, url, redis)
    where = parts.netloc.rpartition("@")[2]
    app = urlunsplit(parts._replace(netloc=f"{APP}:{kept.app_password}@{where}"))
    return Given(owner or url, app, redis)


def environment(places: Places, kept: DemoSecrets, addresses: Addresses) -> dict[str, str]:
    """Return the variables of the API, the worker and the SMTP process."""
    google, microsoft = f"{places.simulator_url}/google", f"{places.simulator_url}/microsoft"
    return {
        "DATABASE_URL": addresses.app,
        "REDIS_URL": addresses.redis,
        "VAULT_KEYS": kept.vault_keys,
        "BLOB_URL": places.blobs.as_uri(),
        "HTTP_HOST": HOST,
        "HTTP_PORT": str(places.ports.api),
        "HTTP_PUBLIC_URL": places.api_url,
        "HTTP_ALLOWED_ORIGINS": f"{places.api_url},http://localhost:{places.ports.api}",
        "HTTP_RETURN_URLS": f"{places.api_url}/connected",
        "HTTP_SECRET": kept.http_secret,
        "HTTP_GRAPHIQL": "true",
        "HTTP_STOP_SECONDS": "2",
        "WORKER_HOST": HOST,
        "WORKER_PORT": str(places.ports.worker),
        "WORKER_STOP_SECONDS": "4",
        "MAIL_MESSAGE_ID_DOMAIN": "crm.example-co.test",
        "SMTP_INBOUND_DOMAIN": INBOUND_DOMAIN,
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(places.ports.smtp),
        "SMTP_HEALTH_PORT": str(places.ports.smtp_health),
        "SMTP_TRUSTED_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "SENDER_ALLOWED_NETWORKS": "127.0.0.0/8",
        "IMAGE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "LOG_JSON_LINES": "false",
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_PUBSUB_TOPIC": TOPIC,
        "GOOGLE_PUSH_AUDIENCE": f"{places.api_url}/hooks/gmail",
        "GOOGLE_PUSH_SERVICE_ACCOUNT_EMAIL": PUSH_ACCOUNT,
        "GOOGLE_AUTH_URL": f"{google}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URL": f"{google}/token",
        "GOOGLE_REVOKE_URL": f"{google}/revoke",
        "GOOGLE_JWKS_URL": f"{google}/oauth2/v3/certs",
        "GOOGLE_USERINFO_URL": f"{google}/oauth2/v3/userinfo",
        "GOOGLE_API_ROOT": f"{google}/",
        "MICROSOFT_CLIENT_ID": MICROSOFT_CLIENT_ID,
        "MICROSOFT_CLIENT_SECRET": CLIENT_SECRET,
        "MICROSOFT_PUSH": "true",
        "MICROSOFT_AUTHORITY": f"{microsoft}/login",
        "MICROSOFT_GRAPH_ROOT": f"{microsoft}/graph/v1.0/",
        "MICROSOFT_CONTACTS": "true",
        "GOOGLE_PEOPLE_ROOT": f"{google}/people/",
        "GOOGLE_CONTACTS": "true",
    }


def inherited(added: dict[str, str]) -> dict[str, str]:
    """Return a child's whole environment."""
    return child_environment({"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "", **added})


def module(*words: str) -> list[str]:
    """Return the command line of a module of ours."""
    return [sys.executable, "-m", *words]


def simulator_arguments(places: Places) -> list[str]:
    """Return the simulator's command line."""
    hook = f"{places.api_url}/hooks/gmail"
    callback = f"{places.api_url}/oauth/google/callback"
    return [
        *module("simulator", "--host", HOST, "--port", str(places.ports.simulator), "--seed"),
        *("--state", str(places.simulator_state), "--redirect-uri", callback),
        *("--microsoft-redirect-uri", f"{places.api_url}/oauth/microsoft/callback"),
        *("--push-url", hook, "--push-audience", hook, "--push-service-account", PUSH_ACCOUNT),
        *("--smtp-port", str(places.ports.outside_smtp)),
        *("--inbound-domain", INBOUND_DOMAIN, "--inbound-smtp", f"{HOST}:{places.ports.smtp}"),
    ]


def links(places: Places, kept: DemoSecrets) -> dict[str, str]:
    """Return what .demo/links.json tells."""
    token = kept.token or ""
    graphiql = f"{places.api_url}/graphiql#token={token}"
    inbox = f"{places.api_url}/#token={token}&simulator={places.simulator_url}"
    return {
        "inbox": inbox if web.is_built() else graphiql,
        "graphiql": graphiql,
        "api": f"{places.api_url}/graphql",
        "ws": f"ws://{HOST}:{places.ports.api}/graphql",
        "simulator": places.simulator_url,
        "token": token,
    }
