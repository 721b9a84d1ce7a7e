"""What a hot wallet holds above its ceiling goes to a wallet of its set that lacks coins, else to cold."""

from dataclasses import dataclass

from domain.levels import HotFloat, Liquidity
from domain.sends import SendKind


@dataclass(frozen=True, slots=True)
class WantedMove:
    """Units that should leave a hot wallet, and where to: a refill or a move to cold."""

    kind: SendKind
    source: bytes
    payee: bytes
    units: int


def wanted_moves(
    liquidity: Liquidity, asset_id: int, *, cold: bytes | None, fee_room: int = 0
) -> list[WantedMove]:
    """What should be moved of an asset now, from the fullest wallet on.

    A wallet above its ceiling keeps its target, and what it has promised. While anybody waits on the network
    nothing goes to cold. `fee_room` is what a move of the network's own coin needs beside its amount.
    """
    open_wallets = {wallet.address for wallet in liquidity.wallets if wallet.is_open}
    floats = [one for one in liquidity.floats if one.asset_id == asset_id and one.address in open_wallets]
    lacking = {
        one.address: one.wanted - liquidity.on_its_way(one.address, asset_id) for one in floats if one.wanted
    }
    found: list[WantedMove] = []
    for one in sorted(floats, key=lambda one: (-one.confirmed, one.address)):
        left = min(one.free - one.target, one.free - fee_room)
        if one.confirmed <= one.ceiling or left <= 0:
            continue
        refill = _refill(one, left, lacking)
        if refill is not None:
            lacking[refill.payee] -= refill.units
            found.append(refill)
        elif cold is not None and not liquidity.waiting:
            found.append(WantedMove(SendKind.TO_COLD, one.address, cold, left))
    return found


def _refill(source: HotFloat, left: int, lacking: dict[bytes, int]) -> WantedMove | None:
    """A move to the wallet that lacks most; one wallet is filled at a time."""
    needy = [address for address in lacking if lacking[address] > 0 and address != source.address]
    if not needy:
        return None
    payee = max(needy, key=lambda address: (lacking[address], address))
    return WantedMove(SendKind.REFILL, source.address, payee, min(left, lacking[payee]))
