"""Write .env.example from the settings, so that it can never lack a variable or tell an old default."""

from textwrap import wrap
from typing import Final

from app.setting_group import SettingGroup
from app.settings import variables

COMPOSE_EXAMPLE: Final = (
    "# ---- docker-compose.yml alone: letters and digits, as they stand in addresses " + "-" * 24,
    "",
    "# The role that owns the tables, the role of the processes, and the queue.",
    "# POSTGRES_PASSWORD=",
    "# DATABASE_APP_PASSWORD=",
    "# VALKEY_PASSWORD=",
)


def environment_example() -> str:
    """Return .env.example: every variable with its meaning, and its default where it has one."""
    lines = [
        "# Every variable that Bothways reads, written by `python -m app environment` from app/settings.py.",
        "# Those that do not begin with # have no default and must be set.",
    ]
    shown: type[SettingGroup] | None = None
    for group, variable, field in variables():
        if group is not shown:
            lines += ["", f"# ---- {group.title} " + "-" * max(4, 90 - len(group.title))]
            shown = group
        lines += ["", *(f"# {line}" for line in wrap(field.description or "", 100))]
        lines.append(f"{variable}=" if field.is_required() else f"# {variable}={_written(field.default)}")
    lines += ["", *COMPOSE_EXAMPLE]
    return "\n".join(lines) + "\n"


def _written(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case _:
            return str(default)
