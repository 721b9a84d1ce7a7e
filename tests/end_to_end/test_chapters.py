"""The demo's hard chapters: a deposit that loses its block, a withdrawal without coins."""

import asyncio
from collections.abc import Iterator
from io import StringIO
from secrets import token_hex

import pytest

from devstack.auditing import audit
from devstack.callers import BackOffice
from devstack.cast import Account
from devstack.depositing import await_credits, await_return, is_told_once, pay_in, take_back
from devstack.paying_out import ask_out, await_paid
from devstack.stack import Stack
from devstack.staff import StaffMember
from devstack.telling import Teller
from devstack.topping_up import await_standing, is_told_to_its_end, retold, top_up_and_resume

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def newcomer(stack: Stack, office: BackOffice, names: Iterator[str]) -> Iterator[Account]:
    """A player who will bring tokens of the second chain, whose hot wallets have none."""
    seeded = stack.house.evm[1]
    client = office.enter(next(names), stack.player_url)
    yield Account("Newcomer", client, seeded, seeded.token, 20 * 10**6, "0x" + token_hex(20))
    client.close()


def test_a_deposit_that_loses_its_block_is_credited_once(
    stack: Stack, newcomer: Account, teller: Teller
) -> None:
    """The screen shows it orphaned, then credited from its second block, and the statement has one credit."""
    deposit = pay_in(newcomer)
    reorg = take_back(newcomer, stack.house.evm[1].chain, deposit["txid"], teller)
    reorg = await_return(newcomer, reorg, teller)
    assert is_told_once(reorg), reorg
    assert [item["height"] for item in newcomer.client.deposits()] == [reorg["final_block"]]


def test_a_withdrawal_without_coins_is_resumed_by_support_and_paid(
    stack: Stack, office: BackOffice, newcomer: Account, teller: Teller, printed: StringIO
) -> None:
    """Support finds it with one sentence, tops up, presses resume, and the audit names who did."""
    anna = StaffMember(stack.operator_url, stack.keys.staff_key_file("anna"))
    pay_in(newcomer)
    await_credits([newcomer])
    withdrawal_id = ask_out(newcomer)
    stood = await_standing(withdrawal_id, anna, teller)
    assert newcomer.client.withdrawal(withdrawal_id)["status"] == "processing"
    dry = [item for item in anna.read("liquidity")["items"] if item["level"] == "dry"]
    assert [(item["asset"], item["network"]) for item in dry] == [("USDT", newcomer.asset.network)]
    assert [waiting["id"] for waiting in dry[0]["queue"]] == [withdrawal_id]
    assert dry[0]["top_ups"][0]["address"] in anna.type("liquidity").out
    top_up_and_resume(newcomer, stack.house.evm[1].chain, withdrawal_id, anna, teller)
    paid = await_paid(newcomer, withdrawal_id, office, teller)
    stuck = retold(withdrawal_id, stood, anna, teller)
    assert paid["arrived"] == paid["amount"]
    assert is_told_to_its_end(stuck), stuck
    assert stuck["resumed_by"] == "anna"
    assert "liquidity" in stuck["sentence"].lower()
    for told in (withdrawal_id, "$ croupier withdrawals --waiting", "$ croupier resume", "topped up"):
        assert told in printed.getvalue()


def test_the_books_equal_the_chains_after_both(stack: Stack) -> None:
    """Neither the second block nor the top-up left a unit unexplained."""
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    assert [name for name, holds in judged.invariants.items() if not holds] == []
