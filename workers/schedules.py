"""Endless workflows, started once and again after every deploy; what already runs is left alone."""

from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy

from bootstrap.assembly import Assembly
from domain.players import PoolInput
from domain.sends import FeedInput
from workflows.address_pool import AddressPoolWorkflow
from workflows.chain_feed import ChainFeedWorkflow
from workflows.names import CHAIN, MONEY_QUEUE, address_pool_workflow_id, feed_workflow_id


async def start_endless(built: Assembly) -> list[str]:
    """Start a feed for each network and a pool for each key family; returns their workflow ids."""
    money, house = built.resources.money, built.house
    started: list[str] = []
    for entry in house.networks:
        feed = await money.start_workflow(
            ChainFeedWorkflow.run,
            FeedInput(network=entry.network),
            id=feed_workflow_id(entry.network),
            task_queue=MONEY_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=TypedSearchAttributes([SearchAttributePair(CHAIN, entry.network)]),
            static_summary=f"Follows {entry.network}",
        )
        started.append(feed.id)
    for family in house.addresses:
        network = next(
            entry.network for entry in house.networks if entry.network.startswith(f"{family.family}:")
        )
        pool = await money.start_workflow(
            AddressPoolWorkflow.run,
            PoolInput(family=family.family, network=network),
            id=address_pool_workflow_id(family.family),
            task_queue=MONEY_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Keeps deposit addresses of {family.family} ready",
        )
        started.append(pool.id)
    return started
