"""No refund while its network is frozen, and none on evidence about anything but its own send.

And the door may see whether what a block holds is the payment itself.
"""

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

CREATE FUNCTION chain.refund_guard() RETURNS trigger      -- arguments: the columns of send and network
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  send text := to_jsonb(NEW)->>TG_ARGV[0];
  network text := to_jsonb(NEW)->>TG_ARGV[1];
BEGIN
  IF NOT EXISTS (SELECT FROM chain.evidence e WHERE e.evidence_id = NEW.evidence_id
                    AND e.kind = 'unpayable' AND e.body->>'send' = send) THEN
    RAISE EXCEPTION 'there is no evidence that send % is unpayable', send
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF EXISTS (SELECT FROM chain.hold_mode(network) m WHERE m.mode = 'frozen') THEN
    RAISE EXCEPTION 'send % is on network %, which is frozen', send, network
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION chain.refund_guard FROM PUBLIC;

CREATE TRIGGER refund_on_insert BEFORE INSERT ON ledger.withdrawals
  FOR EACH ROW WHEN (NEW.state = 'refunded')
  EXECUTE FUNCTION chain.refund_guard('withdrawal_id', 'network');
CREATE TRIGGER refund_on_update BEFORE UPDATE ON ledger.withdrawals
  FOR EACH ROW WHEN (NEW.state = 'refunded'
    AND (OLD.state <> 'refunded' OR NEW.evidence_id IS DISTINCT FROM OLD.evidence_id))
  EXECUTE FUNCTION chain.refund_guard('withdrawal_id', 'network');
CREATE TRIGGER return_on_insert BEFORE INSERT ON chain.own_transfers
  FOR EACH ROW WHEN (NEW.state = 'returned')
  EXECUTE FUNCTION chain.refund_guard('transfer_id', 'chain_id');
CREATE TRIGGER return_on_update BEFORE UPDATE ON chain.own_transfers
  FOR EACH ROW WHEN (NEW.state = 'returned'
    AND (OLD.state <> 'returned' OR NEW.evidence_id IS DISTINCT FROM OLD.evidence_id))
  EXECUTE FUNCTION chain.refund_guard('transfer_id', 'chain_id');
"""

_GRANTS = """
GRANT EXECUTE ON FUNCTION chain.hold_mode TO croupier_money, croupier_chain;
GRANT SELECT ON chain.own_txs TO croupier_api;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_GUARD)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "a refund without its proof is money paid twice; restore a backup instead"
    raise NotImplementedError(message)
