"""Vetting: a wallet that sends has no code, or its nonce can be used by somebody else.

An account that delegated itself (EIP-7702) may send one transaction at a time, and its nonce moves from
outside. Such a wallet is frozen with its reason before the next transaction is routed to it.
"""

from dataclasses import dataclass
from time import monotonic

from temporalio import activity

from chains.codecs.addresses import show_address
from chains.gateway import ChainReader
from domain.onchain import BlockRef
from ledger.events import EventKind, NewEvent, append_events
from ledger.nonce_lanes import freeze_wallet, senders
from ledger.observed import read_cursor
from ledger.session import Sessions

EVERY_SECONDS = 60 * 60


@dataclass(slots=True)
class Vetting:
    """Looks at the hot and gas wallets of a network at once and then every hour."""

    sessions: Sessions
    network: str
    reader: ChainReader
    _due_at: float = 0.0

    async def when_due(self) -> None:
        """Freeze wallets that have code at the final block; raises Unavailable and is then still due."""
        if monotonic() < self._due_at:
            return
        async with self.sessions.begin() as session:
            cursor = await read_cursor(session, self.network)
            wallets = await senders(session, self.network)
        final = BlockRef(cursor.final_height, cursor.final_hash)
        for wallet in wallets:
            code = await self.reader.code_at(wallet, final)
            if code:
                await self._freeze(wallet, f"it has code, 0x{code[:23].hex()}, at block {final.height}")
        self._due_at = monotonic() + EVERY_SECONDS

    async def _freeze(self, wallet: bytes, why: str) -> None:
        async with self.sessions.begin() as session:
            if not await freeze_wallet(session, self.network, wallet, why):
                return
            news = [NewEvent(EventKind.WALLET, "0x" + wallet.hex(), "frozen")]
            await append_events(session, self.network, news)
        activity.logger.error("wallet %s is frozen: %s", show_address(self.network, wallet), why)
