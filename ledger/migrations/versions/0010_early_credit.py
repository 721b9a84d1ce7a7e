"""Deposits that are playable before they are final: thresholds, credits row by row, what caps them; dust."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_DEPOSITS = """
ALTER TABLE chain.deposits
  ADD COLUMN confirmations_needed integer              -- null: only the final block makes it playable
      CONSTRAINT ck_deposits_confirmations CHECK (confirmations_needed > 0),
  ADD COLUMN unlock_after integer NOT NULL DEFAULT 0   -- blocks from final to withdrawable
      CONSTRAINT ck_deposits_unlock_after CHECK (unlock_after >= 0),
  ADD COLUMN reached_at timestamptz,                   -- it had the confirmations it needs
  ADD COLUMN ripe_at timestamptz;                      -- it was final for as many blocks as its unlock asks
UPDATE chain.deposits SET ripe_at = met_at;
CREATE INDEX deposits_unripe ON chain.deposits (chain_id, height)
  WHERE ripe_at IS NULL AND met_at IS NOT NULL;
CREATE INDEX deposits_dust ON chain.deposits (chain_id, receiver, asset_id) WHERE reason = 'DUST';
DROP INDEX chain.deposits_unfinished;
CREATE INDEX deposits_unfinished ON chain.deposits (seen_at, deposit_id)
  WHERE state = 'orphaned' OR unlocked_at IS NULL;
"""

_CREDITS = """
CREATE TABLE chain.credits (                           -- one row per credit posting, as it was posted
  deposit_id  uuid     NOT NULL REFERENCES chain.deposits (deposit_id),
  number      smallint NOT NULL CONSTRAINT ck_credits_number CHECK (number > 0),
  chain_id    text     NOT NULL,
  block_hash  bytea    NOT NULL,
  asset_id    integer  NOT NULL,
  player      bigint,
  slot        smallint NOT NULL,
  amount      ledger.units NOT NULL CONSTRAINT ck_credits_amount CHECK (amount > 0),
  early       boolean  NOT NULL,                       -- posted before its block was final
  posted_at   timestamptz NOT NULL, unlocked_at timestamptz, returned_at timestamptz,
  PRIMARY KEY (deposit_id, number),
  CONSTRAINT ck_credits_ends_once CHECK (unlocked_at IS NULL OR returned_at IS NULL),
  CONSTRAINT ck_credits_early CHECK (NOT early OR player IS NOT NULL)
);
CREATE INDEX credits_locked ON chain.credits (asset_id, player)
  WHERE unlocked_at IS NULL AND returned_at IS NULL;
INSERT INTO chain.credits
  SELECT deposit_id, credits, chain_id, block_hash, asset_id, player, slot, amount, false, posted_at,
         unlocked_at
    FROM chain.deposits WHERE credits > returns;

CREATE TABLE chain.early_credit (                      -- what is out early per asset; its lock orders caps
  chain_id text    NOT NULL,
  asset_id integer NOT NULL,
  units    ledger.units NOT NULL DEFAULT 0,
  PRIMARY KEY (chain_id, asset_id)
);
CREATE TABLE chain.unlisted (                          -- how often a token nobody lists came by on a day
  chain_id text   NOT NULL,
  contract bytea  NOT NULL,
  day      date   NOT NULL,
  seen     bigint NOT NULL CONSTRAINT ck_unlisted_seen CHECK (seen > 0),
  PRIMARY KEY (chain_id, contract, day)
);
"""

_GRANTS = """
GRANT UPDATE (confirmations_needed, unlock_after, reached_at, ripe_at) ON chain.deposits TO croupier_chain;
GRANT UPDATE (confirmations_needed) ON chain.deposits TO croupier_money;
GRANT SELECT, INSERT ON chain.credits, chain.early_credit TO croupier_money;
GRANT UPDATE (unlocked_at, returned_at) ON chain.credits TO croupier_money;
GRANT UPDATE (units) ON chain.early_credit TO croupier_money;
GRANT SELECT ON chain.credits, chain.early_credit TO croupier_chain, croupier_ops, croupier_verifier,
  croupier_api;
GRANT SELECT, INSERT ON chain.unlisted TO croupier_chain;
GRANT UPDATE (seen) ON chain.unlisted TO croupier_chain;
GRANT SELECT ON chain.unlisted TO croupier_ops, croupier_verifier, croupier_money;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_DEPOSITS)
    op.execute(_CREDITS)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "what was credited is kept for ever; restore a backup instead"
    raise NotImplementedError(message)
