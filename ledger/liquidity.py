"""The queue for coins: each send asks once, keeps its place in rows, and is granted a wallet once.

The rule that walks the queue is pure; here are the rows it reads, the locks it is walked under, and what a
grant commits. Who is granted room by somebody else's request is told in the transaction that grants it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from domain.levels import WaitingSend
from domain.liquidity import Allotment, PayingWallet, allot
from domain.sends import SendFacts, SendKind
from ledger.chain_records import floats, grants, sends
from ledger.events import DEMAND_CHANGED, GRANTED, EventKind, NewEvent, append_events
from ledger.nonce_lanes import lock_paying
from ledger.records import AnyRow
from ledger.send_facts import recall_send
from ledger.waiting import needs_of, waiting


@dataclass(frozen=True, slots=True)
class LiquidityRequest:
    """What a send needs: amount in asset units, `fee_cap` in units of the coin `fee_asset_id`."""

    send_id: UUID
    kind: SendKind
    network: str
    asset_id: int
    fee_asset_id: int
    payee: bytes
    amount: int
    fee_cap: int

    @property
    def fingerprint(self) -> bytes:
        parts = (self.kind, self.network, self.asset_id, self.payee.hex(), self.amount, self.fee_cap)
        return hashlib.sha256("|".join(map(str, (self.send_id, *parts))).encode()).digest()

    @property
    def needs(self) -> dict[int, int]:
        """Units per asset id; the native coin pays amount and fee from one balance."""
        return needs_of(self.asset_id, self.amount, self.fee_asset_id, self.fee_cap)


async def request_liquidity(session: AsyncConnection, request: LiquidityRequest) -> SendFacts:
    """Record the send once and grant it a wallet with room, or a place in the queue.

    The answer's `wallet` is set once granted, else `queue` says where it stands. Asking again tries again.
    Raises Conflict if the send was recorded with another content.
    """
    paying = await lock_paying(session, request.network, request.needs)
    await _record(session, request)
    asked = await session.execute(
        insert(grants)
        .values(
            send_id=request.send_id,
            chain_id=request.network,
            asset_id=request.asset_id,
            amount=request.amount,
            asked_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
        .returning(grants.c.send_id)
    )
    is_new = asked.first() is not None
    if is_new or await _waits(session, request.send_id):
        queue = await waiting(session, request.network, asset_id=request.asset_id)
        granted = await _serve(session, request.network, queue, paying)
        await _tell(session, request.network, [send for send in granted if send != request.send_id])
        if is_new and request.send_id not in granted:
            await _tell_demand(session, request)
    return await recall_send(session, request.send_id)


async def grant_waiting(session: AsyncConnection, network: str) -> list[UUID]:
    """Grant what a network's queue can get now, longest waiting first, and tell them."""
    asset_ids = {asset for one in await waiting(session, network) for asset in one.send.needs}
    if not asset_ids:
        return []
    paying = await lock_paying(session, network, asset_ids)
    queue = [one for one in await waiting(session, network) if asset_ids.issuperset(one.send.needs)]
    granted = await _serve(session, network, queue, paying)
    await _tell(session, network, granted)
    return granted


async def _serve(
    session: AsyncConnection, network: str, queue: Sequence[WaitingSend], paying: Iterable[PayingWallet]
) -> list[UUID]:
    found = allot([one.send for one in queue], paying)
    return [one.send.send_id for one in found if await _grant(session, network, one)]


async def _grant(session: AsyncConnection, network: str, allotment: Allotment) -> bool:
    """Commit the room; False if the send was given up meanwhile, and then it passed nobody."""
    send_id = allotment.send.send_id
    taken = await session.execute(
        update(grants)
        .where(grants.c.send_id == send_id, grants.c.wallet.is_(None), grants.c.released_at.is_(None))
        .values(wallet=allotment.wallet, granted_at=func.clock_timestamp())
        .returning(grants.c.send_id)
    )
    if taken.first() is None:
        return False
    for asset_id, units in allotment.send.needs.items():
        await session.execute(
            update(floats)
            .where(
                floats.c.chain_id == network,
                floats.c.address == allotment.wallet,
                floats.c.asset_id == asset_id,
            )
            .values(committed=floats.c.committed + units)
        )
    await session.execute(update(sends).where(sends.c.send_id == send_id).values(state="granted"))
    if allotment.passes:
        await session.execute(
            update(grants)
            .where(grants.c.send_id == func.any(list(allotment.passes)))
            .values(passed_by=send_id)
        )
    return True


async def _tell(session: AsyncConnection, network: str, granted: Iterable[UUID]) -> None:
    await append_events(
        session, network, [NewEvent(EventKind.SEND, str(send_id), GRANTED) for send_id in granted]
    )


async def _tell_demand(session: AsyncConnection, request: LiquidityRequest) -> None:
    news = [NewEvent(EventKind.FLOAT, str(asset_id), DEMAND_CHANGED) for asset_id in request.needs]
    await append_events(session, request.network, news)


async def _waits(session: AsyncConnection, send_id: UUID) -> bool:
    found = await session.execute(
        select(grants.c.send_id).where(
            grants.c.send_id == send_id, grants.c.wallet.is_(None), grants.c.released_at.is_(None)
        )
    )
    return found.first() is not None


async def _record(session: AsyncConnection, request: LiquidityRequest) -> None:
    """Write the send once; raises Conflict if another content stands under its id."""
    await session.execute(
        insert(sends)
        .values(
            send_id=request.send_id,
            kind=request.kind.value,
            chain_id=request.network,
            asset_id=request.asset_id,
            payee=request.payee,
            amount=request.amount,
            fee_cap=request.fee_cap,
            fee_asset_id=request.fee_asset_id,
            fingerprint=request.fingerprint,
            state="waiting",
        )
        .on_conflict_do_nothing()
    )
    row = (await session.execute(select(sends).where(sends.c.send_id == request.send_id))).one()
    if row.fingerprint != request.fingerprint:
        raise Conflict(_differing_field(request, row))


def _differing_field(request: LiquidityRequest, row: AnyRow) -> str:
    pairs = {
        "kind": (request.kind.value, row.kind),
        "network": (request.network, row.chain_id),
        "asset": (request.asset_id, row.asset_id),
        "payee": (request.payee, row.payee),
        "amount": (request.amount, row.amount),
        "fee cap": (request.fee_cap, row.fee_cap),
    }
    return next((field for field, (asked, stored) in pairs.items() if asked != stored), "fingerprint")
