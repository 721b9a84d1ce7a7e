"""The secrets of one embedded house: drawn at set-up, kept in files that only this account can read."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROLES = (
    "croupier_money",
    "croupier_chain",
    "croupier_ops",
    "croupier_api",
    "croupier_signer",
    "croupier_verifier",
)
OPERATOR_KEY_ID = "demo"


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """Where each secret lies; nothing of it ever stands in an argument or a log."""

    directory: Path

    def password_file(self, role: str) -> Path:
        return self.directory / f"{role}.password"

    @property
    def seed_key_file(self) -> Path:
        return self.directory / "seeds.key"

    @property
    def token_key_file(self) -> Path:
        return self.directory / "tokens.pem"

    @property
    def operator_keys_file(self) -> Path:
        return self.directory / "operator_keys.json"

    @property
    def operator_key_file(self) -> Path:
        return self.directory / "operator.key"

    @property
    def keystore_password_file(self) -> Path:
        return self.directory / "keystore.password"

    @property
    def keystore(self) -> Path:
        return self.directory / "keystore"

    @property
    def operator_key(self) -> str:
        return self.operator_key_file.read_text(encoding="ascii")


def draw_secrets(directory: Path, operator: int) -> KeyMaterial:
    """Draw what is missing; a second call changes nothing."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    drawn = KeyMaterial(directory)
    for role in ROLES:
        _write(drawn.password_file(role), secrets.token_urlsafe(24))
    _write(drawn.seed_key_file, secrets.token_hex(32))
    _write(drawn.keystore_password_file, secrets.token_urlsafe(32))
    _write(drawn.token_key_file, _private_key())
    _write(drawn.operator_key_file, f"{OPERATOR_KEY_ID}.{secrets.token_urlsafe(32)}")
    digest = hashlib.sha256(drawn.operator_key.encode("ascii")).hexdigest()
    entry = {OPERATOR_KEY_ID: {"operator": operator, "name": "demo operator", "sha256": digest}}
    _write(drawn.operator_keys_file, json.dumps(entry))
    drawn.keystore.mkdir(mode=0o700, exist_ok=True)
    return drawn


def _private_key() -> str:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def _write(path: Path, text: str) -> None:
    if path.exists():
        return
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
