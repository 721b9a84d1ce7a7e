"""Transfers between addresses of this house, the deposits each sweep took, and what the signer reads."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE chain.own_transfers (
  transfer_id     uuid PRIMARY KEY,                     -- the id of its send too
  kind            text NOT NULL
      CONSTRAINT ck_own_transfers_kind CHECK (kind IN ('sweep', 'gas', 'refill', 'to_cold')),
  chain_id        text NOT NULL,
  asset_id        integer NOT NULL REFERENCES ledger.assets,
  operator        smallint NOT NULL,
  slot            smallint NOT NULL REFERENCES ledger.slots,
  wanted          ledger.units NOT NULL,
  source          bytea CONSTRAINT ck_own_transfers_source CHECK (octet_length(source) = 20),
  payee           bytea CONSTRAINT ck_own_transfers_payee CHECK (octet_length(payee) = 20),
  amount          ledger.units CONSTRAINT ck_own_transfers_amount CHECK (amount > 0),
  fee_cap         ledger.units,
  state           text NOT NULL DEFAULT 'planned' CONSTRAINT ck_own_transfers_state CHECK (state IN
                  ('planned', 'ready', 'committed', 'settled', 'returned', 'skipped', 'not_needed',
                   'parked')),
  code            text, sentence text,
  send_posting_id uuid NOT NULL,
  evidence_id     uuid REFERENCES chain.evidence,
  policy_version  integer NOT NULL,
  planned_at      timestamptz NOT NULL, updated_at timestamptz NOT NULL, closed_at timestamptz,
  CONSTRAINT uq_own_transfers_send UNIQUE (slot, send_posting_id),
  CONSTRAINT ck_own_transfers_terms CHECK ((amount IS NULL) = (fee_cap IS NULL)),
  CONSTRAINT ck_own_transfers_fixed CHECK (state NOT IN ('ready', 'committed', 'settled', 'returned')
    OR amount IS NOT NULL AND source IS NOT NULL AND payee IS NOT NULL),
  CONSTRAINT ck_own_transfers_ends CHECK (source IS NULL OR payee IS NULL OR source <> payee),
  CONSTRAINT ck_own_transfers_closed CHECK (
    (state IN ('planned', 'ready', 'committed', 'parked')) = (closed_at IS NULL)),
  CONSTRAINT ck_own_transfers_returned CHECK ((state = 'returned') = (evidence_id IS NOT NULL)),
  CONSTRAINT ck_own_transfers_anchor CHECK (CASE kind WHEN 'gas' THEN payee IS NOT NULL
    WHEN 'sweep' THEN source IS NOT NULL ELSE source IS NOT NULL AND payee IS NOT NULL END)
);
CREATE UNIQUE INDEX uq_own_transfers_open_sweep ON chain.own_transfers (chain_id, source)
  WHERE kind = 'sweep' AND closed_at IS NULL;
CREATE UNIQUE INDEX uq_own_transfers_open_gas ON chain.own_transfers (chain_id, payee)
  WHERE kind = 'gas' AND closed_at IS NULL;
CREATE UNIQUE INDEX uq_own_transfers_open_move ON chain.own_transfers (chain_id, source, asset_id)
  WHERE kind IN ('refill', 'to_cold') AND closed_at IS NULL;
CREATE INDEX own_transfers_source ON chain.own_transfers (chain_id, source, asset_id, planned_at);
CREATE INDEX own_transfers_payee ON chain.own_transfers (chain_id, payee, asset_id, planned_at);
CREATE INDEX own_transfers_open ON chain.own_transfers (planned_at, transfer_id) WHERE closed_at IS NULL;

ALTER TABLE chain.deposits
  ADD COLUMN sweep_id uuid REFERENCES chain.own_transfers,
  ADD COLUMN swept_at timestamptz,
  ADD CONSTRAINT ck_deposits_swept CHECK (swept_at IS NULL OR sweep_id IS NOT NULL);
CREATE INDEX deposits_unswept ON chain.deposits (chain_id, receiver, asset_id)
  WHERE sweep_id IS NULL AND credits > returns AND role = 'deposit';
CREATE INDEX deposits_swept ON chain.deposits (sweep_id) WHERE sweep_id IS NOT NULL;
CREATE INDEX deposits_at ON chain.deposits (chain_id, receiver, asset_id);
"""

# Amounts are those of the committed posting: what left the books is what may leave the address.
_VIEW = """
CREATE VIEW signer_view.owed_transfers WITH (security_barrier) AS
SELECT s.send_id, s.kind, s.chain_id, s.asset_id,
       CASE WHEN a.contract = '' THEN ''::bytea
            ELSE decode(replace(a.contract, '0x', ''), 'hex') END AS contract,
       s.payee, s.amount::numeric AS amount, s.fee_cap::numeric AS fee_cap, g.wallet,
       t.source, t.payee AS transfer_payee, x.amount AS posted_amount, t.chain_id AS transfer_network,
       t.asset_id AS transfer_asset_id
  FROM chain.sends s
  JOIN chain.own_transfers t ON t.transfer_id = s.send_id AND t.kind = s.kind
  JOIN ledger.assets a ON a.asset_id = s.asset_id
  JOIN ledger.postings o ON o.slot = t.slot AND o.posting_id = t.send_posting_id
   AND o.kind = 31 AND o.result = 0 AND o.first_seq = o.last_seq
  JOIN ledger.transfers x ON x.slot = o.slot AND x.seq = o.first_seq AND x.posted_at = o.posted_at
   AND ((x.debit_account >> 8) & 65535) = t.asset_id
  JOIN chain.grants g ON g.send_id = s.send_id AND g.wallet IS NOT NULL AND g.released_at IS NULL
 WHERE s.released_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM chain.chains n WHERE n.chain_id = s.chain_id AND n.mode = 'frozen')
   AND NOT EXISTS (SELECT 1 FROM ledger.postings c
                    WHERE c.slot = t.slot AND c.closes = t.send_posting_id AND c.result = 0);
"""

_GRANTS = """
GRANT SELECT ON chain.own_transfers TO croupier_money, croupier_chain, croupier_ops, croupier_verifier,
  croupier_api;
GRANT INSERT (transfer_id, kind, chain_id, asset_id, operator, slot, wanted, source, payee, send_posting_id,
  policy_version, planned_at, updated_at) ON chain.own_transfers TO croupier_money, croupier_ops;
GRANT UPDATE (source, payee, amount, fee_cap, state, code, sentence, evidence_id, updated_at, closed_at)
  ON chain.own_transfers TO croupier_money;
GRANT UPDATE (sweep_id, swept_at) ON chain.deposits TO croupier_money;
GRANT SELECT ON signer_view.owed_transfers TO croupier_signer;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_TABLES)
    op.execute(_VIEW)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "what was moved is kept for ever; restore a backup instead"
    raise NotImplementedError(message)
