"""A withdrawal pays exactly once, whatever process is killed while it is on its way."""

import asyncio
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from uuid import UUID

import psycopg
import pytest

from devstack.auditing import audit
from devstack.callers import BackOffice, PlayerClient, wait_for
from devstack.evm_network import LocalEvm
from devstack.local_chains import SeededNetwork
from devstack.stack import Stack

pytestmark = pytest.mark.timeout(240)

ONE = 10**18
VICTIMS = ("money", "chain", "ledger", "feed", "ops", "signer")
SETTLING_SECONDS = 120
Enter = Callable[[int], list[PlayerClient]]


def test_a_killed_process_delays_payments_and_never_doubles_one(
    stack: Stack, office: BackOffice, home: SeededNetwork[LocalEvm], enter: Enter
) -> None:
    """SIGKILL of each process while a withdrawal is committed and not final, and each payee is paid once."""
    players = enter(len(VICTIMS))
    payees = [_outside() for _ in players]
    asked = []
    for player, payee, victim in zip(players, payees, VICTIMS, strict=True):
        asked.append(player.withdraw("w-1", "ETH", home.network, payee, ONE))
        wait_for(partial(_is_committed, office, asked[-1]["withdrawal_id"]), "the commitment")
        stack.kill_process(victim)
        stack.start_process(victim)
    for player, payee, request in zip(players, payees, asked, strict=True):
        _await_settled(office, request)
        assert _received(home, payee) == ONE
        paid = player.withdrawal(request["withdrawal_id"])
        assert paid["status"] == "paid"
        assert player.available("ETH", home.network) == 2 * ONE - int(paid["fee"])
    with psycopg.connect(stack.postgres.dsn()) as connection:
        signed = connection.execute(
            "SELECT count(*), count(DISTINCT send_id) FROM signer.signatures WHERE send_id = ANY(%s)",
            [[UUID(request["withdrawal_id"]) for request in asked]],
        ).fetchone()
    assert signed == (len(VICTIMS), len(VICTIMS))


def test_a_worker_killed_around_signing_still_sends_one_payment(
    stack: Stack, office: BackOffice, home: SeededNetwork[LocalEvm], enter: Enter
) -> None:
    """Nobody can send, then nobody can decide: both workers come back and one payment lands."""
    (player,) = enter(1)
    payee = _outside()
    stack.kill_process("chain")
    request = player.withdraw("w-1", "ETH", home.network, payee, ONE)
    stack.kill_process("money")
    stack.start_process("chain")
    stack.start_process("money")
    _await_settled(office, request)
    assert _received(home, payee) == ONE


def test_the_same_key_is_one_withdrawal_and_tokens_arrive_exactly(
    office: BackOffice, home: SeededNetwork[LocalEvm], enter: Enter
) -> None:
    """Asked five times under one key: one withdrawal, one payment, and the fee stays with the house."""
    (player,) = enter(1)
    payee, units = _outside(), 20 * 10**6
    answers = [player.withdraw("w-1", home.token.symbol, home.network, payee, units) for _ in range(5)]
    assert len({answer["withdrawal_id"] for answer in answers}) == 1
    _await_settled(office, answers[0])
    assert home.chain.held(home.token.contract, home.chain.read_address(payee)) == units
    assert player.available(home.token.symbol, home.network) == 30 * 10**6 - int(answers[0]["fee"])


def test_afterwards_the_books_equal_the_chain(stack: Stack) -> None:
    """After all that, every rule of the ledger holds and each holding equals its chain to the unit."""
    judged = asyncio.run(audit(stack.postgres, stack.house.networks))
    assert [name for name, holds in judged.invariants.items() if not holds] == []
    assert [compared for compared in judged.comparisons if not compared.is_equal] == []


def _await_settled(office: BackOffice, request: dict[str, str]) -> None:
    wait_for(partial(_is_settled, office, request["withdrawal_id"]), "the settlement", SETTLING_SECONDS)


def _is_committed(office: BackOffice, withdrawal_id: str) -> bool:
    return office.withdrawal_state(withdrawal_id) in {"committed", "settled"}


def _is_settled(office: BackOffice, withdrawal_id: str) -> bool:
    return office.withdrawal_state(withdrawal_id) == "settled"


def _received(home: SeededNetwork[LocalEvm], address: str) -> int:
    return home.chain.held(b"", home.chain.read_address(address))


def _outside() -> str:
    """An address nobody has seen before."""
    return "0x" + token_hex(20)
