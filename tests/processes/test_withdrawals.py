"""A withdrawal is paid once, refused clearly, or given back; nobody ever sees it in between for ever."""

import asyncio

import pytest

from api.errors import Refused
from domain.accounts import Purpose
from domain.assets import Asset
from domain.sends import Told
from domain.wishes import SupportVerb
from domain.withdrawals import ReviewVerb, WithdrawalFacts, WithdrawalState
from tests.support.ledger_database import COIN, TOKEN
from tests.support.world import World
from tests.support.world_buttons import attribute, sentence
from tests.support.world_house import ETHER, REFUSING
from tests.support.world_people import RICHES, People
from tests.support.world_support import say
from tests.support.world_waits import is_watching, stands, workflow_of
from workflows.names import STATE, SignalName

FEE = {COIN.asset_id: 500, TOKEN.asset_id: 50}


@pytest.mark.parametrize(("asset", "units"), [(COIN, ETHER), (TOKEN, 10**8)], ids=["coin", "token"])
async def test_a_withdrawal_pays_exactly_the_amount(people: People, asset: Asset, units: int) -> None:
    """The payee receives the amount to the unit, the player is charged amount and fee, no more."""
    player = await people.rich_player()
    if asset is TOKEN:
        await people.credited(people.pay_in(await people.address(player), 10**9, TOKEN))
    before = await people.units(player, asset=asset)
    wish = people.wish(player, units, asset=asset)
    await people.withdraw(wish)
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert people.received(wish) == units
    assert people.payments(wish) == 1
    assert await people.units(player, asset=asset) == before - units - FEE[asset.asset_id]
    assert await people.units(player, Purpose.PENDING_WITHDRAWAL, asset) == 0
    assert facts.send is not None
    assert len(facts.send.attempts) == 1


@pytest.mark.parametrize(
    ("units", "code"),
    [(9 * ETHER, "INSUFFICIENT_FUNDS"), (101 * ETHER, "REFUSED_BY_RULES"), (999, "REFUSED_BY_RULES")],
    ids=["funds", "above the tiers", "below the minimum"],
)
async def test_a_refusal_is_stored_and_final(people: People, units: int, code: str) -> None:
    """A refused withdrawal answers its code, moves nothing, and is refused the same way when asked again."""
    player = await people.register()
    wish = people.wish(player, units)
    facts = await people.withdraw(wish)
    assert isinstance(facts, WithdrawalFacts)
    assert (facts.state, facts.code) == (WithdrawalState.DECLINED, code)
    again = await people.withdraw(wish)
    assert isinstance(again, WithdrawalFacts)
    assert (again.state, again.code, again.sentence) == (facts.state, facts.code, facts.sentence)
    assert facts.sentence
    assert await people.units(player) == 0


async def test_a_cancel_in_review_gives_the_money_back(people: People) -> None:
    """Until the money is committed the player may have it back."""
    player = await people.rich_player()
    before = await people.units(player)
    wish = people.wish(player, 11 * ETHER)
    await people.withdraw(wish)
    await people.cancel(wish)
    await people.ended(wish, WithdrawalState.CANCELLED)
    assert await people.units(player) == before
    assert people.payments(wish) == 0


async def test_fifty_equal_requests_are_one_withdrawal(people: People) -> None:
    """The same request fifty times at once reserves once, answers alike and pays once."""
    player = await people.rich_player()
    wish = people.wish(player, 11 * ETHER)
    answers = await asyncio.gather(*(people.withdraw(wish) for _ in range(50)))
    assert {answer.state for answer in answers if isinstance(answer, WithdrawalFacts)} == {
        WithdrawalState.REVIEW
    }
    assert await people.units(player, Purpose.PENDING_WITHDRAWAL) == 11 * ETHER + FEE[COIN.asset_id]
    await people.cancel(wish)
    assert await people.units(player) == RICHES


async def test_of_an_approval_and_a_cancel_at_once_the_rows_decide(people: People) -> None:
    """Both verbs at the same moment: paid once and charged, or not paid and given back."""
    for _ in range(6):
        player = await people.rich_player()
        wish = people.wish(player, 11 * ETHER)
        await people.withdraw(wish)
        answers = await asyncio.gather(
            people.review(wish, ReviewVerb.APPROVE), people.cancel(wish), return_exceptions=True
        )
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(refusal, Refused) and refusal.code == "TOO_LATE" for refusal in refusals)
        facts = await people.withdrawal_until(wish, lambda facts: not facts.state.is_open, "an end")
        is_paid = facts.state is WithdrawalState.SETTLED
        assert is_paid or facts.state is WithdrawalState.CANCELLED
        assert people.payments(wish) == (1 if is_paid else 0)
        assert await people.units(player) == RICHES - (11 * ETHER + FEE[COIN.asset_id] if is_paid else 0)


async def test_news_that_is_early_late_or_wrong_changes_nothing(world: World, people: People) -> None:
    """Signals only wake the workflow: with no block behind them nothing is settled."""
    wish = people.wish(await people.rich_player())
    world.is_still = True
    await people.withdraw(wish)
    await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    handle = world.money.get_workflow_handle(workflow_of(wish))
    for number in (9, 9, 1, 10**6):
        await handle.signal(SignalName.OBSERVED, Told(number=number))
        await handle.signal(SignalName.GRANTED, Told(number=number))
    await say(world, wish, SupportVerb.CHECK_NOW)
    facts = await people.withdrawal(wish)
    assert facts is not None
    assert facts.state is WithdrawalState.COMMITTED
    world.is_still = False
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_cancel_after_the_commit_is_too_late(world: World, people: People) -> None:
    """Past the point of no return a cancel is refused and the payee is paid."""
    player = await people.rich_player()
    world.is_still = True
    wish = people.wish(player)
    await people.withdraw(wish)
    await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    with pytest.raises(Refused) as refused:
        await people.cancel(wish)
    assert refused.value.code == "TOO_LATE"
    world.is_still = False
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_payment_is_sent_once_in_a_block_and_paid_once_final(world: World, people: People) -> None:
    """Inclusion alone settles nothing: the books close when the block is final."""
    player = await people.rich_player()
    world.is_still = True
    wish = people.wish(player)
    await people.withdraw(wish)
    await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    world.chain.mine()

    def is_included(facts: WithdrawalFacts) -> bool:
        return (
            facts.send is not None
            and facts.send.current is not None
            and facts.send.current.block_height is not None
        )

    facts = await people.withdrawal_until(wish, is_included, "a block with the transaction")
    assert facts.state is WithdrawalState.COMMITTED

    async def reads_sent() -> bool:
        return await attribute(world.money, workflow_of(wish), STATE) == "sent"

    await world.until(reads_sent, "the state sent")
    world.is_still = False
    await people.ended(wish, WithdrawalState.SETTLED)


async def test_a_payment_whose_block_left_the_chain_is_sent_again(world: World, people: People) -> None:
    """An orphaned transaction goes out again with the same bytes and pays once."""
    player = await people.rich_player()
    world.is_still = True
    wish = people.wish(player)
    await people.withdraw(wish)
    sent = await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    world.chain.mine()
    await people.withdrawal_until(
        wish,
        lambda facts: bool(facts.send and facts.send.current and facts.send.current.block_height),
        "a block",
    )
    world.chain.reorg(1)
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1
    assert facts.send is not None
    assert sent.send is not None
    assert facts.send.current is not None
    assert sent.send.current is not None
    assert facts.send.current.txid == sent.send.current.txid


async def test_a_switched_off_signer_pauses_and_nothing_is_lost(world: World, people: People) -> None:
    """While the kill switch stands the withdrawal says PAUSED; lifted and retried, it is paid."""
    player = await people.rich_player()
    with world.database.raw() as connection:
        connection.execute("INSERT INTO signer.switches (scope, why) VALUES ('any', 'a test')")
    wish = people.wish(player)
    await people.withdraw(wish)
    await stands(world, wish, "PAUSED")
    assert "Signing is switched off" in await sentence(world.money, workflow_of(wish))
    with world.database.raw() as connection:
        connection.execute("DELETE FROM signer.switches WHERE scope = 'any'")
    await world.money.get_workflow_handle(workflow_of(wish)).signal(SignalName.RETRY_NOW, "anna")
    await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1


async def test_a_payee_that_refuses_gets_nothing_committed(own_world: World) -> None:
    """Coins to a contract that takes none: the rehearsal says so, the money is back, no room is held."""
    people = People(own_world, stock=1)
    player = await people.rich_player()
    before = await people.units(player)
    wish = people.wish(player, payee=REFUSING)
    await people.withdraw(wish)
    facts = await people.ended(wish, WithdrawalState.REJECTED)
    assert facts.code == "PAYEE_REFUSES"
    assert facts.send is not None
    assert facts.send.attempts == ()
    assert facts.send.is_released
    assert people.payments(wish) == 0
    assert await people.units(player) == before
