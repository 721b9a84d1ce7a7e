"""What the staff said is written down before it is delivered, and counts once enough people said it."""

from alembic import op

from ledger.migrating import MIGRATOR

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The door alone writes tickets, after it recognised the caller: a verb without one is refused here, so nobody
# who merely reaches Temporal can speak as a second person.
_TICKETS = """
CREATE TABLE ledger.tickets (
  slot          smallint NOT NULL,
  withdrawal_id uuid     NOT NULL,
  ticket        text     NOT NULL CONSTRAINT ck_tickets_ticket CHECK (ticket <> ''),
  player        bigint   NOT NULL,
  verb          text     NOT NULL
      CONSTRAINT ck_tickets_verb CHECK (verb IN ('approve', 'reject', 'check_now', 'rebroadcast',
      'bump_fee', 'cancel_by_self_send', 'resume', 'reject_and_refund')),
  person        text     NOT NULL CONSTRAINT ck_tickets_person CHECK (person <> ''),
  words         text     NOT NULL,
  content_hash  bytea    CONSTRAINT ck_tickets_content CHECK (octet_length(content_hash) = 32),
  cap           ledger.units,
  asked_at      timestamptz NOT NULL,
  deliveries    integer  NOT NULL DEFAULT 0 CONSTRAINT ck_tickets_deliveries CHECK (deliveries >= 0),
  delivered_at  timestamptz,
  answered_at   timestamptz,
  code          text, sentence text,
  PRIMARY KEY (slot, withdrawal_id, ticket),
  FOREIGN KEY (slot, withdrawal_id) REFERENCES ledger.withdrawals,
  CONSTRAINT uq_tickets_said UNIQUE (slot, withdrawal_id, ticket, verb, person),
  CONSTRAINT ck_tickets_delivered CHECK ((deliveries = 0) = (delivered_at IS NULL)),
  CONSTRAINT ck_tickets_refused CHECK ((code IS NULL) = (sentence IS NULL)
    AND (code IS NULL OR answered_at IS NOT NULL))
);
CREATE INDEX tickets_undelivered ON ledger.tickets (asked_at, withdrawal_id) WHERE answered_at IS NULL;
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.tickets
  FOR EACH STATEMENT EXECUTE FUNCTION chain.append_only();

INSERT INTO ledger.tickets (slot, withdrawal_id, ticket, player, verb, person, words, asked_at, answered_at)
SELECT v.slot, v.withdrawal_id, v.ticket, w.player, v.verb, v.person, v.words, v.at, v.at
  FROM ledger.verbs v JOIN ledger.withdrawals w USING (slot, withdrawal_id);

ALTER TABLE ledger.verbs
  ADD COLUMN content_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
      CONSTRAINT ck_verbs_content CHECK (octet_length(content_hash) = 32),
  ADD COLUMN cap ledger.units,
  ADD COLUMN people smallint NOT NULL DEFAULT 2 CONSTRAINT ck_verbs_people CHECK (people IN (1, 2)),
  ADD CONSTRAINT ck_verbs_two_people CHECK (people = 2 OR verb <> 'cancel_by_self_send' AND cap IS NULL),
  ADD CONSTRAINT ck_verbs_cap CHECK (cap IS NULL OR verb = 'bump_fee'),
  ADD CONSTRAINT fk_verbs_ticket FOREIGN KEY (slot, withdrawal_id, ticket, verb, person)
      REFERENCES ledger.tickets (slot, withdrawal_id, ticket, verb, person),
  DROP CONSTRAINT ck_verbs_verb,
  ADD CONSTRAINT ck_verbs_verb CHECK (verb IN ('check_now', 'rebroadcast', 'bump_fee', 'cancel_by_self_send',
      'resume', 'reject_and_refund'));
ALTER TABLE ledger.verbs ALTER COLUMN content_hash DROP DEFAULT, ALTER COLUMN people DROP DEFAULT;
"""

# What two people agreed on, as the signer and the role that writes evidence read it themselves; and the
# wallets that nothing is signed from any more.
_VIEWS = """
CREATE VIEW signer_view.raised_caps WITH (security_barrier) AS
SELECT send_id, max(cap)::numeric AS fee_cap
  FROM (SELECT w.withdrawal_id AS send_id, v.cap
          FROM ledger.withdrawals w JOIN ledger.verbs v USING (slot, withdrawal_id)
         WHERE v.verb = 'bump_fee' AND v.cap IS NOT NULL
         GROUP BY w.withdrawal_id, v.content_hash, v.cap HAVING count(DISTINCT v.person) > 1) agreed
 GROUP BY send_id;

CREATE VIEW signer_view.frozen_wallets WITH (security_barrier) AS
SELECT chain_id, address FROM chain.wallets WHERE state = 'frozen';

GRANT SELECT ON signer_view.raised_caps, signer_view.frozen_wallets TO croupier_signer;

CREATE VIEW chain.verdicts WITH (security_barrier) AS
SELECT w.withdrawal_id AS send_id, v.attempt, v.content_hash AS seen, w.content_hash,
       array_agg(DISTINCT v.person ORDER BY v.person) AS people
  FROM ledger.withdrawals w JOIN ledger.verbs v USING (slot, withdrawal_id)
 WHERE v.verb = 'reject_and_refund' AND v.people = 2
 GROUP BY w.withdrawal_id, v.attempt, v.content_hash, w.content_hash HAVING count(DISTINCT v.person) > 1;

GRANT SELECT ON chain.verdicts TO croupier_chain;
"""

_GRANTS = """
GRANT SELECT, INSERT ON ledger.tickets TO croupier_api;
GRANT UPDATE (deliveries, delivered_at, answered_at, code, sentence) ON ledger.tickets
  TO croupier_api, croupier_ops;
GRANT SELECT ON ledger.tickets TO croupier_money, croupier_ops, croupier_verifier;
GRANT SELECT ON chain.wallets TO croupier_api;
"""


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {MIGRATOR}")
    op.execute(_TICKETS)
    op.execute(_VIEWS)
    op.execute(_GRANTS)


def downgrade() -> None:
    message = "what was said is kept for ever; restore a backup instead"
    raise NotImplementedError(message)
