"""Transactions that are outbid, cancelled, reverted or never made: paid once, or given back once on proof."""

import pytest

from api.errors import Refused
from chains.codecs.evm import EvmCodec
from domain.sends import AttemptOutcome, TxPurpose
from domain.wishes import SupportVerb
from domain.withdrawals import WithdrawalResult, WithdrawalState
from tests.support.world import World
from tests.support.world_buttons import reset_to_start, start_again, terminate
from tests.support.world_checks import differences
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_support import agree, attempts_of, dear, has_variant, refusing, say, sent_and_still
from tests.support.world_waits import is_watching, stands, workflow_of
from workflows.names import withdrawal_workflow_id

FEE = 500
FINALITY_DEPTH = 4


async def test_an_underpriced_payment_is_outbid_by_itself_and_paid_once(world: World, people: People) -> None:
    """After three blocks and its patience the next variant of the same nonce offers the market's price."""
    wish = await sent_and_still(world, people)
    with dear(world):
        world.is_still = False
        facts = await people.ended(wish, WithdrawalState.SETTLED)
    (attempt,) = attempts_of(facts)
    assert (attempt.outcome, attempt.purpose) == (AttemptOutcome.PAID, TxPurpose.BUMP)
    assert attempt.variants > 1
    assert people.payments(wish) == 1
    assert await people.units(wish.player) == RICHES - ETHER - FEE


async def test_at_the_fee_cap_it_waits_with_its_old_bytes_alive(world: World, people: People) -> None:
    """Nothing is signed above the cap; when the network asks less again, what was sent is mined."""
    wish = await sent_and_still(world, people)
    with dear(world, times=1000):
        world.is_still = False
        await stands(world, wish, "FEE_CAP")
        facts = await people.withdrawal(wish)
        assert facts is not None
        assert facts.state is WithdrawalState.COMMITTED
    await people.ended(wish, WithdrawalState.SETTLED)
    with world.database.raw() as connection:
        signed = connection.execute(
            "SELECT raw FROM signer.signatures WHERE send_id = %s", [wish.withdrawal_id]
        ).fetchall()
    offers = [EvmCodec().decode(raw).transaction for (raw,) in signed if isinstance(raw, bytes)]
    assert 0 < max(offer.gas_limit * offer.max_fee for offer in offers) <= facts.fee_cap
    assert people.payments(wish) == 1


async def test_a_ticket_to_bump_makes_one_variant(world: World, people: People) -> None:
    """Support outbids before its time; the same click again changes nothing."""
    wish = await sent_and_still(world, people)
    for _ in range(2):
        await say(world, wish, SupportVerb.BUMP_FEE, ticket="b-1")
        await has_variant(people, wish, 2, TxPurpose.BUMP)
    looks = world.mischief.calls[workflow_of(wish), "accept_withdrawal"]
    await reset_to_start(world.money, workflow_of(wish))

    async def has_begun_again() -> bool:
        return world.mischief.calls[workflow_of(wish), "accept_withdrawal"] > looks

    await world.until(has_begun_again, "a new run that read its rows")
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.variants for one in attempts_of(facts)] == [2]
    assert people.payments(wish) == 1


@pytest.mark.parametrize("button", ["none", "terminate", "reset"])
async def test_a_cancel_that_wins_gives_the_money_back_once(
    world: World, people: People, button: str
) -> None:
    """The self-send is final: evidence, a tombstone, one return; whoever ran it, and run again."""
    wish = await sent_and_still(world, people)
    await agree(world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
    await has_variant(people, wish, 2, TxPurpose.CANCEL)
    if button == "terminate":
        await terminate(world.money, workflow_of(wish))
        await start_again(world.money, wish)
    elif button == "reset":
        await reset_to_start(world.money, workflow_of(wish))
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.REFUNDED)
    assert facts.code == "PAYMENT_CANCELLED"
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.CANCELLED]
    assert people.payments(wish) == 0
    assert await people.units(wish.player) == RICHES
    with world.database.raw() as connection:
        proof = connection.execute(
            "SELECT e.kind, e.body->'attempts'->>'1' FROM ledger.withdrawals w"
            " JOIN chain.evidence e USING (evidence_id) WHERE w.withdrawal_id = %s",
            [wish.withdrawal_id],
        ).fetchone()
    assert proof is not None
    assert proof[0] == "unpayable"
    assert str(proof[1]).startswith("cancelled ")
    await reset_to_start(world.money, workflow_of(wish))
    await people.ended(wish, WithdrawalState.REFUNDED)
    assert await people.units(wish.player) == RICHES


async def test_a_payment_that_wins_against_its_cancel_is_paid(world: World, people: People) -> None:
    """The block decides the race: the cancel comes too late and nothing is given back."""
    wish = await sent_and_still(world, people)
    hold = world.mischief.hold(workflow_of(wish), "plan_replacement")
    await agree(world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
    await world.reached(hold)
    world.chain.mine()
    hold.let_go()
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.PAID]
    assert people.payments(wish) == 1
    assert await people.units(wish.player) == RICHES - ETHER - FEE


async def test_a_reverted_payment_is_made_once_more_by_itself(world: World, people: People) -> None:
    """The first failure is tried again under a new nonce after a fresh rehearsal; both fees are booked."""
    wish = await sent_and_still(world, people)
    with refusing(world, wish.payee):
        world.chain.mine()
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.FAILED, AttemptOutcome.PAID]
    assert people.payments(wish) == 1
    assert await people.units(wish.player) == RICHES - ETHER - FEE


async def test_a_second_failure_waits_for_a_person_who_gives_it_back(world: World, people: People) -> None:
    """No third attempt by itself; a refund is refused while one may land, and then made on proof."""
    wish = await sent_and_still(world, people)
    with pytest.raises(Refused) as refused:
        await say(world, wish, SupportVerb.REJECT_AND_REFUND)
    assert refused.value.code == "MAY_STILL_LAND"
    with refusing(world, wish.payee):
        world.chain.mine()
    world.chain.mine(FINALITY_DEPTH)
    await people.withdrawal_until(
        wish, lambda facts: is_watching(facts) and attempts_of(facts)[-1].attempt == 2, "a second attempt"
    )
    with refusing(world, wish.payee):
        world.chain.mine()
    world.is_still = False
    await stands(world, wish, "SEND_FAILED")
    assert await differences(world) == []
    with pytest.raises(Refused) as refused:
        await say(world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
    assert refused.value.code == "TOO_LATE"
    await say(world, wish, SupportVerb.REJECT_AND_REFUND)
    facts = await people.ended(wish, WithdrawalState.REFUNDED)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.FAILED, AttemptOutcome.FAILED]
    assert facts.code == "REFUNDED_BY_SUPPORT"
    assert people.payments(wish) == 0
    assert await people.units(wish.player) == RICHES


async def test_what_was_never_signed_is_given_back_and_never_signed_later(
    world: World, people: People
) -> None:
    """A payee that refuses after the commit: the signer buries the send, the player has the money."""
    player = await people.rich_player()
    wish = people.wish(player)
    held = world.mischief.hold(withdrawal_workflow_id(wish.withdrawal_id), "plan_send")
    await people.withdraw(wish)
    await world.reached(held)
    with refusing(world, wish.payee):
        held.let_go()
        await stands(world, wish, "PAYEE_REFUSES")
        await say(world, wish, SupportVerb.REJECT_AND_REFUND)
        facts = await people.ended(wish, WithdrawalState.REFUNDED)
    assert attempts_of(facts) == ()
    assert await people.units(player) == RICHES
    with world.database.raw() as connection:
        claims = connection.execute(
            "SELECT attempt, serial FROM signer.claims WHERE send_id = %s", [wish.withdrawal_id]
        ).fetchall()
    assert claims == [(1, None)]


async def test_what_a_switched_off_signer_never_signed_is_given_back(world: World, people: People) -> None:
    """The planned attempt ends as dead under the tombstone; the wallet's nonces stay without a gap."""
    player = await people.rich_player()
    with world.database.raw() as connection:
        connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")
    wish = people.wish(player)
    await people.withdraw(wish)
    await stands(world, wish, "PAUSED")
    await say(world, wish, SupportVerb.REJECT_AND_REFUND)
    facts = await people.ended(wish, WithdrawalState.REFUNDED)
    with world.database.raw() as connection:
        connection.execute("DELETE FROM signer.switches WHERE scope = 'any'")
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.DEAD]
    assert people.payments(wish) == 0
    assert await people.units(player) == RICHES


async def test_a_payment_that_reverts_after_its_cancel_was_agreed_is_given_back(
    world: World, people: People
) -> None:
    """People wanted it to pay nobody and it paid nobody: no second attempt goes out behind their back."""
    wish = await sent_and_still(world, people)
    hold = world.mischief.hold(workflow_of(wish), "plan_replacement")
    await agree(world, wish, SupportVerb.CANCEL_BY_SELF_SEND)
    await world.reached(hold)
    with refusing(world, wish.payee):
        world.chain.mine()
    hold.let_go()
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.REFUNDED)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.FAILED]
    assert facts.code == "PAYMENT_CANCELLED"
    assert people.payments(wish) == 0
    assert await people.units(wish.player) == RICHES
    result = await world.money.get_workflow_handle(workflow_of(wish), result_type=WithdrawalResult).result()
    assert result.txid is None
