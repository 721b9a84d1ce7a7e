"""Business rows beside the postings: who a player is, what was bet, what was asked to be paid out.

The migration is the truth for constraints and privileges; these tables name the columns for queries. Every
row with a player carries the player's slot, so that it moves between servers together with the postings it
explains.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Row,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

MOMENT = DateTime(timezone=True)

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns a query named."""


class WholeUnits(TypeDecorator[int]):
    """NUMERIC that is an `int` in Python on both ways; a fraction from the database raises."""

    impl = Numeric
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Decimal | None:
        del dialect
        return None if value is None else Decimal(value)

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> int | None:
        del dialect
        if value is None:
            return None
        units = int(value)
        assert units == value, value
        return units


UNITS = WholeUnits()

metadata = MetaData(schema="ledger")

assets = Table(
    "assets",
    metadata,
    Column("asset_id", Integer, primary_key=True),
    Column("code", Text),
    Column("chain", Text),
    Column("contract", Text),
    Column("decimals", SmallInteger),
)

operators = Table(
    "operators",
    metadata,
    Column("operator", SmallInteger, primary_key=True),
    Column("name", Text),
    Column("last_owner", Integer),
)

registrations = Table(
    "registrations",
    metadata,
    Column("player", BigInteger, primary_key=True),
    Column("operator", SmallInteger),
    Column("external_id", Text),
    Column("state", Text),
    Column("request_id", Text),
    Column("created_at", MOMENT),
)

decisions = Table(
    "decisions",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("decision_id", Uuid, primary_key=True),
    Column("verdict", SmallInteger),
    Column("rules", Integer),
    Column("reasons", JSONB),
    Column("decided_at", MOMENT),
    Column("call", Text),
    Column("subject", Uuid),
    Column("revision", SmallInteger),
    Column("facts", JSONB),
)

seed_pairs = Table(
    "seed_pairs",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("player", BigInteger, primary_key=True),
    Column("pair", Integer, primary_key=True),
    Column("commit_hash", Text),
    Column("server_seed", LargeBinary),
    Column("client_seed", Text),
    Column("next_nonce", BigInteger),
    Column("state", Text),
    Column("revealed_seed", Text),
    Column("rotated_by", Text),
    Column("created_at", MOMENT),
)

bets = Table(
    "bets",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("bet_id", Uuid, primary_key=True),
    Column("player", BigInteger),
    Column("asset_id", Integer),
    Column("game", Text),
    Column("stake", UNITS),
    Column("under", Integer),
    Column("state", Text),
    Column("code", Text),
    Column("sentence", Text),
    Column("pair", Integer),
    Column("nonce", BigInteger),
    Column("roll", Integer),
    Column("multiplier", Integer),
    Column("payout", UNITS),
    Column("decision_id", Uuid),
    Column("reserve_id", Uuid),
    Column("settle_id", Uuid),
    Column("version", BigInteger),
    Column("client_key", Text),
    Column("request_id", Text),
    Column("received_at", MOMENT),
    Column("settled_at", MOMENT),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("withdrawal_id", Uuid, primary_key=True),
    Column("player", BigInteger),
    Column("asset_id", Integer),
    Column("network", Text),
    Column("payee", LargeBinary),
    Column("amount", UNITS),
    Column("fee", UNITS),
    Column("fee_cap", UNITS),
    Column("state", Text),
    Column("code", Text),
    Column("sentence", Text),
    Column("decision_id", Uuid),
    Column("reserve_id", Uuid),
    Column("send_posting_id", Uuid),
    Column("version", BigInteger),
    Column("client_key", Text),
    Column("request_id", Text),
    Column("received_at", MOMENT),
    Column("updated_at", MOMENT),
    Column("closed_at", MOMENT),
    Column("content_hash", LargeBinary),
    Column("evidence_id", Uuid),
)

approvals = Table(
    "approvals",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("withdrawal_id", Uuid, primary_key=True),
    Column("ticket", Text, primary_key=True),
    Column("verb", Text),
    Column("person", Text),
    Column("words", Text),
    Column("content_hash", LargeBinary),
    Column("at", MOMENT),
)

verbs = Table(
    "verbs",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("withdrawal_id", Uuid, primary_key=True),
    Column("ticket", Text, primary_key=True),
    Column("verb", Text),
    Column("person", Text),
    Column("words", Text),
    Column("attempt", SmallInteger),
    Column("variant", SmallInteger),
    Column("content_hash", LargeBinary),
    Column("cap", UNITS),
    Column("people", SmallInteger),
    Column("at", MOMENT),
)

tickets = Table(
    "tickets",
    metadata,
    Column("slot", SmallInteger, primary_key=True),
    Column("withdrawal_id", Uuid, primary_key=True),
    Column("ticket", Text, primary_key=True),
    Column("player", BigInteger),
    Column("verb", Text),
    Column("person", Text),
    Column("words", Text),
    Column("content_hash", LargeBinary),
    Column("cap", UNITS),
    Column("asked_at", MOMENT),
    Column("deliveries", Integer),
    Column("delivered_at", MOMENT),
    Column("answered_at", MOMENT),
    Column("code", Text),
    Column("sentence", Text),
)
