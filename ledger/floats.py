"""What a hot wallet holds, and how a finished send leaves its float.

`confirmed` is a balance read at a final block; `committed` is promised to sends that have not ended. A send
that ends gives its promise back, and its spending is taken off unless the balance was read after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound, NotYet, TooLate
from domain.sends import SendKind
from ledger.chain_records import floats, grants, sends
from ledger.events import FUNDS_CHANGED, EventKind, NewEvent, append_events
from ledger.records import AnyRow
from ledger.waiting import needs_of


@dataclass(frozen=True, slots=True)
class WalletFloat:
    """One wallet's coins of one asset, in its units."""

    network: str
    address: bytes
    asset_id: int
    confirmed: int
    committed: int
    confirmed_height: int


async def floats_of(session: AsyncConnection, network: str) -> list[WalletFloat]:
    """All float rows of a network, in address and asset order."""
    rows = await session.execute(
        select(floats).where(floats.c.chain_id == network).order_by(floats.c.address, floats.c.asset_id)
    )
    return [
        WalletFloat(
            network=row.chain_id,
            address=row.address,
            asset_id=row.asset_id,
            confirmed=row.confirmed,
            committed=row.committed,
            confirmed_height=row.confirmed_height,
        )
        for row in rows
    ]


async def set_float(  # noqa: PLR0913, PLR0917 - one balance and the block it holds at
    session: AsyncConnection, network: str, address: bytes, asset_id: int, confirmed: int, final_height: int
) -> bool:
    """Take over a balance that was read at a final block; False if something newer is known already."""
    changed = await session.execute(
        update(floats)
        .where(
            floats.c.chain_id == network,
            floats.c.address == address,
            floats.c.asset_id == asset_id,
            floats.c.confirmed_height <= final_height,
            floats.c.settled_height <= final_height,
        )
        .values(confirmed=confirmed, confirmed_height=final_height)
        .returning(floats.c.asset_id)
    )
    return changed.first() is not None


async def weigh(  # noqa: PLR0913, PLR0917 - one balance and the block it holds at
    session: AsyncConnection, network: str, address: bytes, asset_id: int, confirmed: int, final_height: int
) -> bool:
    """Take over a balance as `set_float` does, and tell of coins that came or of a limit that was crossed."""
    before = (
        await session.execute(
            select(floats)
            .where(floats.c.chain_id == network, floats.c.address == address, floats.c.asset_id == asset_id)
            .with_for_update(key_share=True)
        )
    ).one_or_none()
    if before is None or not await set_float(session, network, address, asset_id, confirmed, final_height):
        return False
    fell_low = confirmed < before.floor <= before.confirmed
    came_down = confirmed <= before.ceiling < before.confirmed
    if confirmed > before.confirmed or fell_low or came_down:
        await append_events(session, network, [NewEvent(EventKind.FLOAT, str(asset_id), FUNDS_CHANGED)])
    return True


async def settle_float(session: AsyncConnection, send_id: UUID) -> None:
    """End the grant of a send whose payment is final, once: promise given back, spending taken off.

    Raises NotFound for an unknown send and NotYet while none of its attempts is closed as paid.
    """
    send = await _lock(session, send_id)
    if send.state in {"settled", "released"}:
        return
    if not await session.scalar(_IS_PAID, {"send_id": send_id}):
        raise NotYet(f"The final payment of send {send_id}")
    await _end(session, send)
    await session.execute(update(sends).where(sends.c.send_id == send_id).values(state="settled"))


async def release(session: AsyncConnection, send_id: UUID, why: str) -> bool:
    """Give up a send for ever: its room goes back and it will never be granted again; False on a repeat.

    Fees of failed attempts are taken off. Raises NotFound for an unknown send and TooLate while an attempt of
    it is open or paid.
    """
    send = await _lock(session, send_id)
    if send.state == "released":
        return False
    standing = await session.scalar(_STANDING, {"send_id": send_id})
    if standing is not None or send.state == "settled":
        raise TooLate("release the send", standing or "settled")
    await _end(session, send)
    await session.execute(
        update(sends)
        .where(sends.c.send_id == send_id)
        .values(state="released", why=why, released_at=func.clock_timestamp())
    )
    return True


_IS_PAID = text("SELECT EXISTS (SELECT 1 FROM chain.attempts WHERE send_id = :send_id AND outcome = 'paid')")

_STANDING = text("""
    SELECT coalesce(outcome, state) FROM chain.attempts
     WHERE send_id = :send_id AND (outcome IS NULL OR outcome = 'paid')
""")

_SPENT = text("""
    SELECT t.outcome, o.height, o.fee
      FROM chain.attempts t
      JOIN chain.own_txs o
        ON o.chain_id = t.chain_id AND o.txid = t.landed_txid AND o.block_hash = t.block_hash
     WHERE t.send_id = :send_id AND t.outcome IS NOT NULL
""")

_LOCK = text("""
    SELECT address, asset_id, confirmed, committed, confirmed_height, settled_height FROM chain.floats
     WHERE chain_id = :network AND address = :wallet AND asset_id = ANY(:assets)
     ORDER BY address, asset_id FOR NO KEY UPDATE
""")


async def _lock(session: AsyncConnection, send_id: UUID) -> AnyRow:
    """The send with its grant, whose row is locked; a waiting grant cannot be granted meanwhile."""
    row = (
        await session.execute(
            select(sends, grants.c.wallet)
            .select_from(sends.join(grants, grants.c.send_id == sends.c.send_id))
            .where(sends.c.send_id == send_id)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        raise NotFound("send", str(send_id))
    return row


async def _end(session: AsyncConnection, send: AnyRow) -> None:
    await session.execute(
        update(grants).where(grants.c.send_id == send.send_id).values(released_at=func.clock_timestamp())
    )
    if send.wallet is None:
        return
    spendings = (await session.execute(_SPENT, {"send_id": send.send_id})).all()
    promised = _promised(send)
    locked = await session.execute(
        _LOCK, {"network": send.chain_id, "wallet": send.wallet, "assets": sorted(promised)}
    )
    for row in locked.all():
        spent, newest = _spent(send, row, spendings)
        await session.execute(
            update(floats)
            .where(
                floats.c.chain_id == send.chain_id,
                floats.c.address == send.wallet,
                floats.c.asset_id == row.asset_id,
            )
            .values(
                committed=int(row.committed) - promised[row.asset_id],
                confirmed=max(int(row.confirmed) - spent, 0),
                settled_height=newest,
            )
        )


def _promised(send: AnyRow) -> dict[int, int]:
    """Units per asset id that its wallet's floats were promised for; lending stake promises no coin."""
    if send.kind == SendKind.ENERGY.value:
        return {}
    return needs_of(send.asset_id, int(send.amount), send.fee_asset_id, int(send.fee_cap))


def _spent(send: AnyRow, row: AnyRow, spendings: Sequence[AnyRow]) -> tuple[int, int]:
    """What of this asset left after the balance was read, and the newest block that is accounted for."""
    spent, newest = 0, row.settled_height
    for spending in spendings:
        newest = max(newest, spending.height)
        if spending.height <= row.confirmed_height:
            continue
        if row.asset_id == send.fee_asset_id:
            spent += int(spending.fee)
        if row.asset_id == send.asset_id and spending.outcome == "paid":
            spent += send.amount
    return spent, newest
