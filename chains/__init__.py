"""Talking to networks: protocols, adapters and codecs; no keys and no SQL live here."""
