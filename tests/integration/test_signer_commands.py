"""The signer's commands for a Tron network: keys, the account of its branch, and lanes without a nonce."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from chains.codecs.hdkeys import AccountAddresses
from chains.codecs.tron_addresses import TronAddressBook
from devstack.postgres import Postgres
from tests.support.signing import SigningHouse
from tests.support.signing_tron import TRON

ROOT = Path(__file__).parents[2]


def run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m signer` to its end."""
    command = [sys.executable, "-m", "signer", *arguments]
    return subprocess.run(
        command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )


@pytest.fixture
def environment(
    postgres: Postgres, fresh_database: str, signing_house: SigningHouse, tmp_path: Path
) -> dict[str, str]:
    """What the commands read when an owner of the schema runs them."""
    assert signing_house.count("signer.claims") == 0
    for name, secret in (("admin", postgres.password), ("keystore", "a password of this test")):
        (tmp_path / name).write_text(secret, encoding="utf-8")
    return {
        "PATH": os.environ["PATH"],
        "CROUPIER_SIGNER_DATABASE_PORT": str(postgres.port),
        "CROUPIER_SIGNER_DATABASE_NAME": fresh_database,
        "CROUPIER_SIGNER_DATABASE_ROLE": postgres.superuser,
        "CROUPIER_SIGNER_DATABASE_PASSWORD_FILE": str(tmp_path / "admin"),
        "CROUPIER_SIGNER_KEYSTORE_DIRECTORY": str(tmp_path / "keys"),
        "CROUPIER_SIGNER_KEYSTORE_PASSWORD_FILE": str(tmp_path / "keystore"),
    }


def test_keys_of_a_tron_network(environment: dict[str, str]) -> None:
    """Wallets are printed as people write them there, and an account says its family."""
    done = run(environment, "keygen", "--family", "tron", "--wallets", "1", "--account", "0")
    keys = json.loads(done.stdout)
    (wallet,), (account,) = keys["wallets"], keys["accounts"]
    assert len(TronAddressBook().parse(wallet)) == 20
    assert (account["family"], account["account"]) == ("tron", 0)
    assert len(AccountAddresses(account["xpub"]).derive(0)) == 20
    assert [path.name for path in Path(environment["CROUPIER_SIGNER_KEYSTORE_DIRECTORY"]).glob("acc*")] == [
        "account-tron-0.json"
    ]


def test_a_lane_on_tron_begins_without_a_nonce(
    environment: dict[str, str], signing_house: SigningHouse
) -> None:
    """The network counts none, so none is stated; where one is counted it has to be."""
    wallet = TronAddressBook().show(signing_house.wallet)
    assert run(environment, "register-wallet", TRON, wallet).stdout == "opened\n"
    assert run(environment, "register-wallet", TRON, wallet).stdout == "has a lane already\n"
    rows = signing_house.execute("SELECT next_nonce FROM signer.nonce_lanes WHERE chain_id = %s", [TRON])
    assert rows == [(0,)]
    for wrong in ([TRON, wallet, "5"], ["eip155:1", "0x" + "5a" * 20], [TRON, "0x" + "5a" * 20]):
        refused = run(environment, "register-wallet", *wrong)
        assert (refused.returncode, refused.stdout) == (1, "")
