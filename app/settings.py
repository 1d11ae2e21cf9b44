"""Everything that can be configured, and the only place that reads the environment.

Belongs here: one frozen group per subject, the unit in each name, a description that .env.example is
generated from (`python -m app environment`). Never: a default for a secret, or a meaning that depends on
another group; the processes hand these values down as arguments.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsConfigDict

from app.sender_settings import MailSettings, SenderSettings
from app.setting_group import SettingGroup, Words, listed
from app.smtp_settings import SmtpSettings
from app.web_settings import ImageSettings, WebhookSettings

ENV_FILE = Path(".env")


class BadSettings(Exception):
    """The environment does not make a working configuration; the message says what to change."""


class DatabaseSettings(SettingGroup):
    title = "PostgreSQL 15 or newer; the only store of truth"
    model_config = SettingsConfigDict(env_prefix="DATABASE_")

    url: SecretStr = Field(
        description="Where the processes log in: postgresql://bothways_app:...@host:5432/bothways. "
        "The role must not own the tables: row-level security is the second wall between workspaces."
    )
    owner_url: SecretStr | None = Field(
        default=None,
        description="Where `python -m app migrate` logs in: the owner of the tables. Only migrate needs it.",
    )
    read_connections: int = Field(default=8, ge=1, le=200, description="Connections a process reads with.")
    write_connections: int = Field(default=8, ge=1, le=200, description="Connections a process writes with.")


class RedisSettings(SettingGroup):
    title = "Redis or Valkey; wake-up calls only, losing it loses nothing"
    model_config = SettingsConfigDict(env_prefix="REDIS_")

    url: SecretStr = Field(
        description="redis://, rediss:// or unix:// address. Needs maxmemory-policy noeviction, and a "
        "password when it is not on this machine."
    )


class VaultSettings(SettingGroup):
    title = "Keys that seal tokens at rest"
    model_config = SettingsConfigDict(env_prefix="VAULT_")

    keys: SecretStr = Field(
        description="Key-encryption keys as `id:base64`, newest first, with commas between; make one with "
        "`python -m app vault key`. Without them no stored token can be read: back them up apart from the "
        "database."
    )


class GoogleGroup(SettingGroup):
    title = "The OAuth client of a Google Cloud project; leave out to offer no Gmail"
    model_config = SettingsConfigDict(env_prefix="GOOGLE_")

    client_id: str | None = Field(default=None, description="OAuth client id, of type Web application.")
    client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    pubsub_topic: str | None = Field(
        default=None,
        description="projects/<project>/topics/<topic> for change push. Without it mailboxes are polled.",
    )
    push_audience: str = Field(
        default="", description="Audience set on the push subscription; its tokens must carry it."
    )
    push_service_account_email: str = Field(
        default="", description="Service account that signs the pushes; its tokens must carry it."
    )
    contacts: bool = Field(default=False, description="Whether consents also ask to read contacts.")
    auth_url: str | None = Field(default=None, description="Consent page; set for a simulator only.")
    token_url: str | None = Field(default=None, description="Token endpoint; set for a simulator only.")
    revoke_url: str | None = Field(default=None, description="Revocation; set for a simulator only.")
    jwks_url: str | None = Field(default=None, description="Signing keys; set for a simulator only.")
    userinfo_url: str | None = Field(default=None, description="Userinfo; set for a simulator only.")
    api_root: str | None = Field(
        default=None, description="Root of the Gmail API, with a slash at its end; set for a simulator only."
    )
    people_root: str | None = Field(
        default=None, description="Root of the People API, with a slash; set for a simulator only."
    )


class MicrosoftGroup(SettingGroup):
    title = "The app registration in Microsoft Entra ID; leave out to offer no Outlook"
    model_config = SettingsConfigDict(env_prefix="MICROSOFT_")

    client_id: str | None = Field(default=None, description="Application (client) id.")
    client_secret: SecretStr | None = Field(default=None, description="A client secret of it.")
    tenant: str = Field(
        default="common",
        description="Who may connect: common (work and personal accounts), organizations, consumers, or one "
        "directory's id.",
    )
    push: bool = Field(
        default=False,
        description="Whether Graph can reach HTTP_PUBLIC_URL, over https, for change push. Without it "
        "mailboxes are polled.",
    )
    contacts: bool = Field(default=False, description="Whether consents also ask for Contacts.Read.")
    authority: str | None = Field(
        default=None, description="Sign-in service; set for a national cloud or a simulator only."
    )
    graph_root: str | None = Field(
        default=None,
        description="Root of Graph, with its version and a slash at its end; set for a national cloud or a "
        "simulator only.",
    )
    upload_hosts: Words = Field(
        default=("outlook.office.com", "outlook.office365.com"),
        description="Hosts that Graph may send us to with large files; others are refused.",
    )

    @field_validator("upload_hosts", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return listed(value)


class JwtSettings(SettingGroup):
    title = "Tokens that the host CRM signs for its users; leave out to allow API keys only"
    model_config = SettingsConfigDict(env_prefix="JWT_")

    issuer: str | None = Field(default=None, description="The `iss` that tokens must carry.")
    audience: str | None = Field(default=None, description="The `aud` that tokens must carry.")
    algorithm: str = Field(default="RS256", description="The one algorithm: RS256, ES256, EdDSA or HS256.")
    key: SecretStr | None = Field(
        default=None, description="Public key as PEM, or the shared secret (32 bytes or more) for HS256."
    )
    jwks_url: str | None = Field(default=None, description="Where the public keys are, instead of JWT_KEY.")
    workspace_claim: str = Field(default="workspace", description="The claim that names the workspace id.")

    @field_validator("algorithm")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in {"RS256", "ES256", "EdDSA", "HS256"}:
            raise ValueError("must be RS256, ES256, EdDSA or HS256")
        return value


class HttpSettings(SettingGroup):
    title = "The API process"
    model_config = SettingsConfigDict(env_prefix="HTTP_")

    host: str = Field(default="127.0.0.1", description="Address that the API listens at.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port that the API listens at.")
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="How browsers and providers reach the API, without a slash at its end.",
    )
    allowed_hosts: Words = Field(
        default=("127.0.0.1", "localhost"),
        description="Host names that requests may carry; others get 400.",
    )
    allowed_origins: Words = Field(
        default=(),
        description="Exact origins of web pages that may call the API, such as https://crm.example.",
    )
    return_urls: Words = Field(
        default=(), description="Exact addresses a user may be sent to after a consent."
    )
    trusted_proxies: Words = Field(
        default=(), description="Addresses or networks whose X-Forwarded-For and -Proto are believed."
    )
    secret: SecretStr = Field(
        description="32 bytes or more, as base64; signs attachment addresses. `python -m app vault secret`."
    )
    graphiql: bool = Field(default=False, description="Serve GraphiQL at /graphiql, and allow introspection.")
    web: bool = Field(default=True, description="Serve the web app at /, where web/dist holds a built one.")
    requests_at_once: int = Field(
        default=64, ge=1, description="GraphQL requests worked on at the same time; above, 503 at once."
    )
    sockets_per_key: int = Field(default=200, ge=1, description="Web sockets one API key or user may hold.")
    cost_per_minute: int = Field(
        default=60_000, ge=100, description="GraphQL cost a key may spend per minute; then 429."
    )
    stop_seconds: int = Field(default=8, ge=1, le=120, description="How long a stop waits for requests.")

    @field_validator("allowed_hosts", "allowed_origins", "return_urls", "trusted_proxies", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return listed(value)

    @field_validator("public_url")
    @classmethod
    def _bare(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")) or value.endswith("/"):
            raise ValueError("must begin with http:// or https:// and end without a slash")
        return value

    @field_validator("allowed_origins", "allowed_hosts")
    @classmethod
    def _exact(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("*" in word for word in value):
            raise ValueError("must list exact names; * is not allowed")
        return value


class BlobSettings(SettingGroup):
    title = "Where attachments and raw messages lie"
    model_config = SettingsConfigDict(env_prefix="BLOB_")

    url: str = Field(
        default="file:///var/lib/bothways/blobs",
        description="file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.",
    )


class WorkerSettings(SettingGroup):
    title = "The worker process"
    model_config = SettingsConfigDict(env_prefix="WORKER_")

    host: str = Field(default="127.0.0.1", description="Address of the worker's /live, /ready and /metrics.")
    port: int = Field(default=8010, ge=1, le=65535, description="Its port.")
    live_jobs: int = Field(default=20, ge=1, le=500, description="Pushes and sends at once.")
    bulk_jobs: int = Field(default=4, ge=1, le=500, description="Catch-up jobs at once.")
    webhook_jobs: int = Field(
        default=50, ge=1, le=500, description="Webhooks told at once; nearly all they do is wait."
    )
    sweep_seconds: float = Field(
        default=15, gt=0, le=60, description="How often due work that no wake-up call told of is looked for."
    )
    lease_seconds: float = Field(
        default=60,
        ge=2,
        le=600,
        description="How long a job is a worker's own; what a killed worker left is taken up after this.",
    )
    poll_seconds: float = Field(
        default=300, gt=0, le=600, description="How often a mailbox with change push is read all the same."
    )
    poll_without_push_seconds: float = Field(
        default=30, gt=0, le=600, description="How often a mailbox without change push is read."
    )
    verify_seconds: float = Field(
        default=86400,
        ge=1,
        le=604800,
        description="How often a mailbox is compared with what its provider lists.",
    )
    scratch: Path | None = Field(
        default=None, description="Private folder for messages under way; a temporary one if left out."
    )
    stop_seconds: int = Field(default=20, ge=1, le=120, description="How long a stop waits for jobs.")


class LogSettings(SettingGroup):
    title = "Logs and figures"
    model_config = SettingsConfigDict(env_prefix="LOG_")

    level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="Least level that is logged."
    )
    json_lines: bool = Field(default=True, description="One JSON object a line; false prints for people.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token of /metrics; without one the API serves no figures."
    )


class Settings(BaseModel):
    """All groups."""

    model_config = ConfigDict(frozen=True)

    database: DatabaseSettings
    redis: RedisSettings
    vault: VaultSettings
    http: HttpSettings
    google: GoogleGroup
    microsoft: MicrosoftGroup
    jwt: JwtSettings
    blobs: BlobSettings
    worker: WorkerSettings
    mail: MailSettings
    smtp: SmtpSettings
    sender: SenderSettings
    webhooks: WebhookSettings
    images: ImageSettings
    logs: LogSettings

    @cached_property
    def google_redirect_uri(self) -> str:
        """The redirect URI to register with Google."""
        return f"{self.http.public_url}/oauth/google/callback"

    @cached_property
    def microsoft_redirect_uri(self) -> str:
        """The redirect URI to register with Microsoft."""
        return f"{self.http.public_url}/oauth/microsoft/callback"

    @property
    def poll_every(self) -> timedelta:
        return timedelta(seconds=self.worker.poll_seconds)


GROUPS: dict[str, type[SettingGroup]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, SettingGroup)
}

Group = TypeVar("Group", bound=SettingGroup)


def read_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """Return the settings from the environment, and from `env_file` where it exists and says more.

    Raises:
        BadSettings: something is missing or makes no sense; every fault is named at once.
    """
    found: dict[str, Any] = {}
    faults: list[str] = []
    for name, group in GROUPS.items():
        try:
            found[name] = _read(group, env_file)
        except ValidationError as refused:
            faults += _faults(group, refused)
    if faults:
        raise BadSettings(
            "The configuration is not complete:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nSet these in the environment or in a file .env; .env.example describes every variable."
        )
    return Settings(**found)


def read_group(group: type[Group], env_file: Path | None = ENV_FILE) -> Group:
    """Return one group alone, for commands that need no more.

    Raises:
        BadSettings: something is missing or makes no sense.
    """
    try:
        return _read(group, env_file)
    except ValidationError as refused:
        raise BadSettings("\n".join(_faults(group, refused))) from None


def _read(group: type[Group], env_file: Path | None) -> Group:
    return group(_env_file=env_file)  # type: ignore[call-arg]  # BaseSettings takes it, a subclass hides it


def _faults(group: type[SettingGroup], refused: ValidationError) -> list[str]:
    return [_fault(group, error) for error in refused.errors(include_url=False, include_input=False)]


def _fault(group: type[SettingGroup], error: Any) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    variable = variable_of(group, field)
    if error["type"] == "missing":
        described = group.model_fields[field].description or ""
        return f"{variable} is missing. {described}"
    return f"{variable}: {error['msg'].removeprefix('Value error, ')}"


def http_port() -> int:
    """Return the API's port without asking for the secrets that the API needs."""
    return int(given(variable_of(HttpSettings, "port")) or HttpSettings.model_fields["port"].default)


def variable_of(group: type[SettingGroup], field: str) -> str:
    """Return the environment variable of a field."""
    return f"{group.model_config.get('env_prefix', '')}{field}".upper()


def variables() -> Iterator[tuple[type[SettingGroup], str, FieldInfo]]:
    """Yield every group, variable and field, in the order of .env.example."""
    for group in GROUPS.values():
        for name, field in group.model_fields.items():
            yield group, variable_of(group, name), field


# ---- what the demo reads and hands on ---------------------------------------------------------


def given(name: str) -> str | None:
    """Return a variable that is set to something, such as DATABASE_URL or PORT."""
    return os.environ.get(name) or None


def child_environment(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process of ours: this one's, without our own variables, and `added`."""
    ours = {variable for _, variable, _ in variables()}
    return {name: value for name, value in os.environ.items() if name not in ours} | dict(added)
