"""Deposits that are playable before they are final: locked, capped, taken back with their block, repaid."""

import asyncio

import pytest
import pytest_asyncio

from domain.accounts import Purpose
from domain.deposit_words import player_sentence, progress
from domain.deposits import DepositState
from domain.errors import FinalityBroken
from domain.rules import Policy
from domain.withdrawals import WithdrawalState
from ledger.finality import freeze
from ledger.observed import unapply_block
from tests.support.crediting import Bank, coins, lending
from tests.support.ledger_database import NETWORK, LedgerDatabase


@pytest_asyncio.fixture
async def bank(ledger_database: LedgerDatabase) -> Bank:
    """A network that is followed, with a policy that lends."""
    made = Bank(ledger_database)
    await made.open()
    return made


async def _owe(bank: Bank, player: int, target: bytes, *stakes: int) -> None:
    """Lend a player 100, let these stakes be set aside, and take the block of the deposit back."""
    await bank.mine(coins(target, 100))
    await bank.mine()
    await bank.go_on()
    for stake in stakes:
        await bank.bet(player, stake, f"bet/{stake}")
    await bank.leave(2)
    await bank.go_on()


async def test_a_small_deposit_is_playable_early_and_withdrawable_once_final(bank: Bank) -> None:
    """At its confirmations it is credited and locked; final unlocks it; the screen says each in words."""
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    seen = await bank.go_on()
    line = await bank.line(player)
    assert (seen.state, progress(line.facts, line.confirmations)) == (DepositState.SEEN, "1 of 2")
    await bank.mine()
    early = await bank.go_on()
    line = await bank.line(player)
    assert (early.state, early.is_locked, await bank.units(player)) == (DepositState.PROVISIONAL, True, 100)
    assert progress(line.facts, line.confirmations) == "waiting for finality"
    assert "play" in player_sentence(line.facts, line.confirmations)
    assert (line.posted_at is not None, line.unlocked_at) == (True, None)
    refused = await bank.withdraw(player, 50, "locked")
    assert (refused.state, refused.code) == (WithdrawalState.DECLINED, "FUNDS_LOCKED")
    await bank.finalise(1)
    done = await bank.go_on()
    assert (done.state, done.is_locked) == (DepositState.CREDITED, False)
    assert (await bank.line(player)).unlocked_at is not None
    assert (await bank.withdraw(player, 50, "free")).state is WithdrawalState.APPROVED
    assert await bank.broken() == {}


@pytest.mark.parametrize(
    ("amount", "blocks", "policy", "is_early"),
    [
        (100, 2, lending(), True),
        (100, 1, lending(), False),
        (101, 2, lending(), False),
        (101, 3, lending(), True),
        (1_000, 3, lending(), True),
        (1_001, 9, lending(), False),
        (100, 9, lending(early=()), False),
        (100, 9, lending(final_lag_max=8), False),
        (100, 9, lending(final_lag_max=9), True),
        (100, 9, lending(review_above=99), False),
    ],
    ids=[
        "tier 1",
        "too young",
        "tier 2 too young",
        "tier 2",
        "its bound",
        "above",
        "off",
        "lag",
        "pace",
        "large",
    ],
)
async def test_the_policy_says_what_is_credited_early(
    bank: Bank,
    amount: int,
    blocks: int,
    policy: Policy,
    is_early: bool,  # noqa: FBT001 - a column
) -> None:
    """Tier, confirmations and the pace of the final block decide; whatever is not early is credited final."""
    bank.policy = policy
    player, target = await bank.customer()
    await bank.mine(coins(target, amount))
    for _ in range(blocks - 1):
        await bank.mine()
    facts = await bank.go_on()
    assert (facts.credits, await bank.units(player)) == ((1, amount) if is_early else (0, 0))
    await bank.finalise(1)
    facts = await bank.go_on()
    assert (facts.credits, facts.returns, facts.is_locked) == (1, 0, False)
    assert await bank.units(player) == (amount if facts.reason is None else 0)
    assert await bank.broken() == {}


async def test_confirmations_that_left_do_not_count(bank: Bank) -> None:
    """Its own block stands, the one above was taken back before anybody looked: it waits for another."""
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine()
    await bank.leave()
    assert (await bank.go_on()).credits == 0
    await bank.mine(name="other")
    assert (await bank.go_on()).credits == 1
    await bank.leave()
    facts = await bank.go_on()
    assert (facts.state, facts.returns, await bank.units(player)) == (DepositState.PROVISIONAL, 0, 100)
    assert await bank.broken() == {}


async def test_a_policy_that_was_tightened_meanwhile_lends_nothing(bank: Bank) -> None:
    """Switching early credit off holds for what was judged before; what was credited stays as it is."""
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine(coins(target, 100, name="b"))
    await bank.go_on()
    bank.policy = lending(early=())
    await bank.mine()
    waits = await bank.go_on("b")
    assert (waits.credits, waits.confirmations_needed, await bank.units(player)) == (0, None, 100)


async def test_unlock_has_a_threshold_of_its_own(bank: Bank) -> None:
    """Final makes it playable, so many blocks more make it withdrawable, and the news comes by itself."""
    bank.policy = lending(early=(), unlock_after=2)
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    for _ in range(3):
        await bank.mine()
    await bank.finalise(2)
    facts = await bank.go_on()
    assert (facts.state, facts.is_locked) == (DepositState.CREDITED, True)
    assert (await bank.withdraw(player, 50, "soon")).code == "FUNDS_LOCKED"
    await bank.finalise(3)
    assert not (await bank.go_on()).is_locked
    assert (await bank.withdraw(player, 50, "now")).state is WithdrawalState.APPROVED
    assert await bank.broken() == {}


async def test_a_full_cap_waits_for_final(bank: Bank) -> None:
    """A player is lent the largest tier and no more, however many race for it."""
    player, target = await bank.customer()
    names = [f"deposit {number}" for number in range(6)]
    await bank.mine(*(coins(target, 300, name=name) for name in names))
    await bank.mine()
    await bank.mine()
    found = await asyncio.gather(*(bank.go_on(name) for name in names))
    assert sorted(facts.credits for facts in found) == [0, 0, 0, 1, 1, 1]
    assert {facts.confirmations_needed for facts in found if not facts.credits} == {None}
    assert await bank.units(player) == 900
    await bank.finalise(1)
    for name in names:
        assert (await bank.go_on(name)).state is DepositState.CREDITED
    assert (await bank.units(player), (await bank.held(player)).locked) == (1_800, 0)
    assert await bank.broken() == {}


async def test_a_block_is_lent_five_times_the_largest_tier(bank: Bank) -> None:
    """Eight players with 700 each in one block: seven fit under 5,000; the next block has room of its own."""
    customers = [await bank.customer() for _ in range(9)]
    await bank.mine(*(coins(target, 700, name=target) for _, target in customers[:8]))
    await bank.mine(coins(customers[8][1], 700, name=customers[8][1]))
    await bank.mine()
    await bank.mine()
    found = [await bank.go_on(target) for _, target in customers]
    assert [facts.credits for facts in found] == [1] * 7 + [0] + [1]
    assert await bank.broken() == {}


@pytest.mark.parametrize("spent", [0, 40, 100])
async def test_a_block_that_leaves_takes_its_credit_with_it(bank: Bank, spent: int) -> None:
    """What is left goes back, what was played away is owed, and nothing is withdrawn until it is repaid."""
    player, target = await bank.customer()
    await _owe(bank, player, target, *([spent] if spent else []))
    gone = await bank.line(player)
    assert (gone.facts.state, gone.facts.credits, gone.facts.returns) == (DepositState.ORPHANED, 1, 1)
    assert "took its block back" in player_sentence(gone.facts, gone.confirmations)
    if spent:
        await bank.settle(player, 0, f"bet/{spent}")
    assert await bank.units(player) == 0
    assert await bank.units(player, Purpose.RECEIVABLE) == spent
    refused = await bank.withdraw(player, 1, "third")
    assert refused.code == ("DEBT_OPEN" if spent else "INSUFFICIENT_FUNDS")
    assert await bank.broken() == {}


async def test_the_same_key_in_another_block_is_credited_anew(bank: Bank) -> None:
    """With the amount that moved there, under the next number, once final; the debt is repaid out of it."""
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine()
    await bank.go_on()
    await bank.leave(2)
    await bank.mine(coins(target, 60), name="other")
    await bank.mine(name="other")
    again = await bank.go_on()
    assert (again.credits, again.returns, await bank.units(player)) == (1, 1, 0)
    await bank.finalise(1)
    done = await bank.go_on()
    assert (done.state, done.amount, done.credits, done.returns) == (DepositState.CREDITED, 60, 2, 1)
    assert await bank.units(player) == 60
    with bank.database.raw() as connection:
        posted = connection.execute(
            "SELECT number, amount, early, returned_at IS NULL FROM chain.credits ORDER BY number"
        ).fetchall()
    assert posted == [(1, 100, True, False), (2, 60, False, True)]
    assert await bank.broken() == {}


async def test_a_credit_is_not_carried_to_the_block_that_replaced_its_own(bank: Bank) -> None:
    """The worker may look only after the key stands again, to another player: the first credit still goes."""
    player, target = await bank.customer()
    other, elsewhere = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine()
    await bank.go_on()
    await bank.leave(2)
    await bank.mine(coins(elsewhere, 90), name="other")
    await bank.finalise(1)
    done = await bank.go_on()
    assert (done.player, done.credits, done.returns) == (other, 2, 1)
    assert (await bank.units(player), await bank.units(other)) == (0, 90)
    assert await bank.broken() == {}


async def test_debts_are_repaid_first_and_then_nothing_is_withheld(bank: Bank) -> None:
    """A later deposit repays once it is final, not while it is locked; what is left belongs to the player."""
    player, target = await bank.customer()
    await _owe(bank, player, target, 80)
    await bank.settle(player, 0, "bet/80")
    await bank.mine(coins(target, 100, name="later"))
    await bank.mine()
    await bank.go_on("later")
    held = await bank.held(player)
    assert (held.available, held.locked, sum(held.debts.values())) == (100, 100, 80)
    await bank.finalise(len(bank.branch) - 1)
    await bank.go_on("later")
    held = await bank.held(player)
    assert (held.available, held.locked, held.debts) == (20, 0, {})
    assert (await bank.withdraw(player, 10, "free")).state is WithdrawalState.APPROVED
    assert await bank.broken() == {}


async def test_a_withdrawal_is_asked_to_repay_first(bank: Bank) -> None:
    """A balance that was won repays as far as it goes; what remains owed refuses the withdrawal."""
    player, target = await bank.customer()
    await _owe(bank, player, target, 30, 50)
    await bank.settle(player, 50, "bet/30")
    refused = await bank.withdraw(player, 10, "too early")
    held = await bank.held(player)
    assert (refused.code, held.available, sum(held.debts.values())) == ("DEBT_OPEN", 0, 30)
    await bank.settle(player, 50, "bet/50")
    assert (await bank.withdraw(player, 10, "free")).state is WithdrawalState.APPROVED
    held = await bank.held(player)
    assert (held.available, held.debts) == (0, {})


async def test_a_frozen_network_keeps_credits_and_unlocks_none(bank: Bank) -> None:
    """After a broken finality nothing is credited, unlocked or taken back; what stands in the books stays."""
    player, target = await bank.customer()
    await bank.mine(coins(target, 100))
    await bank.mine(coins(target, 100, name="b"))
    await bank.go_on()
    await bank.finalise(2)
    with pytest.raises(FinalityBroken):
        async with bank.chain.begin() as session:
            await unapply_block(session, NETWORK, bank.branch[-1])
    async with bank.chain.begin() as session:
        await freeze(session, NETWORK, "FINALITY_BROKEN")
    early, unposted = await bank.go_on(), await bank.go_on("b")
    assert (early.credits, early.returns, early.is_locked, unposted.credits) == (1, 0, True, 0)
    assert await bank.units(player) == 100
    assert (await bank.withdraw(player, 50)).code == "FUNDS_LOCKED"
    assert await bank.broken() == {}
