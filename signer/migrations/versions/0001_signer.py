"""Nonce lanes, claims, signatures, refusals and the kill switch, and who may touch them."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("claims", "signatures", "refusals")

TABLES = """
CREATE TABLE signer.nonce_lanes (
  chain_id text NOT NULL,
  wallet bytea NOT NULL CONSTRAINT ck_nonce_lanes_wallet CHECK (octet_length(wallet) = 20),
  next_nonce bigint NOT NULL CONSTRAINT ck_nonce_lanes_next CHECK (next_nonce >= 0),
  last_stamp_ms bigint,
  PRIMARY KEY (chain_id, wallet)
);
COMMENT ON TABLE signer.nonce_lanes IS 'The next nonce of a wallet; locked while a transaction is signed.';

CREATE TABLE signer.claims (
  send_id uuid NOT NULL,
  attempt smallint NOT NULL CONSTRAINT ck_claims_attempt CHECK (attempt >= 1),
  chain_id text NOT NULL,
  wallet bytea NOT NULL,
  serial bigint,
  fingerprint bytea NOT NULL CONSTRAINT ck_claims_fingerprint CHECK (octet_length(fingerprint) = 32),
  claimed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (send_id, attempt),
  CONSTRAINT uq_claims_chain_wallet_serial UNIQUE (chain_id, wallet, serial),
  CONSTRAINT uq_claims_target UNIQUE (send_id, attempt, chain_id, wallet, serial)
);
COMMENT ON TABLE signer.claims IS 'An attempt''s nonce, for ever; without a serial a tombstone.';

CREATE TABLE signer.signatures (
  chain_id text NOT NULL,
  txid bytea NOT NULL CONSTRAINT ck_signatures_txid CHECK (octet_length(txid) = 32),
  send_id uuid NOT NULL,
  attempt smallint NOT NULL,
  variant smallint NOT NULL CONSTRAINT ck_signatures_variant CHECK (variant >= 1),
  wallet bytea NOT NULL,
  serial bigint NOT NULL,
  kind text NOT NULL,
  purpose text NOT NULL CONSTRAINT ck_signatures_purpose CHECK (purpose IN ('pay', 'bump', 'cancel')),
  raw bytea NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (chain_id, txid),
  CONSTRAINT uq_signatures_variant UNIQUE (send_id, attempt, variant),
  CONSTRAINT fk_signatures_claim FOREIGN KEY (send_id, attempt, chain_id, wallet, serial)
    REFERENCES signer.claims (send_id, attempt, chain_id, wallet, serial)
);
COMMENT ON TABLE signer.signatures IS 'Bytes that may be on their way since they were stored.';

CREATE TABLE signer.refusals (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  send_id uuid NOT NULL,
  attempt bigint NOT NULL,
  variant bigint NOT NULL,
  chain_id text NOT NULL,
  wallet bytea NOT NULL,
  code text NOT NULL,
  why text NOT NULL,
  refused_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE signer.refusals IS 'What was asked for and not signed.';

CREATE TABLE signer.switches (
  scope text PRIMARY KEY,
  why text NOT NULL,
  tripped_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE signer.switches IS 'A row stops its scope: any, network/x, asset/n, wallet/x/0x...';
"""

GUARDS = """
CREATE FUNCTION signer.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'signer.% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE FUNCTION signer.refuse_step_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.next_nonce < OLD.next_nonce OR NEW.chain_id <> OLD.chain_id OR NEW.wallet <> OLD.wallet THEN
    RAISE EXCEPTION 'a nonce lane only advances' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER only_forward BEFORE UPDATE ON signer.nonce_lanes
  FOR EACH ROW EXECUTE FUNCTION signer.refuse_step_back();
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON signer.nonce_lanes
  FOR EACH STATEMENT EXECUTE FUNCTION signer.refuse_change();
"""

APPEND_ONLY_GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON signer.{table}
  FOR EACH STATEMENT EXECUTE FUNCTION signer.refuse_change();
"""

GRANTS = """
GRANT USAGE ON SCHEMA signer TO croupier_signer, croupier_chain;
GRANT SELECT ON signer.nonce_lanes, signer.claims, signer.signatures, signer.refusals, signer.switches
  TO croupier_signer;
GRANT INSERT ON signer.claims, signer.signatures, signer.refusals, signer.switches TO croupier_signer;
GRANT UPDATE (next_nonce, last_stamp_ms) ON signer.nonce_lanes TO croupier_signer;
GRANT SELECT ON signer.claims, signer.signatures TO croupier_chain;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GUARDS)
    for table in APPEND_ONLY:
        op.execute(APPEND_ONLY_GUARD.format(table=table))
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("what was signed is never forgotten; restore a backup instead")
