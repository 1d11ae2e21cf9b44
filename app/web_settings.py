"""How far onto the web we reach for what others named: webhooks' receivers."""

from ipaddress import ip_network

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from app.setting_group import SettingGroup, Words, listed


class WebhookSettings(SettingGroup):
    title = "Webhooks"
    model_config = SettingsConfigDict(env_prefix="WEBHOOK_")

    allowed_networks: Words = Field(
        default=(),
        description="Networks besides the open internet that webhooks may lead to, such as 10.1.2.0/24; at "
        "any port, and there also without TLS. What is not listed is never connected to, whatever an admin "
        "writes.",
    )

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return listed(value)

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)
        return value
