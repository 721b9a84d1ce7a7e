"""What is frozen: there nothing is planned, sent or given back until people have looked."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ChainFrozen, NotFound
from domain.freezes import FROZEN, WalletFrozen

NOBODY_SAID = "nobody said why"


async def must_be_trusted(session: AsyncConnection, network: str, send_id: UUID) -> str:
    """The mode of a send's network; raises ChainFrozen or WalletFrozen if it or the granted wallet is frozen.

    Raises NotFound for a network that was never followed.
    """
    row = (await session.execute(_STANDING, {"network": network, "send_id": send_id})).one_or_none()
    if row is None:
        raise NotFound("network", network)
    if row.mode == FROZEN:
        raise ChainFrozen(network, row.why or NOBODY_SAID)
    if row.wallet is not None:
        raise WalletFrozen("0x" + row.wallet.hex(), row.wallet_why or NOBODY_SAID)
    return str(row.mode)


async def hold_unfrozen(session: AsyncConnection, network: str) -> None:
    """Keep a network from being frozen until this transaction ends; raises ChainFrozen if it is already.

    A refund under it stands before the freeze as a whole, or is not made. Raises NotFound for a network that
    was never followed.
    """
    row = (await session.execute(_HOLD, {"network": network})).one_or_none()
    if row is None:
        raise NotFound("network", network)
    if row.mode == FROZEN:
        raise ChainFrozen(network, row.why or NOBODY_SAID)


_STANDING = text("""
    SELECT c.mode, c.why, w.address AS wallet, w.why AS wallet_why
      FROM chain.chains c
      LEFT JOIN chain.grants g ON g.chain_id = c.chain_id AND g.send_id = :send_id
      LEFT JOIN chain.wallets w ON w.chain_id = g.chain_id AND w.address = g.wallet AND w.state = 'frozen'
     WHERE c.chain_id = :network
""")

_HOLD = text("SELECT mode, why FROM chain.hold_mode(:network)")
