"""What support wanted, one row per ticket; and no refund without the evidence it rests on."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE ledger.verbs (
  slot          smallint NOT NULL,
  withdrawal_id uuid     NOT NULL,
  ticket        text     NOT NULL CONSTRAINT ck_verbs_ticket CHECK (ticket <> ''),
  verb          text     NOT NULL CONSTRAINT ck_verbs_verb CHECK (verb IN
                ('bump_fee', 'cancel_by_self_send', 'reject_and_refund')),
  person        text     NOT NULL CONSTRAINT ck_verbs_person CHECK (person <> ''),
  words         text     NOT NULL,
  attempt       smallint NOT NULL CONSTRAINT ck_verbs_attempt CHECK (attempt >= 0),
  variant       smallint NOT NULL CONSTRAINT ck_verbs_variant CHECK (variant >= 0),
  at            timestamptz NOT NULL,
  PRIMARY KEY (slot, withdrawal_id, ticket),
  FOREIGN KEY (slot, withdrawal_id) REFERENCES ledger.withdrawals
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.verbs
  FOR EACH ROW EXECUTE FUNCTION chain.append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.verbs
  FOR EACH STATEMENT EXECUTE FUNCTION chain.append_only();

ALTER TABLE ledger.withdrawals
  ADD COLUMN evidence_id uuid REFERENCES chain.evidence,
  ADD CONSTRAINT ck_withdrawals_refunded CHECK ((state = 'refunded') = (evidence_id IS NOT NULL));
"""

_GRANTS = """
GRANT SELECT, INSERT ON ledger.verbs TO croupier_money;
GRANT SELECT ON ledger.verbs TO croupier_ops, croupier_verifier, croupier_api;
GRANT UPDATE (evidence_id) ON ledger.withdrawals TO croupier_money;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_TABLES)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "what was wanted and proven is kept for ever; restore a backup instead"
    raise NotImplementedError(message)
