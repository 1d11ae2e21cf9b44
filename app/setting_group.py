"""What every group of settings is made of: one frozen subject of variables with a prefix."""

from ipaddress import ip_network
from typing import Annotated, ClassVar

from pydantic import field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Words = Annotated[tuple[str, ...], NoDecode]
"""A list, written with commas."""


def listed(value: object) -> object:
    """Read a list that is written with commas."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


class SettingGroup(BaseSettings):
    """One subject. A field's variable is the group's prefix and the field's name, in capitals."""

    title: ClassVar[str]
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )


class ReachingGroup(SettingGroup):
    """Settings of what reaches out: networks that are allowed besides the open internet."""

    allowed_networks: Words = ()

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
