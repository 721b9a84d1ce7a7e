"""Deposits without a posting are found by an index: whoever looks for forgotten ones looks every minute."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX deposits_unfinished ON chain.deposits (seen_at, deposit_id)"
        " WHERE state = 'orphaned' OR credits = returns"
    )


def downgrade() -> None:
    op.execute("DROP INDEX chain.deposits_unfinished")
