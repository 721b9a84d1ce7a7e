"""RepairingActivities: what is unfinished in the rows and has no open run in Temporal is started again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity

from domain.errors import Corrupt, CroupierError, RecordMismatch, Rejected
from domain.repairs import Mark, Owed, PageRepairs, Repair, Restartable, RunState, StuckPage, repair_of
from ledger.bets import unfinished_bets
from ledger.delegations import unfinished_delegations
from ledger.deposits import unfinished_deposits
from ledger.own_transfers import unfinished_transfers
from ledger.session import Sessions
from ledger.withdrawals import unfinished

ROWS_IN_A_PAGE = 200
ASKED_AT_ONCE = 10

Row = tuple[Mark | None, Restartable]
"""Something owed, and its place in the order of pages; what comes from no row has none."""


@dataclass(frozen=True, slots=True)
class Run:
    """The newest run under the workflow id of something owed."""

    workflow_id: str
    state: RunState


class Restarter(Protocol):
    """Finds and starts workflows by what they are started with; activities cannot see workflows."""

    async def run_of(self, owed: Restartable) -> Run:
        """What Temporal knows of its workflow; raises TemporalUnavailable."""
        ...

    async def start_again(self, owed: Restartable) -> bool:
        """Start its workflow unless it runs or has completed; raises TemporalUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at something owed came to."""

    row: Row
    workflow_id: str | None
    repair: Repair
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class RepairingActivities:
    """Reads what is unfinished, asks Temporal who works on it, starts what nobody does; never posts."""

    sessions: Sessions
    restarter: Restarter
    endless: tuple[Restartable, ...]

    @activity.defn
    async def restart_stuck(self, page: StuckPage) -> PageRepairs:
        """Start again what has no open run; a finding is what only people can mend."""
        older_than = datetime.now(UTC) - timedelta(seconds=page.grace_seconds)
        rows = await self._read(page, older_than)
        looks: list[_Look] = []
        for at in range(0, len(rows), ASKED_AT_ONCE):
            activity.heartbeat(f"{page.kind.value}: looked at {at} of {len(rows)}")
            looks += await asyncio.gather(*(self._look(row) for row in rows[at : at + ASKED_AT_ONCE]))
        findings = [look.sentence for look in looks if look.sentence is not None]
        findings += await self._ended_unfinished(page, older_than, looks)
        for sentence in findings:
            activity.logger.error("corrupt: %s", sentence)
        return PageRepairs(
            looked_at=len(rows),
            restarted=tuple(
                look.workflow_id for look in looks if look.workflow_id and look.repair is Repair.START
            ),
            findings=tuple(findings),
            next=rows[-1][0] if len(rows) == ROWS_IN_A_PAGE else None,
        )

    async def _read(self, page: StuckPage, older_than: datetime) -> Sequence[Row]:
        if page.kind is Owed.ENDLESS:
            return [(None, owed) for owed in self.endless]
        async with self.sessions.begin() as session:
            match page.kind:
                case Owed.WITHDRAWAL:
                    return await unfinished(session, older_than, page.after, ROWS_IN_A_PAGE)
                case Owed.DEPOSIT:
                    return await unfinished_deposits(session, older_than, page.after, ROWS_IN_A_PAGE)
                case Owed.TRANSFER:
                    return await unfinished_transfers(session, older_than, page.after, ROWS_IN_A_PAGE)
                case Owed.DELEGATION:
                    return await unfinished_delegations(session, older_than, page.after, ROWS_IN_A_PAGE)
                case Owed.BET:
                    return await unfinished_bets(session, older_than, page.after, ROWS_IN_A_PAGE)
                case Owed.TICKET:
                    raise AssertionError(page)

    async def _look(self, row: Row) -> _Look:
        """One of them; a row that cannot be started is a finding and holds up no other."""
        owed = row[1]
        try:
            run = await self.restarter.run_of(owed)
            repair = repair_of(run.state)
            if repair is Repair.START and not await self.restarter.start_again(owed):
                repair = Repair.NOTHING
        except (Rejected, Corrupt) as error:
            return _Look(row, None, Repair.PERSON, _unstartable(row, error))
        if repair is Repair.START:
            activity.logger.warning("started again: %s", run.workflow_id)
        return _Look(row, run.workflow_id, repair)

    async def _ended_unfinished(
        self, page: StuckPage, older_than: datetime, looks: Sequence[_Look]
    ) -> list[str]:
        """Runs that completed without finishing their row, unless the row was finished while we looked."""
        suspects = [look for look in looks if look.workflow_id and look.repair is Repair.PERSON]
        if not suspects:
            return []
        still = await self._read(page, older_than)
        return [
            RecordMismatch(f"{look.workflow_id} completed and its row is unfinished").sentence
            for look in suspects
            if look.row in still
        ]


def _unstartable(row: Row, error: CroupierError) -> str:
    mark, owed = row
    which = f" {mark.id}" if mark else ""
    return f"{type(owed).__name__}{which} cannot be started again: {error.sentence}"
