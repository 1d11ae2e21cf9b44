"""What a mailbox's next sign-in must be asked for.

Widens only: the version before it begins a sign-in without, as it did.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_claims"
down_revision: str | None = "2026_11_28_replies"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("alter table mailboxes add column claims_challenge varchar")


def downgrade() -> None:
    op.execute("alter table mailboxes drop column claims_challenge")
