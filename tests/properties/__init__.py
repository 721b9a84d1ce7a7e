"""The ledger against the pure model."""
