"""Where coins may move on a word, two different people say it about the same; one alone changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api.errors import Refused
from devstack.postgres import Postgres
from domain.deposits import WalletRole
from domain.sends import AttemptOutcome, TxPurpose
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalInput, WithdrawalState
from tests.support.ledger_database import NETWORK
from tests.support.world import Terms, World, running_world
from tests.support.world_buttons import reset_to_start, sentence, start_again, terminate
from tests.support.world_checks import differences
from tests.support.world_house import ETHER, FEE_CAP
from tests.support.world_people import RICHES, People
from tests.support.world_support import (
    attempts_of,
    dear,
    foreign,
    has_variant,
    keeping,
    pooled_to,
    refusing,
    said_by,
    say,
    sent_and_still,
)
from tests.support.world_waits import stands, workflow_of

FEE = 500
FINALITY_DEPTH = 4


@pytest_asyncio.fixture
async def robbed(postgres: Postgres, run_directory: Path) -> AsyncIterator[World]:
    """A world whose chain will not equal its books in the end: nobody booked what became of its coins."""
    async with running_world(postgres, run_directory, Terms()) as world:
        yield world
        assert [(where, role) for where, role, *_ in await differences(world)] == [
            (f"ETH@{NETWORK}", WalletRole.HOT.value)
        ]


async def fails_on_chain(world: World, people: People, wish: WithdrawalInput, number: int) -> None:
    """Let the attempt of this number be mined and fail, and be final."""
    await people.withdrawal_until(
        wish,
        lambda facts: attempts_of(facts)[-1].attempt == number and bool(pooled_to(world, wish)),
        f"attempt {number}",
    )
    with refusing(world, wish.payee):
        world.chain.mine()
    world.chain.mine(FINALITY_DEPTH)


async def test_one_person_alone_cancels_nothing(world: World, people: People) -> None:
    """The first word is answered with what it waits for; the same person again is no second one."""
    wish = await sent_and_still(world, people)
    await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND, person="anna")
    await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND, person="anna")
    said = await said_by(world, wish)
    assert said.sentence.endswith("anna wants cancel-by-self-send: one more person must agree.")
    assert [one.variants for one in attempts_of(await people.facts(wish))] == [1]
    await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND, person="bert")
    await has_variant(people, wish, 2, TxPurpose.CANCEL)
    with pytest.raises(Refused, match="being cancelled"):
        await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND, person="carl")
    world.is_still = False
    await people.ended(wish, WithdrawalState.REFUNDED)
    assert people.payments(wish) == 0


async def test_a_word_about_something_else_does_not_count(world: World, people: People) -> None:
    """Two people bind to one content: what the second saw before the attempt ended is refused."""
    wish = await sent_and_still(world, people)
    seen = await people.content_hash(wish)
    await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND, person="anna")
    await fails_on_chain(world, people, wish, 1)
    await people.withdrawal_until(
        wish, lambda facts: attempts_of(facts)[-1].attempt == 2, "another attempt after the failure"
    )
    with pytest.raises(Refused) as refused:
        await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND, person="bert", seen=seen)
    assert refused.value.code in {"CONFLICT", "TOO_LATE"}
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.FAILED, AttemptOutcome.PAID]


@pytest.mark.parametrize("button", ["none", "reset"])
async def test_two_people_raise_a_fee_cap(world: World, people: People, button: str) -> None:
    """Above the cap of its terms nothing is signed until two people name the same new one."""
    wish = await sent_and_still(world, people)
    with dear(world, times=600):
        world.is_still = False
        await stands(world, wish, "FEE_CAP")
        before = attempts_of(await people.facts(wish))[-1].variants
        with pytest.raises(Refused, match="name a higher one"):
            await say(world, wish, SupportVerb.BUMP_FEE, cap=FEE_CAP)
        await say(world, wish, SupportVerb.BUMP_FEE, person="anna", cap=3 * FEE_CAP)
        await say(world, wish, SupportVerb.BUMP_FEE, person="bert", cap=2 * FEE_CAP)
        assert [one.variants for one in attempts_of(await people.facts(wish))] == [before]
        if button == "reset":
            await reset_to_start(world.money, workflow_of(wish))
        await say(world, wish, SupportVerb.BUMP_FEE, person="carl", cap=3 * FEE_CAP)
        facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert attempts_of(facts)[-1].variants == before + 1
    assert people.payments(wish) == 1
    assert await differences(world) == []


async def test_a_large_refund_needs_two_people(world: World, people: People) -> None:
    """What a reviewer had to approve one person alone does not give back."""
    player = await people.rich_player()
    with world.database.raw() as connection:
        connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await people.review(wish, ReviewVerb.APPROVE)
    await stands(world, wish, "PAUSED")
    await say(world, wish, SupportVerb.REJECT_AND_REFUND, person="anna")
    await stands(world, wish, "PAUSED")
    assert (await people.facts(wish)).state is WithdrawalState.COMMITTED
    await say(world, wish, SupportVerb.REJECT_AND_REFUND, person="bert")
    await people.ended(wish, WithdrawalState.REFUNDED)
    with world.database.raw() as connection:
        connection.execute("DELETE FROM signer.switches WHERE scope = 'any'")
    assert await people.units(player) == RICHES


async def test_people_have_it_tried_again_and_a_fourth_time_only_two(world: World, people: People) -> None:
    """After the second failure one person resumes, after the third two; each attempt pays at most once."""
    wish = await sent_and_still(world, people)
    await fails_on_chain(world, people, wish, 1)
    await fails_on_chain(world, people, wish, 2)
    await stands(world, wish, "SEND_FAILED")
    said = await said_by(world, wish)
    assert said.verbs == ("check-now", "resume", "reject-and-refund")
    await say(world, wish, SupportVerb.RESUME, person="anna")
    await fails_on_chain(world, people, wish, 3)

    async def has_failed_thrice() -> bool:
        return "attempt 3" in (await said_by(world, wish)).sentence

    await world.until(has_failed_thrice, "a wait after the third failure")
    await say(world, wish, SupportVerb.RESUME, person="anna")
    said = await said_by(world, wish)
    assert said.sentence.endswith("anna wants resume: one more person must agree.")
    await terminate(world.money, workflow_of(wish))
    await start_again(world.money, wish)
    await stands(world, wish, "SEND_FAILED")
    assert len(attempts_of(await people.facts(wish))) == 3
    await say(world, wish, SupportVerb.RESUME, person="bert")
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    failed = AttemptOutcome.FAILED
    assert [one.outcome for one in attempts_of(facts)] == [failed, failed, failed, AttemptOutcome.PAID]
    assert people.payments(wish) == 1
    assert await people.units(wish.player) == RICHES - ETHER - FEE


async def test_a_success_that_moved_nothing_is_refunded_by_two_people(world: World, people: People) -> None:
    """Neither paid nor refunded by a machine: evidence is kept, two people judge, the player has it back."""
    wish = await sent_and_still(world, people)
    with keeping(world, wish.payee, ETHER):
        world.chain.mine()
    world.is_still = False
    await stands(world, wish, "NO_EFFECT")
    said = await sentence(world.money, workflow_of(wish))
    assert "(attempt 1, no coin moved)" in said
    assert said.endswith("Open: check-now, resume, reject-and-refund.")
    await say(world, wish, SupportVerb.RESUME, person="anna")
    await stands(world, wish, "NO_EFFECT")
    await say(world, wish, SupportVerb.REJECT_AND_REFUND, person="anna")
    assert (await people.facts(wish)).state is WithdrawalState.COMMITTED
    await say(world, wish, SupportVerb.REJECT_AND_REFUND, person="bert")
    facts = await people.ended(wish, WithdrawalState.REFUNDED)
    assert [(one.outcome, one.why) for one in attempts_of(facts)] == [(AttemptOutcome.FAILED, "NO_EFFECT")]
    assert await people.units(wish.player) == RICHES
    with world.database.raw() as connection:
        kept = connection.execute(
            "SELECT kind, body->>'moved', body->>'people' FROM chain.evidence"
            " WHERE body->>'attempt' = %s ORDER BY recorded_at",
            [f"{wish.withdrawal_id}/1"],
        ).fetchall()
    assert kept == [("no_effect", "0", None), ("failed", None, "anna, bert")]
    assert await differences(world) == []


async def test_a_success_that_moved_something_else_is_refunded_by_nobody(robbed: World) -> None:
    """Coins left and did not arrive as owed: no verb pays it or gives it back, and the books say so."""
    people = People(robbed, stock=1)
    wish = await sent_and_still(robbed, people)
    with keeping(robbed, wish.payee, 1):
        robbed.chain.mine()
    robbed.is_still = False
    await stands(robbed, wish, "NO_EFFECT")
    said = await sentence(robbed.money, workflow_of(wish))
    assert "(attempt 1, coins moved, but not as owed)" in said
    assert said.endswith("Open: check-now, resume.")
    for person in ("anna", "bert"):
        with pytest.raises(Refused) as refused:
            await say(robbed, wish, SupportVerb.REJECT_AND_REFUND, person=person)
        assert refused.value.code == "MAY_STILL_LAND"
    assert (await people.facts(wish)).state is WithdrawalState.COMMITTED


async def test_a_foreign_signature_freezes_the_wallet_and_ends_nothing(robbed: World) -> None:
    """Somebody else used our key: nothing is signed from it again, nothing paid, nothing refunded."""
    world, people = robbed, People(robbed, stock=2)
    wish = await sent_and_still(world, people)
    (raw,) = pooled_to(world, wish)
    foreign(world, raw)
    world.chain.mine(1 + FINALITY_DEPTH)
    await stands(world, wish, "WALLET_FROZEN")
    said = await sentence(world.money, workflow_of(wish))
    assert "a transaction that was never signed here" in said
    assert said.endswith("Nothing happens by itself; the money stays reserved. Open: check-now, resume.")
    with pytest.raises(Refused) as refused:
        await say(world, wish, SupportVerb.REJECT_AND_REFUND)
    assert refused.value.code == "MAY_STILL_LAND"
    for verb in (SupportVerb.BUMP_FEE, SupportVerb.CANCEL_BY_SELF_SEND, SupportVerb.REBROADCAST):
        with pytest.raises(Refused) as refused:
            await say(world, wish, verb)
        assert (refused.value.code, "frozen wallet" in refused.value.sentence) == ("TOO_LATE", True), verb
    await say(world, wish, SupportVerb.RESUME)
    await stands(world, wish, "WALLET_FROZEN")
    facts = await people.facts(wish)
    assert facts.send is not None
    assert [(one.outcome, one.variants) for one in attempts_of(facts)] == [(None, 1)]
    with world.database.raw() as connection:
        states = connection.execute(
            "SELECT state FROM chain.wallets WHERE chain_id = %s AND address = %s",
            [NETWORK, facts.send.wallet],
        ).fetchall()
    assert states == [("frozen",)]
    world.is_still = False
    other = people.wish(await people.rich_player())
    await people.withdraw(other)
    paid = await people.ended(other, WithdrawalState.SETTLED)
    assert paid.send is not None
    assert paid.send.wallet != facts.send.wallet


async def test_the_same_bytes_go_out_again_at_a_word(world: World, people: People) -> None:
    """Nodes that forgot the transaction are handed it again at once, and not a second one."""
    wish = await sent_and_still(world, people)
    (before,) = pooled_to(world, wish)
    world.chain.pool.clear()
    await say(world, wish, SupportVerb.REBROADCAST)

    async def is_back() -> bool:
        return pooled_to(world, wish) == [before]

    await world.until(is_back, "the same bytes at the nodes")
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.variants for one in attempts_of(facts)] == [1]
    assert people.payments(wish) == 1
