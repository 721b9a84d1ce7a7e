"""Hot wallets of a followed network, asked for room by the role that means, weighed by the one that sees."""

from uuid import UUID, uuid5

from domain.deposits import WalletRole
from domain.levels import Liquidity
from domain.sends import SendFacts
from ledger.events import (
    ChainEvent,
    DepositEvent,
    FloatEvent,
    SendEvent,
    WalletEvent,
    mark_delivered,
    undelivered,
)
from ledger.floats import floats_of, release, weigh
from ledger.levels import read_liquidity
from ledger.liquidity import grant_waiting, request_liquidity
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.send_facts import recall_send
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import NOW, address, request_for, started_chain

HOT, SECOND = address("hot"), address("second")


def send_of(name: object) -> UUID:
    """Return the id of the send that a test calls `name`."""
    return uuid5(UUID(int=0), str(name))


class Lanes:
    """A followed network with hot wallets, seen by the role that means and the role that watches."""

    def __init__(self, database: LedgerDatabase, pool_size: int) -> None:
        self.database = database
        self.money = database.sessions("croupier_money", pool_size=pool_size)
        self.chain = database.sessions("croupier_chain")

    async def add(self, wallet: bytes, *, coins: int, tokens: int) -> None:
        """Open a hot wallet with these balances."""
        async with self.money.begin() as session:
            await register_wallet(session, NETWORK, wallet, WalletRole.HOT)
            for asset in (COIN, TOKEN):
                await set_float_limits(session, NETWORK, wallet, asset.asset_id, FloatLimits(0, 10, 10**30))
        await self.refresh(wallet, coins=coins, tokens=tokens, height=0)

    async def refresh(self, wallet: bytes, *, coins: int, tokens: int, height: int) -> list[bool]:
        """Take over balances read at a final block."""
        async with self.chain.begin() as session:
            return [
                await weigh(session, NETWORK, wallet, asset.asset_id, units, height)
                for asset, units in ((COIN, coins), (TOKEN, tokens))
            ]

    async def ask(self, name: object, **facts: int) -> bytes | int | None:
        """Ask for room; return the wallet, or the place in the queue."""
        async with self.money.begin() as session:
            answer = await request_liquidity(session, request_for(send_of(name), **facts))
        return answer.wallet if answer.wallet is not None else answer.place_in_queue

    async def grant(self) -> list[UUID]:
        """Serve the queue."""
        async with self.money.begin() as session:
            return await grant_waiting(session, NETWORK)

    async def give_up(self, name: object) -> bool:
        """Release a send."""
        async with self.money.begin() as session:
            return await release(session, send_of(name), "the player cancelled")

    async def recall(self, name: object) -> SendFacts:
        """Return what the rows know of a send."""
        async with self.money.begin() as session:
            return await recall_send(session, send_of(name))

    async def liquidity(self) -> Liquidity:
        """Return what people see of the network's wallets."""
        async with self.money.begin() as session:
            return await read_liquidity(session, NETWORK)

    async def told(self) -> list[tuple[str, str]]:
        """Deliver everything and return the workflows' names for it: state and subject."""
        ops = self.database.sessions("croupier_ops")
        async with ops.begin() as session:
            events = await undelivered(session, NETWORK, 100)
            await mark_delivered(session, [event.number for event in events], NOW)
        return [(event.state, _subject(event)) for event in events]

    def age(self, name: object, minutes: int) -> None:
        """Let a send have waited for longer."""
        with self.database.raw() as connection:
            connection.execute(
                "UPDATE chain.grants SET asked_at = asked_at - make_interval(mins => %s) WHERE send_id = %s",
                [minutes, send_of(name)],
            )

    async def floats(self) -> dict[tuple[bytes, int], tuple[int, int]]:
        """Return (confirmed, committed) by wallet and asset."""
        async with self.money.begin() as session:
            return {
                (row.address, row.asset_id): (row.confirmed, row.committed)
                for row in await floats_of(session, NETWORK)
            }


async def opened_lanes(database: LedgerDatabase, *, pool_size: int = 4) -> Lanes:
    """Follow a network that has no wallet so far."""
    lanes = Lanes(database, pool_size)
    await started_chain(lanes.chain)
    return lanes


def _subject(event: ChainEvent) -> str:
    match event:
        case SendEvent():
            return str(event.send_id)
        case FloatEvent():
            return str(event.asset_id)
        case WalletEvent():
            return event.address.hex()
        case DepositEvent():
            return str(event.deposit.deposit_id)
