"""Two people press different verbs at the same moment: one wins, or both do, and a refusal says why."""

import asyncio
from functools import partial
from itertools import combinations

import pytest

from api.errors import Refused
from domain.errors import CroupierError
from domain.sends import TxPurpose
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.world import World
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_support import asked_again, attempts_of, say
from tests.support.world_waits import is_watching, stands

pytestmark = pytest.mark.timeout(180)

FEE = 500
Verb = SupportVerb | ReviewVerb
CANCEL = SupportVerb.CANCEL_BY_SELF_SEND
EVERY: tuple[Verb, ...] = (*SupportVerb, *ReviewVerb)
PAIRS = list(combinations(EVERY, 2))
REFUSALS = {"TOO_LATE", "MAY_STILL_LAND", "CONFLICT"}
ENDS = {WithdrawalState.SETTLED, WithdrawalState.REFUNDED, WithdrawalState.REJECTED}


async def said(world: World, wish: WithdrawalInput, verb: Verb, person: str) -> None:
    """A word of one person, who asks again under the same ticket until there is an answer."""
    await asked_again(partial(say, world, wish, verb, person=person, ticket=f"{verb.value}-{person}"))


async def press(world: World, wish: WithdrawalInput, pair: tuple[Verb, Verb]) -> list[str | None]:
    """Both at once, each by a person who asks again until there is an answer; the codes of refusals."""

    async def one(verb: Verb, person: str) -> str | None:
        try:
            await said(world, wish, verb, person)
        except (Refused, CroupierError) as refusal:
            return refusal.code if refusal.sentence else "no sentence"
        return None

    return list(await asyncio.gather(*(one(verb, person) for verb, person in zip(pair, "ab", strict=True))))


async def finished(people: People, wish: WithdrawalInput) -> WithdrawalState:
    """How it ended; it paid exactly once or gave everything back, and the player's money agrees."""
    facts = await people.withdrawal_until(wish, lambda facts: facts.state in ENDS, "an end")
    is_paid = facts.state is WithdrawalState.SETTLED
    assert people.payments(wish) == (1 if is_paid else 0)
    assert await people.units(wish.player) == RICHES - (wish.amount + FEE if is_paid else 0)
    return facts.state


async def test_every_pair_while_the_transaction_is_on_its_way(world: World, people: People) -> None:
    """With one person for a cancel already there, its second word races every other verb."""
    wishes = [people.wish(await people.rich_player(), ETHER) for _ in PAIRS]
    world.is_still = True
    await asyncio.gather(*(people.withdraw(wish) for wish in wishes))
    for wish in wishes:
        await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
        await said(world, wish, CANCEL, "c")
    codes = await asyncio.gather(
        *(press(world, wish, pair) for wish, pair in zip(wishes, PAIRS, strict=True))
    )
    cancelled = [wish for wish, pair in zip(wishes, PAIRS, strict=True) if CANCEL in pair]
    for wish in cancelled:
        await people.withdrawal_until(
            wish, lambda facts: attempts_of(facts)[-1].purpose is TxPurpose.CANCEL, "the cancel"
        )
    world.is_still = False
    ends = await asyncio.gather(*(finished(people, wish) for wish in wishes))
    never = {SupportVerb.RESUME, SupportVerb.REJECT_AND_REFUND, *ReviewVerb}
    for pair, refused, end in zip(PAIRS, codes, ends, strict=True):
        assert {code for code in refused if code} <= REFUSALS, pair
        assert [verb in never for verb in pair] == [code is not None for code in refused], (pair, refused)
        assert end is (WithdrawalState.REFUNDED if CANCEL in pair else WithdrawalState.SETTLED), pair


async def test_every_pair_while_nothing_is_signed(world: World, people: People) -> None:
    """A refund wins against everything that would go on, unless a resume was heard before it."""
    pairs = list(combinations((SupportVerb.CHECK_NOW, SupportVerb.RESUME, SupportVerb.REJECT_AND_REFUND), 2))
    wishes = [people.wish(await people.rich_player(), ETHER) for _ in pairs]
    with world.database.raw() as connection:
        connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")
    await asyncio.gather(*(people.withdraw(wish) for wish in wishes))
    for wish in wishes:
        await stands(world, wish, "PAUSED")
    codes = await asyncio.gather(
        *(press(world, wish, pair) for wish, pair in zip(wishes, pairs, strict=True))
    )
    refunded = [SupportVerb.REJECT_AND_REFUND in pair for pair in pairs]
    ends = await asyncio.gather(
        *(finished(people, wish) for wish, is_refunded in zip(wishes, refunded, strict=True) if is_refunded)
    )
    with world.database.raw() as connection:
        connection.execute("DELETE FROM signer.switches WHERE scope = 'any'")
    assert set(ends) == {WithdrawalState.REFUNDED}
    for pair, refused in zip(pairs, codes, strict=True):
        assert {code for code in refused if code} <= {"TOO_LATE"}, pair
    (going_on,) = [wish for wish, is_refunded in zip(wishes, refunded, strict=True) if not is_refunded]
    await said(world, going_on, SupportVerb.RESUME, "c")
    assert await finished(people, going_on) is WithdrawalState.SETTLED


async def test_every_pair_in_review(world: World, people: People) -> None:
    """Approve and reject race: the row that came first stands, the other word is refused or takes it back."""
    verbs: tuple[Verb, ...] = (ReviewVerb.APPROVE, ReviewVerb.REJECT, SupportVerb.CHECK_NOW)
    pairs = list(combinations(verbs, 2))
    wishes = [people.wish(await people.rich_player(), 11 * ETHER) for _ in pairs]
    await asyncio.gather(*(people.withdraw(wish) for wish in wishes))
    for wish in wishes:
        await stands(world, wish, "REVIEW")
    codes = await asyncio.gather(
        *(press(world, wish, pair) for wish, pair in zip(wishes, pairs, strict=True))
    )
    for wish, pair, refused in zip(wishes, pairs, codes, strict=True):
        assert {code for code in refused if code} <= {"TOO_LATE"}, (pair, refused)
        end = await finished(people, wish)
        if ReviewVerb.REJECT not in pair:
            assert end is WithdrawalState.SETTLED
        elif ReviewVerb.APPROVE not in pair or refused[1] is None:
            assert end is WithdrawalState.REJECTED
