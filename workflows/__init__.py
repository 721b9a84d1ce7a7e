"""Sequence only: what happens to a deposit, a bet or a withdrawal, and what happens when a step fails."""
