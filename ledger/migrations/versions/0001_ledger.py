"""The ledger: slots, accounts, balances, players, decisions, postings, transfers, and their guards."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACCOUNTS = """
CREATE TABLE ledger.assets (
  asset_id integer  CONSTRAINT assets_pkey PRIMARY KEY CONSTRAINT ck_assets_id CHECK (asset_id BETWEEN 1 AND
    65535),
  code     text     NOT NULL CONSTRAINT uq_assets_code UNIQUE,
  chain    text     NOT NULL,
  contract text     NOT NULL DEFAULT '',
  decimals smallint NOT NULL CONSTRAINT ck_assets_decimals CHECK (decimals BETWEEN 0 AND 36),
  CONSTRAINT uq_assets_chain_contract UNIQUE (chain, contract)
);
CREATE TABLE ledger.slots (
  slot     smallint    CONSTRAINT slots_pkey PRIMARY KEY CONSTRAINT ck_slots_slot CHECK (slot BETWEEN 0 AND
    63),
  last_no  bigint      NOT NULL DEFAULT 0,
  last_seq bigint      NOT NULL DEFAULT 0,
  last_at  timestamptz NOT NULL DEFAULT 'epoch',
  open     boolean     NOT NULL DEFAULT true
) WITH (fillfactor = 10);
CREATE TABLE ledger.accounts (
  slot        smallint    NOT NULL CONSTRAINT fk_accounts_slot REFERENCES ledger.slots,
  account_id  bigint      NOT NULL CONSTRAINT ck_accounts_positive CHECK (account_id > 0),
  asset_id    integer     NOT NULL CONSTRAINT fk_accounts_asset REFERENCES ledger.assets,
  owner_key   text        NOT NULL,
  normal_side text        NOT NULL CONSTRAINT ck_accounts_side CHECK (normal_side IN ('D', 'C')),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT accounts_pkey PRIMARY KEY (slot, account_id),
  CONSTRAINT ck_accounts_asset CHECK (((account_id >> 8) & 65535) = asset_id),
  CONSTRAINT ck_accounts_slot CHECK (((account_id >> 24) & 268435455) = 0
    OR slot = (((((account_id >> 24) & 2147483647) * 2654435769) & 4294967295) >> 26))
);
CREATE INDEX accounts_owner ON ledger.accounts (slot, owner_key);
CREATE TABLE ledger.balances (
  slot       smallint NOT NULL,
  account_id bigint   NOT NULL,
  guard      smallint NOT NULL DEFAULT 0 CONSTRAINT ck_balances_guard CHECK (guard BETWEEN 0 AND 3),
  debits     numeric  NOT NULL DEFAULT 0
    CONSTRAINT ck_balances_debits CHECK (debits >= 0 AND debits < 1e78 AND debits = trunc(debits)),
  credits    numeric  NOT NULL DEFAULT 0
    CONSTRAINT ck_balances_credits CHECK (credits >= 0 AND credits < 1e78 AND credits = trunc(credits)),
  version    bigint   NOT NULL DEFAULT 0,
  last_seq   bigint   NOT NULL DEFAULT 0,
  CONSTRAINT balances_pkey PRIMARY KEY (slot, account_id),
  CONSTRAINT fk_balances_account FOREIGN KEY (slot, account_id) REFERENCES ledger.accounts,
  CONSTRAINT ck_balances_floor CHECK (guard <> 1 OR credits >= debits),
  CONSTRAINT ck_balances_ceiling CHECK (guard <> 2 OR debits >= credits),
  CONSTRAINT ck_balances_guarded CHECK ((account_id & 255) NOT IN (10, 11, 12, 13, 14, 15, 16, 20) OR guard IN
    (1, 3))
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01);
CREATE TABLE ledger.players (
  slot    smallint NOT NULL CONSTRAINT fk_players_slot REFERENCES ledger.slots,
  player  bigint   NOT NULL,
  version bigint   NOT NULL DEFAULT 0 CONSTRAINT ck_players_version CHECK (version >= 0),
  CONSTRAINT players_pkey PRIMARY KEY (slot, player),
  CONSTRAINT ck_players_slot CHECK ((player & 268435455) <> 0
    AND slot = ((((player & 2147483647) * 2654435769) & 4294967295) >> 26))
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01);
INSERT INTO ledger.slots (slot) SELECT generate_series(0, 63);
"""

# The order of the three indexes matters: on a table that was vacuumed while empty all of them cost the same,
# the planner takes the one made last that fits, and a cached plan keeps it while the table fills.
JOURNAL = """
CREATE TABLE ledger.decisions (
  slot        smallint NOT NULL,
  decision_id uuid     NOT NULL,
  verdict     smallint NOT NULL,
  rules       integer  NOT NULL,
  reasons     jsonb,
  decided_at  timestamptz NOT NULL,
  CONSTRAINT decisions_pkey PRIMARY KEY (slot, decision_id)
);
CREATE TABLE ledger.postings (
  slot           smallint NOT NULL,
  no             bigint   NOT NULL,
  posting_id     uuid     NOT NULL,
  kind           smallint NOT NULL,
  result         smallint NOT NULL CONSTRAINT ck_postings_result CHECK (result BETWEEN 0 AND 7),
  digest         bytea    NOT NULL CONSTRAINT ck_postings_digest CHECK (octet_length(digest) = 32),
  closes         uuid,
  follows        uuid,
  decision_id    uuid,
  ref            text,
  first_seq      bigint,
  last_seq       bigint,
  player         bigint,
  player_version bigint,
  refused        jsonb,
  posted_at      timestamptz NOT NULL,
  workflow_id    text,
  run_id         text,
  request_id     text,
  received_at    timestamptz,
  CONSTRAINT fk_postings_decision FOREIGN KEY (slot, decision_id) REFERENCES ledger.decisions,
  CONSTRAINT ck_postings_tombstone CHECK ((kind = 0) = (result = 6)),
  CONSTRAINT ck_postings_range CHECK ((first_seq IS NULL) = (last_seq IS NULL) AND last_seq >= first_seq),
  CONSTRAINT ck_postings_refused_moves_nothing CHECK (result = 0 OR first_seq IS NULL),
  CONSTRAINT ck_postings_player
    CHECK ((player IS NULL) = (player_version IS NULL) AND (player IS NULL OR first_seq IS NOT NULL)),
  CONSTRAINT ck_postings_refused CHECK ((result NOT IN (0, 6)) = (refused IS NOT NULL)),
  CONSTRAINT ck_postings_one_target CHECK (closes IS NULL OR follows IS NULL),
  CONSTRAINT ck_postings_target_is_another CHECK (closes <> posting_id AND follows <> posting_id),
  CONSTRAINT ck_postings_decided CHECK (result <> 0 OR kind NOT IN (10, 13, 20, 25, 27) OR decision_id IS NOT
    NULL)
);
CREATE UNIQUE INDEX postings_no ON ledger.postings (slot, no);
ALTER TABLE ledger.postings ADD CONSTRAINT postings_pkey PRIMARY KEY (slot, posting_id);
CREATE UNIQUE INDEX postings_closed_once ON ledger.postings (slot, closes) WHERE closes IS NOT NULL AND result
  = 0;
CREATE TABLE ledger.transfers (
  slot           smallint NOT NULL,
  seq            bigint   NOT NULL,
  posting_no     bigint   NOT NULL,
  debit_account  bigint   NOT NULL,
  credit_account bigint   NOT NULL,
  amount         numeric  NOT NULL
    CONSTRAINT ck_transfers_amount CHECK (amount > 0 AND amount = trunc(amount) AND amount < 1e78),
  code           smallint NOT NULL,
  debit_version  bigint   NOT NULL,
  credit_version bigint   NOT NULL,
  debit_after    numeric  NOT NULL,
  credit_after   numeric  NOT NULL,
  posted_at      timestamptz NOT NULL,
  CONSTRAINT transfers_pkey PRIMARY KEY (slot, seq, posted_at),
  CONSTRAINT ck_transfers_two_accounts CHECK (debit_account <> credit_account),
  CONSTRAINT ck_transfers_one_asset CHECK (((debit_account >> 8) & 65535) = ((credit_account >> 8) & 65535)),
  CONSTRAINT ck_transfers_one_operator CHECK ((debit_account >> 52) = (credit_account >> 52))
) PARTITION BY RANGE (posted_at);
CREATE INDEX transfers_debit  ON ledger.transfers (slot, debit_account,  seq);
CREATE INDEX transfers_credit ON ledger.transfers (slot, credit_account, seq);
CREATE TABLE ledger.transfers_default PARTITION OF ledger.transfers DEFAULT;
"""

AROUND = """
CREATE TABLE ledger.claims (
  claim_id   uuid        CONSTRAINT claims_pkey PRIMARY KEY,
  slot       smallint    NOT NULL,
  owner      bigint      NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE ledger.blocks (
  slot      smallint NOT NULL,
  block_no  bigint   NOT NULL CONSTRAINT ck_blocks_positive CHECK (block_no > 0),
  first_no  bigint   NOT NULL,
  last_no   bigint   NOT NULL,
  last_seq  bigint   NOT NULL,
  last_at   timestamptz NOT NULL,
  prev_hash bytea    NOT NULL CONSTRAINT ck_blocks_prev_hash CHECK (octet_length(prev_hash) = 32),
  hash      bytea    NOT NULL CONSTRAINT ck_blocks_hash CHECK (octet_length(hash) = 32),
  CONSTRAINT blocks_pkey PRIMARY KEY (slot, block_no),
  CONSTRAINT uq_blocks_first_no UNIQUE (slot, first_no),
  CONSTRAINT uq_blocks_prev_hash UNIQUE (slot, prev_hash),
  CONSTRAINT ck_blocks_range CHECK (last_no >= first_no)
);
CREATE TABLE ledger.checkpoints (
  slot       smallint NOT NULL,
  account_id bigint   NOT NULL,
  seq        bigint   NOT NULL,
  debits     numeric  NOT NULL,
  credits    numeric  NOT NULL,
  version    bigint   NOT NULL,
  CONSTRAINT checkpoints_pkey PRIMARY KEY (slot, account_id, seq)
);
CREATE TABLE ledger.cursors (
  consumer text     NOT NULL,
  slot     smallint NOT NULL,
  last_no  bigint   NOT NULL DEFAULT 0,
  CONSTRAINT cursors_pkey PRIMARY KEY (slot, consumer)
);
"""

APPEND_ONLY = """
CREATE FUNCTION ledger.append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'ledger.% is append-only: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

# A TRUNCATE trigger on the parent does not protect a partition, so each month brings its own.
MONTHS = """
CREATE FUNCTION ledger.create_month(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  name  text := 'transfers_' || to_char(first, 'YYYY_MM');
BEGIN
  IF to_regclass('ledger.' || name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE ledger.%I PARTITION OF ledger.transfers FOR VALUES FROM (%L) TO (%L)',
                 name, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
  EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.%I
                  FOR EACH STATEMENT EXECUTE FUNCTION ledger.append_only()', name);
END $$;
CREATE FUNCTION ledger.create_months(ahead integer) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT ledger.create_month((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months =>
    n))::date)
    FROM generate_series(0, ahead) n;
$$;
CREATE FUNCTION ledger.has_misplaced_transfers() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$ SELECT EXISTS (SELECT FROM ledger.transfers_default) $$;
REVOKE ALL ON FUNCTION ledger.create_month(date), ledger.create_months(integer),
ledger.has_misplaced_transfers()
  FROM PUBLIC;
SELECT ledger.create_months(3);
"""

ROWS_NEVER_CHANGE = ("transfers", "postings", "blocks", "decisions")
TABLES_NEVER_EMPTIED = (*ROWS_NEVER_CHANGE, "transfers_default")


def upgrade() -> None:
    op.execute("CREATE SCHEMA ledger")
    for part in (ACCOUNTS, JOURNAL, AROUND, APPEND_ONLY):
        op.execute(part)
    for table in ROWS_NEVER_CHANGE:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.{table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger.append_only()"
        )
    for table in TABLES_NEVER_EMPTIED:
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger.append_only()"
        )
    op.execute(MONTHS)


def downgrade() -> None:
    raise NotImplementedError("money's history is never dropped; restore a backup instead")
