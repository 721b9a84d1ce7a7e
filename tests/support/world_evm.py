"""A whole house over a real anvil, which it reaches only through proxies that fail as live nodes fail.

Everything else is as in `world`: real database, Temporal, workers and signer. Blocks are mined by hand.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

import activities.broadcasting
import chains.evm.client
from bootstrap.networks import ConnectedNetwork
from bootstrap.settings import HouseFile, NetworkEntry
from chains.codecs.payments import Payment
from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from devstack.anvil import Anvil
from devstack.faults.node_rules import NodeRules
from devstack.faults.proxy import NodeProxy
from devstack.postgres import Postgres
from domain.assets import Asset
from domain.send_steps import SendStep, next_send_step
from domain.sends import SignedTx
from domain.withdrawals import WithdrawalFacts
from tests.support.chain_rigs import address_of
from tests.support.ledger_database import NETWORK, TOKEN
from tests.support.world import RunningHouse, Terms, lived_in
from tests.support.world_anvil import AnvilChain
from tests.support.world_grounds import open_grounds
from tests.support.world_house import OUTSIDER, REFUSING, TOKENS_IN_A_WALLET, UNLISTED, Keys, house_file
from tests.support.world_payments import sign_evm_payment
from tests.support.world_place import EVM

OUTSIDERS_SHARE = 10**30
SOON = FeePolicy(patience_seconds=1, patience_again_seconds=1, patience_blocks=2)
"""A transaction is outbid after two blocks, so that no test waits for three quarters of a minute."""


@dataclass(frozen=True, slots=True)
class EvmTerms(Terms):
    """What a world is like over anvil: how many nodes it asks, each behind a proxy, and when it outbids."""

    nodes: int = 1
    fees: FeePolicy = SOON


@dataclass(slots=True, kw_only=True)
class EvmWorld(RunningHouse):
    """A house over anvil; `proxies` are the nodes it knows, `chain` is what stands behind all of them."""

    chain: AnvilChain
    proxies: tuple[NodeProxy, ...]
    fees: FeePolicy

    @property
    def proxy(self) -> NodeProxy:
        """The first node."""
        return self.proxies[0]

    def connect(self, entry: NetworkEntry) -> ConnectedNetwork:
        client = EvmClient(
            EvmNetwork(
                TOKEN.network,
                entry.nodes,
                is_devnet=entry.is_devnet,
                block_seconds=entry.block_seconds,
                websocket_url=entry.websocket,
            )
        )
        self._closing.append(client.close)
        return ConnectedNetwork(entry, EvmReader(client), EvmWriter(client, self.fees))

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)

    def sign_payment(self, by: LocalAccount, number: int, payment: Payment) -> SignedTx:
        return sign_evm_payment(self.chain.anvil.chain_id, by, number, payment)

    def submit(self, raw: bytes) -> None:
        self.chain.submit(raw)

    def reorg(self, depth: int) -> None:
        """Replace the newest blocks by empty ones; what they held is back in the pool, as with geth."""
        self.proxy.reorg(depth)

    def heal(self) -> None:
        """No more faults at any node."""
        for proxy in self.proxies:
            proxy.heal()

    def held(self, asset: Asset, address: bytes) -> int:
        return self.chain.held(asset, address)

    def payments_to(self, payee: bytes) -> int:
        return self.chain.payments_to(payee)

    def now_ms(self) -> int:
        """The clock of the machine, as in a real signer, and what a test put on top."""
        return time.time_ns() // 1_000_000 + self.clock_ahead_ms


def is_with_nodes(facts: WithdrawalFacts) -> bool:
    """Whether the bytes are on their way and a block is all that is missing."""
    return facts.send is not None and next_send_step(facts.send) is SendStep.WATCH


@asynccontextmanager
async def running_evm_world(
    postgres: Postgres, directory: Path, terms: EvmTerms | None = None
) -> AsyncIterator[EvmWorld]:
    """Build a world over an anvil of its own; end both."""
    terms = terms or EvmTerms()
    place = replace(EVM, coins=terms.coins, gas_coins=terms.gas_coins)
    async with open_grounds(postgres, directory, terms.wallets, place) as grounds:
        anvil = Anvil(directory / "anvil", mining=False, slots_in_an_epoch=terms.finality_depth // 2)
        anvil.start()
        proxies = tuple(NodeProxy(anvil.url, rules=NodeRules()) for _ in range(terms.nodes))
        for proxy in proxies:
            proxy.start()
        try:
            world = EvmWorld(
                database=grounds.database,
                temporal=grounds.temporal,
                keys=grounds.keys,
                chain=_furnished(anvil, grounds.keys, terms),
                proxies=proxies,
                fees=terms.fees,
                place=place,
                house=_asking(
                    house_file(grounds.keys, terms.ready, terms.early, terms.final_seconds_max), proxies
                ),
                bets=grounds.bets,
                money=grounds.money,
                mischief=grounds.mischief,
                rows=grounds.database.sessions(None),
                door=grounds.database.sessions("croupier_api"),
            )
            async with lived_in(world, terms):
                yield world
        finally:
            for proxy in proxies:
                proxy.stop()
            anvil.stop()


def _furnished(anvil: Anvil, keys: Keys, terms: EvmTerms) -> AnvilChain:
    """The chain on which the hot wallets hold coins and tokens, and an outsider plenty of both."""
    chain, outsider = AnvilChain(anvil), address_of(OUTSIDER)
    for wallet in keys.wallets:
        anvil.fund("0x" + wallet.hex(), terms.coins)
    anvil.fund("0x" + keys.gas.hex(), terms.gas_coins)
    anvil.fund("0x" + outsider.hex(), OUTSIDERS_SHARE)
    chain.place_token(TOKEN.contract, keys.wallets, TOKENS_IN_A_WALLET)
    chain.give_tokens(TOKEN.contract, outsider, OUTSIDERS_SHARE)
    chain.place_token(UNLISTED, [outsider], OUTSIDERS_SHARE)
    chain.place_refusing(REFUSING)
    chain.mine(terms.finality_depth + 1)
    return chain


def _asking(house: HouseFile, proxies: tuple[NodeProxy, ...]) -> HouseFile:
    """The same house with these nodes."""
    urls = tuple(proxy.url for proxy in proxies)
    networks = tuple(
        entry.model_copy(update={"nodes": urls, "websocket": urls[0].replace("http", "ws", 1)})
        if entry.network == NETWORK
        else entry
        for entry in house.networks
    )
    return house.model_copy(update={"networks": networks})


def hurry(patched: pytest.MonkeyPatch) -> None:
    """Give silent nodes up and send open transactions again within a second."""
    patched.setattr(chains.evm.client, "READ_SECONDS_MAX", 1.0)
    patched.setattr(activities.broadcasting, "HEAL_EVERY_SECONDS", 0.3)
    patched.setattr(activities.broadcasting, "RESEND_AFTER", timedelta(seconds=0.5))
