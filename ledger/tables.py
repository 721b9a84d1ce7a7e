"""The ledger's own tables with their columns; revision 0001 holds their rules, a test compares the two.

Every key begins with `slot`. `balances`, `players` and `slots` are the only rows that ever change.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(schema="ledger")

slots = Table(
    "slots",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("last_no", BigInteger, nullable=False),  # number of the newest posting, 0 for none
    Column("last_seq", BigInteger, nullable=False),  # number of the newest transfer
    Column("last_at", DateTime(timezone=True), nullable=False),  # a clock that never steps back
    Column("open", Boolean, nullable=False),  # false while the slot is moved to another server
)
accounts = Table(
    "accounts",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("account_id", BigInteger, primary_key=True),  # operator 11 | owner 28 | asset 16 | purpose 8
    Column("asset_id", Integer, nullable=False),
    Column("owner_key", Text, nullable=False),  # `house/<operator>` or `player/<operator>/<owner>`
    Column("normal_side", Text, nullable=False),  # D or C
    Column("created_at", DateTime(timezone=True), nullable=False),
)
balances = Table(
    "balances",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("account_id", BigInteger, primary_key=True),
    Column(
        "guard", SmallInteger, nullable=False
    ),  # 0 none, 1 credits >= debits, 2 debits >= credits, 3 closed
    Column("debits", Numeric, nullable=False),  # whole units; both counters only grow
    Column("credits", Numeric, nullable=False),
    Column("version", BigInteger, nullable=False),  # number of transfers on this account
    Column("last_seq", BigInteger, nullable=False),
)
players = Table(
    "players",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("player", BigInteger, primary_key=True),  # operator 11 | owner 28
    Column(
        "version", BigInteger, nullable=False
    ),  # number of postings that touched any account of the player
)
postings = Table(
    "postings",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("no", BigInteger, nullable=False),  # gapless per slot, in commit order, refusals included
    Column("posting_id", Uuid, primary_key=True),
    Column("kind", SmallInteger, nullable=False),  # domain.kinds.Kind
    Column("result", SmallInteger, nullable=False),  # domain.kinds.Result, 0 to 7
    Column("digest", LargeBinary, nullable=False),  # of what was asked, 32 bytes
    Column("closes", Uuid),  # the target that this posting ended, or wanted to
    Column("follows", Uuid),  # the target that something else had ended before
    Column("decision_id", Uuid),
    Column("ref", Text),  # round, withdrawal, case: for people
    Column("first_seq", BigInteger),  # its transfers, from and to; empty when nothing moved
    Column("last_seq", BigInteger),
    Column("player", BigInteger),  # whose stream this is an event of, and its number there
    Column("player_version", BigInteger),
    Column("refused", JSONB),  # what was asked, for refusals only
    Column("posted_at", DateTime(timezone=True), nullable=False),  # one time per transaction
    Column("workflow_id", Text),  # who asked: decides nothing
    Column("run_id", Text),
    Column("request_id", Text),
    Column("received_at", DateTime(timezone=True)),  # when the door took that request
)
transfers = Table(
    "transfers",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),  # gapless per slot
    Column("posting_no", BigInteger, nullable=False),
    Column("debit_account", BigInteger, nullable=False),
    Column("credit_account", BigInteger, nullable=False),
    Column("amount", Numeric, nullable=False),  # whole units, positive
    Column("code", SmallInteger, nullable=False),  # domain.kinds.TransferCode
    Column("debit_version", BigInteger, nullable=False),  # of each account, with this transfer
    Column("credit_version", BigInteger, nullable=False),
    Column("debit_after", Numeric, nullable=False),  # credits - debits of each account, after this transfer
    Column("credit_after", Numeric, nullable=False),
    Column("posted_at", DateTime(timezone=True), primary_key=True),
)
claims = Table(
    "claims",
    metadata,
    Column("claim_id", Uuid, primary_key=True),  # of an outside id whose player is not fixed by itself
    Column("slot", SmallInteger, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
)
blocks = Table(
    "blocks",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("block_no", BigInteger, primary_key=True),
    Column("first_no", BigInteger, nullable=False),
    Column("last_no", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("account_id", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("debits", Numeric, nullable=False),
    Column("credits", Numeric, nullable=False),
    Column("version", BigInteger, nullable=False),
)
cursors = Table(
    "cursors",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    Column("last_no", BigInteger, nullable=False),  # everything up to here was read
)
