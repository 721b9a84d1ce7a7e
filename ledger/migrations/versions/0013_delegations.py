"""Staked energy that addresses of ours are lent: what each delegation is for, and what the signer reads."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Nothing ever wrote this table; a row in it would refuse the columns that have no default.
_TABLE = """
DROP INDEX chain.uq_delegations_one_open;
ALTER TABLE chain.delegations DROP CONSTRAINT delegations_pkey;
ALTER TABLE chain.delegations
  ALTER COLUMN sweep_id DROP NOT NULL,
  ALTER COLUMN state SET DEFAULT 'planned',
  ADD COLUMN delegation_id uuid PRIMARY KEY,            -- the id of the send that delegates, too
  ADD COLUMN return_id     uuid NOT NULL CONSTRAINT uq_delegations_return UNIQUE,
  ADD COLUMN chain_id      text NOT NULL,
  ADD COLUMN purpose       text NOT NULL,
  ADD COLUMN asset_id      integer NOT NULL REFERENCES ledger.assets,
  ADD COLUMN operator      smallint NOT NULL,
  ADD COLUMN slot          smallint NOT NULL REFERENCES ledger.slots,
  ADD COLUMN energy        bigint NOT NULL CONSTRAINT ck_delegations_energy CHECK (energy >= 0),
  ADD COLUMN fee_cap       ledger.units NOT NULL,
  ADD COLUMN evidence_id   uuid REFERENCES chain.evidence,
  ADD COLUMN planned_at    timestamptz NOT NULL,
  ADD COLUMN opened_at     timestamptz,
  ADD COLUMN seen_at       timestamptz,
  ADD COLUMN wanted_back_at timestamptz,
  ADD COLUMN returned_at   timestamptz,
  ADD CONSTRAINT delegations_sweep_id_fkey FOREIGN KEY (sweep_id) REFERENCES chain.own_transfers,
  ADD CONSTRAINT ck_delegations_state CHECK (state IN
    ('planned', 'delegating', 'open', 'returning', 'returned')),
  ADD CONSTRAINT ck_delegations_purpose CHECK (purpose IN ('sweep', 'standing', 'leftover')),
  ADD CONSTRAINT ck_delegations_sweep CHECK ((purpose = 'sweep') = (sweep_id IS NOT NULL)),
  ADD CONSTRAINT ck_delegations_sun CHECK (sun > 0),
  ADD CONSTRAINT ck_delegations_giver CHECK (octet_length(giver) = 20),
  ADD CONSTRAINT ck_delegations_receiver CHECK (octet_length(receiver) = 20 AND receiver <> giver),
  ADD CONSTRAINT ck_delegations_returned CHECK ((state = 'returned') = (returned_at IS NOT NULL)),
  ADD CONSTRAINT ck_delegations_seen CHECK (seen_at IS NULL OR opened_at IS NOT NULL),
  -- What never was open ended on proof, or before anything was asked of the signer.
  ADD CONSTRAINT ck_delegations_opened CHECK (state IN ('planned', 'delegating', 'returned')
    OR opened_at IS NOT NULL);
CREATE UNIQUE INDEX uq_delegations_one_open ON chain.delegations (chain_id, receiver)
  WHERE state <> 'returned';
CREATE INDEX delegations_receiver ON chain.delegations (chain_id, receiver, planned_at);
CREATE INDEX delegations_sweep ON chain.delegations (sweep_id, planned_at) WHERE sweep_id IS NOT NULL;
CREATE INDEX delegations_open ON chain.delegations (planned_at, delegation_id) WHERE state <> 'returned';
CREATE INDEX attempts_burning ON chain.attempts (chain_id) WHERE outcome IS NULL AND block_hash IS NULL;
CREATE INDEX own_txs_burning ON chain.own_txs (chain_id, height)
  WHERE detail->'used' ? 'energy_burnt_sun';
"""

# The way of a delegation is one way; what proves that it never was open must be about its own first send.
_GUARD = """
CREATE FUNCTION chain.delegation_guard() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  ways text[] := ARRAY['planned delegating', 'planned returning', 'planned returned', 'delegating open',
                       'delegating returned', 'open returning', 'returning returned'];
  ended boolean;
BEGIN
  IF NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state <> ALL(ways) THEN
    RAISE EXCEPTION 'a delegation does not go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.state = OLD.state THEN RETURN NEW; END IF;
  IF OLD.state = 'planned' AND (NEW.state = 'delegating') = (NEW.purpose = 'leftover')
     AND NEW.state <> 'returned' THEN
    RAISE EXCEPTION 'a % delegation does not begin as %', NEW.purpose, NEW.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.state = 'open' OR OLD.state = 'returning' THEN
    SELECT EXISTS (SELECT FROM chain.attempts t WHERE t.outcome = 'paid' AND t.send_id =
      CASE WHEN NEW.state = 'open' THEN NEW.delegation_id ELSE NEW.return_id END) INTO ended;
    IF NOT ended THEN
      RAISE EXCEPTION 'no final transaction says that delegation % is %', NEW.delegation_id, NEW.state
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  IF OLD.state = 'delegating' AND NEW.state = 'returned' AND NOT EXISTS (
       SELECT FROM chain.evidence e WHERE e.evidence_id = NEW.evidence_id
          AND e.kind = 'unpayable' AND e.body->>'send' = NEW.delegation_id::text) THEN
    RAISE EXCEPTION 'there is no evidence that delegation % never happens', NEW.delegation_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION chain.delegation_guard FROM PUBLIC;
CREATE TRIGGER delegation_moves BEFORE UPDATE ON chain.delegations
  FOR EACH ROW EXECUTE FUNCTION chain.delegation_guard();
"""

_VIEW = """
CREATE VIEW signer_view.owed_energy WITH (security_barrier) AS
SELECT s.send_id, s.kind, s.chain_id, s.asset_id, s.payee, s.amount::numeric AS amount,
       s.fee_cap::numeric AS fee_cap, g.wallet, d.giver, d.receiver, d.sun::numeric AS sun,
       d.chain_id AS delegation_network, d.asset_id AS delegation_asset_id, s.send_id = d.return_id AS returns
  FROM chain.sends s
  JOIN chain.delegations d ON s.send_id = CASE d.state WHEN 'delegating' THEN d.delegation_id
                                                       WHEN 'returning' THEN d.return_id END
  JOIN chain.grants g ON g.send_id = s.send_id AND g.wallet IS NOT NULL AND g.released_at IS NULL
 WHERE s.kind = 'energy' AND s.released_at IS NULL
   AND (d.state = 'returning' OR d.wanted_back_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM chain.chains n WHERE n.chain_id = s.chain_id AND n.mode = 'frozen');
"""

_GRANTS = """
REVOKE INSERT, UPDATE, UPDATE (state) ON chain.delegations FROM croupier_chain;
GRANT SELECT ON chain.delegations TO croupier_api;
GRANT INSERT (delegation_id, return_id, chain_id, purpose, asset_id, operator, slot, sweep_id, giver,
  receiver, sun, energy, fee_cap, planned_at) ON chain.delegations TO croupier_money, croupier_ops;
GRANT UPDATE (wanted_back_at) ON chain.delegations TO croupier_ops;
GRANT UPDATE (state, evidence_id, opened_at, seen_at, wanted_back_at, returned_at) ON chain.delegations
  TO croupier_money;
GRANT SELECT ON signer_view.owed_energy TO croupier_signer;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_TABLE)
    op.execute(_GUARD)
    op.execute(_VIEW)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "what was lent is kept for ever; restore a backup instead"
    raise NotImplementedError(message)
