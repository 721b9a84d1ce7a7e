"""Encrypted key files and the signatures made with them."""

import json
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey
from pydantic import SecretStr

from chains.codecs.curve import CURVE_ORDER, LOW_S_MAX
from chains.codecs.signatures import recover_address
from domain.errors import BadSignature
from signer.keys import Signature, sign_checked, with_low_s
from signer.keystore_keys import Keystore, KeystoreKey, KeystoreUnreadable

COST = 2**14
PASSWORD = SecretStr("correct horse")
DIGEST = bytes(range(32))


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    """Return an empty keystore."""
    return Keystore(tmp_path / "keys", PASSWORD, scrypt_cost=COST)


def files(keystore_directory: Path) -> list[Path]:
    """List the key files below a directory."""
    return sorted((keystore_directory / "keys").iterdir())


def test_wallet_opens_again(keystore: Keystore, tmp_path: Path) -> None:
    """Another process with the password finds the same wallets and signs for them."""
    created = {keystore.create_wallet(), keystore.create_wallet()}
    opened = Keystore(tmp_path / "keys", PASSWORD).wallets()
    assert set(opened) == created
    for address, key in opened.items():
        signature = sign_checked(key, DIGEST)
        assert recover_address(DIGEST, signature.y_parity, signature.r, signature.s) == address


def test_account_opens_again(keystore: Keystore) -> None:
    """An account's private side belongs to the xpub that was printed."""
    xpub = keystore.create_account("eip155", 3)
    assert {name: key.xpub for name, key in keystore.accounts().items()} == {("eip155", 3): xpub}


def test_account_is_never_replaced(keystore: Keystore, tmp_path: Path) -> None:
    """A second account of one number is refused and leaves the first as it was."""
    xpub = keystore.create_account("eip155", 0)
    with pytest.raises(FileExistsError):
        keystore.create_account("eip155", 0)
    assert keystore.accounts()["eip155", 0].xpub == xpub
    assert [path.suffix for path in files(tmp_path)] == [".json"]


def test_secret_is_not_in_the_file(
    tmp_path: Path, keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the key nor the password stands in the file, and only its owner may read it."""
    secret = bytes.fromhex("11" * 32)
    monkeypatch.setattr("signer.keystore_keys._draw_secret", lambda: secret)
    keystore.create_wallet()
    [path] = files(tmp_path)
    content = path.read_bytes()
    assert secret not in content
    assert secret.hex().encode() not in content.lower()
    assert PASSWORD.get_secret_value().encode() not in content
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_wrong_password_opens_nothing(keystore: Keystore, tmp_path: Path) -> None:
    """Another password is an error and not an empty keystore."""
    keystore.create_wallet()
    with pytest.raises(KeystoreUnreadable):
        Keystore(tmp_path / "keys", SecretStr("wrong horse")).wallets()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "0x" + "00" * 20},
        {"kind": "account"},
        {"scrypt_cost": 2 * COST},
        {"scrypt_cost": 2**30},
        {"version": 2},
        {"sealed": "AAAA"},
        {"sealed": "?"},
        {"note": "unexpected"},
    ],
)
def test_changed_file_does_not_open(keystore: Keystore, tmp_path: Path, change: dict[str, Any]) -> None:
    """Every field is part of the seal or refused by its form; a hostile work factor is not tried."""
    keystore.create_wallet()
    [path] = files(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="ascii")) | change), encoding="ascii")
    with pytest.raises(KeystoreUnreadable):
        keystore.wallets()


def test_account_file_under_another_number_is_refused(keystore: Keystore, tmp_path: Path) -> None:
    """A renamed account file would confirm addresses of another account."""
    keystore.create_account("eip155", 0)
    [path] = files(tmp_path)
    path.rename(path.with_name("account-eip155-1.json"))
    with pytest.raises(KeystoreUnreadable):
        keystore.accounts()


def test_high_s_is_folded_down() -> None:
    """Of the two equivalent signatures the low one is chosen, with the other parity; a low one stays."""
    low = Signature(r=5, s=LOW_S_MAX, y_parity=0)
    high = Signature(r=5, s=CURVE_ORDER - LOW_S_MAX, y_parity=1)
    assert with_low_s(low) == low
    assert with_low_s(high) == low


class _Folding:
    """A key that always answers with the high S, as half of all hardware answers are."""

    def __init__(self, key: KeystoreKey) -> None:
        self._key = key
        self.address = key.address

    def sign_digest(self, digest: bytes) -> Signature:
        low = self._key.sign_digest(digest)
        return Signature(low.r, CURVE_ORDER - low.s, low.y_parity ^ 1)


class _Stranger:
    """A key that signs with another one's secret."""

    address = KeystoreKey(b"\x01" * 32).address

    def sign_digest(self, digest: bytes) -> Signature:
        return KeystoreKey(b"\x02" * 32).sign_digest(digest)


class _Broken:
    """A key whose answers are no signatures."""

    address = KeystoreKey(b"\x01" * 32).address

    def sign_digest(self, digest: bytes) -> Signature:
        assert digest
        return Signature(CURVE_ORDER - 1, 1, 0)


def test_signature_of_a_hardware_key_is_normalised() -> None:
    """A high S is folded and still recovers the same address."""
    key = KeystoreKey(b"\x07" * 32)
    assert sign_checked(_Folding(key), DIGEST) == sign_checked(key, DIGEST)


@pytest.mark.parametrize("key", [_Stranger(), _Broken()])
def test_foreign_signature_is_corrupt(key: _Stranger | _Broken) -> None:
    """A signature that does not recover our address leaves as an error, never as an answer."""
    with pytest.raises(BadSignature):
        sign_checked(key, DIGEST)


def test_signatures_are_deterministic() -> None:
    """The same digest gives the same bytes, so a retry after a crash cannot make a second hash."""
    key = KeystoreKey(PrivateKey(b"\x09" * 32).secret)
    assert sign_checked(key, DIGEST) == sign_checked(key, DIGEST)
