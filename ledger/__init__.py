"""The one PostgreSQL ledger: its tables, its guards and the only path that posts."""
