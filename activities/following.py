"""FollowingActivities: read a chain block by block, and say what became final."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from activities.reading_ahead import reading_ahead
from activities.settling import settled
from activities.shifts import Shift
from activities.vetting import Vetting
from chains.gateway import ChainReader
from domain.assets import Catalogue
from domain.errors import FinalityBroken, NodeStale, NotFound, Unavailable
from domain.onchain import BlockEffects, BlockRef, Heads
from domain.rules import Policy
from domain.sends import FeedInput
from domain.stalls import UNWATCHED, StallBounds
from ledger.finality import advance_final, freeze
from ledger.floats import floats_of, weigh
from ledger.intake import IntakeRules
from ledger.observed import (
    ChainCursor,
    apply_block,
    canonical_at,
    ensure_chain,
    known_header,
    read_cursor,
    unapply_block,
)
from ledger.session import Sessions
from ledger.stalling import watch_pace

POLLS_PER_BLOCK = 4
POLL_SECONDS_MIN = 0.25
POLL_SECONDS_MAX = 1.0


@dataclass(frozen=True, slots=True)
class FollowedNetwork:
    """One network to follow: its reader, its pace, and where a first start begins (None: final head)."""

    reader: ChainReader
    block_seconds: int
    start_height: int | None
    stall: StallBounds = UNWATCHED

    @property
    def poll_seconds(self) -> float:
        return min(max(self.block_seconds / POLLS_PER_BLOCK, POLL_SECONDS_MIN), POLL_SECONDS_MAX)


@dataclass(frozen=True, slots=True)
class FollowingActivities:
    """Chain truth, polled by block hash. The database decides who advances: the cursor is compare-and-set."""

    sessions: Sessions
    catalogue: Catalogue
    policy: Policy
    networks: Mapping[str, FollowedNetwork]

    @activity.defn
    async def follow_chain(self, feed: FeedInput) -> None:
        """Apply blocks until the shift ends; raises FinalityBroken after freezing the chain in the books."""
        followed = self.networks[feed.network]
        shift = Shift(every_seconds=followed.poll_seconds)
        vetting = Vetting(self.sessions, feed.network, followed.reader)
        async with _woken_by_hints(shift, followed.reader):
            async for _ in shift:
                try:
                    height = await self._catch_up(feed.network, followed)
                    shift.detail = f"read up to block {height}"
                    await vetting.when_due()
                except FinalityBroken as error:
                    async with self.sessions.begin() as session:
                        await freeze(session, feed.network, error.sentence)
                    raise
                except Unavailable as error:
                    shift.detail = error.sentence
                    activity.logger.warning("following waits: %s", error.sentence)
                await self._watch_pace(feed.network, followed, shift)

    async def _watch_pace(self, network: str, followed: FollowedNetwork, shift: Shift) -> None:
        """A network that does not advance, or that no node tells about, is stalled until it does."""
        async with self.sessions.begin() as session:
            why = await watch_pace(session, network, followed.stall, datetime.now(UTC))
        if why is not None:
            shift.detail = f"stalled: {why}; {shift.detail}"

    async def _catch_up(self, network: str, followed: FollowedNetwork) -> int:
        cursor = await self._cursor(network, followed)
        if cursor.mode == "frozen":
            raise FinalityBroken(network, cursor.why or "it is frozen")
        heads = await followed.reader.heads()
        if heads.latest.ref.height < cursor.final_height:
            raise NodeStale(
                network, f"its head {heads.latest.ref.height} is below our final block {cursor.final_height}"
            )
        if await self._holds(network, heads.final.ref):
            # What is final allows credits; nobody should wait for it until newer blocks are read.
            await self._finalise(network, followed.reader, cursor, heads, cursor.ref)
            return (await self._walk(network, followed.reader, cursor, heads)).height
        at = await self._walk(network, followed.reader, cursor, heads)
        await self._finalise(network, followed.reader, cursor, heads, at)
        return at.height

    async def _holds(self, network: str, block: BlockRef) -> bool:
        """Whether this block was applied and stands on our branch."""
        async with self.sessions.begin() as session:
            ours = await canonical_at(session, network, block.height)
        return ours is not None and ours.ref == block

    async def _walk(self, network: str, reader: ChainReader, cursor: ChainCursor, heads: Heads) -> BlockRef:
        """Step from the cursor to the head: back while our block left the branch, then forward in order."""
        at = BlockRef(cursor.height, cursor.hash)
        await self._must_not_lag(network, at, heads)
        while at.height > heads.latest.ref.height or (await reader.header_at(at.height)).ref != at:
            at = await self._step_back(network, at)
        async with reading_ahead(reader) as ahead:
            while at.height < heads.latest.ref.height:
                block = await ahead.block(at.height + 1, heads.latest.ref.height)
                if block.header.parent != at.hash:
                    await ahead.forget()
                    at = await self._step_back(network, at)
                    continue
                at = await self._apply(network, block, at)
        return at

    async def _apply(self, network: str, block: BlockEffects, at: BlockRef) -> BlockRef:
        """Apply one block on top of `at`, which it has to follow; return its place."""
        async with self.sessions.begin() as session:
            has_moved = await apply_block(
                session, network, block, rules=self._rules, expected=at, now=datetime.now(UTC)
            )
        if not has_moved:
            raise NodeStale(network, "another follower is ahead of this one")
        activity.heartbeat(f"applied block {block.header.ref.height}")
        return block.header.ref

    async def _must_not_lag(self, network: str, at: BlockRef, heads: Heads) -> None:
        """A lower head on our own branch is a node that is behind, not a chain that took blocks back."""
        if heads.latest.ref.height >= at.height:
            return
        async with self.sessions.begin() as session:
            ours = await canonical_at(session, network, heads.latest.ref.height)
        if ours is not None and ours.ref == heads.latest.ref:
            raise NodeStale(network, f"its head {ours.ref.height} is behind our block {at.height}")

    async def _step_back(self, network: str, at: BlockRef) -> BlockRef:
        """Take one block of ours back; raises FinalityBroken before a final one is touched."""
        async with self.sessions.begin() as session:
            header = await known_header(session, network, at.hash)
            if header is None or not await unapply_block(session, network, header):
                raise NodeStale(network, "another follower is ahead of this one")
        return BlockRef(at.height - 1, header.parent)

    async def _finalise(
        self, network: str, reader: ChainReader, cursor: ChainCursor, heads: Heads, at: BlockRef
    ) -> None:
        """Move final along our own linked headers, then weigh our wallets at exactly that block."""
        if heads.final.ref.height <= cursor.final_height or heads.final.ref.height > at.height:
            return
        async for final in settled(self.sessions, network, reader, heads.final):
            async with self.sessions.begin() as session:
                await advance_final(session, network, final, datetime.now(UTC))
        try:
            await self._weigh(network, reader, heads.final.ref)
        except NodeStale as error:
            activity.logger.info("weighing goes on at the next final block: %s", error.sentence)

    async def _weigh(self, network: str, reader: ChainReader, at: BlockRef) -> None:
        """Read the balances of our wallets, the oldest reading first: the node may move on meanwhile."""
        async with self.sessions.begin() as session:
            known = await floats_of(session, network)
        for one in sorted(known, key=lambda held: held.confirmed_height):
            held = await reader.balance(one.address, self.catalogue.by_id(one.asset_id), at)
            async with self.sessions.begin() as session:
                await weigh(session, network, one.address, one.asset_id, held.amount, held.at.height)

    async def _cursor(self, network: str, followed: FollowedNetwork) -> ChainCursor:
        try:
            async with self.sessions.begin() as session:
                return await read_cursor(session, network)
        except NotFound:
            return await self._first_cursor(network, followed)

    async def _first_cursor(self, network: str, followed: FollowedNetwork) -> ChainCursor:
        identity = await followed.reader.identity()
        heads = await followed.reader.heads()
        start = heads.final
        if followed.start_height is not None:
            start = await followed.reader.header_at(followed.start_height)
        async with self.sessions.begin() as session:
            await ensure_chain(session, network, identity.genesis, self.policy.version, start)
            return await read_cursor(session, network)

    @property
    def _rules(self) -> IntakeRules:
        return IntakeRules(self.catalogue, self.policy)


@asynccontextmanager
async def _woken_by_hints(shift: Shift, reader: ChainReader) -> AsyncGenerator[None]:
    """Start a round of the shift at every hint; without hints the rounds come at their own pace."""

    async def listen() -> None:
        async with aclosing(reader.hints()) as hints:
            async for _ in hints:
                shift.hint()

    listening = asyncio.create_task(listen())
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.wait([listening])
        if not listening.cancelled() and (error := listening.exception()) is not None:
            activity.logger.error("hints ended: %s", error)
