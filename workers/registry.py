"""Which process serves which queues: the table that workers are built from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bootstrap.assembly import Assembly
from workflows.address_pool import AddressPoolWorkflow
from workflows.bets import BetWorkflow
from workflows.chain_feed import ChainFeedWorkflow
from workflows.deposits import DepositWorkflow
from workflows.energy import EnergyWorkflow
from workflows.energy_rounds import EnergyRoundWorkflow
from workflows.funding import FundingWorkflow
from workflows.hot_wallets import HotWalletWorkflow
from workflows.moves import MoveWorkflow
from workflows.names import (
    BETS_NAMESPACE,
    BETS_QUEUE,
    LEDGER_QUEUE,
    MONEY_NAMESPACE,
    MONEY_QUEUE,
    OPS_QUEUE,
    chain_queue,
    feed_queue,
)
from workflows.planner import PlannerWorkflow
from workflows.players import AddressWorkflow, PlayerWorkflow, SeedRotationWorkflow
from workflows.stuck_finder import StuckFinderWorkflow
from workflows.sweeps import SweepWorkflow
from workflows.withdrawals import WithdrawalWorkflow

Activity = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class QueueWork:
    """One task queue of one namespace: what runs there, and how many activities at once.

    Without a number it is the size of the database pool: more would only wait for a connection.
    """

    namespace: str
    queue: str
    workflows: tuple[type, ...] = ()
    activities: Callable[[Assembly], Sequence[Activity]] = field(default=lambda _: ())
    concurrent_activities: int | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One worker process: its command, its database role, and its queues for the networks of the house."""

    name: str
    role: str
    queues: Callable[[Sequence[str]], tuple[QueueWork, ...]]
    reads_seeds: bool = False


def _bets(_: Sequence[str]) -> tuple[QueueWork, ...]:
    return (
        QueueWork(
            BETS_NAMESPACE,
            BETS_QUEUE,
            workflows=(BetWorkflow, SeedRotationWorkflow),
            activities=lambda built: (built.playing.accept_bet, built.playing.settle_bet),
        ),
    )


def _money(_: Sequence[str]) -> tuple[QueueWork, ...]:
    return (
        QueueWork(
            MONEY_NAMESPACE,
            MONEY_QUEUE,
            workflows=(
                PlayerWorkflow,
                AddressWorkflow,
                DepositWorkflow,
                WithdrawalWorkflow,
                SweepWorkflow,
                FundingWorkflow,
                MoveWorkflow,
                EnergyWorkflow,
                ChainFeedWorkflow,
                AddressPoolWorkflow,
                HotWalletWorkflow,
            ),
            activities=lambda built: (
                built.accepting.accept_withdrawal,
                built.accepting.record_review,
                built.returning.record_verb,
                built.crediting.recall_deposit,
                built.crediting.post_deposit,
                built.crediting.unlock_deposit,
                built.crediting.reverse_deposit,
                built.posting.recall_withdrawal,
                built.posting.post_send,
                built.posting.void_withdrawal,
                built.posting.settle_withdrawal,
                built.granting.request_liquidity,
                built.observing.look_at_send,
                built.transferring.recall_transfer,
                built.lending.recall_delegation,
            ),
        ),
    )


def _ledger(_: Sequence[str]) -> tuple[QueueWork, ...]:
    return (
        QueueWork(
            BETS_NAMESPACE,
            LEDGER_QUEUE,
            activities=lambda built: (
                built.playing.rotate_seeds,
                built.playing.settle_bet,
                built.playing.void_bet,
            ),
        ),
        QueueWork(
            MONEY_NAMESPACE,
            LEDGER_QUEUE,
            activities=lambda built: (
                built.accepting.register_player,
                built.accepting.assign_address,
                built.accepting.accept_withdrawal,
                built.accepting.record_review,
                built.granting.request_liquidity,
                built.granting.grant_liquidity,
                built.addresses.wanted_addresses,
                built.addresses.store_addresses,
                built.crediting.recall_deposit,
                built.crediting.post_deposit,
                built.crediting.unlock_deposit,
                built.crediting.reverse_deposit,
                built.posting.recall_withdrawal,
                built.posting.post_send,
                built.posting.void_withdrawal,
                built.posting.settle_withdrawal,
                built.returning.record_verb,
                built.returning.book_fees,
                built.returning.return_withdrawal,
                built.transferring.recall_transfer,
                built.transferring.ready_transfer,
                built.transferring.skip_transfer,
                built.transferring.post_transfer,
                built.transferring.book_transfer_fees,
                built.transferring.settle_transfer,
                built.transferring.return_transfer,
                built.lending.recall_delegation,
                built.lending.grant_delegation,
                built.lending.open_delegation,
                built.lending.note_energy,
                built.lending.take_back_delegation,
                built.lending.close_delegation,
                built.lending.drop_delegation,
                built.lending.give_back,
            ),
        ),
    )


def _chain(networks: Sequence[str]) -> tuple[QueueWork, ...]:
    return tuple(
        QueueWork(
            MONEY_NAMESPACE,
            chain_queue(network),
            activities=lambda built: (
                built.observing.look_at_send,
                built.broadcasting.simulate_send,
                built.proving.close_judged,
                built.proving.prove_unpayable,
                built.estimating.estimate_sweep,
                built.estimating.estimate_funding,
                built.estimating.has_left,
                built.energy.see_energy,
                built.energy.compare_delegations,
                built.broadcasting.plan_send,
                built.broadcasting.plan_replacement,
                built.broadcasting.broadcast,
                built.broadcasting.heal_sends,
            ),
        )
        for network in networks
    )


def _feed(networks: Sequence[str]) -> tuple[QueueWork, ...]:
    return tuple(
        QueueWork(
            MONEY_NAMESPACE,
            feed_queue(network),
            activities=lambda built: (built.following.follow_chain,),
            concurrent_activities=2,
        )
        for network in networks
    )


def _ops(_: Sequence[str]) -> tuple[QueueWork, ...]:
    return (
        QueueWork(
            BETS_NAMESPACE,
            OPS_QUEUE,
            workflows=(StuckFinderWorkflow,),
            activities=lambda built: (built.repairing.restart_stuck,),
        ),
        QueueWork(
            MONEY_NAMESPACE,
            OPS_QUEUE,
            workflows=(StuckFinderWorkflow, PlannerWorkflow, EnergyRoundWorkflow),
            activities=lambda built: (
                built.delivering.deliver_events,
                built.redelivering.deliver_tickets,
                built.repairing.restart_stuck,
                built.planning.plan_sweeps,
                built.planning.plan_moves,
                built.planning.top_up,
                built.planning.tell_sweeps,
                built.borrowing.borrow,
                built.borrowing.tell_borrower,
                built.borrowing.tell_lender,
                built.borrowing.settle_round,
            ),
        ),
    )


PROCESSES = {
    process.name: process
    for process in (
        Process("bets", "croupier_money", _bets, reads_seeds=True),
        Process("money", "croupier_money", _money),
        Process("ledger", "croupier_money", _ledger, reads_seeds=True),
        Process("chain", "croupier_chain", _chain),
        Process("feed", "croupier_chain", _feed),
        Process("ops", "croupier_ops", _ops),
    )
}
