"""Our wallets on a network: which exist, which of them can pay, and how healthy their nonce lanes are.

The nonce itself is the signer's row. Everybody who grants locks the float rows of a network in one order, so
two grants never promise the same room and never wait for each other twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import WalletRole
from domain.levels import HotFloat
from domain.liquidity import PayingWallet, lane_of
from ledger.addresses import family_of, watch_wallet
from ledger.chain_records import floats, wallets
from ledger.records import AnyRow

_CODE_FREE_ROLES = (WalletRole.HOT.value, WalletRole.GAS.value)


@dataclass(frozen=True, slots=True)
class FloatLimits:
    """How much of one asset a wallet should hold; the ceiling is what a stolen key costs."""

    floor: int
    target: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class HotWalletRow:
    """One hot wallet: its own state with its reason, how it can pay, and what it holds."""

    state: str
    why: str | None
    paying: PayingWallet
    floats: tuple[HotFloat, ...]


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


async def freeze_wallet(session: AsyncConnection, network: str, address: bytes, why: str) -> bool:
    """Let a wallet send nothing more until people open it; False if it was frozen before."""
    frozen = await session.execute(
        update(wallets)
        .where(wallets.c.chain_id == network, wallets.c.address == address, wallets.c.state != "frozen")
        .values(state="frozen", why=why)
        .returning(wallets.c.address)
    )
    return frozen.first() is not None


async def senders(session: AsyncConnection, network: str) -> list[bytes]:
    """The hot and gas wallets that are in use, in address order."""
    found: Select[Any] = (
        select(wallets.c.address)
        .where(
            wallets.c.chain_id == network,
            wallets.c.role.in_(_CODE_FREE_ROLES),
            wallets.c.state.in_(("open", "paused")),
        )
        .order_by(wallets.c.address)
    )
    return [bytes(row.address) for row in await session.execute(found)]


async def lock_paying(
    session: AsyncConnection, network: str, asset_ids: Iterable[int]
) -> tuple[PayingWallet, ...]:
    """The hot wallets of a network, under the lock of their float rows of these assets."""
    # Two statements: a waiting one keeps the snapshot it began with, the next one sees what was committed.
    wanted = sorted(asset_ids)
    await session.execute(_LOCK, {"network": network, "assets": wanted})
    return tuple(row.paying for row in await hot_wallets(session, network, wanted))


async def hot_wallets(
    session: AsyncConnection, network: str, asset_ids: Sequence[int] | None = None
) -> list[HotWalletRow]:
    """The hot wallets of a network in address order, with their floats of these assets (None: of all)."""
    rows = await session.execute(_WALLETS, {"network": network, "assets": asset_ids})
    found: dict[bytes, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(bytes(row.address), []).append(row)
    return [_hot_wallet(family_of(network), address, lines) for address, lines in found.items()]


_LOCK = text("""
    SELECT 1 FROM chain.floats WHERE chain_id = :network AND asset_id = ANY(:assets)
     ORDER BY address, asset_id FOR NO KEY UPDATE
""")

_WALLETS = text("""
    SELECT w.address, w.state, w.why, w.state = 'open' AND c.mode <> 'frozen' AS is_open,
           lane.unmined, lane.oldest_unmined,
           f.asset_id, f.confirmed, f.committed, f.floor, f.target, f.ceiling
      FROM chain.wallets w
      JOIN chain.chains c ON c.chain_id = w.chain_id
      CROSS JOIN LATERAL (
        SELECT (SELECT count(*) FROM chain.grants g
                 WHERE g.chain_id = w.chain_id AND g.wallet = w.address AND g.released_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM chain.attempts t WHERE t.send_id = g.send_id
                                    AND t.state IN ('included', 'closed'))) AS unmined,
               (SELECT coalesce(clock_timestamp() - min(x.copied_at), interval '0')
                  FROM chain.attempts t
                  JOIN chain.signed_txs x
                    ON x.send_id = t.send_id AND x.attempt = t.attempt AND x.variant = 1
                 WHERE t.chain_id = w.chain_id AND t.wallet = w.address AND t.outcome IS NULL
                   AND t.state <> 'included') AS oldest_unmined) lane
      LEFT JOIN chain.floats f ON f.chain_id = w.chain_id AND f.address = w.address
       AND (CAST(:assets AS integer[]) IS NULL OR f.asset_id = ANY(CAST(:assets AS integer[])))
     WHERE w.chain_id = :network AND w.role = 'hot'
     ORDER BY w.address, f.asset_id
""")


def _hot_wallet(family: str, address: bytes, lines: Sequence[AnyRow]) -> HotWalletRow:
    held = tuple(
        HotFloat(
            address=address,
            asset_id=line.asset_id,
            confirmed=int(line.confirmed),
            committed=int(line.committed),
            floor=int(line.floor),
            target=int(line.target),
            ceiling=int(line.ceiling),
        )
        for line in lines
        if line.asset_id is not None
    )
    first = lines[0]
    return HotWalletRow(
        state=first.state,
        why=first.why,
        paying=PayingWallet(
            address=address,
            free={one.asset_id: one.free for one in held},
            is_open=first.is_open,
            unmined=first.unmined,
            oldest_unmined=first.oldest_unmined,
            bounds=lane_of(family),
        ),
        floats=held,
    )
