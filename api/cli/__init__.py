"""The `croupier` command: a client of the operator listener; it knows no database and no Temporal."""
