"""Blocks applied to the rows as the follower applies them, and what the rows then tell."""

from collections.abc import Sequence

from domain.deposits import DepositFacts
from domain.onchain import BlockEffects, Effect, Header
from ledger.deposits import recall_deposit
from ledger.events import mark_delivered, undelivered
from ledger.finality import advance_final
from ledger.observed import apply_block
from ledger.session import Sessions
from tests.support.ledger_database import NETWORK
from tests.support.records import NOW, RULES, block, deposit_input


async def apply(sessions: Sessions, parent: Header, found: BlockEffects) -> bool:
    """Apply a block on top of `parent`; False means that it was applied before or the network is frozen."""
    async with sessions.begin() as session:
        return await apply_block(session, NETWORK, found, RULES, parent.ref, NOW)


async def grow(
    sessions: Sessions, parent: Header, effects: Sequence[Effect] = (), *, blocks: int = 1, name: object = ""
) -> Header:
    """Apply a block with these effects and empty ones behind it; return the last header."""
    for number in range(blocks):
        found = block(parent, effects if number == 0 else (), name=name)
        assert await apply(sessions, parent, found)
        parent = found.header
    return parent


async def recalled(sessions: Sessions, name: object = "a", position: str = "native") -> DepositFacts:
    """Return the facts of the deposit that this transaction made at this position."""
    async with sessions.begin() as session:
        return await recall_deposit(session, deposit_input(name, position))


async def finish(sessions: Sessions, at: Header) -> bool:
    """Make this block final; False means that it moved nothing."""
    async with sessions.begin() as session:
        return await advance_final(session, NETWORK, at, NOW)


async def told(sessions: Sessions) -> list[str]:
    """Deliver everything and return the states that were told."""
    async with sessions.begin() as session:
        news = await undelivered(session, NETWORK, 100)
        await mark_delivered(session, [event.number for event in news], NOW)
    return [str(event.state) for event in news]
