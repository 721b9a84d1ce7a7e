"""PlanningActivities: rows for sweeps that are due and the gas they lack, and their workflows started.

Whoever plans moves nothing: every row is judged again by its own workflow, the books and the signer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity

from domain.assets import Catalogue
from domain.ids import SLOTS, operator_of_player
from domain.levels import HotWalletInput
from domain.own_transfers import TopUpWish, TransferInput
from domain.planning import PlannerTerms, PlanReport, PlanRound
from domain.repairs import Restartable
from domain.rules import Policy
from domain.sends import SendKind
from domain.surplus import WantedMove, wanted_moves
from ledger.levels import read_liquidity
from ledger.own_transfers import (
    TransferPlan,
    open_transfer_at,
    plan_transfer,
    recall_transfer,
    waiting_sweeps,
)
from ledger.session import Sessions
from ledger.sweepable import due_sweeps, open_sweeps


class TransferStarter(Protocol):
    """Starts and messages workflows by what they are started with; activities cannot see workflows."""

    async def start_again(self, owed: Restartable) -> bool:
        """Start its workflow unless it runs or has completed; raises TemporalUnavailable."""
        ...

    async def tell_transfer(self, transfer: TransferInput) -> None:
        """Tell its workflow, if it runs, that its rows have changed; raises TemporalUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class PlanningActivities:
    """Plans own transfers for a house; `house` books what belongs to no player's brand."""

    sessions: Sessions
    starter: TransferStarter
    catalogue: Catalogue
    policy: Policy
    house: int
    terms: PlannerTerms
    cold: Mapping[str, bytes]

    @activity.defn
    async def plan_sweeps(self, wanted: PlanRound) -> PlanReport:  # noqa: ARG002 - a round names nothing so far
        """Insert a row for each sweep that is due, as many as may be open, and start their workflows."""
        now = datetime.now(UTC)
        planned: list[TransferInput] = []
        async with self.sessions.begin() as session:
            room = self.terms.open_max - await open_sweeps(session)
            again_before = now - timedelta(seconds=self.terms.again_after_seconds)
            due = (
                await due_sweeps(session, self.catalogue, self.policy, again_before, room) if room > 0 else ()
            )
            for one in due:
                plan = TransferPlan(
                    kind=SendKind.SWEEP,
                    network=one.network,
                    asset_id=one.asset_id,
                    operator=self.house if one.player is None else operator_of_player(one.player),
                    slot=one.slot,
                    policy_version=self.policy.version,
                    source=one.address,
                )
                transfer = await plan_transfer(session, plan, now)
                if transfer is not None:
                    planned.append(transfer)
        for transfer in planned:
            activity.heartbeat(f"starting {transfer.kind.value} {transfer.transfer_id}")
            await self.starter.start_again(transfer)
        return PlanReport(planned=tuple(transfer.transfer_id for transfer in planned))

    @activity.defn
    async def plan_moves(self, hot: HotWalletInput) -> PlanReport:
        """Insert a row for each move out of a hot wallet above its ceiling, and start their workflows.

        Coins go to a wallet of the set that lacks them, else to the network's cold wallet, if it has one.
        """
        terms = self.policy.transfer_terms_of(hot.asset_id)
        if terms is None:
            return PlanReport()
        is_native = self.catalogue.native(hot.network).asset_id == hot.asset_id
        async with self.sessions.begin() as session:
            wanted = wanted_moves(
                await read_liquidity(session, hot.network),
                hot.asset_id,
                cold=self.cold.get(hot.network),
                fee_room=terms.fee_cap if is_native else 0,
            )
            plans = [self._plan_of(hot, move) for move in wanted]
            planned = [await plan_transfer(session, plan, datetime.now(UTC)) for plan in plans]
        moves = [transfer for transfer in planned if transfer is not None]
        for move in moves:
            await self.starter.start_again(move)
        return PlanReport(planned=tuple(move.transfer_id for move in moves))

    def _plan_of(self, hot: HotWalletInput, move: WantedMove) -> TransferPlan:
        return TransferPlan(
            kind=move.kind,
            network=hot.network,
            asset_id=hot.asset_id,
            operator=self.house,
            slot=move.source[-1] % SLOTS,
            policy_version=self.policy.version,
            wanted=move.units,
            source=move.source,
            payee=move.payee,
        )

    @activity.defn
    async def top_up(self, wish: TopUpWish) -> TransferInput | None:
        """Plan the gas a sweep's address lacks, or find the top-up that is on its way; see that it runs.

        None if one was on its way and has ended in between: the address has to be looked at again.
        """
        async with self.sessions.begin() as session:
            sweep = await recall_transfer(session, wish.sweep_id)
            assert sweep.source is not None, sweep
            plan = TransferPlan(
                kind=SendKind.GAS,
                network=sweep.network,
                asset_id=self.catalogue.native(sweep.network).asset_id,
                operator=sweep.operator,
                slot=sweep.slot,
                policy_version=self.policy.version,
                wanted=wish.wanted,
                payee=sweep.source,
            )
            top_up = await plan_transfer(session, plan, datetime.now(UTC)) or await open_transfer_at(
                session, SendKind.GAS, sweep.network, sweep.source
            )
        if top_up is not None:
            await self.starter.start_again(top_up)
        return top_up

    @activity.defn
    async def tell_sweeps(self, top_up: TransferInput) -> None:
        """Tell the sweeps that wait for a top-up that it has ended; what is lost here costs them a timer."""
        async with self.sessions.begin() as session:
            waiting = await waiting_sweeps(session, top_up.transfer_id)
        for sweep in waiting:
            await self.starter.tell_transfer(sweep)
