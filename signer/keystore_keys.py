"""Keys in encrypted files: for development and small houses without a hardware module.

One JSON file per key: scrypt (RFC 7914) turns the password into an AES-256-GCM key, and the file's head, with
the public name of the key, is part of the seal, so a file put in the place of another does not open.
"""

import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

from coincurve import PrivateKey
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from chains.codecs.evm_addresses import checksum_text
from chains.codecs.hdkeys import address_of
from signer.deriving import AccountKey, account_node, parse_xprv
from signer.keys import Signature

SCRYPT_COST = 2**17
SCRYPT_COST_MIN, SCRYPT_COST_MAX = 2**14, 2**20
SCRYPT_BLOCK_SIZE = 8
SCRYPT_PARALLELISM = 1
SALT_BYTES = 16
NONCE_BYTES = 12
CIPHER_KEY_BYTES = 32
SEED_BYTES = 64
WALLET_FILES = "wallet-*.json"
ACCOUNT_FILES = "account-*.json"


class KeystoreUnreadable(Exception):
    """A key file that does not open: other password, damage, or another key's file."""


class SealedKey(BaseModel):
    """One key file. `name` is the public half: an address for a wallet, an xpub for an account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(default=1, ge=1, le=1)
    kind: str
    name: str
    scrypt_cost: int = Field(ge=SCRYPT_COST_MIN, le=SCRYPT_COST_MAX)
    salt: str
    nonce: str
    sealed: str

    @property
    def head(self) -> bytes:
        """What is sealed along: everything that says which key this is and how it opens."""
        return json.dumps([self.version, self.kind, self.name, self.scrypt_cost]).encode("ascii")


class KeystoreKey:
    """A wallet key opened in this process's memory."""

    def __init__(self, secret: bytes) -> None:
        self._key = PrivateKey(secret)
        self._address = address_of(self._key.public_key.format())

    @property
    def address(self) -> bytes:
        return self._address

    def sign_digest(self, digest: bytes) -> Signature:
        """RFC 6979 signature of 32 bytes."""
        raw = self._key.sign_recoverable(  # pyright: ignore[reportUnknownMemberType]  # its nonce type is loose
            digest, hasher=None
        )
        return Signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), raw[64])


class Keystore:
    """A directory of key files under one password."""

    def __init__(self, directory: Path, password: SecretStr, *, scrypt_cost: int = SCRYPT_COST) -> None:
        """Use `scrypt_cost` (a power of two) for new files; a file remembers its own."""
        self._directory = directory
        self._password = password
        self._scrypt_cost = scrypt_cost

    def create_wallet(self) -> bytes:
        """Draw a wallet key, seal it into a new file and return its address."""
        secret = _draw_secret()
        address = KeystoreKey(secret).address
        self._write(f"wallet-{address.hex()}", "wallet", checksum_text(address), secret)
        return address

    def create_account(self, family: str, account: int) -> str:
        """Draw a seed, seal the account's extended private key into a new file and return its xpub.

        The seed is forgotten: a stolen file opens this account and no other. Raises FileExistsError for an
        account that is already there, because addresses of it may have been shown.
        """
        node = account_node(secrets.token_bytes(SEED_BYTES), account, family)
        self._write(f"account-{family}-{account}", "account", node.xpub, node.xprv.encode("ascii"))
        return node.xpub

    def wallets(self) -> dict[bytes, KeystoreKey]:
        """Every wallet key by address; raises KeystoreUnreadable."""
        keys: dict[bytes, KeystoreKey] = {}
        for path, name, secret in self._open_all(WALLET_FILES, "wallet"):
            key = KeystoreKey(secret)
            if checksum_text(key.address) != name:
                raise KeystoreUnreadable(f"{path.name} names another wallet than its key")
            keys[key.address] = key
        return keys

    def accounts(self) -> dict[tuple[str, int], AccountKey]:
        """Every account key by family and account number; raises KeystoreUnreadable."""
        keys: dict[tuple[str, int], AccountKey] = {}
        for path, name, secret in self._open_all(ACCOUNT_FILES, "account"):
            node = parse_xprv(secret.decode("ascii"))
            key = AccountKey(node)
            family = path.stem.removeprefix("account-").rpartition("-")[0]
            if key.xpub != name or path.stem != f"account-{family}-{key.account}":
                raise KeystoreUnreadable(f"{path.name} names another account than its key")
            keys[family, key.account] = key
        return keys

    def _open_all(self, pattern: str, kind: str) -> Iterator[tuple[Path, str, bytes]]:
        for path in sorted(self._directory.glob(pattern)):
            try:
                sealed = SealedKey.model_validate_json(path.read_bytes())
                secret = self._cipher(b64decode(sealed.salt), sealed.scrypt_cost).decrypt(
                    b64decode(sealed.nonce), b64decode(sealed.sealed), sealed.head
                )
            except (ValidationError, ValueError, InvalidTag):
                raise KeystoreUnreadable(f"{path.name} does not open with this password") from None
            if sealed.kind != kind:
                raise KeystoreUnreadable(f"{path.name} holds no {kind} key")
            yield path, sealed.name, secret

    def _write(self, stem: str, kind: str, name: str, secret: bytes) -> None:
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        draft = SealedKey(
            kind=kind,
            name=name,
            scrypt_cost=self._scrypt_cost,
            salt=_text(salt),
            nonce=_text(nonce),
            sealed="",
        )
        sealed = self._cipher(salt, self._scrypt_cost).encrypt(nonce, secret, draft.head)
        content = draft.model_copy(update={"sealed": _text(sealed)}).model_dump_json(indent=2)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / f"{stem}.json"
        unfinished = path.with_suffix(".unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(unfinished)
        finally:
            unfinished.unlink()

    def _cipher(self, salt: bytes, cost: int) -> AESGCM:
        derivation = Scrypt(
            salt=salt, length=CIPHER_KEY_BYTES, n=cost, r=SCRYPT_BLOCK_SIZE, p=SCRYPT_PARALLELISM
        )
        return AESGCM(derivation.derive(self._password.get_secret_value().encode("utf-8")))


def _draw_secret() -> bytes:
    return PrivateKey(None).secret


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
