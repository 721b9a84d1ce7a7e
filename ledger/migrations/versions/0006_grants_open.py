"""Who holds room in a wallet is asked under its floats' lock: by index, however many sends have ended."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEX = """
CREATE INDEX grants_open ON chain.grants (chain_id, wallet) WHERE wallet IS NOT NULL AND released_at IS NULL
"""


def upgrade() -> None:
    op.execute(_INDEX)


def downgrade() -> None:
    op.execute("DROP INDEX chain.grants_open")
