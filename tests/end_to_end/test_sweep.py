"""Coins and tokens of deposit addresses reach the hot wallets of a real chain, and the books equal it."""

import asyncio
from functools import partial

import psycopg
import pytest

from devstack.auditing import audit
from devstack.callers import wait_for
from devstack.evm_network import LocalEvm
from devstack.lending import trigger
from devstack.local_chains import SeededNetwork
from devstack.stack import Stack
from tests.end_to_end.conftest import Enter
from workflows.names import planner_id

pytestmark = pytest.mark.timeout(240)

SWEEPING_SECONDS = 150
DEPOSITS = "SELECT count(*) FROM chain.deposits WHERE receiver = %s AND swept_at IS NOT NULL"
SWEPT = """
SELECT coalesce(sum(amount), 0) FROM chain.own_transfers
 WHERE kind = 'sweep' AND state = 'settled' AND chain_id = %s AND asset_id = %s
"""
OPEN = "SELECT count(*) FROM chain.own_transfers WHERE closed_at IS NULL"


def test_a_deposit_is_swept_to_the_hot_wallets(
    stack: Stack, home: SeededNetwork[LocalEvm], enter: Enter
) -> None:
    """Both assets of one address, the token first; a round of the planner is enough for each."""
    (player,) = enter(1)
    address = player.deposit_address(home.network)
    before = _tokens(home) - _swept_tokens(stack, home)
    for swept in (1, 2):
        asyncio.run(trigger(stack.temporal.address, planner_id()))
        wait_for(partial(_has_swept, stack, address, swept), f"{swept} swept deposits", SWEEPING_SECONDS)
    wait_for(partial(_counts, stack, OPEN, [], 0), "the end of every sweep", SWEEPING_SECONDS)
    assert _tokens(home) == before + _swept_tokens(stack, home)
    assert home.chain.held(home.token.contract, home.chain.read_address(address)) == 0


def test_after_the_sweeps_the_books_equal_the_chain(stack: Stack) -> None:
    """Gas at deposit addresses, fees that left from there, and every wallet, to the unit."""
    wait_for(partial(_counts, stack, OPEN, [], 0), "the end of every sweep", SWEEPING_SECONDS)
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    assert [name for name, holds in judged.invariants.items() if not holds] == []
    assert [compared for compared in judged.comparisons if not compared.is_equal] == []


def _tokens(home: SeededNetwork[LocalEvm]) -> int:
    return sum(home.chain.held(home.token.contract, wallet) for wallet in home.wallets)


def _swept_tokens(stack: Stack, home: SeededNetwork[LocalEvm]) -> int:
    """What all sweeps brought so far: a round takes the deposits of other tests along."""
    with psycopg.connect(stack.postgres.dsn()) as connection:
        row = connection.execute(SWEPT.encode(), [home.network, home.token.asset_id]).fetchone()
    assert row is not None
    return int(row[0])


def _has_swept(stack: Stack, address: str, number: int) -> bool:
    return _counts(stack, DEPOSITS, [bytes.fromhex(address.removeprefix("0x"))], number)


def _counts(stack: Stack, query: str, arguments: list[bytes], number: int) -> bool:
    with psycopg.connect(stack.postgres.dsn()) as connection:
        row = connection.execute(query.encode(), arguments).fetchone()
    return row is not None and int(row[0]) >= number if arguments else row == (number,)
