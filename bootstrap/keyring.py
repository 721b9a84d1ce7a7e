"""Data keys: what is sealed at rest under them, and how it is opened."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class FieldCipher:
    """AES-256-GCM for single database fields; the place a value stands in is part of the seal.

    A ciphertext moved to another row does not open: `open` raises `cryptography.exceptions.InvalidTag`.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            msg = f"a data key has {KEY_BYTES} bytes"
            raise ValueError(msg)
        self._cipher = AESGCM(key)

    def seal(self, clear: bytes, place: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, place.encode("utf-8"))

    def open(self, sealed: bytes, place: str) -> bytes:
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode("utf-8"))


def read_field_cipher(key_file: Path) -> FieldCipher:
    """The cipher whose key stands in this file as 64 hexadecimal characters."""
    return FieldCipher(bytes.fromhex(key_file.read_text(encoding="ascii").strip()))
