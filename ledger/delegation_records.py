"""Schema chain: staked energy that addresses of this house are lent."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, SmallInteger, Table, Text, Uuid

from ledger.chain_records import metadata
from ledger.records import MOMENT, UNITS

delegations = Table(
    "delegations",
    metadata,
    Column("delegation_id", Uuid, primary_key=True),
    Column("return_id", Uuid),
    Column("chain_id", Text),
    Column("purpose", Text),
    Column("asset_id", Integer),
    Column("operator", SmallInteger),
    Column("slot", SmallInteger),
    Column("sweep_id", Uuid),
    Column("giver", LargeBinary),
    Column("receiver", LargeBinary),
    Column("sun", UNITS),
    Column("energy", BigInteger),
    Column("fee_cap", UNITS),
    Column("state", Text),
    Column("evidence_id", Uuid),
    Column("planned_at", MOMENT),
    Column("opened_at", MOMENT),
    Column("seen_at", MOMENT),
    Column("wanted_back_at", MOMENT),
    Column("returned_at", MOMENT),
)
