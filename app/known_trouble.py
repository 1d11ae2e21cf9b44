"""The failures that an operator can mend: each message says how, so no traceback is shown."""

from typing import Final

from app.embedded import EmbeddedTrouble
from app.ringing import UnsafeRedis
from app.settings import BadSettings
from app.user_tokens import BadTokenSettings
from app.wiring import NotMigrated
from database.lines import DatabaseAway, DatabaseBusy
from database.migrate import HeldUp, OutOfStep
from database.roles import UnsafeRole
from database.sealing import VaultTrouble
from database.urls import UnreadableUrl


class OperatorError(Exception):
    """The command cannot be carried out as it was written."""


KNOWN: Final = (
    BadSettings,
    BadTokenSettings,
    DatabaseAway,
    DatabaseBusy,
    EmbeddedTrouble,
    HeldUp,
    NotMigrated,
    OperatorError,
    OutOfStep,
    UnreadableUrl,
    UnsafeRedis,
    UnsafeRole,
    VaultTrouble,
)
