"""No refund while its network is frozen, and none on evidence about anything but its own send."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Owned by the migrator: a role that posts may hold a network's row still without a right to change it.
_GUARD = """
CREATE FUNCTION chain.hold_mode(network text) RETURNS TABLE (mode text, why text)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
  AS $$ SELECT c.mode, c.why FROM chain.chains c WHERE c.chain_id = network FOR SHARE $$;
REVOKE ALL ON FUNCTION chain.hold_mode FROM PUBLIC;

CREATE FUNCTION chain.refund_guard() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
  IF NOT EXISTS (SELECT FROM chain.evidence e WHERE e.evidence_id = NEW.evidence_id
                    AND e.kind = 'unpayable' AND e.body->>'send' = NEW.withdrawal_id::text) THEN
    RAISE EXCEPTION 'withdrawal % has no evidence that its send is unpayable', NEW.withdrawal_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF EXISTS (SELECT FROM chain.hold_mode(NEW.network) m WHERE m.mode = 'frozen') THEN
    RAISE EXCEPTION 'withdrawal % is on network %, which is frozen', NEW.withdrawal_id, NEW.network
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION chain.refund_guard FROM PUBLIC;

CREATE TRIGGER refund_on_insert BEFORE INSERT ON ledger.withdrawals
  FOR EACH ROW WHEN (NEW.state = 'refunded') EXECUTE FUNCTION chain.refund_guard();
CREATE TRIGGER refund_on_update BEFORE UPDATE ON ledger.withdrawals
  FOR EACH ROW WHEN (NEW.state = 'refunded'
    AND (OLD.state <> 'refunded' OR NEW.evidence_id IS DISTINCT FROM OLD.evidence_id))
  EXECUTE FUNCTION chain.refund_guard();
"""

_GRANTS = """
GRANT EXECUTE ON FUNCTION chain.hold_mode TO croupier_money, croupier_chain;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_GUARD)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "a refund without its proof is money paid twice; restore a backup instead"
    raise NotImplementedError(message)
