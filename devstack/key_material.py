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
STAFF = ("anna", "ben")
"""Whose keys are drawn too: two, because some verbs need two people."""


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

    def staff_key_file(self, person: str) -> Path:
        return self.directory / f"{person}.key"

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
    key_files = {
        OPERATOR_KEY_ID: drawn.operator_key_file,
        **{name: drawn.staff_key_file(name) for name in STAFF},
    }
    for key_id, file in key_files.items():
        _write(file, f"{key_id}.{secrets.token_urlsafe(32)}")
    entries = {key_id: _entry(operator, key_id, file) for key_id, file in key_files.items()}
    _write(drawn.operator_keys_file, json.dumps(entries))
    drawn.keystore.mkdir(mode=0o700, exist_ok=True)
    return drawn


def _entry(operator: int, name: str, file: Path) -> dict[str, object]:
    """What the door keeps of an operator key."""
    return {"operator": operator, "name": name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _private_key() -> str:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def _write(path: Path, text: str) -> None:
    if path.exists():
        return
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
