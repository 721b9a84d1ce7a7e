"""What support does in a world: verbs on withdrawals, and a network that takes or refuses what is sent."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from api.desk import press
from chains.codecs.evm import EvmCodec, payment_of
from domain.sends import AttemptFacts
from domain.tickets import Ticket
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalInput
from tests.support.world import RunningHouse, World
from tests.support.world_people import People

_tickets = itertools.count(1)


async def say(  # noqa: PLR0913 - one click and who makes it
    world: RunningHouse,
    wish: WithdrawalInput,
    verb: SupportVerb | ReviewVerb,
    *,
    ticket: str | None = None,
    person: str = "bert",
    seen: bytes | None = None,
    cap: int | None = None,
) -> Ticket:
    """One click of a person in support, as the door takes it; by default on what stands in the rows."""
    said = Ticket(
        withdrawal_id=wish.withdrawal_id,
        player=wish.player,
        ticket=ticket or f"s-{next(_tickets)}",
        verb=verb,
        person=person,
        words="the player asked",
        content_hash=seen or await People(world).content_hash(wish),
        cap=cap,
    )
    await press(world.door, world.asker, said)
    return said


async def agree(
    world: RunningHouse, wish: WithdrawalInput, verb: SupportVerb, *, cap: int | None = None
) -> None:
    """Two people say the same about what both see now."""
    for person in ("anna", "bert"):
        await say(world, wish, verb, person=person, cap=cap)


@contextmanager
def dear(world: World, times: int = 3) -> Iterator[None]:
    """The network asks more than what was signed before offers; blocks go on without those."""
    before = world.chain.base_fee
    world.chain.base_fee = before * times
    try:
        yield
    finally:
        world.chain.base_fee = before


@contextmanager
def refusing(world: World, payee: bytes) -> Iterator[None]:
    """The payee takes no coins for a while."""
    before = world.chain.refusing
    world.chain.refusing = before | {payee}
    try:
        yield
    finally:
        world.chain.refusing = before


def attempts_of(facts: WithdrawalFacts) -> tuple[AttemptFacts, ...]:
    """Every attempt that its rows show."""
    return facts.send.attempts if facts.send else ()


def pooled_to(world: World, wish: WithdrawalInput) -> list[bytes]:
    """Transactions that wait in the network's pool and would pay this withdrawal."""
    decoded = ((EvmCodec().decode(raw).transaction, raw) for raw in world.chain.pool.values())
    return [raw for fields, raw in decoded if payment_of(fields).payee == wish.payee]
