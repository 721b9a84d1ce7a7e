"""What deposit addresses hold by our own rows, what of it is due for a sweep, what each sweep took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.assets import Catalogue
from domain.deposits import DepositReason, is_booked
from domain.own_transfers import TransferFacts
from domain.rules import Policy


@dataclass(frozen=True, slots=True)
class DueSweep:
    """An address and the asset to sweep there next; `player` is None where nobody was given the address."""

    network: str
    address: bytes
    asset_id: int
    units: int
    slot: int
    player: int | None


@dataclass(frozen=True, slots=True)
class AddressBooks:
    """What our rows say of one address: units of the swept asset, and of what else is worth a sweep.

    `sent` counts transactions of ours that the address sent; `newest` is its newest deposit of the asset.
    """

    booked: int
    sent: int
    newest: datetime | None
    tokens_due: int
    funding_failed: bool
    lending_failed: bool


async def due_sweeps(
    session: AsyncConnection,
    catalogue: Catalogue,
    policy: Policy,
    again_before: datetime,
    limit: int,
) -> Sequence[DueSweep]:
    """Addresses with final, booked deposits worth a sweep that nobody sweeps now, longest waiting first.

    One asset per address, tokens before the native coin, whose rest pays their gas. What was skipped comes
    again after another deposit, or once its row is older than `again_before`; what came back only then.
    """
    terms = [
        (one.asset_id, one.minimum, not catalogue.by_id(one.asset_id).contract)
        for one in policy.transfer_terms
    ]
    rows = await session.execute(
        _DUE,
        {
            "assets": [asset_id for asset_id, _, _ in terms],
            "minimums": [minimum for _, minimum, _ in terms],
            "natives": [is_native for _, _, is_native in terms],
            "again_before": again_before,
            "limit": limit,
        },
    )
    return [
        DueSweep(
            network=row.chain_id,
            address=row.receiver,
            asset_id=row.asset_id,
            units=int(row.units),
            slot=row.slot,
            player=row.player,
        )
        for row in rows
    ]


async def open_sweeps(session: AsyncConnection) -> int:
    """How many sweeps are under way."""
    return int(await session.scalar(_OPEN) or 0)


async def books_of(
    session: AsyncConnection, facts: TransferFacts, catalogue: Catalogue, policy: Policy, height: int
) -> AddressBooks:
    """What our rows say of a sweep's address up to a final block."""
    native = catalogue.native(facts.network)
    tokens = [one for one in policy.transfer_terms if catalogue.by_id(one.asset_id).network == facts.network]
    row = (
        await session.execute(
            _BOOKS,
            {
                "id": facts.transfer_id,
                "network": facts.network,
                "address": facts.source,
                "asset": facts.asset_id,
                "height": height,
                "tokens": [one.asset_id for one in tokens if one.asset_id != native.asset_id],
                "minimums": [one.minimum for one in tokens if one.asset_id != native.asset_id],
            },
        )
    ).one()
    return AddressBooks(
        booked=await booked_at(session, facts, native.asset_id, height),
        sent=row.sent,
        newest=row.newest,
        tokens_due=row.tokens_due,
        funding_failed=row.funding_failed,
        lending_failed=row.lending_failed,
    )


async def booked_at(session: AsyncConnection, facts: TransferFacts, native_id: int, height: int) -> int:
    """Units of the asset that our rows count at the sweep's address up to a final block."""
    booked = await session.scalar(
        _BOOKED,
        {
            "network": facts.network,
            "address": facts.source,
            "asset": facts.asset_id,
            "is_native": facts.asset_id == native_id,
            "height": height,
        },
    )
    return int(booked or 0)


async def expected_at(session: AsyncConnection, facts: TransferFacts, height: int) -> int:
    """Units of a token that the address holds at a final block once the sweep has moved its amount.

    Counted from every final deposit, posted or not, so that news of the network and postings may come in any
    order.
    """
    expected = await session.scalar(
        _EXPECTED,
        {
            "id": facts.transfer_id,
            "network": facts.network,
            "address": facts.source,
            "asset": facts.asset_id,
            "height": height,
            "never_booked": _NEVER_BOOKED,
        },
    )
    return int(expected or 0) - facts.amount


async def claim_deposits(session: AsyncConnection, facts: TransferFacts, height: int) -> None:
    """Note which deposits this sweep takes: those its amount was counted from."""
    await session.execute(
        _CLAIM,
        {
            "sweep": facts.transfer_id,
            "network": facts.network,
            "address": facts.source,
            "asset": facts.asset_id,
            "height": height,
        },
    )


async def unclaim_deposits(session: AsyncConnection, sweep_id: UUID) -> None:
    """Give the deposits of a sweep that moved nothing to the next one."""
    await session.execute(_UNCLAIM, {"sweep": sweep_id})


async def mark_swept(session: AsyncConnection, sweep_id: UUID, now: datetime) -> None:
    """Mark the deposits of a final sweep, in the transaction of its posting."""
    await session.execute(_SWEPT, {"sweep": sweep_id, "now": now})


_DUE = text("""
    SELECT chain_id, receiver, asset_id, units, slot, player FROM (
      SELECT DISTINCT ON (h.chain_id, h.receiver)
             h.chain_id, h.receiver, h.asset_id, h.units, h.slot, h.player, h.oldest
        FROM (SELECT d.chain_id, d.receiver, d.asset_id, sum(d.amount::numeric) AS units, min(d.slot) AS slot,
                     max(d.player) AS player, min(d.posted_at) AS oldest, max(d.posted_at) AS newest
                FROM chain.deposits d
               WHERE d.sweep_id IS NULL AND d.role = 'deposit' AND d.credits > d.returns
                 AND d.met_at IS NOT NULL
               GROUP BY d.chain_id, d.receiver, d.asset_id) h
        JOIN unnest(CAST(:assets AS int[]), CAST(:minimums AS numeric[]), CAST(:natives AS boolean[]))
          AS m (asset_id, minimum, is_native) ON m.asset_id = h.asset_id AND h.units >= m.minimum
        JOIN chain.chains c ON c.chain_id = h.chain_id AND c.mode = 'open'
        LEFT JOIN LATERAL (
          SELECT t.state, t.closed_at FROM chain.own_transfers t
           WHERE t.kind = 'sweep' AND t.chain_id = h.chain_id AND t.source = h.receiver
             AND t.asset_id = h.asset_id
           ORDER BY t.planned_at DESC LIMIT 1) last ON true
       WHERE (last.state IS NULL OR last.state = 'settled' OR last.closed_at < :again_before
              OR last.state = 'skipped' AND h.newest > last.closed_at)
         AND NOT EXISTS (SELECT 1 FROM chain.own_transfers o
                          WHERE o.chain_id = h.chain_id AND o.closed_at IS NULL
                            AND (o.kind = 'sweep' AND o.source = h.receiver
                                 OR o.kind = 'gas' AND o.payee = h.receiver))
         AND NOT EXISTS (SELECT 1 FROM chain.delegations l
                          WHERE l.chain_id = h.chain_id AND l.receiver = h.receiver
                            AND l.state <> 'returned')
         AND EXISTS (SELECT 1 FROM chain.floats f
                       JOIN chain.wallets w ON w.chain_id = f.chain_id AND w.address = f.address
                      WHERE f.chain_id = h.chain_id AND f.asset_id = h.asset_id
                        AND w.role = 'hot' AND w.state = 'open')
       ORDER BY h.chain_id, h.receiver, m.is_native, h.units DESC) due
     ORDER BY oldest, receiver LIMIT :limit
""")

_OPEN = text("SELECT count(*) FROM chain.own_transfers WHERE kind = 'sweep' AND closed_at IS NULL")

_BOOKED = text("""
    SELECT coalesce((SELECT sum(d.amount::numeric) FROM chain.deposits d
                      WHERE d.chain_id = :network AND d.receiver = :address AND d.asset_id = :asset
                        AND d.credits > d.returns AND d.met_at IS NOT NULL AND d.height <= :height), 0)
         + coalesce((SELECT sum(t.amount::numeric) FROM chain.own_transfers t
                      WHERE t.chain_id = :network AND t.payee = :address AND t.asset_id = :asset
                        AND t.state = 'settled'), 0)
         - coalesce((SELECT sum(t.amount::numeric) FROM chain.own_transfers t
                      WHERE t.chain_id = :network AND t.source = :address AND t.asset_id = :asset
                        AND t.state = 'settled'), 0)
         - coalesce((SELECT sum(o.fee::numeric) FROM chain.own_txs o
                       JOIN chain.headers b ON b.chain_id = o.chain_id AND b.hash = o.block_hash
                        AND b.canonical
                      WHERE :is_native AND o.chain_id = :network AND o.wallet = :address
                        AND o.height <= :height), 0)
""")

_EXPECTED = text("""
    SELECT coalesce((SELECT sum(d.amount::numeric) FROM chain.deposits d
                      WHERE d.chain_id = :network AND d.receiver = :address AND d.asset_id = :asset
                        AND d.state <> 'orphaned' AND d.met_at IS NOT NULL AND d.height <= :height
                        AND coalesce(d.reason, '') <> ALL(CAST(:never_booked AS text[]))), 0)
         - coalesce((SELECT sum(t.amount::numeric) FROM chain.own_transfers t
                      WHERE t.chain_id = :network AND t.source = :address AND t.asset_id = :asset
                        AND t.state = 'settled' AND t.transfer_id <> :id), 0)
""")

_NEVER_BOOKED = [reason.value for reason in DepositReason if not is_booked(reason)]

_BOOKS = text("""
    SELECT (SELECT count(*) FROM chain.own_txs o
              JOIN chain.headers b ON b.chain_id = o.chain_id AND b.hash = o.block_hash AND b.canonical
             WHERE o.chain_id = :network AND o.wallet = :address AND o.height <= :height
               AND NOT o.detail ? 'foreign') AS sent,
           (SELECT max(d.posted_at) FROM chain.deposits d
             WHERE d.chain_id = :network AND d.receiver = :address AND d.asset_id = :asset) AS newest,
           (SELECT count(*) FROM (
              SELECT d.asset_id FROM chain.deposits d
                JOIN unnest(CAST(:tokens AS int[]), CAST(:minimums AS numeric[])) AS m (asset_id, minimum)
                  ON m.asset_id = d.asset_id
               WHERE d.chain_id = :network AND d.receiver = :address AND d.sweep_id IS NULL
                 AND d.credits > d.returns AND d.met_at IS NOT NULL
               GROUP BY d.asset_id, m.minimum HAVING sum(d.amount::numeric) >= m.minimum) q) AS tokens_due,
           EXISTS (SELECT 1 FROM chain.own_transfers g
                     JOIN chain.own_transfers s ON s.transfer_id = :id
                    WHERE g.kind = 'gas' AND g.chain_id = :network AND g.payee = :address
                      AND g.state IN ('returned', 'skipped') AND g.closed_at > s.updated_at)
             AS funding_failed,
           EXISTS (SELECT 1 FROM chain.delegations l
                     JOIN chain.own_transfers s ON s.transfer_id = :id
                    WHERE l.sweep_id = :id AND l.opened_at IS NULL AND l.wanted_back_at IS NULL
                      AND l.returned_at > s.updated_at) AS lending_failed
""")

_CLAIM = text("""
    UPDATE chain.deposits SET sweep_id = :sweep
     WHERE chain_id = :network AND receiver = :address AND asset_id = :asset AND credits > returns
       AND met_at IS NOT NULL AND height <= :height AND sweep_id IS NULL AND role = 'deposit'
""")

_UNCLAIM = text("UPDATE chain.deposits SET sweep_id = NULL WHERE sweep_id = :sweep AND swept_at IS NULL")

_SWEPT = text("UPDATE chain.deposits SET swept_at = :now WHERE sweep_id = :sweep AND swept_at IS NULL")
