"""What the systems that we take after were set to: each preset is the rows that one of them published.

Source: sync-rules, "Settings that decide".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.attachments import LEADCONNECTOR_TYPES, LIMIT_CEILING_BYTES
from rules.words import OversizePolicy, Provider, SyncScope

THREE_MEGABYTES: Final = 3 * 1024 * 1024


class Preset(StrEnum):
    """The systems by name."""

    KYRIOS_GMAIL = "KYRIOS_GMAIL"
    KYRIOS_OUTLOOK = "KYRIOS_OUTLOOK"
    LEADCONNECTOR = "LEADCONNECTOR"
    VINTORY = "VINTORY"


@dataclass(frozen=True, slots=True)
class PresetSettings:
    """What a preset sets: the scope of each provider's mailboxes, and the workspace's rows."""

    scopes: Mapping[Provider, SyncScope]
    attachment_limit_bytes: int
    attachment_types: frozenset[str] | None
    oversize: OversizePolicy
    labs_outlook: bool


PRESETS: Final[Mapping[Preset, PresetSettings]] = {
    Preset.KYRIOS_GMAIL: PresetSettings(
        {Provider.GMAIL: SyncScope.CONTACTS, Provider.OUTLOOK: SyncScope.CRM_THREADS},
        LIMIT_CEILING_BYTES,
        None,
        OversizePolicy.SKIP_MESSAGE,
        labs_outlook=True,
    ),
    Preset.KYRIOS_OUTLOOK: PresetSettings(
        {Provider.GMAIL: SyncScope.CONTACTS, Provider.OUTLOOK: SyncScope.CRM_THREADS},
        LIMIT_CEILING_BYTES,
        None,
        OversizePolicy.KEEP_WITHOUT_ATTACHMENT,
        labs_outlook=True,
    ),
    Preset.LEADCONNECTOR: PresetSettings(
        {Provider.GMAIL: SyncScope.CONTACTS, Provider.OUTLOOK: SyncScope.CRM_THREADS},
        THREE_MEGABYTES,
        LEADCONNECTOR_TYPES,
        OversizePolicy.SKIP_MESSAGE,
        labs_outlook=False,
    ),
    Preset.VINTORY: PresetSettings(
        {Provider.GMAIL: SyncScope.SENT_TO_CONTACTS, Provider.OUTLOOK: SyncScope.SENT_TO_CONTACTS},
        THREE_MEGABYTES,
        None,
        OversizePolicy.SKIP_MESSAGE,
        labs_outlook=True,
    ),
}


def usual_scope(provider: Provider, preset: Preset | None) -> SyncScope:
    """Return the scope that a new connection begins with where the workspace goes by a preset, or by none."""
    given = PRESETS[preset].scopes.get(provider) if preset is not None else None
    return given or default_scope(provider)


def default_scope(provider: Provider) -> SyncScope:
    """Return the scope that a new connection begins with."""
    return SyncScope.CRM_THREADS if provider is Provider.OUTLOOK else SyncScope.CONTACTS
