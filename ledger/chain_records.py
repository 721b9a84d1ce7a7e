"""Schema chain: what was observed on the networks and what we intend and did there.

One role writes what was seen, another what is meant; no transaction spans this schema and a slot's postings,
ids make each step repeatable. The migration is the truth for constraints and privileges.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.records import MOMENT, UNITS

metadata = MetaData(schema="chain")

chains = Table(
    "chains",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("genesis", LargeBinary),
    Column("policy_version", Integer),
    Column("mode", Text),
    Column("why", Text),
    Column("height", BigInteger),
    Column("hash", LargeBinary),
    Column("final_height", BigInteger),
    Column("final_hash", LargeBinary),
)

headers = Table(
    "headers",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("height", BigInteger),
    Column("parent", LargeBinary),
    Column("mined_at", MOMENT),
    Column("canonical", Boolean),
    Column("completeness", JSONB),
)

watched = Table(
    "watched",
    metadata,
    Column("family", Text, primary_key=True),
    Column("address", LargeBinary, primary_key=True),
    Column("role", Text),
    Column("player", BigInteger),
    Column("account", Integer),
    Column("address_index", Integer),
    Column("confirmed_at", MOMENT),
    Column("assigned_at", MOMENT),
)

effects = Table(
    "effects",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("txid", LargeBinary, primary_key=True),
    Column("position", Text, primary_key=True),
    Column("block_hash", LargeBinary, primary_key=True),
    Column("asset_id", Integer),
    Column("contract", LargeBinary),
    Column("sender", LargeBinary),
    Column("receiver", LargeBinary),
    Column("amount", UNITS),
    Column("verdict", Text),
    Column("reason", Text),
)

own_txs = Table(
    "own_txs",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("txid", LargeBinary, primary_key=True),
    Column("block_hash", LargeBinary, primary_key=True),
    Column("height", BigInteger),
    Column("wallet", LargeBinary),
    Column("nonce", BigInteger),
    Column("succeeded", Boolean),
    Column("effect_ok", Boolean),
    Column("fee", UNITS),
    Column("detail", JSONB),
)

deposits = Table(
    "deposits",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("txid", LargeBinary, primary_key=True),
    Column("position", Text, primary_key=True),
    Column("deposit_id", Uuid),
    Column("state", Text),
    Column("reason", Text),
    Column("block_hash", LargeBinary),
    Column("height", BigInteger),
    Column("asset_id", Integer),
    Column("amount", UNITS),
    Column("receiver", LargeBinary),
    Column("role", Text),
    Column("player", BigInteger),
    Column("slot", SmallInteger),
    Column("policy_version", Integer),
    Column("seen_at", MOMENT),
    Column("met_at", MOMENT),
    Column("posted_at", MOMENT),
    Column("unlocked_at", MOMENT),
    Column("credits", SmallInteger),
    Column("returns", SmallInteger),
    Column("confirmations_needed", Integer),
    Column("unlock_after", Integer),
    Column("reached_at", MOMENT),
    Column("ripe_at", MOMENT),
    Column("sweep_id", Uuid),
    Column("swept_at", MOMENT),
)

credits_ = Table(
    "credits",
    metadata,
    Column("deposit_id", Uuid, primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("chain_id", Text),
    Column("block_hash", LargeBinary),
    Column("asset_id", Integer),
    Column("player", BigInteger),
    Column("slot", SmallInteger),
    Column("amount", UNITS),
    Column("early", Boolean),
    Column("posted_at", MOMENT),
    Column("unlocked_at", MOMENT),
    Column("returned_at", MOMENT),
)

early_credit = Table(
    "early_credit",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("asset_id", Integer, primary_key=True),
    Column("units", UNITS),
)

unlisted = Table(
    "unlisted",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("contract", LargeBinary, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("seen", BigInteger),
)

wallets = Table(
    "wallets",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("address", LargeBinary, primary_key=True),
    Column("role", Text),
    Column("state", Text),
    Column("why", Text),
)

floats = Table(
    "floats",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("address", LargeBinary, primary_key=True),
    Column("asset_id", Integer, primary_key=True),
    Column("confirmed", UNITS),
    Column("committed", UNITS),
    Column("floor", UNITS),
    Column("target", UNITS),
    Column("ceiling", UNITS),
    Column("confirmed_height", BigInteger),
    Column("settled_height", BigInteger),
)

evidence = Table(
    "evidence",
    metadata,
    Column("evidence_id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("body", JSONB),
    Column("recorded_at", MOMENT),
)

sends = Table(
    "sends",
    metadata,
    Column("send_id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("chain_id", Text),
    Column("asset_id", Integer),
    Column("payee", LargeBinary),
    Column("amount", UNITS),
    Column("fee_cap", UNITS),
    Column("fee_asset_id", Integer),
    Column("fingerprint", LargeBinary),
    Column("state", Text),
    Column("why", Text),
    Column("released_at", MOMENT),
)

grants = Table(
    "grants",
    metadata,
    Column("send_id", Uuid, primary_key=True),
    Column("chain_id", Text),
    Column("asset_id", Integer),
    Column("amount", UNITS),
    Column("asked_at", MOMENT),
    Column("wallet", LargeBinary),
    Column("granted_at", MOMENT),
    Column("released_at", MOMENT),
    Column("passed_by", Uuid),
)

attempts = Table(
    "attempts",
    metadata,
    Column("send_id", Uuid, primary_key=True),
    Column("attempt", SmallInteger, primary_key=True),
    Column("chain_id", Text),
    Column("wallet", LargeBinary),
    Column("plan", JSONB),
    Column("nonce", BigInteger),
    Column("expires_ms", BigInteger),
    Column("state", Text),
    Column("why", Text),
    Column("block_height", BigInteger),
    Column("block_hash", LargeBinary),
    Column("landed_txid", LargeBinary),
    Column("outcome", Text),
    Column("evidence_id", Uuid),
)

signed_txs = Table(
    "signed_txs",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("txid", LargeBinary, primary_key=True),
    Column("send_id", Uuid),
    Column("attempt", SmallInteger),
    Column("variant", SmallInteger),
    Column("purpose", Text),
    Column("raw", LargeBinary),
    Column("terms", JSONB),
    Column("copied_at", MOMENT),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("chain_id", Text),
    Column("txid", LargeBinary),
    Column("node", Text),
    Column("tried_at", MOMENT),
    Column("result", Text),
    Column("detail", Text),
)

events = Table(
    "events",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("chain_id", Text),
    Column("kind", Text),
    Column("subject", Text),
    Column("state", Text),
    Column("created_at", MOMENT),
    Column("delivered_at", MOMENT),
)
