"""What the signer may read of the rest: schema signer_view."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_VIEWS = """
CREATE SCHEMA signer_view;

CREATE VIEW signer_view.owed WITH (security_barrier) AS
SELECT s.send_id, s.kind, s.chain_id, s.asset_id,
       CASE WHEN a.contract = '' THEN ''::bytea
            ELSE decode(replace(a.contract, '0x', ''), 'hex') END AS contract,
       s.payee, s.amount::numeric AS amount, s.fee_cap::numeric AS fee_cap, g.wallet, w.player, w.slot,
       d.verdict AS decision_verdict,
       (SELECT count(DISTINCT p.person) FROM ledger.approvals p
         WHERE p.slot = w.slot AND p.withdrawal_id = w.withdrawal_id
           AND p.verb = 'approve' AND p.content_hash = w.content_hash) AS approvals,
       w.payee AS withdrawal_payee, w.amount::numeric AS withdrawal_amount, w.network AS withdrawal_network,
       w.asset_id AS withdrawal_asset_id, a.chain AS asset_chain
  FROM chain.sends s
  JOIN ledger.withdrawals w ON w.withdrawal_id = s.send_id
  JOIN ledger.assets a ON a.asset_id = s.asset_id
  JOIN ledger.decisions d ON d.slot = w.slot AND d.decision_id = w.decision_id
  JOIN ledger.postings o ON o.slot = w.slot AND o.posting_id = w.send_posting_id
   AND o.kind = 22 AND o.result = 0
  JOIN chain.grants g ON g.send_id = s.send_id AND g.wallet IS NOT NULL AND g.released_at IS NULL
 WHERE s.kind = 'withdrawal' AND s.released_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM chain.chains n WHERE n.chain_id = s.chain_id AND n.mode = 'frozen')
   AND NOT EXISTS (SELECT 1 FROM ledger.postings c
                    WHERE c.slot = w.slot AND c.closes = w.send_posting_id AND c.result = 0);

CREATE VIEW signer_view.attempts WITH (security_barrier) AS
SELECT t.send_id, t.attempt, t.chain_id, t.wallet, t.outcome, t.evidence_id,
       e.kind AS evidence_kind, e.body AS evidence_body
  FROM chain.attempts t LEFT JOIN chain.evidence e ON e.evidence_id = t.evidence_id;

CREATE VIEW signer_view.watched WITH (security_barrier) AS
SELECT family, account, address_index, address, role FROM chain.watched;

GRANT USAGE ON SCHEMA signer_view TO croupier_signer;
GRANT SELECT ON signer_view.owed, signer_view.attempts, signer_view.watched TO croupier_signer;
"""


def upgrade() -> None:
    op.execute(_VIEWS)


def downgrade() -> None:
    message = "the signer reads these views; restore a backup instead"
    raise NotImplementedError(message)
