"""Which hot wallet pays a send: room, health, grants and the queue; the nonce is the signer's row.

Lack of coins is a queue, not an error: first in, first out per network and asset. Everybody who grants locks
the float rows of the network in one order, so two grants never promise the same room and never wait for each
other twice.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import WalletRole
from domain.errors import Conflict
from domain.sends import SendFacts, SendKind
from ledger.addresses import family_of, watch_wallet
from ledger.chain_records import floats, grants, sends, wallets
from ledger.records import AnyRow
from ledger.send_facts import recall_send

UNMINED_MAX = 8
"""Transactions of one wallet that stand in no block yet; more of them would wait behind one stuck nonce."""
BATCH_MAX = 100
"""Requests of one asset looked at in one granting transaction."""


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
        needed = {self.asset_id: self.amount}
        needed[self.fee_asset_id] = needed.get(self.fee_asset_id, 0) + self.fee_cap
        return needed


@dataclass(frozen=True, slots=True)
class FloatLimits:
    """How much of one asset a wallet should hold; the ceiling is what a stolen key costs."""

    floor: int
    target: int
    ceiling: int


async def register_wallet(session: AsyncConnection, network: str, address: bytes, role: WalletRole) -> None:
    """Make a wallet known as ours on a network; it opens at once, and an existing one keeps its state."""
    await watch_wallet(session, family_of(network), address, role)
    await session.execute(
        insert(wallets)
        .values(chain_id=network, address=address, role=role.value, state="open")
        .on_conflict_do_nothing()
    )


async def set_float_limits(
    session: AsyncConnection, network: str, address: bytes, asset_id: int, limits: FloatLimits
) -> None:
    """Say how much of an asset a wallet should hold; opens its float row with nothing confirmed."""
    values = {"floor": limits.floor, "target": limits.target, "ceiling": limits.ceiling}
    await session.execute(
        insert(floats)
        .values(chain_id=network, address=address, asset_id=asset_id, **values)
        .on_conflict_do_update(index_elements=["chain_id", "address", "asset_id"], set_=values)
    )


async def request_liquidity(session: AsyncConnection, request: LiquidityRequest) -> SendFacts:
    """Record the send once and grant it a wallet with room, or a place in the queue.

    The answer's `wallet` is set once granted, else `place_in_queue` counts from 1. Asking again tries again.
    Raises Conflict if the send was recorded with another content.
    """
    rooms = await _lock_rooms(session, request.network, request.needs)
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
    await _check_same(session, request)
    await session.execute(
        insert(grants)
        .values(
            send_id=request.send_id,
            chain_id=request.network,
            asset_id=request.asset_id,
            amount=request.amount,
            asked_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
    )
    facts = await recall_send(session, request.send_id)
    if facts.wallet is None and facts.place_in_queue == 1 and await _grant(session, request, rooms):
        return await recall_send(session, request.send_id)
    return facts


async def grant_waiting(session: AsyncConnection, network: str) -> list[UUID]:
    """Grant what a network's queue can get now, oldest first; the head of each asset holds the rest back."""
    waiting = await _waiting(session, network)
    if not waiting:
        return []
    asset_ids = {asset for request in waiting for asset in request.needs}
    rooms = await _lock_rooms(session, network, asset_ids)
    granted: list[UUID] = []
    held_back: set[int] = set()
    for request in await _waiting(session, network):
        if request.asset_id in held_back or not set(request.needs) <= asset_ids:
            continue
        if await _grant(session, request, rooms):
            granted.append(request.send_id)
        else:
            held_back.add(request.asset_id)
    return granted


class _Rooms:
    """What the open hot wallets of a network can still promise, under the lock of their float rows."""

    def __init__(self, rows: Iterable[AnyRow]) -> None:
        self._free: dict[bytes, dict[int, int]] = {}
        self._unmined: dict[bytes, int] = {}
        for row in rows:
            if row.is_open:
                self._free.setdefault(row.address, {})[row.asset_id] = int(row.confirmed - row.committed)
                self._unmined[row.address] = row.unmined

    def choose(self, request: LiquidityRequest) -> bytes | None:
        """The first wallet in this send's own order that can pay it."""
        able = [address for address in self._free if self._can_pay(address, request)]
        return min(able, key=lambda address: _rank(request.send_id, address), default=None)

    def take(self, wallet: bytes, request: LiquidityRequest) -> None:
        for asset_id, units in request.needs.items():
            self._free[wallet][asset_id] -= units
        self._unmined[wallet] += 1

    def _can_pay(self, address: bytes, request: LiquidityRequest) -> bool:
        free = self._free[address]
        has_room = all(free.get(asset_id, -1) >= units for asset_id, units in request.needs.items())
        return has_room and self._unmined[address] < UNMINED_MAX


def _rank(send_id: UUID, address: bytes) -> bytes:
    """Rendezvous hashing: each send has its own order of wallets; one that leaves moves only its own."""
    return hashlib.sha256(send_id.bytes + address).digest()


_ROOMS = text("""
    SELECT f.address, f.asset_id, f.confirmed, f.committed,
           w.state = 'open' AND w.role = 'hot' AND c.mode <> 'frozen' AS is_open,
           (SELECT count(*) FROM chain.grants g
             WHERE g.chain_id = f.chain_id AND g.wallet = f.address AND g.released_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM chain.attempts t WHERE t.send_id = g.send_id
                                AND t.state IN ('included', 'closed'))) AS unmined
      FROM chain.floats f
      JOIN chain.wallets w ON w.chain_id = f.chain_id AND w.address = f.address
      JOIN chain.chains c ON c.chain_id = f.chain_id
     WHERE f.chain_id = :network AND f.asset_id = ANY(:assets)
     ORDER BY f.address, f.asset_id
""")

_LOCK = text("""
    SELECT 1 FROM chain.floats WHERE chain_id = :network AND asset_id = ANY(:assets)
     ORDER BY address, asset_id FOR NO KEY UPDATE
""")

_WAITING = text("""
    SELECT s.send_id, s.kind, s.chain_id, s.asset_id, s.fee_asset_id, s.payee, s.amount, s.fee_cap
      FROM (SELECT send_id, row_number() OVER (PARTITION BY asset_id ORDER BY asked_at, send_id) AS place
              FROM chain.grants
             WHERE chain_id = :network AND wallet IS NULL AND released_at IS NULL) q
      JOIN chain.sends s ON s.send_id = q.send_id
     WHERE q.place <= :limit
     ORDER BY s.asset_id, q.place
""")


async def _lock_rooms(session: AsyncConnection, network: str, asset_ids: Iterable[int]) -> _Rooms:
    # Two statements: a waiting one keeps the snapshot it began with, the next one sees what was committed.
    arguments: dict[str, Any] = {"network": network, "assets": sorted(asset_ids)}
    await session.execute(_LOCK, arguments)
    return _Rooms(await session.execute(_ROOMS, arguments))


async def _grant(session: AsyncConnection, request: LiquidityRequest, rooms: _Rooms) -> bool:
    wallet = rooms.choose(request)
    if wallet is None:
        return False
    taken = await session.execute(
        update(grants)
        .where(grants.c.send_id == request.send_id, grants.c.wallet.is_(None), grants.c.released_at.is_(None))
        .values(wallet=wallet, granted_at=func.clock_timestamp())
        .returning(grants.c.send_id)
    )
    if taken.first() is None:
        return False
    rooms.take(wallet, request)
    for asset_id, units in request.needs.items():
        await session.execute(
            update(floats)
            .where(
                floats.c.chain_id == request.network,
                floats.c.address == wallet,
                floats.c.asset_id == asset_id,
            )
            .values(committed=floats.c.committed + units)
        )
    await session.execute(update(sends).where(sends.c.send_id == request.send_id).values(state="granted"))
    return True


async def _waiting(session: AsyncConnection, network: str) -> Sequence[LiquidityRequest]:
    rows = await session.execute(_WAITING, {"network": network, "limit": BATCH_MAX})
    return [
        LiquidityRequest(
            send_id=row.send_id,
            kind=SendKind(row.kind),
            network=row.chain_id,
            asset_id=row.asset_id,
            fee_asset_id=row.fee_asset_id,
            payee=row.payee,
            amount=int(row.amount),
            fee_cap=int(row.fee_cap),
        )
        for row in rows
    ]


async def _check_same(session: AsyncConnection, request: LiquidityRequest) -> None:
    row = (await session.execute(select(sends).where(sends.c.send_id == request.send_id))).one()
    if row.fingerprint == request.fingerprint:
        return
    stored = {
        "kind": row.kind,
        "network": row.chain_id,
        "asset": row.asset_id,
        "payee": row.payee,
        "amount": row.amount,
        "fee cap": row.fee_cap,
    }
    asked = {
        "kind": request.kind.value,
        "network": request.network,
        "asset": request.asset_id,
        "payee": request.payee,
        "amount": request.amount,
        "fee cap": request.fee_cap,
    }
    raise Conflict(next((field for field in asked if asked[field] != stored[field]), "fingerprint"))
