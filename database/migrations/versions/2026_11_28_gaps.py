"""A look-back goes from the oldest page to the newest: which pages are still to be taken in.

Widens only. A look-back that the version before left under way is begun anew; what it stored is passed over.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_gaps"
down_revision: str | None = "2026_11_28_claims"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("alter table sync_gaps add column pages text[] default '{}' not null")


def downgrade() -> None:
    op.execute("alter table sync_gaps drop column pages")
