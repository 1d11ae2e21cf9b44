"""Look at every message's origin, which the migration of replies bound for new rows alone.

Apart from that one, so that the table is not locked meanwhile: validating lets everybody read and write.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_validated"
down_revision: str | None = "2026_11_28_clocks"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("alter table messages validate constraint messages_origin_known")


def downgrade() -> None:
    """Nothing to take back."""
