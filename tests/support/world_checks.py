"""What has to hold after every test of a world: the books, the rows, the chain, and the histories it made."""

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from bootstrap.temporal import croupier_plugin
from domain.accounts import Purpose
from domain.deposits import WalletRole
from ledger.balances import house_balance
from ledger.chain_invariants import check_chain_invariants
from ledger.invariants import check_invariants
from tests.support.world import RunningHouse
from tests.support.world_house import OPERATOR
from workers.registry import PROCESSES
from workflows.names import WorkflowName

ALWAYS_THE_SAME = {WorkflowName.PLAYER, WorkflowName.ADDRESS}
SAME_SHOWN_MAX = 10
"""Histories replayed of a workflow that takes a single step, of which a run makes hundreds."""
HOLDERS = {
    WalletRole.DEPOSIT: Purpose.DEPOSIT_ADDRESSES,
    WalletRole.HOT: Purpose.HOT_WALLET,
    WalletRole.COLD: Purpose.COLD,
    WalletRole.GAS: Purpose.GAS_TANK,
}
WORKFLOWS = sorted(
    {
        workflow
        for process in PROCESSES.values()
        for work in process.queues(["eip155:1"])
        for workflow in work.workflows
    },
    key=lambda workflow: str(workflow.__name__),
)


async def broken_rules(world: RunningHouse) -> dict[str, list[tuple[object, ...]]]:
    """The rules of the ledger and of the chain's rows that do not hold, with the rows that break them."""
    async with world.rows.snapshot() as session:
        found = {**await check_invariants(session), **await check_chain_invariants(session)}
    return {name: rows for name, rows in found.items() if rows}


async def differences(world: RunningHouse) -> list[tuple[str, str, int, int]]:
    """Holdings whose books differ from the chain: (asset, holder, books, chain). Nothing may be under way."""
    found = []
    async with world.rows.snapshot() as session:
        for role, purpose in HOLDERS.items():
            rows = await session.exec_driver_sql(
                "SELECT address FROM chain.watched WHERE role = %s", (role.value,)
            )
            addresses = [bytes(row.address) for row in rows]
            for asset in world.place.assets:
                books = await house_balance(session, OPERATOR, purpose, asset.asset_id)
                held = sum(world.held(asset, address) for address in addresses)
                if books != held:
                    found.append((asset.code, role.value, books, held))
    return found


async def unreplayable(world: RunningHouse) -> dict[str, str]:
    """Workflow id to what went wrong, for every history of this world that today's code cannot replay."""
    broken: dict[str, str] = {}
    for client in (world.bets, world.money):
        replayer = Replayer(workflows=WORKFLOWS, plugins=[croupier_plugin()], namespace=client.namespace)
        for workflow in WORKFLOWS:
            kind = str(workflow.__name__)
            listed = client.list_workflows(
                f"WorkflowType = '{kind}'", limit=SAME_SHOWN_MAX if kind in ALWAYS_THE_SAME else None
            )
            async with replayer.workflow_replay_iterator(listed.map_histories()) as results:
                async for result in results:
                    if result.replay_failure is not None:
                        broken[result.history.workflow_id] = str(result.replay_failure)
    return broken


async def is_running(client: Client, workflow_id: str) -> bool:
    """Whether a workflow is open."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status is not None and described.status.name == "RUNNING"
