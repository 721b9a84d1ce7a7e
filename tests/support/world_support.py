"""What support does in a world: verbs on withdrawals, and a network that takes or refuses what is sent."""

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from api.desk import press
from chains.codecs.evm import EvmCodec, payment_of
from domain.cases import Said
from domain.errors import TemporalUnavailable
from domain.sends import AttemptFacts, TxPurpose
from domain.tickets import Ticket
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalInput
from signer.building_evm import sign_transaction
from tests.support.chain_rigs import address_of
from tests.support.world import LOOK_SECONDS, RunningHouse, World
from tests.support.world_house import OUTSIDER
from tests.support.world_people import People
from tests.support.world_waits import is_watching

Answer = TypeVar("Answer")
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


async def asked_again(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask with the same ids until Temporal has an answer, as whoever reads 503 does."""
    while True:
        try:
            return await ask()
        except TemporalUnavailable:
            await asyncio.sleep(LOOK_SECONDS)


async def agree(
    world: RunningHouse, wish: WithdrawalInput, verb: SupportVerb, *, cap: int | None = None
) -> None:
    """Two people say the same about what both see now."""
    for person in ("anna", "bert"):
        await say(world, wish, verb, person=person, cap=cap)


async def sent_and_still(world: World, people: People) -> WithdrawalInput:
    """A withdrawal whose transaction is with the nodes of a network that makes no block."""
    player = await people.rich_player()
    world.is_still = True
    wish = people.wish(player)
    await people.withdraw(wish)
    await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    return wish


async def has_variant(
    people: People, wish: WithdrawalInput, number: int, purpose: TxPurpose
) -> WithdrawalFacts:
    """Wait until the newest attempt has this variant."""
    return await people.withdrawal_until(
        wish,
        lambda facts: (attempts_of(facts)[-1].variants, attempts_of(facts)[-1].purpose) == (number, purpose),
        f"variant {number}, a {purpose}",
    )


async def said_by(world: RunningHouse, wish: WithdrawalInput) -> Said:
    """What the withdrawal's workflow says about itself."""
    said = await world.asker.case(wish.withdrawal_id)
    assert said is not None, wish
    return said


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


@contextmanager
def keeping(world: World, payee: bytes, units: int) -> Iterator[None]:
    """A payment to this payee succeeds, and so many of its units stay where they are."""
    world.chain.keeping[payee] = units
    try:
        yield
    finally:
        del world.chain.keeping[payee]


def foreign(world: World, ours: bytes) -> None:
    """Put a transaction that we never signed, by our own key, in the place of this one in the pool."""
    fields = EvmCodec().decode(ours).transaction
    (wallet,) = [address for (address, _), raw in world.chain.pool.items() if raw == ours]
    other = dataclasses.replace(fields, to=address_of(OUTSIDER), value=1, max_fee=2 * fields.max_fee)
    payment = payment_of(other)
    world.chain.pool[wallet, fields.nonce] = sign_transaction(
        other, payment, world.keys.vault.wallets[wallet]
    ).raw


def attempts_of(facts: WithdrawalFacts) -> tuple[AttemptFacts, ...]:
    """Every attempt that its rows show."""
    return facts.send.attempts if facts.send else ()


def pooled_to(world: World, wish: WithdrawalInput) -> list[bytes]:
    """Transactions that wait in the network's pool and would pay this withdrawal."""
    decoded = ((EvmCodec().decode(raw).transaction, raw) for raw in world.chain.pool.values())
    return [raw for fields, raw in decoded if payment_of(fields).payee == wish.payee]
