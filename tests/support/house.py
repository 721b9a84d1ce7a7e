"""A small house for tests of the door: real ledger, real Temporal, the real workers that need no chain."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.booking import book, in_books
from api.app import Listener, create_app
from api.callers import PlayerTokens
from bootstrap.assembly import Assembly
from bootstrap.keyring import KEY_BYTES, FieldCipher
from bootstrap.resources import DoorResources, Resources
from bootstrap.settings import HouseFile
from bootstrap.temporal import connect
from domain.ids import deposit_key, parse_player
from domain.journal import deposit_credited
from ledger.addresses import insert_pool
from ledger.registrations import ensure_operator
from tests.support.door import CATALOGUE, OPERATOR_KEY, POLICY, TOKEN_MATERIAL, DoorClient, door_resources
from tests.support.ledger_database import NETWORK, TOKEN, LedgerDatabase
from tests.support.records import address, txid
from workers.registry import PROCESSES
from workers.running import build_worker
from workflows.names import BETS_NAMESPACE, MONEY_NAMESPACE

OPERATOR = 1
POOL = 5
POOL_ACCOUNT = 1


@dataclass
class House:
    """The two listeners over one ledger, and what a test needs to arrange money in it."""

    ledger: LedgerDatabase
    resources: DoorResources
    operator: DoorClient

    async def register(self, external_id: str) -> str:
        answer = await self.operator.post("/v1/players", json={"external_id": external_id})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["player_id"])

    async def player(self, external_id: str, *, units: int = 0) -> DoorClient:
        """A registered player's client, with this many units of the token."""
        player_id = await self.register(external_id)
        if units:
            await self.credit(player_id, external_id, units)
        return self.client(parse_player(player_id))

    def client(self, player: int) -> DoorClient:
        """The client of a player, who need not exist."""
        token = PlayerTokens(TOKEN_MATERIAL).mint(player, datetime.now(UTC)).token
        return DoorClient(create_app(Listener.PLAYER, self.resources), token)

    def again(self, player: DoorClient) -> DoorClient:
        """The same caller at this house's door."""
        return DoorClient(create_app(Listener.PLAYER, self.resources), player.bearer)

    async def credit(self, player_id: str, name: str, units: int) -> None:
        """Post a deposit as the deposit workflow does."""
        command = deposit_credited(
            player=parse_player(player_id),
            asset_id=TOKEN.asset_id,
            units=units,
            key=deposit_key(NETWORK, "0x" + txid(name).hex(), "log-0"),
        )
        await in_books(self.ledger.sessions(), lambda session: book(session, command))


@asynccontextmanager
async def open_house(
    ledger: LedgerDatabase, temporal: str, *, with_workers: bool = True
) -> AsyncIterator[House]:
    """Open both listeners over a ledger and a Temporal server, with workers behind them or without."""
    async with ledger.sessions().begin() as session:
        await ensure_operator(session, OPERATOR, "House")
        pool = [address(f"pool {number}") for number in range(POOL)]
        await insert_pool(session, "eip155", POOL_ACCOUNT, 0, pool, datetime.now(UTC))
    resources = await door_resources(ledger.dsn("croupier_api"), temporal)
    async with AsyncExitStack() as stack:
        if with_workers:
            await _work(stack, ledger, temporal)
        operator = DoorClient(create_app(Listener.OPERATOR, resources), OPERATOR_KEY)
        yield House(ledger, resources, operator)
    await resources.sessions.close()


async def _work(stack: AsyncExitStack, ledger: LedgerDatabase, temporal: str) -> None:
    bets = await connect(temporal, BETS_NAMESPACE, at_once=True)
    money = await connect(temporal, MONEY_NAMESPACE, at_once=True)
    shared = Resources(ledger.sessions(), bets, money, CATALOGUE, POLICY)
    house = HouseFile(
        operator=OPERATOR, name="House", assets=(), networks=(), addresses=(), wallets=(), policy=POLICY
    )
    built = Assembly(house, shared, {}, FieldCipher(os.urandom(KEY_BYTES)), None)
    for process in ("bets", "money", "ledger"):
        for work in PROCESSES[process].queues(()):
            client = bets if work.namespace == BETS_NAMESPACE else money
            await stack.enter_async_context(build_worker(work, built, client))
