"""What the networks showed, block by block: header, effects on our addresses, our transactions, the cursor.

One block is one transaction, and the cursor moves in it by compare-and-set on (height, hash): two followers
cannot apply a block twice, and whatever dies in between leaves nothing behind.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import DepositState
from domain.errors import BlockIncomplete, FinalityBroken, NotFound, RecordMismatch
from domain.onchain import BlockEffects, BlockRef, Header
from domain.sends import AttemptState
from ledger.addresses import family_of, receivers
from ledger.chain_records import attempts, chains, deposits, headers
from ledger.events import EventKind, NewEvent, append_events
from ledger.intake import IntakeRules, dust_at, judged_effects, record_deposits, record_effects
from ledger.own_transactions import record_own_transactions
from ledger.records import AnyRow

EFFECTS = "effects"
"""Where a block's proof of completeness keeps the digest of everything it did, if no header binds that."""


@dataclass(frozen=True, slots=True)
class ChainCursor:
    """Up to where a network was read completely and is final; `mode` is open, stalled or frozen."""

    network: str
    height: int
    hash: bytes
    final_height: int
    final_hash: bytes
    mode: str
    why: str | None

    @property
    def ref(self) -> BlockRef:
        return BlockRef(self.height, self.hash)


async def ensure_chain(
    session: AsyncConnection, network: str, genesis: bytes, policy_version: int, start: Header
) -> None:
    """Begin to follow a network at a final block; a network that is followed keeps its cursor.

    Raises RecordMismatch if the network is known under another genesis.
    """
    at = {"height": start.ref.height, "hash": start.ref.hash}
    final = {"final_height": start.ref.height, "final_hash": start.ref.hash}
    fresh = await session.execute(
        insert(chains)
        .values(chain_id=network, genesis=genesis, policy_version=policy_version, mode="open", **at, **final)
        .on_conflict_do_nothing()
        .returning(chains.c.chain_id)
    )
    if fresh.first() is not None:
        await _apply_header(session, network, start, {})
        return
    known = await session.scalar(select(chains.c.genesis).where(chains.c.chain_id == network))
    if known != genesis:
        raise RecordMismatch(
            f"network {network} has genesis 0x{genesis.hex()} and is recorded with another one"
        )


async def read_cursor(session: AsyncConnection, network: str) -> ChainCursor:
    """Where the network stands; raises NotFound before it was ever followed."""
    row = (await session.execute(select(chains).where(chains.c.chain_id == network))).one_or_none()
    if row is None:
        raise NotFound("network", network)
    return cursor_of(row)


async def known_header(session: AsyncConnection, network: str, block_hash: bytes) -> Header | None:
    """A header that was applied once, canonical or not."""
    row = (
        await session.execute(
            select(headers).where(headers.c.chain_id == network, headers.c.hash == block_hash)
        )
    ).one_or_none()
    return None if row is None else _header(row)


async def canonical_at(session: AsyncConnection, network: str, height: int) -> Header | None:
    """The header of the branch we stand on at this height, if it was applied."""
    row = (
        await session.execute(
            select(headers).where(
                headers.c.chain_id == network, headers.c.height == height, headers.c.canonical
            )
        )
    ).one_or_none()
    return None if row is None else _header(row)


async def apply_block(  # noqa: PLR0913, PLR0917 - one block, the rules to judge it by and where it belongs
    session: AsyncConnection,
    network: str,
    block: BlockEffects,
    rules: IntakeRules,
    expected: BlockRef,
    now: datetime,
) -> bool:
    """Take over everything one block did and move the cursor onto it.

    False, with nothing written, if the cursor is not at `expected` or the network is frozen. Raises
    RecordMismatch for a block that is not the child of `expected`, and for a deposit that stands in two
    blocks of one branch; BlockIncomplete for one that comes back and is told to have done something else.
    """
    header = block.header
    if header.parent != expected.hash or header.ref.height != expected.height + 1:
        raise RecordMismatch(
            f"block {header.ref.height} does not follow block {expected.height} of {network}"
        )
    moved = await session.scalar(
        update(chains)
        .where(
            chains.c.chain_id == network,
            chains.c.height == expected.height,
            chains.c.hash == expected.hash,
            chains.c.mode != "frozen",
        )
        .values(height=header.ref.height, hash=header.ref.hash)
        .returning(chains.c.chain_id)
    )
    if moved is None:
        return False
    await _apply_header(session, network, header, block.completeness)
    ours = await receivers(session, family_of(network), _parties(block))
    dust = await dust_at(session, network, ours)
    judged = judged_effects(network, block, rules, ours, dust)
    await record_effects(session, network, header, judged)
    news = await record_deposits(session, network, header.ref, judged, rules.policy.version, now)
    news += await record_own_transactions(session, network, block, rules.catalogue, ours)
    news += await _confirm(session, network, header.ref.height, now)
    await append_events(session, network, news)
    return True


async def unapply_block(session: AsyncConnection, network: str, header: Header) -> bool:
    """Take back the block at the cursor, whose branch was left: the cursor moves to its parent.

    False, with nothing written, if the cursor is not there or the network is frozen. Raises FinalityBroken
    for a block at or below final, which the network had promised never to take back.
    """
    row = await lock_chain(session, network)
    if (row.height, row.hash) != (header.ref.height, header.ref.hash) or row.mode == "frozen":
        return False
    if header.ref.height <= row.final_height:
        raise FinalityBroken(
            network, f"block {header.ref.height} left its branch below final {row.final_height}"
        )
    await session.execute(
        update(headers)
        .where(headers.c.chain_id == network, headers.c.hash == header.ref.hash)
        .values(canonical=False)
    )
    await session.execute(
        update(chains)
        .where(chains.c.chain_id == network)
        .values(height=header.ref.height - 1, hash=header.parent)
    )
    gone = await session.scalars(
        update(deposits)
        .where(deposits.c.chain_id == network, deposits.c.block_hash == header.ref.hash)
        .values(state=DepositState.ORPHANED.value)
        .returning(deposits.c.deposit_id)
    )
    news = [NewEvent(EventKind.DEPOSIT, str(deposit), DepositState.ORPHANED.value) for deposit in gone]
    await _unreach(session, network, header.ref.height - 1)
    loose = await session.scalars(
        update(attempts)
        .where(
            attempts.c.chain_id == network,
            attempts.c.block_hash == header.ref.hash,
            attempts.c.outcome.is_(None),
        )
        .values(
            state=AttemptState.ORPHANED.value, block_height=None, block_hash=None, landed_txid=None, why=None
        )
        .returning(attempts.c.send_id)
    )
    news += [NewEvent(EventKind.SEND, str(send), AttemptState.ORPHANED.value) for send in loose]
    await append_events(session, network, news)
    return True


async def lock_chain(session: AsyncConnection, network: str) -> AnyRow:
    """The network's row, locked against every other follower; raises NotFound."""
    row = (
        await session.execute(
            select(chains).where(chains.c.chain_id == network).with_for_update(key_share=True)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("network", network)
    return row


def cursor_of(row: AnyRow) -> ChainCursor:
    """A network's row as a cursor."""
    return ChainCursor(
        network=row.chain_id,
        height=row.height,
        hash=row.hash,
        final_height=row.final_height,
        final_hash=row.final_hash,
        mode=row.mode,
        why=row.why,
    )


async def _apply_header(
    session: AsyncConnection, network: str, header: Header, completeness: dict[str, str]
) -> None:
    """A block may come back after it had left its branch: its header then becomes canonical again.

    What it did is kept from its first reading, so a second one has to tell the same. Where no header binds
    that, rows of both would else stand under the digest of one.
    """
    known = await session.scalar(
        insert(headers)
        .values(
            chain_id=network,
            hash=header.ref.hash,
            height=header.ref.height,
            parent=header.parent,
            mined_at=header.mined_at,
            canonical=True,
            completeness=completeness,
        )
        .on_conflict_do_update(index_elements=["chain_id", "hash"], set_={"canonical": True})
        .returning(headers.c.completeness)
    )
    assert known is not None, "a header is inserted or found"
    if known.get(EFFECTS) != completeness.get(EFFECTS):
        raise BlockIncomplete(header.ref.hash.hex(), "it did something else when it was read before")


async def _confirm(session: AsyncConnection, network: str, height: int, now: datetime) -> list[NewEvent]:
    """One more block stands on everything below; told is what has the confirmations for an early credit."""
    under_way = (
        deposits.c.chain_id == network,
        deposits.c.met_at.is_(None),
        deposits.c.state.in_([DepositState.SEEN.value, DepositState.CONFIRMING.value]),
    )
    await session.execute(
        update(deposits)
        .where(*under_way, deposits.c.state == DepositState.SEEN.value, deposits.c.height < height)
        .values(state=DepositState.CONFIRMING.value)
    )
    deep = await session.scalars(
        update(deposits)
        .where(
            *under_way,
            deposits.c.reached_at.is_(None),
            deposits.c.height + deposits.c.confirmations_needed - 1 <= height,
        )
        .values(reached_at=now)
        .returning(deposits.c.deposit_id)
    )
    return [NewEvent(EventKind.DEPOSIT, str(deposit), DepositState.CONFIRMING.value) for deposit in deep]


async def _unreach(session: AsyncConnection, network: str, height: int) -> None:
    """One block less stands on everything below: what lacks confirmations now has to wait for them again."""
    await session.execute(
        update(deposits)
        .where(
            deposits.c.chain_id == network,
            deposits.c.met_at.is_(None),
            deposits.c.reached_at.is_not(None),
            deposits.c.height + deposits.c.confirmations_needed - 1 > height,
        )
        .values(reached_at=None)
    )


def _parties(block: BlockEffects) -> set[bytes]:
    """Every address the block could concern us by."""
    parties = {effect.receiver for effect in block.effects} | {effect.sender for effect in block.effects}
    return parties | {transaction.sender for transaction in block.transactions}


def _header(row: AnyRow) -> Header:
    return Header(ref=BlockRef(row.height, row.hash), parent=row.parent, mined_at=row.mined_at)
