"""Rows of delegations: one per receiver, moved on by final transactions, ended on proof, paid from gas."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from domain.accounts import Purpose
from domain.delegations import (
    BuriedAct,
    DelegationPurpose,
    DelegationState,
    DelegationStep,
    next_delegation_step,
)
from domain.errors import NotYet
from domain.onchain import MinedTransaction
from domain.sends import SendKind
from ledger.delegations import mark_delegation, plan_delegation, unfinished_delegations
from ledger.events import SendEvent, undelivered
from ledger.evidence import record_unpayable
from ledger.lent_energy import borrowers_of, givers_of, open_delegations, was_returned
from tests.support.ledger_database import NETWORK
from tests.support.lending import BORROWER, FEE, GIVER, HOT, SUN, LendingWorld, standing
from tests.support.records import NOW, later, txid


async def test_a_delegation_goes_there_and_back(lending: LendingWorld) -> None:
    """Each step is taken once though it is asked for twice; both fees are booked as gas, no coin moves."""
    ref = await lending.planned()
    for _ in range(2):
        facts = await lending.take(lending.lending.grant_delegation, ref)
        assert facts.state is DelegationState.DELEGATING
    with pytest.raises(NotYet):
        await lending.take(lending.lending.open_delegation, ref)
    await lending.land(ref)
    for _ in range(2):
        facts = await lending.take(lending.lending.open_delegation, ref)
        assert (facts.state, facts.was_open, facts.is_usable) == (DelegationState.OPEN, True, False)
    assert (await lending.take(lending.lending.note_energy, ref)).is_usable
    for _ in range(2):
        facts = await lending.take(lending.lending.take_back_delegation, ref)
        assert (facts.state, facts.is_due_back) == (DelegationState.RETURNING, True)
    with pytest.raises(NotYet):
        await lending.take(lending.lending.close_delegation, ref)
    await lending.land(ref, returns=True)
    for _ in range(2):
        facts = await lending.take(lending.lending.close_delegation, ref)
        assert next_delegation_step(facts) is DelegationStep.DONE
    assert lending.booked() == [(FEE, Purpose.GAS_TANK.value)] * 2
    assert await lending.broken() == {}


async def test_fifty_planners_plan_one_delegation(lending: LendingWorld) -> None:
    """The second finds the receiver busy; once everything is back the next may begin."""

    async def plan() -> object:
        async with lending.ops.begin() as session:
            return await plan_delegation(session, standing(), NOW)

    found = await asyncio.gather(*(plan() for _ in range(50)))
    assert len([one for one in found if one is not None]) == 1
    assert await plan() is None


async def test_one_that_nobody_needs_any_more_ends_before_it_begins(lending: LendingWorld) -> None:
    """Asked back while it is planned: nothing was ever recorded to be sent."""
    ref = await lending.planned()
    await lending.asked_back(ref)
    facts = await lending.take(lending.lending.grant_delegation, ref)
    assert next_delegation_step(facts) is DelegationStep.CLOSE
    facts = await lending.take(lending.lending.close_delegation, ref)
    assert (facts.state, facts.was_open, facts.send) == (DelegationState.RETURNED, False, None)
    assert await lending.broken() == {}


async def test_one_that_failed_ends_on_proof(lending: LendingWorld) -> None:
    """Failed twice and buried: returned without having been open, its fees booked, its giver free."""
    ref = await lending.planned()
    await lending.take(lending.lending.grant_delegation, ref)
    for _ in range(2):
        await lending.land(ref, succeeded=False)
    facts = await lending.facts(ref)
    assert next_delegation_step(facts) is DelegationStep.BURY
    with lending.database.raw() as connection:
        connection.execute(
            "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
            " VALUES (%s, 3, %s, %s, NULL, %s)",
            [facts.delegation_id, NETWORK, GIVER, bytes(32)],
        )
    async with lending.chain.begin() as session:
        proof = await record_unpayable(session, facts.delegation_id, NOW)
    act = BuriedAct(delegation_id=ref.delegation_id, evidence_id=proof)
    for _ in range(2):
        facts = await lending.take(lending.lending.drop_delegation, act)
        assert (facts.state, facts.was_open) == (DelegationState.RETURNED, False)
    assert lending.booked() == [(FEE, Purpose.GAS_TANK.value)] * 2
    assert await lending.broken() == {}
    async with lending.money.begin() as session:
        assert await givers_of(session, NETWORK) == {GIVER: 0}


async def test_a_leftover_only_goes_back(lending: LendingWorld) -> None:
    """What the network showed and no row knew is never lent again, only taken back."""
    leftover = replace(standing(BORROWER), purpose=DelegationPurpose.LEFTOVER)
    ref = await lending.planned(leftover)
    assert next_delegation_step(await lending.facts(ref)) is DelegationStep.TAKE_BACK
    facts = await lending.returned(ref)
    assert facts.state is DelegationState.RETURNED
    assert await lending.broken() == {}


@pytest.mark.parametrize(
    ("purpose", "state"),
    [
        (DelegationPurpose.STANDING, DelegationState.OPEN),
        (DelegationPurpose.STANDING, DelegationState.RETURNING),
        (DelegationPurpose.LEFTOVER, DelegationState.DELEGATING),
        (DelegationPurpose.LEFTOVER, DelegationState.OPEN),
    ],
)
async def test_a_plan_begins_one_way(
    lending: LendingWorld, purpose: DelegationPurpose, state: DelegationState
) -> None:
    """The database knows the ways: lent before it comes back, and a leftover never lent."""
    ref = await lending.planned(replace(standing(), purpose=purpose))
    with pytest.raises(Exception, match="does not"):
        async with lending.money.begin() as session:
            await mark_delegation(session, ref.delegation_id, state, NOW)


@pytest.mark.parametrize("state", [DelegationState.OPEN, DelegationState.RETURNED])
async def test_nothing_is_said_of_a_delegation_without_proof(
    lending: LendingWorld, state: DelegationState
) -> None:
    """Open needs a final transaction, an end before that needs the evidence that none will ever be."""
    ref = await lending.planned()
    await lending.take(lending.lending.grant_delegation, ref)
    with pytest.raises(Exception, match=r"no final transaction|no evidence"):
        async with lending.money.begin() as session:
            await mark_delegation(session, ref.delegation_id, state, NOW)


async def test_nothing_is_back_without_a_final_transaction(lending: LendingWorld) -> None:
    """Not even once it is said to be returning."""
    ref = await lending.opened()
    await lending.take(lending.lending.take_back_delegation, ref)
    with pytest.raises(Exception, match="no final transaction"):
        async with lending.money.begin() as session:
            await mark_delegation(session, ref.delegation_id, DelegationState.RETURNED, NOW, uuid4())


async def test_what_rounds_and_estimates_read(lending: LendingWorld) -> None:
    """Stake on its way leaves its giver; a row counts as shown from its final block until it goes back."""
    ref = await lending.planned()
    async with lending.chain.begin() as session:
        assert await givers_of(session, NETWORK) == {GIVER: SUN}
        assert await borrowers_of(session, NETWORK) == [HOT]
        (row,) = await open_delegations(session, NETWORK)
        assert (row.is_shown, row.is_overdue, row.sun, row.receiver) == (False, False, SUN, HOT)
        found = await unfinished_delegations(session, later(1), None, 10)
        assert [one for _, one in found] == [ref]
        assert await unfinished_delegations(session, later(1), found[0][0], 10) == []
    await lending.take(lending.lending.grant_delegation, ref)
    await lending.land(ref)
    await lending.take(lending.lending.open_delegation, ref)
    async with lending.chain.begin() as session:
        assert await givers_of(session, NETWORK) == {GIVER: 0}
        assert [row.is_shown for row in await open_delegations(session, NETWORK)] == [True]
    await lending.take(lending.lending.take_back_delegation, ref)
    tx = await lending.sign(ref, returns=True)
    async with lending.chain.begin() as session:
        assert [row.is_shown for row in await open_delegations(session, NETWORK)] == [True]
    await lending.mine(MinedTransaction(tx.txid, GIVER, 2, succeeded=True, fee=FEE))
    async with lending.chain.begin() as session:
        assert [row.is_shown for row in await open_delegations(session, NETWORK)] == [False]
        assert not await was_returned(session, NETWORK, HOT, NOW)
    await lending.take(lending.lending.close_delegation, ref)
    async with lending.chain.begin() as session:
        assert await open_delegations(session, NETWORK) == []
        assert await was_returned(session, NETWORK, HOT, NOW)


async def test_news_of_both_transactions_name_the_delegation(lending: LendingWorld) -> None:
    """Whoever delivers finds the workflow that owns either of them."""
    ref = await lending.opened()
    await lending.returned(ref)
    async with lending.ops.begin() as session:
        events = await undelivered(session, NETWORK, 100)
    told = [one for one in events if isinstance(one, SendEvent)]
    assert {one.send_kind for one in told} == {SendKind.ENERGY}
    assert {one.delegation_id for one in told} == {ref.delegation_id}
    assert [one.state for one in told] == ["included", "paid", "included", "paid"]


async def test_what_people_stake_freezes_nothing(lending: LendingWorld) -> None:
    """An energy wallet is staked from outside of the house; a hot wallet that does so is frozen."""
    await lending.mine(MinedTransaction(txid("staked"), GIVER, 1, succeeded=True, fee=1))
    await lending.mine(MinedTransaction(txid("stolen"), HOT, 1, succeeded=True, fee=1))
    with lending.database.raw() as connection:
        rows = connection.execute("SELECT address, state FROM chain.wallets ORDER BY role").fetchall()
    assert rows == [(GIVER, "open"), (HOT, "frozen")]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("croupier_chain", "UPDATE chain.delegations SET state = 'returned'"),
        ("croupier_chain", "INSERT INTO chain.delegations (sun) VALUES (1)"),
        ("croupier_ops", "UPDATE chain.delegations SET state = 'returned'"),
        ("croupier_ops", "UPDATE chain.delegations SET receiver = giver"),
        ("croupier_money", "UPDATE chain.delegations SET sun = 1"),
        ("croupier_money", "DELETE FROM chain.delegations"),
        ("croupier_signer", "SELECT * FROM chain.delegations"),
    ],
)
async def test_a_delegation_is_no_other_roles_to_change(
    lending: LendingWorld, role: str, statement: str
) -> None:
    """Whom, how much and how far: each is one role's word."""
    with lending.database.raw(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
