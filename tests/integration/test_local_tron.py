"""The Tron network of the embedded house: funded and staked wallets, strangers who pay, an auditor."""

from collections.abc import Iterator
from functools import partial
from secrets import token_bytes

import pytest
from pydantic import SecretStr

from chains.codecs.addresses import show_address
from devstack.callers import wait_for
from devstack.local_chains import SeededNetwork
from devstack.seeding import SCRYPT_COST
from devstack.tron_network import STAKE, TRON, LocalTron, found_tron
from signer.keystore_keys import Keystore

SLOT_MS = 100
FIRST_ID = 5


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeededNetwork[LocalTron]]:
    """A founded network whose blocks come by themselves."""
    directory = tmp_path_factory.mktemp("tron")
    (directory / "keys").mkdir()
    keystore = Keystore(directory / "keys", SecretStr("a test's password"), scrypt_cost=SCRYPT_COST)
    chain = LocalTron(directory, slot_ms=SLOT_MS)
    chain.start()
    yield found_tron(chain, FIRST_ID, keystore, 2)
    chain.stop()


def test_every_wallet_holds_what_the_house_file_promises(seeded: SeededNetwork[LocalTron]) -> None:
    """Hot wallets have both assets, the gas wallet coins; staked coins still count as the energy wallet's."""
    held = {
        role: {seeded.chain.held(b"", wallet) for wallet, of_role in seeded.spending if of_role == role}
        for role in ("hot", "gas", "energy")
    }
    assert held == {
        "hot": {TRON.coin_funding},
        "gas": {TRON.gas_funding},
        "energy": {STAKE + TRON.gas_funding},
    }
    tokens = [seeded.chain.held(seeded.token.contract, wallet) for wallet in seeded.wallets]
    assert tokens == [TRON.token_funding] * 2
    resources = seeded.chain.ask("wallet/getaccountresource", address=(b"\x41" + seeded.energy).hex())
    assert resources["EnergyLimit"] > 0


def test_a_stranger_pays_both_assets_and_both_become_solid(seeded: SeededNetwork[LocalTron]) -> None:
    """The auditor counts nothing before its block is solid, and then the exact units."""
    payee, chain = token_bytes(20), seeded.chain
    paid = {asset: chain.pay(asset.contract, payee, 7 + asset.asset_id) for asset in seeded.assets}
    for asset, txid in paid.items():
        height = wait_for(partial(chain.block_of, txid), "the block")
        wait_for(partial(_is_solid, chain, height), "the solid block")
        assert chain.held(asset.contract, payee) == 7 + asset.asset_id


def test_addresses_are_written_as_the_product_writes_them(seeded: SeededNetwork[LocalTron]) -> None:
    """Two implementations of base58check agree, and read what they show."""
    for wallet, _ in seeded.spending:
        shown = seeded.chain.show_address(wallet)
        assert shown == show_address(seeded.network, wallet)
        assert seeded.chain.read_address(shown) == wallet


def _is_solid(chain: LocalTron, height: int) -> bool:
    return chain.final_height() >= height
