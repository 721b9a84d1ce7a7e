"""Business rows beside the ledger, schema chain, and what each role may do with them."""

from alembic import op

from ledger.migrating import MIGRATOR, create_role

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The slot formula of `ledger.accounts`: a business row in a wrong slot would never meet its postings.
_SLOT = "slot = ((((player & 2147483647) * 2654435769) & 4294967295) >> 26)"

_LEDGER_TABLES = f"""
CREATE DOMAIN ledger.units AS numeric
  CONSTRAINT ck_units_whole CHECK (VALUE >= 0 AND VALUE < 1e78 AND VALUE = trunc(VALUE));

CREATE TABLE ledger.operators (
  operator   smallint PRIMARY KEY CONSTRAINT ck_operators_bits CHECK (operator BETWEEN 1 AND 2047),
  name       text     NOT NULL CONSTRAINT ck_operators_named CHECK (name <> ''),
  last_owner integer  NOT NULL DEFAULT 0
      CONSTRAINT ck_operators_owners CHECK (last_owner BETWEEN 0 AND 268435455)
);
CREATE TABLE ledger.registrations (
  player      bigint   PRIMARY KEY,
  operator    smallint NOT NULL REFERENCES ledger.operators,
  external_id text     NOT NULL CONSTRAINT ck_registrations_named CHECK (external_id <> ''),
  state       text     NOT NULL DEFAULT 'active'
      CONSTRAINT ck_registrations_state CHECK (state IN ('active', 'blocked')),
  request_id  text     NOT NULL,
  created_at  timestamptz NOT NULL,
  CONSTRAINT uq_registrations_operator_external_id UNIQUE (operator, external_id),
  CONSTRAINT ck_registrations_player CHECK ((player >> 28) = operator AND (player & 268435455) <> 0)
);

ALTER TABLE ledger.decisions
  ADD COLUMN call text CONSTRAINT ck_decisions_call CHECK (call IN ('bet', 'withdrawal')),
  ADD COLUMN subject uuid,
  ADD COLUMN revision smallint NOT NULL DEFAULT 1 CONSTRAINT ck_decisions_revision CHECK (revision > 0),
  ADD COLUMN facts jsonb,
  ADD CONSTRAINT ck_decisions_subject CHECK ((call IS NULL) = (subject IS NULL));
CREATE UNIQUE INDEX uq_decisions_subject_revision ON ledger.decisions (slot, subject, revision)
  WHERE subject IS NOT NULL;

CREATE TABLE ledger.seed_pairs (
  slot          smallint NOT NULL REFERENCES ledger.slots,
  player        bigint   NOT NULL,
  pair          integer  NOT NULL CONSTRAINT ck_seed_pairs_number CHECK (pair > 0),
  commit_hash   text     NOT NULL CONSTRAINT ck_seed_pairs_commit CHECK (commit_hash ~ '^[0-9a-f]{{64}}$'),
  server_seed   bytea    NOT NULL,                      -- sealed by the field cipher, never opened here
  client_seed   text,
  next_nonce    bigint   NOT NULL DEFAULT 0 CONSTRAINT ck_seed_pairs_nonce CHECK (next_nonce >= 0),
  state         text     NOT NULL
      CONSTRAINT ck_seed_pairs_state CHECK (state IN ('next', 'current', 'revealed')),
  revealed_seed text,
  rotated_by    text,                                   -- the client key of the rotation that revealed it
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (slot, player, pair),
  CONSTRAINT ck_seed_pairs_slot CHECK ({_SLOT}),
  CONSTRAINT ck_seed_pairs_secret CHECK ((state = 'revealed') = (revealed_seed IS NOT NULL)),
  CONSTRAINT ck_seed_pairs_rotation CHECK ((state = 'revealed') = (rotated_by IS NOT NULL)),
  CONSTRAINT ck_seed_pairs_client CHECK ((state = 'next') = (client_seed IS NULL)),
  CONSTRAINT ck_seed_pairs_unused CHECK (state <> 'next' OR next_nonce = 0)
);
CREATE UNIQUE INDEX uq_seed_pairs_current ON ledger.seed_pairs (slot, player) WHERE state = 'current';
CREATE UNIQUE INDEX uq_seed_pairs_next ON ledger.seed_pairs (slot, player) WHERE state = 'next';
CREATE UNIQUE INDEX uq_seed_pairs_rotation ON ledger.seed_pairs (slot, player, rotated_by)
  WHERE rotated_by IS NOT NULL;

CREATE TABLE ledger.bets (
  slot        smallint NOT NULL REFERENCES ledger.slots,
  bet_id      uuid     NOT NULL,
  player      bigint   NOT NULL,
  asset_id    integer  NOT NULL REFERENCES ledger.assets,
  game        text     NOT NULL,
  stake       ledger.units NOT NULL CONSTRAINT ck_bets_stake CHECK (stake > 0),
  under       integer  NOT NULL,
  state       text     NOT NULL
      CONSTRAINT ck_bets_state CHECK (state IN ('declined', 'reserved', 'won', 'lost', 'voided')),
  code        text, sentence text,
  pair        integer, nonce bigint, roll integer, multiplier integer,
  payout      ledger.units NOT NULL DEFAULT 0,
  decision_id uuid, reserve_id uuid, settle_id uuid,
  version     bigint,
  client_key  text     NOT NULL, request_id text NOT NULL,
  received_at timestamptz NOT NULL, settled_at timestamptz,
  PRIMARY KEY (slot, bet_id),
  FOREIGN KEY (slot, decision_id) REFERENCES ledger.decisions,
  FOREIGN KEY (slot, player, pair) REFERENCES ledger.seed_pairs,
  CONSTRAINT uq_bets_seed_nonce UNIQUE (slot, player, pair, nonce),
  CONSTRAINT ck_bets_slot CHECK ({_SLOT}),
  CONSTRAINT ck_bets_draw CHECK ((pair IS NULL) = (nonce IS NULL) AND (pair IS NULL) = (roll IS NULL)),
  CONSTRAINT ck_bets_declined CHECK ((state = 'declined') = (code IS NOT NULL)),
  CONSTRAINT ck_bets_reserved CHECK (state = 'declined' OR reserve_id IS NOT NULL AND pair IS NOT NULL),
  CONSTRAINT ck_bets_settled CHECK ((state IN ('won', 'lost', 'voided')) = (settle_id IS NOT NULL)),
  CONSTRAINT ck_bets_settled_at CHECK ((settle_id IS NULL) = (settled_at IS NULL))
);
CREATE INDEX bets_of_player ON ledger.bets (slot, player, received_at DESC, bet_id DESC);
CREATE INDEX bets_open ON ledger.bets (received_at) WHERE state = 'reserved';

CREATE TABLE ledger.withdrawals (
  slot            smallint NOT NULL REFERENCES ledger.slots,
  withdrawal_id   uuid     NOT NULL,
  player          bigint   NOT NULL,
  asset_id        integer  NOT NULL REFERENCES ledger.assets,
  network         text     NOT NULL,
  payee           bytea    NOT NULL CONSTRAINT ck_withdrawals_payee CHECK (octet_length(payee) = 20),
  amount          ledger.units NOT NULL CONSTRAINT ck_withdrawals_amount CHECK (amount > 0),
  fee             ledger.units NOT NULL,
  fee_cap         ledger.units NOT NULL,
  state           text     NOT NULL CONSTRAINT ck_withdrawals_state CHECK (state IN
                  ('declined', 'review', 'approved', 'committed', 'settled', 'cancelled', 'rejected',
                   'refunded')),
  code            text, sentence text,
  decision_id     uuid,
  reserve_id      uuid     NOT NULL,
  send_posting_id uuid     NOT NULL,
  version         bigint,
  client_key      text     NOT NULL, request_id text NOT NULL,
  received_at     timestamptz NOT NULL, updated_at timestamptz NOT NULL, closed_at timestamptz,
  content_hash    bytea    NOT NULL CONSTRAINT ck_withdrawals_content CHECK (octet_length(content_hash) = 32),
  PRIMARY KEY (slot, withdrawal_id),
  FOREIGN KEY (slot, decision_id) REFERENCES ledger.decisions,
  CONSTRAINT uq_withdrawals_reserve UNIQUE (slot, reserve_id),
  CONSTRAINT uq_withdrawals_send UNIQUE (slot, send_posting_id),
  CONSTRAINT ck_withdrawals_slot CHECK ({_SLOT}),
  CONSTRAINT ck_withdrawals_decided CHECK (state = 'declined' OR decision_id IS NOT NULL),
  CONSTRAINT ck_withdrawals_closed CHECK (
    (state IN ('review', 'approved', 'committed')) = (closed_at IS NULL))
);
CREATE UNIQUE INDEX uq_withdrawals_id ON ledger.withdrawals (withdrawal_id);
CREATE INDEX withdrawals_of_player ON ledger.withdrawals (slot, player, received_at DESC, withdrawal_id DESC);
CREATE INDEX withdrawals_open ON ledger.withdrawals (received_at) WHERE closed_at IS NULL;

CREATE TABLE ledger.approvals (
  slot          smallint NOT NULL,
  withdrawal_id uuid     NOT NULL,
  ticket        text     NOT NULL CONSTRAINT ck_approvals_ticket CHECK (ticket <> ''),
  verb          text     NOT NULL CONSTRAINT ck_approvals_verb CHECK (verb IN ('approve', 'reject')),
  person        text     NOT NULL CONSTRAINT ck_approvals_person CHECK (person <> ''),
  words         text     NOT NULL,
  content_hash  bytea    NOT NULL CONSTRAINT ck_approvals_content CHECK (octet_length(content_hash) = 32),
  at            timestamptz NOT NULL,
  PRIMARY KEY (slot, withdrawal_id, ticket),
  FOREIGN KEY (slot, withdrawal_id) REFERENCES ledger.withdrawals
);
"""

_CHAIN_TABLES = """
CREATE SCHEMA chain;
CREATE FUNCTION chain.append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TABLE chain.chains (
  chain_id       text    PRIMARY KEY,
  genesis        bytea   NOT NULL CONSTRAINT ck_chains_genesis CHECK (octet_length(genesis) = 32),
  policy_version integer NOT NULL,
  mode           text    NOT NULL CONSTRAINT ck_chains_mode CHECK (mode IN ('open', 'stalled', 'frozen')),
  why            text,
  height         bigint  NOT NULL, hash bytea NOT NULL,                    -- the cursor: compare-and-set only
  final_height   bigint  NOT NULL, final_hash bytea NOT NULL,
  CONSTRAINT ck_chains_final CHECK (final_height <= height),
  CONSTRAINT ck_chains_reason CHECK ((mode = 'open') = (why IS NULL))
);
CREATE TABLE chain.headers (
  chain_id     text   NOT NULL REFERENCES chain.chains,
  hash         bytea  NOT NULL CONSTRAINT ck_headers_hash CHECK (octet_length(hash) = 32),
  height       bigint NOT NULL CONSTRAINT ck_headers_height CHECK (height >= 0),
  parent       bytea  NOT NULL,
  mined_at     timestamptz NOT NULL,
  canonical    boolean NOT NULL,
  completeness jsonb  NOT NULL,
  PRIMARY KEY (chain_id, hash)
);
CREATE UNIQUE INDEX uq_headers_one_branch ON chain.headers (chain_id, height) WHERE canonical;

CREATE TABLE chain.watched (
  family        text    NOT NULL,
  address       bytea   NOT NULL CONSTRAINT ck_watched_address CHECK (octet_length(address) = 20),
  role          text    NOT NULL
      CONSTRAINT ck_watched_role CHECK (role IN ('deposit', 'hot', 'gas', 'energy', 'cold')),
  player        bigint,
  account       integer, address_index integer,
  confirmed_at  timestamptz, assigned_at timestamptz,
  PRIMARY KEY (family, address),
  CONSTRAINT uq_watched_index UNIQUE (family, account, address_index),
  CONSTRAINT ck_watched_confirmed CHECK (assigned_at IS NULL OR confirmed_at IS NOT NULL),
  CONSTRAINT ck_watched_assigned CHECK ((assigned_at IS NULL) = (player IS NULL)),
  CONSTRAINT ck_watched_derived CHECK (
    (role = 'deposit') = (account IS NOT NULL AND address_index IS NOT NULL)),
  CONSTRAINT ck_watched_player CHECK (player IS NULL OR role = 'deposit')
);
CREATE UNIQUE INDEX uq_watched_player ON chain.watched (family, player) WHERE player IS NOT NULL;
CREATE INDEX watched_pool ON chain.watched (family, account, address_index)
  WHERE role = 'deposit' AND player IS NULL AND confirmed_at IS NOT NULL;

CREATE TABLE chain.effects (                           -- one row per execution; asset null when unlisted
  chain_id   text   NOT NULL, txid bytea NOT NULL, position text NOT NULL, block_hash bytea NOT NULL,
  asset_id   integer, contract bytea NOT NULL,
  sender     bytea  NOT NULL, receiver bytea NOT NULL,
  amount     ledger.units NOT NULL,
  verdict    text   NOT NULL, reason text,
  PRIMARY KEY (chain_id, txid, position, block_hash)
);
CREATE TABLE chain.own_txs (
  chain_id   text   NOT NULL, txid bytea NOT NULL, block_hash bytea NOT NULL, height bigint NOT NULL,
  wallet     bytea  NOT NULL, nonce bigint,
  succeeded  boolean NOT NULL, effect_ok boolean NOT NULL,
  fee        ledger.units NOT NULL,
  detail     jsonb  NOT NULL,
  PRIMARY KEY (chain_id, txid, block_hash)
);
CREATE INDEX own_txs_wallet ON chain.own_txs (chain_id, wallet, nonce);

CREATE TABLE chain.deposits (
  chain_id    text   NOT NULL, txid bytea NOT NULL, position text NOT NULL,
  deposit_id  uuid   NOT NULL CONSTRAINT uq_deposits_id UNIQUE,
  state       text   NOT NULL CONSTRAINT ck_deposits_state CHECK (state IN
              ('seen', 'confirming', 'final', 'orphaned', 'ignored', 'review')),
  reason      text,
  block_hash  bytea  NOT NULL, height bigint NOT NULL,
  asset_id    integer, amount ledger.units NOT NULL,
  receiver    bytea  NOT NULL,
  role        text   NOT NULL,
  player      bigint,
  slot        smallint NOT NULL CONSTRAINT ck_deposits_slot_range CHECK (slot BETWEEN 0 AND 63),
  policy_version integer NOT NULL,
  seen_at     timestamptz NOT NULL, met_at timestamptz,
  posted_at   timestamptz, unlocked_at timestamptz,
  credits     smallint NOT NULL DEFAULT 0,                -- postings, counted by the role that posts
  returns     smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (chain_id, txid, position),
  CONSTRAINT ck_deposits_alternate CHECK (returns >= 0 AND returns <= credits AND credits <= returns + 1),
  CONSTRAINT ck_deposits_reason CHECK (state NOT IN ('ignored', 'review') OR reason IS NOT NULL),
  CONSTRAINT ck_deposits_slot CHECK (player IS NULL
    OR slot = ((((player & 2147483647) * 2654435769) & 4294967295) >> 26))
);
CREATE INDEX deposits_of_player ON chain.deposits (player, seen_at DESC, deposit_id DESC)
  WHERE player IS NOT NULL;
CREATE INDEX deposits_unmet ON chain.deposits (chain_id, height) WHERE met_at IS NULL;
CREATE INDEX deposits_block ON chain.deposits (chain_id, block_hash);

CREATE TABLE chain.wallets (
  chain_id text NOT NULL, address bytea NOT NULL
      CONSTRAINT ck_wallets_address CHECK (octet_length(address) = 20),
  role     text NOT NULL CONSTRAINT ck_wallets_role CHECK (role IN ('hot', 'gas', 'energy', 'cold')),
  state    text NOT NULL CONSTRAINT ck_wallets_state CHECK (state IN ('open', 'paused', 'frozen', 'retired')),
  why      text,
  PRIMARY KEY (chain_id, address)
);
CREATE TABLE chain.floats (
  chain_id  text NOT NULL, address bytea NOT NULL, asset_id integer NOT NULL,
  confirmed ledger.units NOT NULL DEFAULT 0, committed ledger.units NOT NULL DEFAULT 0,
  floor     ledger.units NOT NULL, target ledger.units NOT NULL, ceiling ledger.units NOT NULL,
  confirmed_height bigint NOT NULL DEFAULT 0,          -- the final block `confirmed` was read at
  settled_height   bigint NOT NULL DEFAULT 0,          -- the newest block whose spending was taken off
  PRIMARY KEY (chain_id, address, asset_id),
  FOREIGN KEY (chain_id, address) REFERENCES chain.wallets,
  CONSTRAINT ck_floats_limits CHECK (floor <= target AND target <= ceiling)
);
CREATE TABLE chain.evidence (
  evidence_id uuid PRIMARY KEY, kind text NOT NULL, body jsonb NOT NULL, recorded_at timestamptz NOT NULL
);
CREATE TABLE chain.sends (
  send_id     uuid  PRIMARY KEY,
  kind        text  NOT NULL CONSTRAINT ck_sends_kind CHECK (kind IN
              ('withdrawal', 'sweep', 'refill', 'gas', 'energy', 'to_cold')),
  chain_id    text  NOT NULL, asset_id integer NOT NULL,
  payee       bytea NOT NULL CONSTRAINT ck_sends_payee CHECK (octet_length(payee) = 20),
  amount      ledger.units NOT NULL CONSTRAINT ck_sends_amount CHECK (amount > 0),
  fee_cap     ledger.units NOT NULL, fee_asset_id integer NOT NULL,
  fingerprint bytea NOT NULL CONSTRAINT ck_sends_fingerprint CHECK (octet_length(fingerprint) = 32),
  state       text  NOT NULL
      CONSTRAINT ck_sends_state CHECK (state IN ('waiting', 'granted', 'settled', 'released')),
  why         text, released_at timestamptz,
  CONSTRAINT ck_sends_released CHECK ((state = 'released') = (released_at IS NOT NULL))
);
CREATE TABLE chain.grants (                            -- the liquidity queue; no wallet = waiting
  send_id     uuid PRIMARY KEY REFERENCES chain.sends,
  chain_id    text NOT NULL, asset_id integer NOT NULL, amount ledger.units NOT NULL,
  asked_at    timestamptz NOT NULL,
  wallet      bytea, granted_at timestamptz, released_at timestamptz,
  CONSTRAINT ck_grants_granted CHECK ((wallet IS NULL) = (granted_at IS NULL))
);
CREATE INDEX grants_waiting ON chain.grants (chain_id, asset_id, asked_at, send_id)
  WHERE wallet IS NULL AND released_at IS NULL;

CREATE INDEX grants_open ON chain.grants (chain_id, wallet) WHERE wallet IS NOT NULL AND released_at IS NULL;

CREATE TABLE chain.attempts (
  send_id      uuid NOT NULL REFERENCES chain.sends,
  attempt      smallint NOT NULL CONSTRAINT ck_attempts_number CHECK (attempt > 0),
  chain_id     text NOT NULL, wallet bytea NOT NULL,
  plan         jsonb NOT NULL,
  nonce        bigint, expires_ms bigint,              -- both copied from the signer's rows
  state        text NOT NULL CONSTRAINT ck_attempts_state CHECK (state IN
               ('laned', 'signed', 'sending', 'accepted', 'included', 'orphaned', 'closed')),
  why          text,
  block_height bigint, block_hash bytea, landed_txid bytea,   -- the variant that a block holds
  outcome      text CONSTRAINT ck_attempts_outcome CHECK (outcome IN ('paid', 'failed', 'cancelled', 'dead')),
  evidence_id  uuid REFERENCES chain.evidence,
  PRIMARY KEY (send_id, attempt),
  CONSTRAINT ck_attempts_evidence CHECK ((outcome IS NULL) = (evidence_id IS NULL)),
  CONSTRAINT ck_attempts_closed CHECK ((outcome IS NULL) = (state <> 'closed')),
  CONSTRAINT ck_attempts_signed CHECK (state <> 'laned' OR nonce IS NULL),
  CONSTRAINT ck_attempts_block CHECK ((block_height IS NULL) = (block_hash IS NULL)
    AND (block_hash IS NULL) = (landed_txid IS NULL) AND (state <> 'included' OR block_hash IS NOT NULL))
);
CREATE UNIQUE INDEX uq_attempts_one_open_or_paid ON chain.attempts (send_id)
  WHERE outcome IS NULL OR outcome = 'paid';
CREATE UNIQUE INDEX uq_attempts_one_claim ON chain.attempts (chain_id, wallet, nonce) WHERE nonce IS NOT NULL;
CREATE INDEX attempts_open ON chain.attempts (chain_id, wallet, nonce) WHERE outcome IS NULL;
CREATE INDEX attempts_block ON chain.attempts (chain_id, block_height) WHERE outcome IS NULL;

CREATE TABLE chain.signed_txs (
  chain_id text NOT NULL, txid bytea NOT NULL CONSTRAINT ck_signed_txs_txid CHECK (octet_length(txid) = 32),
  send_id  uuid NOT NULL, attempt smallint NOT NULL, variant smallint NOT NULL,
  purpose  text NOT NULL CONSTRAINT ck_signed_txs_purpose CHECK (purpose IN ('pay', 'bump', 'cancel')),
  raw      bytea NOT NULL, terms jsonb NOT NULL,
  PRIMARY KEY (chain_id, txid),
  CONSTRAINT uq_signed_txs_variant UNIQUE (send_id, attempt, variant),
  FOREIGN KEY (send_id, attempt) REFERENCES chain.attempts
);
CREATE TABLE chain.broadcasts (
  chain_id text NOT NULL, txid bytea NOT NULL, node text NOT NULL, tried_at timestamptz NOT NULL,
  result   text NOT NULL, detail text NOT NULL DEFAULT ''
);
CREATE INDEX broadcasts_txid ON chain.broadcasts (chain_id, txid, tried_at);
CREATE TABLE chain.delegations (
  sweep_id uuid PRIMARY KEY, giver bytea NOT NULL, receiver bytea NOT NULL, sun ledger.units NOT NULL,
  state    text NOT NULL
);
CREATE UNIQUE INDEX uq_delegations_one_open ON chain.delegations (receiver)
  WHERE state NOT IN ('planned', 'returned');

CREATE TABLE chain.events (                            -- transitions that a workflow has to hear of
  number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chain_id     text NOT NULL,
  kind         text NOT NULL CONSTRAINT ck_events_kind CHECK (kind IN ('deposit', 'send', 'wallet')),
  subject      text NOT NULL, state text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(), delivered_at timestamptz
);
CREATE INDEX events_undelivered ON chain.events (chain_id, number) WHERE delivered_at IS NULL;
"""

_APPEND_ONLY = (
    "ledger.decisions",
    "ledger.approvals",
    "chain.effects",
    "chain.own_txs",
    "chain.signed_txs",
    "chain.broadcasts",
    "chain.evidence",
)

# `server_seed` and `raw` are left out: an outcome to come and bytes to send are nobody else's to read.
_SEED_COLUMNS = (
    "slot, player, pair, commit_hash, client_seed, next_nonce, state, revealed_seed, rotated_by, created_at"
)
_SIGNED_COLUMNS = "chain_id, txid, send_id, attempt, variant, purpose, terms"

_GRANTS = f"""
GRANT USAGE ON SCHEMA chain TO croupier_money, croupier_chain, croupier_ops, croupier_verifier, croupier_api;
GRANT USAGE ON SCHEMA ledger TO croupier_api;

GRANT SELECT ON ledger.operators, ledger.registrations, ledger.seed_pairs, ledger.bets, ledger.withdrawals,
  ledger.approvals TO croupier_money;
GRANT INSERT ON ledger.operators, ledger.registrations, ledger.seed_pairs, ledger.bets, ledger.withdrawals,
  ledger.approvals TO croupier_money;
GRANT UPDATE (last_owner) ON ledger.operators TO croupier_money;
GRANT UPDATE (state) ON ledger.registrations TO croupier_money;
GRANT UPDATE (client_seed, next_nonce, state, revealed_seed, rotated_by) ON ledger.seed_pairs
  TO croupier_money;
GRANT UPDATE (state, settle_id, settled_at, version) ON ledger.bets TO croupier_money;
GRANT UPDATE (state, code, sentence, version, updated_at, closed_at) ON ledger.withdrawals TO croupier_money;

GRANT SELECT ON chain.chains, chain.headers, chain.watched, chain.effects, chain.own_txs, chain.deposits,
  chain.wallets, chain.floats, chain.evidence, chain.sends, chain.grants, chain.attempts, chain.broadcasts,
  chain.delegations, chain.events TO croupier_money;
GRANT SELECT ({_SIGNED_COLUMNS}) ON chain.signed_txs TO croupier_money;
GRANT INSERT ON chain.watched, chain.wallets, chain.floats, chain.sends, chain.grants TO croupier_money;
GRANT UPDATE (player, assigned_at) ON chain.watched TO croupier_money;
GRANT UPDATE (floor, target, ceiling, confirmed, committed, settled_height) ON chain.floats TO croupier_money;
GRANT UPDATE (state, why, released_at) ON chain.sends TO croupier_money;
GRANT UPDATE (wallet, granted_at, released_at) ON chain.grants TO croupier_money;
GRANT UPDATE (posted_at, unlocked_at, credits, returns) ON chain.deposits TO croupier_money;

GRANT SELECT ON ALL TABLES IN SCHEMA chain TO croupier_chain;
GRANT INSERT ON chain.chains, chain.headers, chain.effects, chain.own_txs, chain.deposits, chain.evidence,
  chain.attempts, chain.signed_txs, chain.broadcasts, chain.delegations, chain.events TO croupier_chain;
GRANT UPDATE (mode, why, height, hash, final_height, final_hash) ON chain.chains TO croupier_chain;
GRANT UPDATE (canonical) ON chain.headers TO croupier_chain;
GRANT UPDATE (state, reason, block_hash, height, asset_id, amount, receiver, role, player, slot, met_at)
  ON chain.deposits TO croupier_chain;
GRANT UPDATE (state, why) ON chain.wallets TO croupier_chain;
GRANT UPDATE (confirmed, confirmed_height) ON chain.floats TO croupier_chain;
GRANT UPDATE (plan, nonce, expires_ms, state, why, block_height, block_hash, landed_txid, outcome,
  evidence_id) ON chain.attempts TO croupier_chain;
GRANT UPDATE (state) ON chain.delegations TO croupier_chain;

GRANT SELECT ON ledger.operators, ledger.registrations, ledger.bets, ledger.withdrawals, ledger.approvals
  TO croupier_ops, croupier_verifier;
GRANT SELECT ({_SEED_COLUMNS}) ON ledger.seed_pairs TO croupier_ops, croupier_verifier;
GRANT SELECT ON chain.chains, chain.headers, chain.watched, chain.effects, chain.own_txs, chain.deposits,
  chain.wallets, chain.floats, chain.evidence, chain.sends, chain.grants, chain.attempts, chain.broadcasts,
  chain.delegations, chain.events TO croupier_ops, croupier_verifier;
GRANT SELECT ({_SIGNED_COLUMNS}) ON chain.signed_txs TO croupier_ops, croupier_verifier;
GRANT UPDATE (delivered_at) ON chain.events TO croupier_ops;

GRANT SELECT ON ledger.assets, ledger.operators, ledger.registrations, ledger.decisions, ledger.bets,
  ledger.withdrawals, ledger.approvals TO croupier_api;
GRANT SELECT ({_SEED_COLUMNS}) ON ledger.seed_pairs TO croupier_api;
GRANT SELECT ON chain.chains, chain.watched, chain.deposits, chain.sends, chain.grants, chain.attempts
  TO croupier_api;
GRANT SELECT ({_SIGNED_COLUMNS}) ON chain.signed_txs TO croupier_api;
"""


def upgrade() -> None:
    op.execute("RESET ROLE")  # the owner of the schemas may not make roles
    for role in ("croupier_chain", "croupier_signer"):
        op.execute(create_role(role, login=True))
        op.execute(f"ALTER ROLE {role} SET synchronous_commit = on")
        for setting, limit in (
            ("lock_timeout", "2s"),
            ("statement_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ):
            op.execute(f"ALTER ROLE {role} SET {setting} = '{limit}'")
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_LEDGER_TABLES)
    op.execute(_CHAIN_TABLES)
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION chain.append_only()"
        )
        op.execute(
            f"CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION chain.append_only()"
        )
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "records are kept for ever; restore a backup instead"
    raise NotImplementedError(message)
