"""How mail is written, and how workspaces' own mail servers are reached."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from app.setting_group import ReachingGroup, SettingGroup, Words


class MailSettings(SettingGroup):
    title = "Mail that we write"
    model_config = SettingsConfigDict(env_prefix="MAIL_")

    message_id_domain: str = Field(
        default="bothways.invalid",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="A domain of yours: the right side of the Message-IDs we make.",
    )


class SenderSettings(ReachingGroup):
    title = "Workspaces' own mail servers"
    model_config = SettingsConfigDict(env_prefix="SENDER_")

    allowed_networks: Words = Field(
        default=(),
        description="Networks besides the open internet that a workspace's mail server may stand in, such as "
        "10.1.2.0/24; at any port. What is not listed is never connected to, whatever an admin writes.",
    )
    hello_name: str = Field(
        default="bothways.invalid",
        pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$",
        description="The name we greet mail servers with: the sending machine's, as its reverse lookup says.",
    )
