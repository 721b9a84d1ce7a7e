"""The Tron adapter reads a real node as it reads the devnet; nothing is signed or sent.

`CROUPIER_TRON_NODE=https://... make test T=tests/live` names the node; `CROUPIER_TRON_NETWORK` names its
network if it is not the main one, `CROUPIER_TRON_TOKEN` in base58 a token there if it is not USDT.
"""

import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from chains.codecs.tron_addresses import TronAddressBook
from chains.tron.answers import height_of
from chains.tron.client import TronClient, TronNetwork
from chains.tron.costs import TronPolicy
from chains.tron.reader import TronReader
from chains.tron.writer import TronWriter
from domain.assets import Asset, AssetKind, NetworkId
from domain.errors import NodeStale
from domain.onchain import BlockRef, Held, Inclusion
from domain.sends import SendIntent, SendKind, SimulationVerdict
from tests.support.chain_rigs import stranger

NODE = os.environ.get("CROUPIER_TRON_NODE", "")
NETWORK = NetworkId(os.environ.get("CROUPIER_TRON_NETWORK", "tron:0x2b6653dc"))
TOKEN = os.environ.get("CROUPIER_TRON_TOKEN", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
NATIVE = Asset(1, "TRX", NETWORK, AssetKind.NATIVE, 6)
BLOCKS = 5
TRIES = 10

pytestmark = [
    pytest.mark.skipif(not NODE, reason="CROUPIER_TRON_NODE names no node"),
    pytest.mark.allow_hosts([urlsplit(NODE).hostname or "127.0.0.1"]),
]


@pytest.fixture
async def client() -> AsyncIterator[TronClient]:
    """The named node alone."""
    client = TronClient(TronNetwork(NETWORK, (NODE,), is_devnet=True))
    yield client
    await client.close()


async def test_the_node_serves_the_network(client: TronClient) -> None:
    """The network's name follows from its genesis, in both stores."""
    assert (await TronReader(client).identity()).network == NETWORK


async def test_final_lies_behind_the_head_on_one_branch(client: TronClient) -> None:
    """The solid block is below the head and on its branch; ids begin with their heights."""
    reader = TronReader(client)
    heads = await reader.heads()
    assert heads.final.ref.height < heads.latest.ref.height
    at = await reader.header(heads.final.ref.hash)
    for _ in range(BLOCKS):
        assert height_of(at.ref.hash) == at.ref.height
        parent = await reader.header(at.parent)
        assert parent.ref == BlockRef(at.ref.height - 1, at.parent)
        assert parent.mined_at < at.mined_at
        at = parent


async def test_final_blocks_are_complete(client: TronClient) -> None:
    """Blocks are proven complete, show the same in both stores, and their transactions are found by id."""
    reader = TronReader(client)
    height = (await reader.heads()).final.ref.height
    for below in range(BLOCKS):
        header = await TronReader(client).header_at(height - below)
        seen, settled = await TronReader(client).block(header.ref.hash), await reader.settled(header)
        assert settled is not None
        assert settled.completeness == seen.completeness | {"source": "solid"}
        for transaction in settled.transactions[-1:]:
            status = await reader.status(transaction.txid)
            assert (status.inclusion, status.block) == (Inclusion.FINAL, header.ref)
            assert status.succeeded == transaction.succeeded


async def test_balances_are_of_the_solid_block(client: TronClient) -> None:
    """Coins and tokens are read as of a block that is named."""
    token = _token()
    for asset in (NATIVE, token):
        held = await _held(client, token.contract, asset)
        assert held.amount >= 0
    assert await TronReader(client).token_decimals(token) == token.decimals


async def test_a_payment_has_its_price(client: TronClient) -> None:
    """Prices are read from the chain; a fresh address costs its activation, a contract takes no plain TRX."""
    writer, token = TronWriter(client, TronPolicy()), _token()
    fresh = await writer.quote(_intent(stranger(1), 1))
    assert fresh.verdict is SimulationVerdict.PASSES
    assert fresh.fee_bound > 10**6
    assert (await writer.quote(_intent(token.contract, 1))).verdict is SimulationVerdict.REFUSED


async def _held(client: TronClient, who: bytes, asset: Asset) -> Held:
    for _ in range(TRIES):
        at = (await TronReader(client).heads()).final.ref
        try:
            return await TronReader(client).balance(who, asset, at)
        except NodeStale:
            continue  # a new block became solid meanwhile
    raise AssertionError("the solid block never stood still")


def _token() -> Asset:
    return Asset(2, "USDT", NETWORK, AssetKind.TOKEN, 6, TronAddressBook(()).parse(TOKEN))


def _intent(payee: bytes, amount: int) -> SendIntent:
    return SendIntent(
        send_id=UUID(int=1),
        kind=SendKind.WITHDRAWAL,
        network=NETWORK,
        wallet=stranger(0),
        payee=payee,
        contract=b"",
        amount=amount,
        fee_cap=10**9,
    )
