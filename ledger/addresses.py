"""Addresses of ours: the pool the signer confirmed, whose deposit address is whose, and who is no stranger.

An index is used once and never given out again; a late deposit to any address ever handed out finds its
player.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import Receiver, WalletRole
from domain.errors import Busy, NotFound, RecordMismatch
from domain.ids import player_text
from domain.players import AddressRecord
from ledger.chain_records import watched
from ledger.records import registrations

FAMILY_SEPARATOR = ":"


def family_of(network: str) -> str:
    """The key family of a network: `eip155` for every EVM network, because one address serves them all."""
    return network.partition(FAMILY_SEPARATOR)[0]


async def insert_pool(  # noqa: PLR0913, PLR0917 - what the signer confirmed, and when
    session: AsyncConnection,
    family: str,
    account: int,
    first: int,
    addresses: Sequence[bytes],
    now: datetime,
) -> None:
    """Store confirmed deposit addresses of one key account, in index order from `first`.

    Repeating a range changes nothing; raises RecordMismatch if an index already holds another address.
    """
    if not addresses:
        return
    rows = [
        {
            "family": family,
            "address": address,
            "role": WalletRole.DEPOSIT.value,
            "account": account,
            "address_index": first + offset,
            "confirmed_at": now,
        }
        for offset, address in enumerate(addresses)
    ]
    await session.execute(insert(watched).values(rows).on_conflict_do_nothing())
    in_range = (
        watched.c.family == family,
        watched.c.account == account,
        watched.c.address_index.between(first, first + len(addresses) - 1),
    )
    stored = await session.execute(
        select(watched.c.address).where(*in_range).order_by(watched.c.address_index)
    )
    if [row.address for row in stored] != list(addresses):
        raise RecordMismatch(
            f"addresses {first} to {first + len(addresses) - 1} of {family} account {account}"
        )


async def pool_size(session: AsyncConnection, family: str) -> int:
    """How many confirmed addresses nobody has been given yet."""
    size = await session.scalar(select(func.count()).select_from(watched).where(*_free(family)))
    return size or 0


async def next_index(session: AsyncConnection, family: str, account: int) -> int:
    """The first index of this key account that was never stored."""
    highest = await session.scalar(
        select(func.max(watched.c.address_index)).where(
            watched.c.family == family, watched.c.account == account
        )
    )
    return 0 if highest is None else int(highest) + 1


async def assign(session: AsyncConnection, player: int, family: str, now: datetime) -> AddressRecord:
    """Give the player a deposit address in this family, or say again which one it is.

    The player's row is locked, so two requests at once get one address. Raises NotFound for an unknown player
    and Busy when the pool is empty.
    """
    known = await session.scalar(
        select(registrations.c.player).where(registrations.c.player == player).with_for_update()
    )
    if known is None:
        raise NotFound("player", player_text(player))
    given = await address_of(session, player, family)
    if given is not None:
        return given
    free = (
        select(watched.c.address)
        .where(*_free(family))
        .order_by(watched.c.account, watched.c.address_index)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    address = await session.scalar(
        update(watched)
        .where(watched.c.family == family, watched.c.address == free)
        .values(player=player, assigned_at=now)
        .returning(watched.c.address)
    )
    if address is None:
        raise Busy("The address pool")
    return AddressRecord(player=player, family=family, address=address)


async def address_of(session: AsyncConnection, player: int, family: str) -> AddressRecord | None:
    """The player's deposit address in this family, if one was given out."""
    address = await session.scalar(
        select(watched.c.address).where(watched.c.family == family, watched.c.player == player)
    )
    if address is None:
        return None
    return AddressRecord(player=player, family=family, address=address, repeat=True)


async def watch_wallet(session: AsyncConnection, family: str, address: bytes, role: WalletRole) -> None:
    """Recognise a wallet of ours that is no deposit address; raises RecordMismatch if it had another role."""
    await session.execute(
        insert(watched).values(family=family, address=address, role=role.value).on_conflict_do_nothing()
    )
    stored = await is_ours(session, family, address)
    if stored is not role:
        raise RecordMismatch(f"address 0x{address.hex()} is a {stored} wallet, not {role}")


async def receivers(
    session: AsyncConnection, family: str, addresses: Iterable[bytes]
) -> dict[bytes, Receiver]:
    """Those of the addresses that are ours, with role and player; one question however many they are."""
    wanted = list(set(addresses))
    if not wanted:
        return {}
    rows = await session.execute(
        select(watched.c.address, watched.c.role, watched.c.player).where(
            watched.c.family == family, watched.c.address == func.any(wanted)
        )
    )
    return {row.address: Receiver(WalletRole(row.role), row.player) for row in rows}


async def is_ours(session: AsyncConnection, family: str, address: bytes) -> WalletRole | None:
    """The role of an address of ours, None for a stranger's."""
    found = await receivers(session, family, (address,))
    return found[address].role if address in found else None


def _free(family: str) -> tuple[ColumnElement[bool], ...]:
    return (
        watched.c.family == family,
        watched.c.role == WalletRole.DEPOSIT.value,
        watched.c.player.is_(None),
        watched.c.confirmed_at.is_not(None),
    )
