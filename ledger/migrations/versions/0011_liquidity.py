"""The queue for coins remembers who was passed; a lane's oldest transaction and an asset's news are seen."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = """
ALTER TABLE chain.grants ADD COLUMN passed_by uuid REFERENCES chain.sends;
ALTER TABLE chain.signed_txs ADD COLUMN copied_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX effects_block ON chain.effects (chain_id, block_hash);
ALTER TABLE chain.events DROP CONSTRAINT ck_events_kind,
  ADD CONSTRAINT ck_events_kind CHECK (kind IN ('deposit', 'send', 'wallet', 'float'));

CREATE FUNCTION chain.passed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'send % was passed before', OLD.send_id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER passed_once BEFORE UPDATE OF passed_by ON chain.grants FOR EACH ROW
  WHEN (OLD.passed_by IS NOT NULL AND NEW.passed_by IS DISTINCT FROM OLD.passed_by)
  EXECUTE FUNCTION chain.passed_once();
"""

_GRANTS = """
GRANT UPDATE (passed_by) ON chain.grants TO croupier_money;
GRANT SELECT (copied_at) ON chain.signed_txs
  TO croupier_money, croupier_ops, croupier_verifier, croupier_api;
GRANT SELECT ON chain.wallets, chain.floats, chain.headers, chain.effects TO croupier_api;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_TABLES)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "who was passed is not forgotten; restore a backup instead"
    raise NotImplementedError(message)
