"""What every group of settings is made of: one frozen subject of variables with a prefix."""

from typing import Annotated, ClassVar

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
