"""Who may do what in the ledger, and what players' readers see."""

from alembic import op

from ledger.migrating import MIGRATOR, create_role

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LOGIN_ROLES = ("croupier_money", "croupier_ops", "croupier_sealer", "croupier_verifier", "croupier_api")

VIEWS = """
CREATE VIEW ledger.player_balances AS
  SELECT slot, account_id, guard, debits, credits, version, last_seq
    FROM ledger.balances WHERE ((account_id >> 24) & 268435455) <> 0;
CREATE VIEW ledger.player_versions AS
  SELECT slot, player, version FROM ledger.players;
CREATE VIEW ledger.player_transfers AS
  SELECT slot, seq, posting_no, debit_account, credit_account, amount, code, debit_after, credit_after,
    posted_at
    FROM ledger.transfers
   WHERE ((debit_account >> 24) & 268435455) <> 0 OR ((credit_account >> 24) & 268435455) <> 0;
CREATE VIEW ledger.player_postings AS
  SELECT slot, no, posting_id, kind, ref, first_seq, last_seq, player, player_version, posted_at
    FROM ledger.postings WHERE player IS NOT NULL;
"""

GRANTS = """
GRANT USAGE ON SCHEMA ledger
   TO croupier_money, croupier_ops, croupier_sealer, croupier_verifier, croupier_api;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger
   TO croupier_money, croupier_ops, croupier_sealer, croupier_verifier;
GRANT SELECT ON ledger.assets, ledger.player_balances, ledger.player_versions, ledger.player_transfers,
                ledger.player_postings TO croupier_api;
GRANT INSERT ON ledger.accounts, ledger.balances, ledger.players, ledger.decisions, ledger.postings,
                ledger.transfers, ledger.claims, ledger.cursors TO croupier_money;
GRANT UPDATE (debits, credits, version, last_seq) ON ledger.balances TO croupier_money;
GRANT UPDATE (version) ON ledger.players TO croupier_money;
GRANT UPDATE (last_no, last_seq, last_at) ON ledger.slots TO croupier_money;
GRANT UPDATE (last_no) ON ledger.cursors TO croupier_money;
GRANT INSERT ON ledger.blocks, ledger.checkpoints TO croupier_sealer;
GRANT UPDATE (guard) ON ledger.balances TO croupier_ops;
GRANT UPDATE (open) ON ledger.slots TO croupier_ops;
GRANT EXECUTE ON FUNCTION ledger.create_months(integer) TO croupier_ops;
GRANT EXECUTE ON FUNCTION ledger.has_misplaced_transfers() TO croupier_verifier;
"""

# No login role holds a privilege on a partition: everything goes through the parent.
PARTITIONS = """
DO $$ DECLARE part regclass; BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger.transfers'::regclass LOOP
    EXECUTE format('REVOKE ALL ON %s FROM croupier_money, croupier_ops, croupier_sealer, croupier_verifier',
      part);
  END LOOP;
END $$;
"""

SETTINGS = """
ALTER ROLE croupier_money SET jit = off;
ALTER ROLE croupier_money SET plan_cache_mode = force_generic_plan;
ALTER ROLE croupier_money SET enable_seqscan = off;
ALTER ROLE croupier_money SET enable_hashjoin = off;
ALTER ROLE croupier_money SET enable_mergejoin = off;
"""
TIMEOUTS = """
ALTER ROLE {role} SET synchronous_commit = on;
ALTER ROLE {role} SET lock_timeout = '2s';
ALTER ROLE {role} SET idle_in_transaction_session_timeout = '5s';
"""
STATEMENT_TIMEOUT = "ALTER ROLE {role} SET statement_timeout = '10s'"
FULL_SCANS = ("croupier_verifier",)


def upgrade() -> None:
    op.execute("RESET ROLE")
    for role in LOGIN_ROLES:
        op.execute(create_role(role, login=True))
        op.execute(TIMEOUTS.format(role=role))
        if role not in FULL_SCANS:
            op.execute(STATEMENT_TIMEOUT.format(role=role))
    op.execute(SETTINGS)
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(VIEWS)
    op.execute(GRANTS)
    op.execute(PARTITIONS)


def downgrade() -> None:
    raise NotImplementedError(
        "roles belong to the whole cluster; drop them by hand when no database needs them"
    )
