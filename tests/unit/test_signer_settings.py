"""The signer's policy file: what stands there may be signed, what is odd there stops the start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from chains.codecs.tron_addresses import base58_text
from signer.keystore_keys import KeystoreKey
from signer.policy import WalletRole
from signer.running import KeyMissing, check_keys
from signer.settings import DatabaseSettings, PolicyFile, SignerSettings
from signer.signing import Vault
from tests.support.signing import TOKEN, make_terms

KEY = KeystoreKey(b"\x21" * 32)
COLD = KeystoreKey(b"\x22" * 32).address
PERMITTING = bytes(range(20))
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
        ("eip155:31337", "eip155:"),
        ("eip155:31337", "solana:mainnet"),
        ("eip155:31337", "tron:2b6653dc"),
        ("eip155:31337", "tron:0x2B6653DC"),
        ('role = "hot"', "permission_id = 2"),
        ('role = "hot"', 'key = "0x1111111111111111111111111111111111111111"'),
        (f"0x{KEY.address.hex()}", base58_text(KEY.address)),
        (f"0x{KEY.address.hex()}", KEY.address.hex()),
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


TRON_FILE = f"""
[[networks]]
network = "tron:0x2b6653dc"
gas_limit_max = 200000
fee_cap_max = "30000000"
assets = [{{ id = 1 }}, {{ id = 2, contract = "{base58_text(TOKEN)}" }}]
wallets = [
  {{ address = "{base58_text(KEY.address)}" }},
  {{ address = "0x{PERMITTING.hex()}", permission_id = 4, key = "0x{KEY.address.hex()}" }},
  {{ address = "{base58_text(COLD)}", permission_id = 0 }},
]
cold = ["{base58_text(COLD)}"]
"""


def test_terms_of_a_tron_network(tmp_path: Path) -> None:
    """Addresses stand there as people write them; wallets pay by their active permission unless told."""
    terms = read(TRON_FILE, tmp_path).terms()["tron:0x2b6653dc"]
    assert terms.chain_id is None
    assert terms.contracts == {1: b"", 2: TOKEN}
    assert terms.permissions == {KEY.address: 2, PERMITTING: 4, COLD: 0}
    signers = [terms.key_of(wallet) for wallet in (KEY.address, PERMITTING, COLD)]
    assert signers == [KEY.address, KEY.address, COLD]
    assert terms.cold == {COLD}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("permission_id = 4", "permission_id = -1"),
        ("permission_id = 4", f"permission_id = {2**31}"),
        (base58_text(TOKEN), base58_text(TOKEN).lower()),
        (base58_text(TOKEN), "0x41" + TOKEN.hex()),
        (base58_text(TOKEN), "0x" + TOKEN.hex()[:-1]),
        (f'key = "0x{KEY.address.hex()}"', 'key = "me"'),
    ],
)
def test_odd_entries_of_a_tron_network_are_refused(tmp_path: Path, old: str, new: str) -> None:
    """A permission that cannot be and a text that is no address there are found before anything is served."""
    with pytest.raises((ValidationError, ValueError)):
        read(TRON_FILE.replace(old, new), tmp_path).terms()


def test_the_key_that_is_permitted_has_to_be_there(tmp_path: Path) -> None:
    """A wallet's own key may lie elsewhere; the one that signs for it may not."""
    terms = read(TRON_FILE, tmp_path).terms()
    with pytest.raises(KeyMissing, match=base58_text(COLD)):
        check_keys(terms, Vault({KEY.address: KEY}, {}))
    cold = KeystoreKey(b"\x22" * 32)
    check_keys(terms, Vault({KEY.address: KEY, cold.address: cold}, {}))


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
