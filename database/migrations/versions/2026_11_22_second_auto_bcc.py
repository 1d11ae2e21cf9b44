"""Auto BCC: an address for every user, the ones that were rotated away, tracked contacts, the quarantine.

The database makes every user's first address, so that no way of making a user can forget it, and the users
that are there get theirs with this migration. Adding the column writes the table of users anew, which is
small; a version that does not know the column goes on.
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "2026_11_22_second_auto_bcc"
down_revision: str | None = "2026_11_22_proof"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FOLDER = Path(__file__).parents[1] / "auto_bcc"


def _run(name: str) -> None:
    connection = op.get_bind()
    for statement in (_FOLDER / name).read_text().split("\n\n"):
        lines = (line for line in statement.splitlines() if not line.startswith("--"))
        if any(line.strip() for line in lines):
            connection.exec_driver_sql(statement)


def upgrade() -> None:
    _run("up.sql")


def downgrade() -> None:
    _run("down.sql")
