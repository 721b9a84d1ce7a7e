"""Withdrawals as their players see them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import AssetName, Counter, Shown, UnitsAsked, UnitsShown
from domain.assets import Asset
from domain.withdrawals import PlayerView, WithdrawalFacts, WithdrawalInput, player_view

ADDRESS_TEXT_MAX = 256


class WithdrawalRequest(AssetName):
    """A wish to be paid `amount` at `to`; the fee comes on top."""

    to: Annotated[
        str,
        Field(
            max_length=ADDRESS_TEXT_MAX,
            description="As people of the network write it: `0x…` on EVM, `T…` on Tron.",
            examples=["0x52908400098527886E0F7030069857D2E4169EE7"],
        ),
    ]
    amount: UnitsAsked


class WithdrawalAnswer(Shown):
    """One withdrawal in the words of its player."""

    withdrawal_id: UUID
    status: PlayerView
    asset: str
    network: str
    to: str
    amount: UnitsShown
    fee: UnitsShown | None = Field(description="On top of the amount; null until it has been decided.")
    txid: str | None = Field(
        default=None, description="The transaction that pays, once a block holds it; `0x` and 64 digits."
    )
    can_be_cancelled: bool
    code: str | None = Field(default=None, description="Why it was refused or ended.")
    detail: str | None = None
    version: Counter | None = Field(default=None, description="The player's version after the last posting.")
    repeat: bool = Field(default=False, description="Requested before; the same withdrawal again.")

    @classmethod
    def of(
        cls, facts: WithdrawalFacts, asset: Asset, payee: str, *, repeat: bool = False
    ) -> "WithdrawalAnswer":
        attempt = facts.send.current if facts.send is not None else None
        status = player_view(facts.state, attempt)
        is_visible = status in {PlayerView.SENT, PlayerView.PAID} and attempt is not None
        return cls(
            withdrawal_id=facts.withdrawal_id,
            status=status,
            asset=asset.symbol,
            network=facts.network,
            to=payee,
            amount=facts.amount,
            fee=facts.fee,
            txid="0x" + attempt.txid.hex() if is_visible and attempt and attempt.txid else None,
            can_be_cancelled=facts.state.can_be_cancelled,
            code=facts.code,
            detail=facts.sentence,
            version=facts.version,
            repeat=repeat,
        )

    @classmethod
    def pending(cls, request: WithdrawalInput, asset: Asset, payee: str) -> "WithdrawalAnswer":
        """A withdrawal whose workflow runs and whose first answer did not come in time."""
        return cls(
            withdrawal_id=request.withdrawal_id,
            status=PlayerView.PROCESSING,
            asset=asset.symbol,
            network=request.network,
            to=payee,
            amount=request.amount,
            fee=None,
            can_be_cancelled=True,
        )


class WithdrawalPage(Shown):
    """Withdrawals, newest first."""

    items: list[WithdrawalAnswer]
    next: str | None = Field(default=None, description="The cursor of the next page.")
