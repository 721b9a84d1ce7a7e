"""DeliveringActivities: tell workflows what the follower saw, each its own news in order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from temporalio import activity

from activities.shifts import Shift
from chains.codecs.addresses import show_address
from domain.sends import FeedInput
from ledger.events import ChainEvent, DepositEvent, FloatEvent, SendEvent, mark_delivered, undelivered
from ledger.session import Sessions

DELIVER_EVERY_SECONDS = 0.1
DELIVERIES_MAX = 200
TOLD_AT_ONCE = 20


class Starter(Protocol):
    """Starts and messages workflows by kind; activities cannot see workflows."""

    async def deposit(self, event: DepositEvent) -> None:
        """Start the deposit's workflow with the news, or tell the running one."""
        ...

    async def send(self, event: SendEvent) -> None:
        """Tell the workflow that owns a send."""
        ...

    async def hot_wallets(self, event: FloatEvent) -> None:
        """Tell the workflow that watches an asset of a network's hot wallets."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveringActivities:
    """Chain events from outbox to workflows: at least once, in the order of each; receivers know repeats."""

    sessions: Sessions
    starter: Starter

    @activity.defn
    async def deliver_events(self, feed: FeedInput) -> None:
        """Deliver until the shift ends."""
        async for _ in Shift(every_seconds=DELIVER_EVERY_SECONDS):
            while await self._deliver(feed.network) == DELIVERIES_MAX:
                pass

    async def _deliver(self, network: str) -> int:
        async with self.sessions.begin() as session:
            events = await undelivered(session, network, DELIVERIES_MAX)
        if not events:
            return 0
        activity.heartbeat(f"delivering events {events[0].number} to {events[-1].number}")
        by_subject: dict[str, list[ChainEvent]] = {}
        for event in events:
            by_subject.setdefault(event.subject, []).append(event)
        room = asyncio.Semaphore(TOLD_AT_ONCE)
        await asyncio.gather(*(self._tell(room, news) for news in by_subject.values()))
        async with self.sessions.begin() as session:
            await mark_delivered(session, [event.number for event in events], datetime.now(UTC))
        return len(events)

    async def _tell(self, room: asyncio.Semaphore, news: Sequence[ChainEvent]) -> None:
        """Tell one subject its news in their order, while others are told theirs."""
        async with room:
            for event in news:
                if isinstance(event, DepositEvent):
                    await self.starter.deposit(event)
                elif isinstance(event, SendEvent):
                    await self.starter.send(event)
                elif isinstance(event, FloatEvent):
                    await self.starter.hot_wallets(event)
                else:
                    shown = show_address(event.network, event.address)
                    activity.logger.error("wallet %s is %s", shown, event.state)
