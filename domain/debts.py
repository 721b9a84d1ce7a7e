"""The journal entry that ends a debt of a player's; debts arise where a reversal finds money spent."""

from domain.accounts import Purpose, player_account
from domain.ids import posting_id, slot_of_player, step
from domain.kinds import Kind
from domain.postings import NOBODY, Command, Leg, Provenance


def receivable_repaid(  # noqa: PLR0913 - one keyword per business fact
    *,
    player: int,
    asset_id: int,
    units: int,
    key: str,
    number: int = 1,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """A debt for a deposit that was taken back, repaid out of the balance; `key` is what it was repaid at."""
    available = player_account(player, asset_id, Purpose.AVAILABLE)
    return Command(
        slot=slot_of_player(player),
        posting_id=posting_id(step(key, f"repay/{number}")),
        kind=Kind.RECEIVABLE_REPAID,
        legs=(Leg(available, player_account(player, asset_id, Purpose.RECEIVABLE), units),),
        ref=ref,
        provenance=provenance,
    )
