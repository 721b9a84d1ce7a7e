"""The embedded stack for developer machines: real PostgreSQL, Temporal and anvil."""
