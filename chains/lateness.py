"""A node may stand still and notice nothing: when a newest block is too old, and who has a newer one."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from chains.nodes import NODE_FAILURES, AnyNode, ProvenNodes, Refusal
from domain.onchain import Header

LATE_BLOCKS = 5
LATE_SECONDS_MIN = 10.0


def is_late(latest: Header, block_seconds: float) -> bool:
    """Whether a block is too old for a newest one."""
    bound = max(LATE_BLOCKS * block_seconds, LATE_SECONDS_MIN)
    return (datetime.now(UTC) - latest.mined_at).total_seconds() > bound


async def prefer_fresher(
    nodes: ProvenNodes[AnyNode], latest: Header, ask_latest: Callable[[AnyNode], Awaitable[Header]]
) -> bool:
    """Whether another node is ahead of this head; it is preferred then."""
    if len(nodes.node_names) == 1:
        return False

    async def height(node: AnyNode) -> tuple[int, AnyNode]:
        try:
            return (await ask_latest(node)).ref.height, node
        except (*NODE_FAILURES, Refusal):
            return -1, node

    ahead, node = max(await nodes.on_each_node(height), key=lambda found: found[0])
    if ahead <= latest.ref.height:
        return False
    nodes.prefer(node)
    return True
