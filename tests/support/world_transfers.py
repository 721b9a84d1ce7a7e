"""Own transfers in a world: planned as the planner plans them, and how their end is seen."""

from collections.abc import Callable
from datetime import UTC, datetime

from domain.assets import Asset
from domain.own_transfers import TransferFacts, TransferInput, TransferState
from domain.planning import PlanReport, PlanRound
from domain.sends import SendKind
from ledger.floats import WalletFloat, floats_of
from ledger.own_transfers import TransferPlan, open_transfer_at, plan_transfer, recall_transfer
from tests.support.world import RunningHouse
from workflows.names import OPS_QUEUE, planner_id
from workflows.planner import PlannerWorkflow
from workflows.starts import transfer_start


async def planned(world: RunningHouse, plan: TransferPlan) -> TransferInput:
    """Insert the row of a transfer and start its workflow."""
    async with world.rows.begin() as session:
        transfer = await plan_transfer(session, plan, datetime.now(UTC))
    assert transfer is not None, plan
    assert await world.assembly("croupier_ops").starter.start_again(transfer)
    return transfer


async def plan_round(world: RunningHouse, *, workflow_id: str | None = None) -> PlanReport:
    """One round of the planner, as its schedule would start it."""
    rounds = await world.money.start_workflow(
        PlannerWorkflow.run,
        PlanRound(),
        id=workflow_id or f"{planner_id()}-{datetime.now(UTC).timestamp()}",
        task_queue=OPS_QUEUE,
    )
    return await rounds.result()


async def transfer_of(world: RunningHouse, transfer: TransferInput) -> TransferFacts:
    """The transfer as its rows show it."""
    async with world.rows.begin() as session:
        return await recall_transfer(session, transfer.transfer_id)


async def transfer_until(
    world: RunningHouse, transfer: TransferInput, holds: Callable[[TransferFacts], bool], what: str
) -> TransferFacts:
    """Wait until the rows of a transfer say something."""
    found: list[TransferFacts] = []

    async def looks() -> bool:
        found.append(await transfer_of(world, transfer))
        return holds(found[-1])

    try:
        await world.until(looks, what)
    except AssertionError as error:
        raise AssertionError(f"{error}; the last that was seen: {found[-1:]}") from None
    return found[-1]


async def ended(world: RunningHouse, transfer: TransferInput, state: TransferState) -> TransferFacts:
    """Wait until the transfer's row and its workflow have ended, and return the row."""
    await transfer_until(world, transfer, lambda facts: facts.state is state, f"the end as {state}")
    await world.money.get_workflow_handle(workflow_of(transfer)).result()
    return await transfer_of(world, transfer)


async def transfers_at(world: RunningHouse, kind: SendKind, address: bytes) -> list[TransferInput]:
    """All transfers of a kind at an address, oldest first: by payee for a top-up, else by source."""
    place = "payee" if kind is SendKind.GAS else "source"
    with world.database.raw() as connection:
        rows = connection.execute(
            f"SELECT transfer_id FROM chain.own_transfers"
            f" WHERE kind = %s AND {place} = %s ORDER BY planned_at",
            [kind.value, address],
        ).fetchall()
    return [TransferInput(transfer_id=row[0], kind=kind, network=world.place.network) for row in rows]


async def opened_at(world: RunningHouse, kind: SendKind, address: bytes) -> TransferInput:
    """Wait until a transfer of a kind is open at an address."""
    found: list[TransferInput] = []

    async def looks() -> bool:
        async with world.rows.begin() as session:
            transfer = await open_transfer_at(session, kind, world.place.network, address)
        found.extend([transfer] if transfer else [])
        return transfer is not None

    await world.until(looks, f"an open {kind.value} at 0x{address.hex()}")
    return found[-1]


def held_at(world: RunningHouse, address: bytes, asset: Asset) -> int:
    """What an address holds on chain."""
    return world.held(asset, address)


async def float_of(world: RunningHouse, wallet: bytes, asset: Asset | None = None) -> WalletFloat:
    """What a wallet holds of an asset and has promised, by its row; of coins unless told otherwise."""
    wanted = asset or world.place.coin
    async with world.rows.begin() as session:
        found = await floats_of(session, world.place.network)
    return next(one for one in found if (one.address, one.asset_id) == (wallet, wanted.asset_id))


def workflow_of(transfer: TransferInput) -> str:
    """The id of the transfer's workflow."""
    return transfer_start(transfer).workflow_id
