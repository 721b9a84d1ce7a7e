"""A withdrawal pays exactly once, whatever process is killed while it is on its way."""

import asyncio
from collections.abc import Callable
from secrets import token_hex

import pytest

from devstack.auditing import audit
from devstack.callers import BackOffice, PlayerClient, wait_for
from devstack.house_files import SeededNetwork
from devstack.stack import Stack
from devstack.tokens.deploying import tokens_of

pytestmark = pytest.mark.timeout(240)

ONE = 10**18
VICTIMS = ("money", "chain", "ledger", "feed", "ops", "signer")
Fund = Callable[..., None]


def received(home: SeededNetwork, address: str) -> int:
    """Units of the coin that an address holds on chain."""
    return int(str(home.chain.rpc("eth_getBalance", address, "latest")), 16)


def outside() -> str:
    """An address nobody here has the key of."""
    return "0x" + token_hex(20)


def settled(office: BackOffice, player: PlayerClient, withdrawal_id: str) -> bool:
    """Whether the books of this withdrawal are closed."""
    return office.withdrawal_state(player, withdrawal_id) == "settled"


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_delays_a_payment_and_never_doubles_it(
    stack: Stack, office: BackOffice, player: PlayerClient, fund: Fund, victim: str
) -> None:
    """SIGKILL of any process in the middle of a withdrawal, and it still pays exactly once."""
    home = stack.house.networks[0]
    fund(player, coins=3)
    payee = outside()
    asked = player.withdraw("w-1", "ETH", home.network, payee, ONE)
    stack.kill_process(victim)
    stack.start_process(victim)
    wait_for(lambda: settled(office, player, asked["withdrawal_id"]), "the settlement", seconds=120)
    assert received(home, payee) == ONE
    assert player.withdrawal(asked["withdrawal_id"])["status"] == "paid"
    assert player.available("ETH", home.network) == 2 * ONE - int(asked["fee"])


def test_a_worker_killed_after_signing_sends_the_same_bytes(
    stack: Stack, office: BackOffice, player: PlayerClient, home: SeededNetwork, fund: Fund
) -> None:
    """The chain worker dies while a signed transaction waits to be sent; one payment lands."""
    fund(player, coins=3)
    payee = outside()
    stack.kill_process("chain")
    asked = player.withdraw("w-1", "ETH", home.network, payee, ONE)
    stack.kill_process("money")
    stack.start_process("chain")
    stack.start_process("money")
    wait_for(lambda: settled(office, player, asked["withdrawal_id"]), "the settlement", seconds=120)
    assert received(home, payee) == ONE


def test_the_same_key_at_once_is_one_withdrawal(
    office: BackOffice, player: PlayerClient, home: SeededNetwork, fund: Fund
) -> None:
    """Asking again under the same key answers the same withdrawal and reserves nothing more."""
    fund(player, coins=3)
    payee = outside()
    answers = [player.withdraw("w-1", "ETH", home.network, payee, ONE) for _ in range(5)]
    assert len({answer["withdrawal_id"] for answer in answers}) == 1
    wait_for(lambda: settled(office, player, answers[0]["withdrawal_id"]), "the settlement", seconds=120)
    assert received(home, payee) == ONE


def test_tokens_reach_the_payee(
    office: BackOffice, player: PlayerClient, home: SeededNetwork, fund: Fund
) -> None:
    """A token withdrawal moves exactly the amount; the fee stays with the house."""
    fund(player, tokens=50)
    payee = outside()
    asked = player.withdraw("w-1", "TUSD", home.network, payee, 20 * 10**6)
    wait_for(lambda: settled(office, player, asked["withdrawal_id"]), "the settlement", seconds=120)
    assert tokens_of(home.chain, "0x" + home.token.contract.hex(), payee) == 20 * 10**6
    assert player.available("TUSD", home.network) == 30 * 10**6 - int(asked["fee"])


def test_afterwards_the_books_equal_the_chain(stack: Stack) -> None:
    """After all of this, every rule of the ledger holds and each holding equals its chain to the unit."""
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    assert [name for name, holds in judged.invariants.items() if not holds] == []
    assert [compared for compared in judged.comparisons if not compared.is_equal] == []
