"""How far onto the web we reach for what others named: webhooks' receivers, and the images of mail."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.setting_group import ReachingGroup, Words


class WebhookSettings(ReachingGroup):
    title = "Webhooks"
    model_config = SettingsConfigDict(env_prefix="WEBHOOK_")

    allowed_networks: Words = Field(
        default=(),
        description="Networks besides the open internet that webhooks may lead to, such as 10.1.2.0/24; at "
        "any port, and there also without TLS. What is not listed is never connected to, whatever an admin "
        "writes.",
    )


class ImageSettings(ReachingGroup):
    title = "Remote images of mail, which the API fetches for their readers"
    model_config = SettingsConfigDict(env_prefix="IMAGE_")

    allowed_networks: Words = Field(
        default=(),
        description="Networks besides the open internet that images may be fetched from; set for tests only. "
        "Whoever sends a mail chooses where its images lie.",
    )
