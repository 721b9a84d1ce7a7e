"""Settling: what becomes final is compared with what was read of it while it was new.

Where nothing in a header binds the logs of its block, a node could have told us anything of a new block. Each
block of our branch is then read once more, from the store that holds final blocks only, before our rows call
it final. Where the header proves it all, nothing is read twice.
"""

from collections.abc import AsyncIterator, Mapping

from temporalio import activity

from chains.gateway import ChainReader
from domain.errors import FinalityBroken
from domain.onchain import BlockEffects, Header
from ledger.finality import above_final
from ledger.observed import EFFECTS, canonical_at
from ledger.session import Sessions

BLOCKS_AT_ONCE = 32
"""Blocks that become final in one step: a step that was cut off is repeated, those before it are not."""
SOURCE = "source"
SOLID = "solid"
"""The source of a block that was read from the store of final blocks in the first place."""


async def settled(
    sessions: Sessions, network: str, reader: ChainReader, final: Header
) -> AsyncIterator[Header]:
    """Blocks that final may move to now, in order; the last of them is `final` itself.

    A final block that is none of ours is handed on at once: whoever moves final judges that. Raises
    FinalityBroken if a final block is not what was read of it.
    """
    newest = await reader.settled(final)
    async with sessions.begin() as session:
        ours = await canonical_at(session, network, final.ref.height)
    if newest is None or ours is None or ours.ref != final.ref:
        yield final
        return
    reached = -1
    while reached < final.ref.height:
        async with sessions.begin() as session:
            blocks = await above_final(session, network, final.ref.height, BLOCKS_AT_ONCE)
        for header, known in blocks:
            if known.get(SOURCE) != SOLID:
                activity.heartbeat(f"settling block {header.ref.height}")
                again = newest if header.ref == final.ref else await reader.settled(header)
                _must_be_the_same(network, header, known, again)
        if not blocks or blocks[-1][0].ref.height <= reached:
            return
        reached = blocks[-1][0].ref.height
        yield blocks[-1][0]


def _must_be_the_same(
    network: str, header: Header, known: Mapping[str, str], again: BlockEffects | None
) -> None:
    """Raises FinalityBroken unless the second reading shows the same block with the same effects."""
    if again is None or again.header.ref != header.ref:
        raise FinalityBroken(network, f"block {header.ref.height} is not among the final ones")
    if EFFECTS not in known or again.completeness.get(EFFECTS) != known[EFFECTS]:
        raise FinalityBroken(
            network, f"block {header.ref.height} did not do what was read of it while it was new"
        )
