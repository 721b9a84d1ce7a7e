"""Bytes only: addresses, calls, transactions; what the signer and the door may use of a network."""
