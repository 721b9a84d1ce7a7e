"""What runs by itself, set up by every deploy: endless workflows, and the schedules of searches.

Both may be repeated: what already runs is left alone, and a schedule that exists takes on today's terms.
"""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from bootstrap.assembly import Assembly
from domain.deposits import WalletRole
from domain.energy_rounds import EnergyRound
from domain.errors import TemporalUnavailable
from domain.planning import PlanRound
from domain.repairs import Owed, StuckSearch
from workflows.energy_rounds import EnergyRoundWorkflow
from workflows.names import (
    BETS_NAMESPACE,
    MONEY_NAMESPACE,
    OPS_QUEUE,
    energy_round_id,
    planner_id,
    stuck_finder_id,
)
from workflows.planner import PlannerWorkflow
from workflows.starts import start_of
from workflows.stuck_finder import StuckFinderWorkflow

SEARCH_EVERY = timedelta(seconds=60)
SEARCH_JITTER = timedelta(seconds=5)
LOOK_AFTER_EVERY = timedelta(minutes=5)
CATCH_UP = timedelta(hours=1)
SOUGHT: Mapping[str, tuple[Owed, ...]] = {
    BETS_NAMESPACE: (Owed.BET,),
    MONEY_NAMESPACE: (
        Owed.ENDLESS,
        Owed.WITHDRAWAL,
        Owed.DEPOSIT,
        Owed.TRANSFER,
        Owed.DELEGATION,
        Owed.TICKET,
    ),
}
"""What each namespace's search goes through: feeds first, since they tell the others what is new."""


async def start_endless(built: Assembly) -> list[str]:
    """Start a feed for each network and a pool for each key family; returns the ids that run now."""
    endless = built.repairing.endless
    for owed in endless:
        await built.starter.start_again(owed)
    return [start_of(owed, built.resources.catalogue).workflow_id for owed in endless]


async def keep_schedules(built: Assembly, *, every: timedelta = SEARCH_EVERY) -> list[str]:
    """Create or update the schedules of both namespaces; returns what they are called.

    A schedule that people have paused stays paused. Raises TemporalUnavailable.
    """
    kept: list[str] = []
    for client in (built.resources.bets, built.resources.money):
        await _keep(client, stuck_finder_id(), _search(client.namespace, every))
        kept.append(f"{client.namespace}/{stuck_finder_id()}")
    rounds = timedelta(seconds=built.house.planner.every_seconds)
    await _keep(built.resources.money, planner_id(), _rounds(rounds))
    kept.append(f"{MONEY_NAMESPACE}/{planner_id()}")
    for entry in built.house.networks:
        if any(one.network == entry.network and one.role is WalletRole.ENERGY for one in built.house.wallets):
            wanted = EnergyRound(network=entry.network, standing_sun=entry.standing_sun)
            await _keep(built.resources.money, energy_round_id(entry.network), _looking(wanted))
            kept.append(f"{MONEY_NAMESPACE}/{energy_round_id(entry.network)}")
    return kept


def _search(namespace: str, every: timedelta) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            StuckFinderWorkflow.run,
            StuckSearch(kinds=SOUGHT[namespace]),
            id=stuck_finder_id(),
            task_queue=OPS_QUEUE,
            static_summary="See that somebody works on everything unfinished",
        ),
        spec=_every(every),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


def _rounds(every: timedelta) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            PlannerWorkflow.run,
            PlanRound(),
            id=planner_id(),
            task_queue=OPS_QUEUE,
            static_summary="Plan the sweeps that are due",
        ),
        spec=_every(every),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


def _looking(wanted: EnergyRound) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            EnergyRoundWorkflow.run,
            wanted,
            id=energy_round_id(wanted.network),
            task_queue=OPS_QUEUE,
            static_summary="Look after lent energy",
        ),
        spec=_every(LOOK_AFTER_EVERY),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


def _every(interval: timedelta) -> ScheduleSpec:
    jitter = min(SEARCH_JITTER, interval / 10)
    return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=interval)], jitter=jitter)


async def _keep(client: Client, name: str, wanted: Schedule) -> None:
    def updated(known: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(dataclasses.replace(wanted, state=known.description.schedule.state))

    try:
        try:
            await client.create_schedule(name, wanted)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(name).update(updated)
    except RPCError as error:
        raise TemporalUnavailable(error.message) from error
