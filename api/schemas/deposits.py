"""Deposit addresses and deposits."""

from datetime import datetime

from pydantic import Field

from api.schemas.amounts import Asked, Network, Shown, UnitsShown
from domain.deposit_words import player_sentence, progress
from domain.deposits import DepositReason, DepositState
from ledger.deposits import DepositLine


class AddressRequest(Asked):
    """The network a player wants to deposit on."""

    network: Network


class AddressAnswer(Shown):
    """The player's own deposit address, as people of its network write it: `0x…` on EVM, `T…` on Tron.

    On EVM networks it is the same one everywhere.
    """

    network: str
    address: str = Field(examples=["0x52908400098527886E0F7030069857D2E4169EE7"])


class AddressesAnswer(Shown):
    """The addresses this player was given so far, one line per network they work on."""

    items: list[AddressAnswer]


class DepositAnswer(Shown):
    """One deposit as chain and ledger show it; several of one transaction differ in their position."""

    network: str
    txid: str = Field(
        description="`0x` and 64 digits on every network; explorers of Tron take the digits alone.",
        examples=["0x5e21…"],
    )
    position: str = Field(examples=["log-0"])
    state: DepositState
    reason: DepositReason | None = Field(default=None, description="Why it is not credited by itself.")
    asset: str | None = Field(default=None, description="Absent for a token that is not listed.")
    amount: UnitsShown
    address: str
    sentence: str = Field(
        description="Where it stands, for the player.", examples=["Waiting until its block is final."]
    )
    confirmations: int = Field(description="Counts its own block; 0 once it left the chain.")
    confirmations_needed: int | None = Field(
        default=None, description="Playable at so many; absent if only its final block makes it so."
    )
    progress: str | None = Field(
        default=None, description="`3 of 12` or `waiting for finality` while it is under way."
    )
    height: int | None = Field(description="The block it stands in.")
    final_height: int | None = Field(
        description="The network is final up to here; credited once this reaches `height`."
    )
    seen_at: datetime
    credited_at: datetime | None = Field(default=None, description="In the balance since then.")
    withdrawable_at: datetime | None = Field(
        default=None, description="Withdrawable since then; absent while it is locked."
    )

    @classmethod
    def of(cls, line: DepositLine, symbol: str | None, address: str) -> "DepositAnswer":
        return cls(
            network=line.network,
            txid="0x" + line.txid.hex(),
            position=line.position,
            state=line.facts.state,
            reason=line.facts.reason,
            asset=symbol,
            amount=line.facts.amount,
            address=address,
            sentence=player_sentence(line.facts, line.confirmations),
            confirmations=line.confirmations,
            confirmations_needed=line.facts.confirmations_needed,
            progress=progress(line.facts, line.confirmations),
            height=line.facts.height,
            final_height=line.facts.final_height,
            seen_at=line.seen_at,
            credited_at=line.posted_at,
            withdrawable_at=line.unlocked_at,
        )


class DepositPage(Shown):
    """Deposits, newest first."""

    items: list[DepositAnswer]
    next: str | None = Field(default=None, description="The cursor of the next page.")
