"""Journal entries of coins that move between the house's own holdings.

`key` is the transfer's business key without its step; `leaves` and `arrives` are the holdings it connects.
"""

from domain.accounts import Purpose, house_account
from domain.ids import posting_id, step
from domain.kinds import Kind
from domain.postings import ALL, NOBODY, Command, Leg, Provenance


def transfer_committed(  # noqa: PLR0913 - one keyword per business fact
    *,
    operator: int,
    slot: int,
    asset_id: int,
    units: int,
    key: str,
    leaves: Purpose,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """Coins of the house on their way between two of its own holdings: posted before the signer is asked."""
    transit = house_account(operator, asset_id, Purpose.IN_TRANSIT)
    return Command(
        slot=slot,
        posting_id=posting_id(step(key, "send")),
        kind=Kind.TRANSFER_COMMITTED,
        legs=(Leg(transit, house_account(operator, asset_id, leaves), units),),
        ref=ref,
        provenance=provenance,
    )


def transfer_final(  # noqa: PLR0913 - one keyword per business fact
    *,
    operator: int,
    slot: int,
    asset_id: int,
    key: str,
    arrives: Purpose,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """An own transfer that is final on its chain: everything has arrived."""
    return _end_transit(
        Kind.TRANSFER_FINAL, operator, slot, asset_id, key, "settle", arrives, ref, provenance
    )


def transfer_dead(  # noqa: PLR0913 - one keyword per business fact
    *,
    operator: int,
    slot: int,
    asset_id: int,
    key: str,
    leaves: Purpose,
    ref: str | None = None,
    provenance: Provenance = NOBODY,
) -> Command:
    """An own transfer that is proven dead: the coins never left."""
    return _end_transit(Kind.TRANSFER_DEAD, operator, slot, asset_id, key, "return", leaves, ref, provenance)


def _end_transit(  # noqa: PLR0913, PLR0917 - one entry, two ends
    kind: Kind,
    operator: int,
    slot: int,
    asset_id: int,
    key: str,
    name: str,
    holder: Purpose,
    ref: str | None,
    provenance: Provenance,
) -> Command:
    transit = house_account(operator, asset_id, Purpose.IN_TRANSIT)
    return Command(
        slot=slot,
        posting_id=posting_id(step(key, name)),
        kind=kind,
        legs=(Leg(house_account(operator, asset_id, holder), transit, ALL),),
        target=posting_id(step(key, "send")),
        ref=ref,
        provenance=provenance,
    )
