"""One network's liquidity as people and sentences see it: wallets, floats, queue, and coins on their way."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.levels import Arriving, AssetName, Liquidity, places
from domain.liquidity import QueueFacts
from ledger.nonce_lanes import HotWalletRow, hot_wallets
from ledger.waiting import waiting

QUEUE_MAX = 500
"""Sends of one asset that are looked at for what they lack; the places behind them are counted only."""


async def read_liquidity(session: AsyncConnection, network: str) -> Liquidity:
    """Everything about the hot wallets of a network that can be said without a lock."""
    return await liquidity_of(session, network, await hot_wallets(session, network))


async def liquidity_of(session: AsyncConnection, network: str, wallets: Sequence[HotWalletRow]) -> Liquidity:
    """The same around wallets that were read before."""
    mode = await session.scalar(_MODE, {"network": network})
    coming = await session.execute(_ARRIVING, {"network": network})
    under_way = await session.execute(_COMING, {"network": network})
    names = await session.execute(_NAMES, {"network": network})
    return Liquidity(
        is_open=mode not in {None, "frozen"},
        wallets=tuple(wallet.paying for wallet in wallets),
        floats=tuple(held for wallet in wallets for held in wallet.floats),
        waiting=tuple(await waiting(session, network, limit=QUEUE_MAX)),
        arriving={
            (bytes(row.receiver), row.asset_id): Arriving(int(row.units), row.expected_at) for row in coming
        },
        names={row.asset_id: AssetName(row.code, row.decimals) for row in names},
        coming={(bytes(row.payee), row.asset_id): int(row.units) for row in under_way},
    )


async def recall_places(session: AsyncConnection, networks: Mapping[UUID, str]) -> dict[UUID, QueueFacts]:
    """Where these sends stand, given the network of each; who does not wait, or far behind, is left out."""
    found: dict[UUID, QueueFacts] = {}
    for network in sorted(set(networks.values())):
        found |= places(await read_liquidity(session, network))
    return {send_id: found[send_id] for send_id in networks if send_id in found}


_MODE = text("SELECT mode FROM chain.chains WHERE chain_id = :network")

_NAMES = text("SELECT asset_id, code, decimals FROM ledger.assets WHERE chain = :network")

# Final follows a block by as much as it follows the head now.
_ARRIVING = text("""
    SELECT e.receiver, e.asset_id, sum(e.amount::numeric) AS units,
           max(h.mined_at) + (max(head.mined_at) - max(final.mined_at)) AS expected_at
      FROM chain.chains c
      JOIN chain.headers head ON head.chain_id = c.chain_id AND head.hash = c.hash
      JOIN chain.headers final ON final.chain_id = c.chain_id AND final.hash = c.final_hash
      JOIN chain.headers h ON h.chain_id = c.chain_id AND h.canonical AND h.height > c.final_height
      JOIN chain.effects e ON e.chain_id = h.chain_id AND e.block_hash = h.hash
       AND e.reason IN ('OWN_SEND', 'TO_SYSTEM_WALLET', 'FROM_COLD')
      JOIN chain.wallets w ON w.chain_id = e.chain_id AND w.address = e.receiver AND w.role = 'hot'
     WHERE c.chain_id = :network
     GROUP BY e.receiver, e.asset_id
""")

# What a block holds is arriving, or in the balance already.
_COMING = text("""
    SELECT t.payee, t.asset_id, sum(coalesce(t.amount, t.wanted)::numeric) AS units
      FROM chain.own_transfers t
      JOIN chain.wallets w ON w.chain_id = t.chain_id AND w.address = t.payee AND w.role = 'hot'
     WHERE t.chain_id = :network AND t.closed_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM chain.attempts a
                        WHERE a.send_id = t.transfer_id AND a.state IN ('included', 'closed'))
     GROUP BY t.payee, t.asset_id
""")
