"""What small and worthless effects leave behind: dust that adds up, tokens nobody lists, verdicts."""

import pytest
import pytest_asyncio

from domain.deposit_words import player_sentence
from domain.deposits import COIN_FACE, DepositReason, DepositState
from ledger import intake
from tests.support.crediting import Bank, coins, lending
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import address

SPOOF = address("a token with a famous name")


@pytest_asyncio.fixture
async def bank(ledger_database: LedgerDatabase) -> Bank:
    """A network that is followed; coins below 10 units are dust."""
    made = Bank(ledger_database, lending(early=()))
    await made.open()
    return made


async def _reasons(bank: Bank) -> list[object]:
    """The reasons of all effects in the order of their positions."""
    with bank.database.raw() as connection:
        rows = connection.execute("SELECT reason FROM chain.effects ORDER BY position").fetchall()
    return [reason for (reason,) in rows]


async def test_dust_is_booked_and_looked_at_once_it_adds_up(bank: Bank) -> None:
    """Within a block and across blocks, per address: ten units bring a person, none brings a credit."""
    player, target = await bank.customer()
    _, other = await bank.customer()
    await bank.mine(*(coins(target, 4, name=number) for number in range(3)), coins(other, 9, name="other"))
    await bank.mine(coins(target, 8, name=3))
    found = [await bank.go_on(name) for name in (0, 1, 2, 3, "other")]
    assert [facts.state.value for facts in found] == ["ignored", "ignored", "review", "review", "ignored"]
    assert {facts.reason for facts in found} == {DepositReason.DUST}
    await bank.finalise(2)
    assert {(await bank.go_on(number)).credits for number in range(4)} == {1}
    assert await bank.units(player) == 0
    line = await bank.line(player)
    assert "looked at by a person" in player_sentence(line.facts, line.confirmations)
    assert await bank.broken() == {}


async def test_dust_that_left_its_branch_does_not_count(bank: Bank) -> None:
    """The sum is that of the present branch; what comes back counts once."""
    _, target = await bank.customer()
    await bank.mine(coins(target, 6, name="gone"))
    await bank.leave()
    await bank.mine(coins(target, 6, name="here"), name="other")
    assert (await bank.go_on("here")).state is DepositState.IGNORED
    await bank.mine(coins(target, 6, name="gone"))
    assert (await bank.go_on("gone")).state is DepositState.REVIEW


async def test_a_token_nobody_lists_is_kept_a_number_of_times_a_day(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each contract so many rows, then only their number; other tokens have rows of their own."""
    monkeypatch.setattr(intake, "UNLISTED_ROWS_A_DAY", 5)
    _, target = await bank.customer()
    flood = [coins(target, 1, position=f"log-{place}", contract=SPOOF) for place in range(4)]
    await bank.mine(*flood)
    more = [coins(target, 1, name="b", position=f"log-{place}", contract=SPOOF) for place in range(4)]
    await bank.mine(*more, coins(target, 1, name="b", position="log-9", contract=address("another")))
    with bank.database.raw() as connection:
        seen = connection.execute("SELECT contract, seen FROM chain.unlisted ORDER BY seen").fetchall()
    assert seen == [(address("another"), 1), (SPOOF, 8)]
    assert await _reasons(bank) == ["TOKEN_NOT_LISTED"] * 6


async def test_the_face_of_the_coin_leaves_its_verdict_only(bank: Bank) -> None:
    """The coin is the deposit; its log under the other name is none."""
    player, target = await bank.customer()
    await bank.mine(coins(target, 50), coins(target, 50, position="log-0", contract=COIN_FACE))
    await bank.finalise(1)
    await bank.go_on()
    assert await _reasons(bank) == ["ALIAS_LOG", None]
    assert await bank.units(player) == 50
    assert await bank.broken() == {}


async def test_a_large_deposit_is_booked_and_waits_for_a_person(bank: Bank) -> None:
    """Nobody is credited, the books hold it, and the player reads why."""
    bank.policy = lending(review_above=1_000)
    player, target = await bank.customer()
    await bank.mine(coins(target, 1_001))
    await bank.finalise(1)
    facts = await bank.go_on()
    assert (facts.state, facts.reason, facts.credits) == (DepositState.REVIEW, DepositReason.LARGE, 1)
    assert await bank.units(player) == 0
    line = await bank.line(player)
    assert "after a person has looked" in player_sentence(line.facts, line.confirmations)
    assert await bank.broken() == {}


async def test_a_deposit_keeps_the_version_it_was_judged_by(bank: Bank) -> None:
    """A new policy judges what comes later, and a deposit that comes back is only judged tighter."""
    _, target = await bank.customer()
    bank.policy = lending(unlock_after=3)
    await bank.mine(coins(target, 100))
    await bank.leave()
    bank.policy = lending(unlock_after=1).model_copy(update={"version": 8})
    await bank.mine(coins(target, 100), coins(target, 100, name="later"), name="other")
    with bank.database.raw() as connection:
        rows = connection.execute(
            "SELECT policy_version, confirmations_needed, unlock_after FROM chain.deposits ORDER BY 1"
        ).fetchall()
    assert rows == [(7, 2, 3), (8, 2, 1)]
