"""A whole house in one process: real database, Temporal, workers and signer, over an in-memory chain.

Only the nodes and the borders of processes are missing: each worker is built from the registry under its own
database role, the signer judges and signs with keys of a real keystore, the follower reads real blocks. What
a house is without its network stands in `RunningHouse`; the one over real nodes is in `world_evm`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_bytes

from eth_account.signers.local import LocalAccount
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.worker import Worker

from api.asking import TemporalAsker
from bootstrap.assembly import Assembly
from bootstrap.keyring import FieldCipher
from bootstrap.networks import ConnectedNetwork
from bootstrap.resources import Resources
from bootstrap.settings import HouseFile, NetworkEntry
from chains.codecs.payments import Payment
from chains.memory import Faults, MemoryReader, MemoryWriter
from chains.memory_blocks import MemoryChain
from devstack.postgres import Postgres
from devstack.temporal import TemporalServer
from domain.assets import Asset
from domain.rules import CreditTier
from domain.sends import SignedTx
from ledger.addresses import pool_size
from ledger.session import Sessions
from signer.records import SignerDatabase
from signer.running import build_workers
from signer.signing import SigningActivities
from tests.support.ledger_database import LedgerDatabase
from tests.support.world_grounds import open_grounds
from tests.support.world_house import Keys, house_file, make_chain, signer_terms
from tests.support.world_mischief import Hold, Mischief
from tests.support.world_payments import sign_evm_payment
from tests.support.world_place import EVM, Place
from workers.registry import PROCESSES
from workers.running import build_worker
from workers.schedules import start_endless
from workflows.names import BETS_NAMESPACE

SIGNER = "signer"
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 40.0
BLOCK_SECONDS = 0.15
POOL_SIZE = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What a world is like: its wallets and their coins, the depth of finality, addresses kept ready.

    Coins may be credited before they are final (`early`), and the network counts as stalled when its final
    block is further behind than `final_seconds_max`.
    """

    wallets: int = 4
    coins: int = EVM.coins
    gas_coins: int = EVM.gas_coins
    finality_depth: int = 4
    ready: int = 50
    early: tuple[CreditTier, ...] = ()
    final_seconds_max: int | None = None
    processes: tuple[str, ...] = (*PROCESSES, SIGNER)


@dataclass(slots=True)
class Served:
    """One process of the world: its workers as they run."""

    workers: Sequence[Worker]
    runs: Sequence["asyncio.Task[None]"]


@dataclass(slots=True, kw_only=True)
class RunningHouse(ABC):
    """One running house. While somebody waits with `until`, blocks are mined, unless `is_still`."""

    database: LedgerDatabase
    temporal: TemporalServer
    keys: Keys
    house: HouseFile
    bets: Client
    money: Client
    mischief: Mischief
    rows: Sessions
    door: Sessions
    place: Place = EVM
    is_still: bool = False
    clock_ahead_ms: int = 0
    _cipher: FieldCipher = field(default_factory=lambda: FieldCipher(token_bytes(32)))
    _served: dict[str, Served] = field(default_factory=dict)
    _closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _waiting: int = 0

    @abstractmethod
    def connect(self, entry: NetworkEntry) -> ConnectedNetwork:
        """An adapter of its own for one process."""

    @abstractmethod
    def mine(self, blocks: int = 1) -> None:
        """Add blocks to the network; the first takes what waits in its pool."""

    @abstractmethod
    def sign_payment(self, by: LocalAccount, number: int, payment: Payment) -> SignedTx:
        """Somebody's signed payment, the `number`-th of that person."""

    @abstractmethod
    def submit(self, raw: bytes) -> None:
        """Hand somebody's signed bytes to the network's pool."""

    @abstractmethod
    def held(self, asset: Asset, address: bytes) -> int:
        """Units that an address holds in the newest block."""

    @abstractmethod
    def payments_to(self, payee: bytes) -> int:
        """How many successful payments to somebody stand on the network's branch."""

    @abstractmethod
    def now_ms(self) -> int:
        """The signer's clock."""

    @property
    def asker(self) -> TemporalAsker:
        """The door's own way of asking."""
        return TemporalAsker(self.bets, self.money)

    def client(self, namespace: str) -> Client:
        return self.bets if namespace == BETS_NAMESPACE else self.money

    def assembly(self, role: str) -> Assembly:
        """The building blocks of one process under its database role."""
        sessions = self.database.sessions(role, pool_size=POOL_SIZE)
        catalogue, rules, network = self.house.catalogue, self.house.policy, self.place.network
        resources = Resources(sessions, self.bets, self.money, catalogue, rules)
        return Assembly(
            house=self.house,
            resources=resources,
            networks={network: self.connect(self.house.network(network))},
            cipher=self._cipher,
            health_file=None,
            connections=POOL_SIZE,
        )

    async def start(self, *names: str) -> None:
        """Serve the queues of these processes."""
        for name in names:
            workers = await self._signing() if name == SIGNER else self._working(name)
            self._served[name] = Served(workers, [asyncio.ensure_future(worker.run()) for worker in workers])

    async def stop(self, *names: str) -> None:
        """Stop serving; what a process remembered of its workflows is gone with it."""
        leaving = [self._served.pop(name) for name in names]
        for served in leaving:
            await asyncio.gather(*(worker.shutdown() for worker in served.workers))
            await asyncio.gather(*served.runs)

    async def until(
        self, holds: Callable[[], Awaitable[bool]], what: str, *, seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Wait until something holds, while the chain goes on; AssertionError says what never came."""
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while not await holds():  # noqa: ASYNC110 - what is waited for stands in rows
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"never came: {what}") from None
        finally:
            self._waiting -= 1

    async def reached(self, hold: Hold) -> None:
        """Wait until a held step stands."""

        async def stands() -> bool:
            return hold.reached.is_set()

        await self.until(stands, "a held step")

    async def has_addresses(self) -> bool:
        """Whether a player who asks now is given a deposit address at once."""
        async with self.rows.begin() as session:
            return await pool_size(session, self.place.family) > 0

    async def mine_on(self) -> None:
        """Mine a block every now and then while somebody waits; ends only when cancelled."""
        while True:
            await asyncio.sleep(BLOCK_SECONDS)
            if self._waiting and not self.is_still:
                self.mine()

    async def close(self) -> None:
        """Stop everything that was started."""
        self.mischief.let_all_go()
        await self.stop(*self._served)
        for close in self._closing:
            await close()
        await self.database.close()

    def _working(self, name: str) -> list[Worker]:
        process = PROCESSES[name]
        built = self.assembly(process.role)
        queues = process.queues([self.place.network])
        return [build_worker(work, built, self.client(work.namespace)) for work in queues]

    async def _signing(self) -> list[Worker]:
        records = SignerDatabase(SecretStr(self.database.dsn("croupier_signer")), pool_size=POOL_SIZE)
        await records.open()
        self._closing.append(records.close)
        terms = signer_terms(self.keys, self.place)
        return build_workers(
            self.money, SigningActivities(records, self.keys.vault, terms, self.now_ms), terms
        )


@dataclass(slots=True, kw_only=True)
class World(RunningHouse):
    """A house over the in-memory chain."""

    chain: MemoryChain
    faults: Faults

    def connect(self, entry: NetworkEntry) -> ConnectedNetwork:
        return ConnectedNetwork(
            entry, MemoryReader(self.chain, self.faults), MemoryWriter(self.chain, self.faults)
        )

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)

    def sign_payment(self, by: LocalAccount, number: int, payment: Payment) -> SignedTx:
        return sign_evm_payment(self.chain.chain_id, by, number, payment)

    def submit(self, raw: bytes) -> None:
        self.chain.submit(raw)

    def held(self, asset: Asset, address: bytes) -> int:
        return self.chain.latest.after.held.get((asset.contract, address), 0)

    def payments_to(self, payee: bytes) -> int:
        effects = (effect for at in self.chain.branch for effect in self.chain.blocks[at].effects)
        return sum(effect.receiver == payee and effect.succeeded for effect in effects)

    def now_ms(self) -> int:
        """The chain's own time, and what a test put on top."""
        return int(self.chain.latest.header.mined_at.timestamp()) * 1_000 + self.clock_ahead_ms


@asynccontextmanager
async def running_world(postgres: Postgres, directory: Path, terms: Terms) -> AsyncIterator[World]:
    """Build a world over the in-memory chain; end it."""
    place = replace(EVM, coins=terms.coins, gas_coins=terms.gas_coins)
    async with open_grounds(postgres, directory, terms.wallets, place) as grounds:
        world = World(
            database=grounds.database,
            temporal=grounds.temporal,
            keys=grounds.keys,
            chain=make_chain(
                dict.fromkeys(grounds.keys.wallets, terms.coins),
                terms.finality_depth,
                {grounds.keys.gas: terms.gas_coins},
            ),
            house=house_file(grounds.keys, terms.ready, terms.early, terms.final_seconds_max),
            bets=grounds.bets,
            money=grounds.money,
            mischief=grounds.mischief,
            faults=Faults(),
            place=place,
            rows=grounds.database.sessions(None),
            door=grounds.database.sessions("croupier_api"),
        )
        async with lived_in(world, terms):
            yield world


@asynccontextmanager
async def lived_in(world: RunningHouse, terms: Terms) -> AsyncIterator[None]:
    """Serve every queue of a house while somebody needs it; end what was started, its database too."""
    mining = asyncio.ensure_future(world.mine_on())
    try:
        await world.start(*terms.processes)
        await start_endless(world.assembly("croupier_ops"))
        if SIGNER in terms.processes:
            await world.until(world.has_addresses, "deposit addresses that the signer confirmed")
        yield
    finally:
        mining.cancel()
        await world.close()
