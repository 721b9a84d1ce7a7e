"""Lanes of deposit addresses, which the signer opens itself at 0, and what a day's gas has cost."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Without a right to the column the signer opens lanes at the default only: that of a fresh address.
CHANGES = """
ALTER TABLE signer.nonce_lanes ALTER COLUMN next_nonce SET DEFAULT 0;
GRANT INSERT (chain_id, wallet) ON signer.nonce_lanes TO croupier_signer;

ALTER TABLE signer.claims
  ADD COLUMN kind text,
  ADD COLUMN spends numeric CONSTRAINT ck_claims_spends CHECK (spends >= 0 AND spends = trunc(spends));
COMMENT ON COLUMN signer.claims.spends IS 'What a counted kind may cost in native units, amount and fee.';
CREATE INDEX claims_spent ON signer.claims (chain_id, wallet, kind, claimed_at) WHERE spends IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(CHANGES)


def downgrade() -> None:
    raise NotImplementedError("what was signed is never forgotten; restore a backup instead")
