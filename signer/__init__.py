"""Wallet keys and the judgement to use them: an own process, queue, schema and reading of the ledger."""
