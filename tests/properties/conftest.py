"""The ledger's databases for these tests."""

from tests.support.ledger_database import ledger_database, owner, shared_ledger

__all__ = ["ledger_database", "owner", "shared_ledger"]
