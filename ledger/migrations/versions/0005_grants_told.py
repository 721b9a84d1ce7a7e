"""Every role may read which schema it stands on; who grants room to a waiting send may tell it so."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_GRANTS = """
GRANT USAGE ON SCHEMA migrations TO PUBLIC;
GRANT SELECT ON migrations.ledger_version TO PUBLIC;
GRANT INSERT ON chain.events TO croupier_money;
"""


def upgrade() -> None:
    op.execute(_GRANTS)


def downgrade() -> None:
    op.execute("REVOKE INSERT ON chain.events FROM croupier_money")
