"""How the SMTP process is set: where Auto BCC addresses live, who is believed, where it listens."""

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from app.setting_group import SettingGroup, Words, listed

_DOMAIN = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"


class SmtpSettings(SettingGroup):
    title = "The SMTP process; leave out SMTP_INBOUND_DOMAIN to offer no Auto BCC"
    model_config = SettingsConfigDict(env_prefix="SMTP_")

    inbound_domain: str | None = Field(
        default=None,
        pattern=_DOMAIN,
        description="What stands behind the @ of every Auto BCC address; its MX leads to the SMTP process. "
        "Take a name that has no other mail, such as in.example.com.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the SMTP process listens at.")
    port: int = Field(default=2525, ge=1, le=65535, description="Its port; the world reaches it as port 25.")
    hostname: str | None = Field(
        default=None,
        pattern=_DOMAIN,
        description="The name it greets with, the MX's own; SMTP_INBOUND_DOMAIN if left out.",
    )
    health_port: int = Field(default=8020, ge=1, le=65535, description="Port of its /live and /ready.")
    tls_certificate: Path | None = Field(
        default=None, description="PEM file with the certificate chain; without one STARTTLS is not offered."
    )
    tls_key: Path | None = Field(default=None, description="PEM file with the certificate's key.")
    trusted_networks: Words = Field(
        default=(),
        description="Networks whose mail is believed without SPF or DKIM, such as 10.0.0.0/8: for closed "
        "networks and tests, never for the internet.",
    )
    trusted_forwarders: Words = Field(
        default=(), description="Domains whose ARC seals are believed, such as google.com."
    )
    dns_servers: Words = Field(
        default=(), description="Addresses of name servers to ask; the system's if left out."
    )
    dns_port: int = Field(default=53, ge=1, le=65535, description="Their port.")
    connections: int = Field(default=100, ge=1, le=10_000, description="Conversations at once.")
    connections_per_address: int = Field(
        default=5, ge=1, le=10_000, description="Conversations at once with one client address."
    )

    @field_validator("trusted_networks", "trusted_forwarders", "dns_servers", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return listed(value)

    @field_validator("trusted_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            ip_network(word)
        return value

    @cached_property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted networks, read."""
        return tuple(ip_network(word) for word in self.trusted_networks)

    @property
    def inbound_domains(self) -> frozenset[str]:
        return frozenset({self.inbound_domain} if self.inbound_domain else ())
