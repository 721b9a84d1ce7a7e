"""The signer's policy file: what stands there may be signed, what is odd there stops the start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from signer.keystore_keys import KeystoreKey
from signer.policy import WalletRole
from signer.running import KeyMissing, check_keys
from signer.settings import DatabaseSettings, PolicyFile, SignerSettings
from signer.signing import Vault
from tests.support.signing import TOKEN, make_terms

KEY = KeystoreKey(b"\x21" * 32)
GOOD = f"""
[[networks]]
network = "eip155:31337"
gas_limit_max = 300000
fee_cap_max = "100000000000000000"
assets = [{{ id = 1 }}, {{ id = 2, contract = "0x{TOKEN.hex()}" }}]
wallets = [{{ address = "0x{KEY.address.hex()}", role = "hot" }}]
"""


def read(text: str, directory: Path) -> PolicyFile:
    """Read a policy file with this text."""
    file = directory / "signer.toml"
    file.write_text(text, encoding="utf-8")
    return SignerSettings(policy_file=file).read_policy()


def test_terms_of_a_network(tmp_path: Path) -> None:
    """The file's words arrive as the checks read them; the chain id comes from the network's name."""
    terms = read(GOOD, tmp_path).terms()["eip155:31337"]
    assert terms.chain_id == 31337
    assert terms.contracts == {1: b"", 2: TOKEN}
    assert terms.wallets == {KEY.address: WalletRole.HOT}
    assert (terms.gas_limit_max, terms.fee_cap_max) == (300_000, 10**17)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eip155:31337", "tron:0x2b6653dc"),
        ("eip155:31337", "eip155:"),
        ("300000", "0"),
        ('"100000000000000000"', "1.5"),
        ('role = "hot"', 'role = "everything"'),
        ("{ id = 1 }", '{ id = 1, note = "?" }'),
        (GOOD, GOOD + GOOD),
    ],
)
def test_odd_files_are_refused(tmp_path: Path, old: str, new: str) -> None:
    """A wrong network, bound, role, field or a network twice is found before anything is served."""
    with pytest.raises((ValidationError, ValueError)):
        read(GOOD.replace(old, new), tmp_path).terms()


def test_wallet_without_a_key_stops_the_start() -> None:
    """A signer that could not sign for one of its wallets does not begin."""
    terms = {"eip155:31337": make_terms([KEY.address])}
    check_keys(terms, Vault({KEY.address: KEY}, {}))
    with pytest.raises(KeyMissing):
        check_keys(terms, Vault({}, {}))


def test_password_is_not_shown(tmp_path: Path) -> None:
    """The database address hides its password from every print and log."""
    file = tmp_path / "password"
    file.write_text("p@ss/word\n", encoding="utf-8")
    dsn = DatabaseSettings(password_file=file).dsn
    assert dsn.get_secret_value() == "postgresql://croupier_signer:p%40ss%2Fword@127.0.0.1:5432/croupier"
    assert "p%40ss" not in f"{dsn} {dsn!r}"
