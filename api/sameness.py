"""One id, one content: an answer that belongs to another request under the same key is a conflict.

Temporal returns the stored result for a known workflow and update id whatever the content was, so the door
compares what came back with what was asked.
"""

from domain.bets import BetInput, BetResult
from domain.errors import Conflict
from domain.players import (
    AddressInput,
    AddressRecord,
    PlayerInput,
    PlayerRecord,
    SeedRotationInput,
    SeedRotationRecord,
)
from domain.withdrawals import WithdrawalFacts, WithdrawalInput


def check_same_bet(asked: BetInput, answered: BetResult) -> None:
    """Raise Conflict naming the first field in which a stored bet differs from the one asked for."""
    _first_difference(
        ("bet_id", asked.bet_id, answered.bet_id),
        ("asset", asked.asset_id, answered.asset_id),
        ("stake", asked.stake, answered.stake),
        ("under", asked.under, answered.under),
    )


def check_same_withdrawal(asked: WithdrawalInput, answered: WithdrawalFacts) -> None:
    """Raise Conflict naming the first field in which a stored withdrawal differs from the one asked for."""
    _first_difference(
        ("withdrawal_id", asked.withdrawal_id, answered.withdrawal_id),
        ("player", asked.player, answered.player),
        ("network", asked.network, answered.network),
        ("asset", asked.asset_id, answered.asset_id),
        ("to", asked.payee, answered.payee),
        ("amount", asked.amount, answered.amount),
    )


def check_same_player(asked: PlayerInput, answered: PlayerRecord) -> None:
    """Raise Conflict when a registration came back for somebody else."""
    _first_difference(
        ("operator", asked.operator, answered.operator),
        ("external_id", asked.external_id, answered.external_id),
    )


def check_same_address(asked: AddressInput, answered: AddressRecord) -> None:
    """Raise Conflict when a deposit address came back for another player or key family."""
    _first_difference(
        ("player", asked.player, answered.player),
        ("family", asked.family, answered.family),
    )


def check_same_rotation(asked: SeedRotationInput, answered: SeedRotationRecord) -> None:
    """Raise Conflict when a rotation under this key set another client seed."""
    _first_difference(
        ("player", asked.player, answered.current.player),
        ("client_seed", asked.client_seed, answered.current.client_seed),
    )


def is_repeat(request_id: str, answered_request_id: str | None, *, marked: bool) -> bool:
    """Whether an answer was made for an earlier request; `marked` is the ledger's own word for a repeat."""
    return marked or (answered_request_id is not None and answered_request_id != request_id)


def _first_difference(*pairs: tuple[str, object, object]) -> None:
    for field, asked, answered in pairs:
        if asked != answered:
            raise Conflict(field)
