"""What others read of delegations: the sweep that borrows, and the signer."""

from dataclasses import replace

import pytest

from domain.delegations import (
    LENT_SECONDS_MAX,
    DelegationPurpose,
    GiveBackWish,
)
from domain.own_transfers import TransferState
from domain.sends import SendKind
from ledger.delegations import newest_delegation
from ledger.lent_energy import open_delegations
from ledger.own_transfers import TransferPlan, plan_transfer, recall_transfer
from tests.support.ledger_database import NETWORK, TOKEN
from tests.support.lending import BORROWER, GIVER, HOT, SUN, LendingWorld, standing
from tests.support.records import NOW, OPERATOR


@pytest.mark.parametrize(
    ("seconds", "is_over"), [(LENT_SECONDS_MAX - 30, False), (LENT_SECONDS_MAX + 1, True)]
)
async def test_the_time_of_a_sweeps_energy_ends_by_itself(
    lending: LendingWorld, seconds: int, *, is_over: bool
) -> None:
    """Ten minutes after it was opened it is due back, whatever its sweep does; a standing one never is."""
    async with lending.ops.begin() as session:
        sweep = await plan_transfer(session, sweep_plan(), NOW)
    assert sweep is not None
    wanted = replace(standing(BORROWER), purpose=DelegationPurpose.SWEEP, sweep_id=sweep.transfer_id)
    for ref in (await lending.opened(wanted), await lending.opened()):
        with lending.database.raw() as connection:
            connection.execute(
                "UPDATE chain.delegations SET opened_at = clock_timestamp() - make_interval(secs => %s)"
                " WHERE delegation_id = %s",
                [seconds, ref.delegation_id],
            )
    async with lending.money.begin() as session:
        facts = await newest_delegation(session, sweep.transfer_id)
        overdue = {row.receiver: row.is_overdue for row in await open_delegations(session, NETWORK)}
    assert facts is not None
    assert facts.is_due_back is is_over
    assert overdue == {BORROWER: is_over, HOT: False}


async def test_a_planned_sweep_waits_while_its_energy_is_under_way(lending: LendingWorld) -> None:
    """Until it is seen, and again until it is back; a sweep without any is merely planned."""
    async with lending.ops.begin() as session:
        sweep = await plan_transfer(session, sweep_plan(), NOW)
    assert sweep is not None
    wanted = replace(standing(BORROWER), purpose=DelegationPurpose.SWEEP, sweep_id=sweep.transfer_id)

    async def state() -> TransferState:
        async with lending.money.begin() as session:
            return (await recall_transfer(session, sweep.transfer_id)).state

    assert await state() is TransferState.PLANNED
    ref = await lending.opened(wanted)
    assert await state() is TransferState.DELEGATING
    await lending.take(lending.lending.note_energy, ref)
    assert await state() is TransferState.PLANNED
    await lending.take(lending.lending.give_back, GiveBackWish(sweep_id=sweep.transfer_id))
    assert await state() is TransferState.DELEGATING
    await lending.returned(ref)
    assert await state() is TransferState.PLANNED
    assert await lending.broken() == {}


def sweep_plan() -> TransferPlan:
    """A sweep of the address that borrows."""
    return TransferPlan(
        kind=SendKind.SWEEP,
        network=NETWORK,
        asset_id=TOKEN.asset_id,
        operator=OPERATOR,
        slot=3,
        policy_version=1,
        source=BORROWER,
    )


async def test_the_signer_reads_what_is_to_be_sent_now(lending: LendingWorld) -> None:
    """One direction at a time, nothing once the other side asked it back or the network is frozen."""
    ref = await lending.planned()
    assert owed(lending) == []
    await lending.take(lending.lending.grant_delegation, ref)
    assert owed(lending) == [(ref.delegation_id, GIVER, GIVER, HOT, SUN, False)]
    await lending.land(ref)
    await lending.take(lending.lending.open_delegation, ref)
    assert owed(lending) == []
    facts = await lending.take(lending.lending.take_back_delegation, ref)
    assert owed(lending) == [(facts.return_id, GIVER, GIVER, HOT, SUN, True)]
    with lending.database.raw() as connection:
        connection.execute("UPDATE chain.chains SET mode = 'frozen', why = 'a final block is gone'")
    assert owed(lending) == []


async def test_the_signer_is_not_asked_for_what_is_wanted_back(lending: LendingWorld) -> None:
    """A delegation that nobody needs any more is owed by nobody, though its send is recorded."""
    ref = await lending.planned()
    await lending.take(lending.lending.grant_delegation, ref)
    await lending.asked_back(ref)
    assert owed(lending) == []


def owed(lending: LendingWorld) -> list[tuple[object, ...]]:
    """What the signer sees."""
    with lending.database.raw("croupier_signer") as connection:
        return connection.execute(
            "SELECT send_id, wallet, giver, receiver, sun::int, returns FROM signer_view.owed_energy"
        ).fetchall()
