"""A whole house over a Tron devnet, whose two nodes fail as live nodes fail.

Everything else is as in `world`: real database, Temporal, workers and signer. Blocks are made by hand, in the
slots of half a day ago, so the signer's clock here is that of the chain.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

import activities.broadcasting
import chains.tron.client
from bootstrap.networks import ConnectedNetwork
from bootstrap.settings import HouseFile, NetworkEntry
from chains.codecs.payments import Payment
from chains.tron.client import TronClient, TronNetwork
from chains.tron.costs import TronPolicy
from chains.tron.reader import TronReader
from chains.tron.writer import TronWriter
from devstack.postgres import Postgres
from devstack.tron.node import TronDevnet
from domain.assets import Asset, AssetKind, NetworkId
from domain.errors import NotFound
from domain.sends import SignedTx
from ledger.observed import read_cursor
from tests.support.chain_rigs import address_of
from tests.support.world import BLOCK_SECONDS, RunningHouse, Terms, lived_in
from tests.support.world_grounds import open_grounds
from tests.support.world_house import OUTSIDER, TOKENS_IN_A_WALLET, Keys, house_file
from tests.support.world_place import Place
from tests.support.world_tron_chain import DevnetChain

SUN = 10**6
BLOCKS_A_TURN = 4
"""Blocks that are made at once while somebody waits: nineteen of them make one solid."""
ACTIVE_PERMISSION = 2
NODE_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class TronTerms(Terms):
    """What a world is like over the devnet."""

    coins: int = 100_000 * SUN
    gas_coins: int = 10_000 * SUN
    ready: int = 20


@dataclass(slots=True, kw_only=True)
class TronWorld(RunningHouse):
    """A house over the devnet, which knows both of its nodes."""

    chain: DevnetChain

    @property
    def net(self) -> TronDevnet:
        return self.chain.net

    def connect(self, entry: NetworkEntry) -> ConnectedNetwork:
        client = TronClient(
            TronNetwork(
                NetworkId(entry.network),
                entry.nodes,
                is_devnet=entry.is_devnet,
                block_seconds=entry.block_seconds,
                hints_url=entry.hints,
            )
        )
        self._closing.append(client.close)
        return ConnectedNetwork(entry, TronReader(client), TronWriter(client, TronPolicy(), self.now_ms))

    def mine(self, blocks: int = BLOCKS_A_TURN) -> None:
        self.chain.mine(blocks)

    async def mine_on(self) -> None:
        """Make blocks while somebody waits, as fast as the follower reads them; ends only when cancelled."""
        while True:
            await asyncio.sleep(BLOCK_SECONDS)
            if self._waiting and not self.is_still and await self._has_kept_up():
                self.mine()

    async def _has_kept_up(self) -> bool:
        try:
            async with self.rows.begin() as session:
                cursor = await read_cursor(session, self.place.network)
        except NotFound:
            return False
        return cursor.height + BLOCKS_A_TURN > self.chain.height

    def sign_payment(self, by: LocalAccount, number: int, payment: Payment) -> SignedTx:
        return self.chain.sign(bytes(by.key), payment, number)

    def submit(self, raw: bytes) -> None:
        self.chain.submit(raw)

    def held(self, asset: Asset, address: bytes) -> int:
        return self.chain.held(asset, address)

    def payments_to(self, payee: bytes) -> int:
        return self.chain.payments_to(payee)

    def now_ms(self) -> int:
        """The chain's own time, and what a test put on top."""
        return self.chain.time_ms + self.clock_ahead_ms

    def heal(self) -> None:
        """No more faults at either node."""
        self.net.heal()


@asynccontextmanager
async def running_tron_world(
    postgres: Postgres, directory: Path, terms: TronTerms | None = None
) -> AsyncIterator[TronWorld]:
    """Build a world over a devnet of its own; end both."""
    terms = terms or TronTerms()
    net = TronDevnet(directory / "tron")
    net.start()
    try:
        chain = DevnetChain(net)
        place = replace(place_of(chain), coins=terms.coins, gas_coins=terms.gas_coins)
        async with open_grounds(postgres, directory, terms.wallets, place) as grounds:
            furnish(chain, grounds.keys, place)
            house = house_file(grounds.keys, terms.ready, terms.early, terms.final_seconds_max, place)
            world = TronWorld(
                database=grounds.database,
                temporal=grounds.temporal,
                keys=grounds.keys,
                chain=chain,
                house=asking(house, net),
                place=place,
                bets=grounds.bets,
                money=grounds.money,
                mischief=grounds.mischief,
                rows=grounds.database.sessions(None),
                door=grounds.database.sessions("croupier_api"),
            )
            async with lived_in(world, terms):
                yield world
    finally:
        net.stop()


def place_of(chain: DevnetChain) -> Place:
    """The devnet with TRX and its USDT; fees are burnt, so that each costs what it costs at worst."""
    network = NetworkId(f"tron:0x{chain.genesis[-4:].hex()}")
    return Place(
        network=network,
        coin=Asset(1, "TRX", network, AssetKind.NATIVE, 6),
        token=Asset(2, "USDT", network, AssetKind.TOKEN, 6, chain.net.contracts.usdt[1:]),
        whole=SUN,
        coins=0,
        gas_coins=0,
        gas_day_max=1_000 * SUN,
        fee_cap=100 * SUN,
        gas_limit_max=1_000_000,
        permission=ACTIVE_PERMISSION,
    )


def hurry(patched: pytest.MonkeyPatch) -> None:
    """Give silent nodes up and send open transactions again within a second."""
    patched.setattr(chains.tron.client, "READ_SECONDS_MAX", NODE_PATIENCE_SECONDS)
    patched.setattr(activities.broadcasting, "HEAL_EVERY_SECONDS", 0.3)
    patched.setattr(activities.broadcasting, "RESEND_EXPIRING_AFTER", timedelta(seconds=0.5))


def furnish(chain: DevnetChain, keys: Keys, place: Place) -> None:
    """Give hot wallets coins and tokens, the gas wallet coins, and an outsider plenty of both."""
    outsider = address_of(OUTSIDER)
    for wallet in keys.wallets:
        chain.give(wallet, coins=place.coins, tokens=TOKENS_IN_A_WALLET)
    chain.give(keys.gas, coins=place.gas_coins)
    chain.give(outsider, coins=10**13, tokens=10**12)
    chain.mine()
    chain.net.solidify()


def asking(house: HouseFile, net: TronDevnet) -> HouseFile:
    """The same house with these nodes."""
    networks = tuple(
        entry.model_copy(
            update={"nodes": (net.url, net.second_url), "hints": net.zmq_url, "block_seconds": 3}
        )
        for entry in house.networks
    )
    return house.model_copy(update={"networks": networks})
