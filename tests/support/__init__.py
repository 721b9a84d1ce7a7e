"""Builders and contracts that several tests share."""
