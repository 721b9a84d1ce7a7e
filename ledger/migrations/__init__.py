"""Alembic revisions of every schema but the signer's: explicit SQL, one idea per revision."""
