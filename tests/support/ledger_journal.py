"""Short forms of journal entries for tests: one player of operator 1, amounts in units of asset 1."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from domain.accounts import Purpose, house_account, player_account
from domain.ids import (
    bet_key,
    decision_id,
    deposit_key,
    player_of,
    slot_of_player,
    withdrawal_id,
    withdrawal_key,
)
from domain.journal import (
    bet_reserved,
    bet_settled,
    bet_voided,
    deposit_credited,
    deposit_reversed,
    withdrawal_committed,
    withdrawal_reserved,
    withdrawal_returned,
    withdrawal_settled,
    withdrawal_voided,
)
from domain.postings import Command
from ledger.writing import DecisionRow

OPERATOR = 1
ASSET = 1
NETWORK = "eip155:31337"
_TESTS = UUID("00000000-0000-5000-8000-000000000001")


def posting_uuid(name: str) -> UUID:
    """An id for this name, the same in every run."""
    return uuid5(_TESTS, name)


@dataclass(frozen=True)
class Actor:
    """A player whose journal entries are named by short words."""

    owner: int
    asset_id: int = ASSET

    @property
    def player(self) -> int:
        return player_of(OPERATOR, self.owner)

    @property
    def slot(self) -> int:
        return slot_of_player(self.player)

    def account(self, purpose: Purpose) -> int:
        """The player's account, or the house's in the player's slot."""
        if purpose.is_players:
            return player_account(self.player, self.asset_id, purpose)
        return house_account(OPERATOR, self.asset_id, purpose)

    def deposits(self, units: int, txid: str = "aa", number: int = 1, fee_units: int = 0) -> Command:
        return deposit_credited(
            player=self.player,
            asset_id=self.asset_id,
            units=units,
            key=self._deposit(txid),
            number=number,
            fee_units=fee_units,
        )

    def loses_deposit(self, txid: str = "aa", number: int = 1) -> Command:
        return deposit_reversed(
            player=self.player, asset_id=self.asset_id, key=self._deposit(txid), number=number
        )

    def bets(self, units: int, name: str = "bet", ref: str | None = None) -> Command:
        key = self.bet(name)
        return bet_reserved(
            player=self.player,
            asset_id=self.asset_id,
            units=units,
            key=key,
            decision=decision_id(key),
            ref=ref,
        )

    def settles(self, payout_units: int, name: str = "bet") -> Command:
        return bet_settled(
            player=self.player, asset_id=self.asset_id, payout_units=payout_units, key=self.bet(name)
        )

    def voids(self, name: str = "bet") -> Command:
        return bet_voided(player=self.player, key=self.bet(name))

    def withdraws(self, units: int, fee_units: int = 0, name: str = "wd") -> Command:
        key = self.withdrawal(name)
        return withdrawal_reserved(
            player=self.player,
            asset_id=self.asset_id,
            units=units,
            fee_units=fee_units,
            key=key,
            decision=decision_id(key),
        )

    def cancels(self, name: str = "wd") -> Command:
        return withdrawal_voided(player=self.player, key=self.withdrawal(name))

    def commits(self, name: str = "wd") -> Command:
        return withdrawal_committed(player=self.player, asset_id=self.asset_id, key=self.withdrawal(name))

    def is_paid(self, fee_units: int = 0, name: str = "wd") -> Command:
        return withdrawal_settled(
            player=self.player, asset_id=self.asset_id, fee_units=fee_units, key=self.withdrawal(name)
        )

    def gets_back(self, name: str = "wd") -> Command:
        return withdrawal_returned(player=self.player, asset_id=self.asset_id, key=self.withdrawal(name))

    def bet(self, name: str) -> str:
        return bet_key(OPERATOR, posting_uuid(f"{self.owner}/{name}"))

    def withdrawal(self, name: str) -> str:
        return withdrawal_key(withdrawal_id(self.player, name))

    def _deposit(self, txid: str) -> str:
        return deposit_key(NETWORK, f"{self.owner:08x}{txid}", "native")


def decisions_for(*commands: Command) -> list[DecisionRow]:
    """The decision rows that these commands name."""
    return [
        DecisionRow(command.slot, command.decision, verdict=1, rules=1)
        for command in commands
        if command.decision is not None
    ]
