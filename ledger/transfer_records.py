"""Schema chain: transfers between addresses of this house, as planned and as ended."""

from sqlalchemy import Column, Integer, LargeBinary, SmallInteger, Table, Text, Uuid

from ledger.chain_records import metadata
from ledger.records import MOMENT, UNITS

own_transfers = Table(
    "own_transfers",
    metadata,
    Column("transfer_id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("chain_id", Text),
    Column("asset_id", Integer),
    Column("operator", SmallInteger),
    Column("slot", SmallInteger),
    Column("wanted", UNITS),
    Column("source", LargeBinary),
    Column("payee", LargeBinary),
    Column("amount", UNITS),
    Column("fee_cap", UNITS),
    Column("state", Text),
    Column("code", Text),
    Column("sentence", Text),
    Column("send_posting_id", Uuid),
    Column("evidence_id", Uuid),
    Column("policy_version", Integer),
    Column("planned_at", MOMENT),
    Column("updated_at", MOMENT),
    Column("closed_at", MOMENT),
)
