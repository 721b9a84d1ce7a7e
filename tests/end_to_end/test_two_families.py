"""One player on an EVM network and on Tron: both deposits count, both payments arrive, one account."""

import asyncio
from collections.abc import Iterator
from functools import partial
from secrets import token_bytes

import psycopg
import pytest

from devstack.auditing import audit
from devstack.callers import BackOffice, wait_for
from devstack.cast import Account
from devstack.consolidating import adds_up, look_at_account
from devstack.depositing import await_credits, pay_in
from devstack.evm_network import LocalEvm
from devstack.lending import trigger
from devstack.lining_up import credited_together, pay_in_together
from devstack.local_chains import LocalChain, SeededNetwork
from devstack.paying_out import ask_out, await_paid
from devstack.stack import Stack
from devstack.staff import StaffMember
from devstack.telling import Teller
from devstack.tron_network import LocalTron
from workflows.names import planner_id

pytestmark = pytest.mark.timeout(300)

SLOT_MS = 300
"""Slots of the Tron network: short, so that its final blocks come in six seconds."""
UNITS = 300 * 10**6
SWEEPING_SECONDS = 150
OPEN = {
    "own_transfers": "SELECT count(*) FROM chain.own_transfers WHERE closed_at IS NULL",
    "delegations": "SELECT count(*) FROM chain.delegations WHERE purpose = 'sweep' AND state <> 'returned'",
}


@pytest.fixture
def far(stack: Stack) -> SeededNetwork[LocalTron]:
    """The Tron network of the house."""
    assert stack.house.tron is not None
    return stack.house.tron


@pytest.fixture
def both(
    office: BackOffice,
    names: Iterator[str],
    stack: Stack,
    home: SeededNetwork[LocalEvm],
    far: SeededNetwork[LocalTron],
) -> Iterator[tuple[Account, Account]]:
    """One new player's accounts on the two networks, in the same currency."""
    client = office.enter(next(names), stack.player_url)

    def account(seeded: SeededNetwork[LocalChain]) -> Account:
        outside = seeded.chain.show_address(token_bytes(20))
        return Account("Carol", client, seeded, seeded.token, UNITS, outside)

    yield account(home), account(far)
    client.close()


def test_deposits_on_both_networks_are_one_account(
    stack: Stack, both: tuple[Account, Account], home: SeededNetwork[LocalEvm], teller: Teller
) -> None:
    """Both are credited, the version counts both postings, and the totals are exact."""
    deposits = pay_in_together(both[0], home.chain, both[1])
    await_credits(both)
    assert len(credited_together(both, deposits)["credited_at"]) == len(both)
    anna = StaffMember(stack.operator_url, stack.keys.staff_key_file("anna"))
    account = look_at_account(both[0].client, anna, teller)
    assert adds_up(account), account
    assert account["version"] == "2"
    assert [(total["currency"], total["available"]) for total in account["totals"]] == [
        ("USDT", str(2 * UNITS))
    ]


def test_a_killed_signer_delays_a_payment_on_tron_and_never_doubles_it(
    stack: Stack,
    office: BackOffice,
    both: tuple[Account, Account],
    far: SeededNetwork[LocalTron],
    teller: Teller,
) -> None:
    """It is signed after the signer is back, paid once, and its energy is what the node charged for."""
    carol = both[1]
    pay_in(carol)
    await_credits([carol])
    stack.kill_process("signer")
    withdrawal_id = ask_out(carol)
    stack.start_process("signer")
    paid = await_paid(carol, withdrawal_id, office, teller)
    assert (paid["amount"], paid["arrived"]) == (str(carol.one), str(carol.one))
    assert carol.client.available("USDT", far.network) == UNITS - carol.one - int(paid["fee"])
    assert far.chain.cost_of(paid["txid"])["energy"] > 0


def test_a_deposit_on_tron_is_swept_with_lent_energy(
    stack: Stack, both: tuple[Account, Account], far: SeededNetwork[LocalTron]
) -> None:
    """Its address becomes an account and is lent energy; its tokens reach a hot wallet; the stake is back."""
    carol = both[1]
    address = far.chain.read_address(pay_in(carol)["address"])
    await_credits([carol])
    asyncio.run(trigger(stack.temporal.address, planner_id()))
    wait_for(lambda: far.chain.held(far.token.contract, address) == 0, "the sweep", SWEEPING_SECONDS)
    for table in ("own_transfers", "delegations"):
        wait_for(partial(_is_closed, stack, table), f"the end of all {table}", SWEEPING_SECONDS)
    assert far.chain.energy_of(address) == 0


def test_the_books_equal_the_chains_of_both_families(stack: Stack) -> None:
    """Energy that was burnt, coins that are staked, and every wallet, to the unit."""
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    assert [name for name, holds in judged.invariants.items() if not holds] == []
    assert [compared for compared in judged.comparisons if not compared.is_equal] == []


def _is_closed(stack: Stack, table: str) -> bool:
    with psycopg.connect(stack.postgres.dsn()) as connection:
        row = connection.execute(OPEN[table].encode()).fetchone()
    return row == (0,)
