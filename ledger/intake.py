"""Effects of a block on addresses of ours: each is judged and leaves its verdict, some become deposits."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.assets import Asset, Catalogue
from domain.crediting import Thresholds, thresholds_for, tighter
from domain.deposits import (
    UNLISTED,
    Circumstances,
    DepositReason,
    DepositState,
    Judgement,
    Receiver,
    WalletRole,
    is_booked,
    judge,
)
from domain.errors import RecordMismatch
from domain.ids import SLOTS, deposit_id, slot_of_player
from domain.onchain import BlockEffects, BlockRef, Effect, Header
from domain.rules import Policy
from ledger.chain_records import deposits, effects, unlisted
from ledger.events import EventKind, NewEvent
from ledger.records import AnyRow

UNLISTED_ROWS_A_DAY = 1_000
"""Rows kept per network, contract and day of a token that nobody lists."""


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What effects are judged by: the listed assets and one version of the policy."""

    catalogue: Catalogue
    policy: Policy


@dataclass(frozen=True, slots=True)
class JudgedEffect:
    """An effect on an address of ours: the listed asset it moved, what it is to us, and when it counts."""

    effect: Effect
    asset: Asset | None
    receiver: Receiver
    judgement: Judgement
    thresholds: Thresholds


Dust = Mapping[tuple[bytes, int], int]
"""Receiver and asset to the units that arrived there below the minimum."""


def judged_effects(
    network: str, block: BlockEffects, rules: IntakeRules, ours: Mapping[bytes, Receiver], dust: Dust
) -> list[JudgedEffect]:
    """Judge every effect that reached an address of ours, in the block's order.

    `dust` is what had arrived before this block; the block's own adds up while it is judged.
    """
    own = {transaction.txid for transaction in block.transactions if transaction.sender in ours}
    piled = dict(dust)
    judged: list[JudgedEffect] = []
    for effect in block.effects:
        receiver = ours.get(effect.receiver)
        if receiver is None:
            continue
        asset = rules.catalogue.listed(network, effect.contract)
        terms = rules.policy.deposit_terms_of(0 if asset is None else asset.asset_id)
        pile = (effect.receiver, terms.asset_id)
        judgement = judge(
            effect,
            Circumstances(
                receiver=receiver,
                is_listed=asset is not None,
                is_own=effect.sender in ours or effect.txid in own,
                is_top_up=receiver.role is WalletRole.HOT and _is_cold(ours.get(effect.sender)),
                minimum=terms.minimum,
                dust_before=piled.get(pile, 0),
                review_above=terms.review_above,
            ),
        )
        if judgement.reason is DepositReason.DUST:
            piled[pile] = piled.get(pile, 0) + effect.amount
        judged.append(JudgedEffect(effect, asset, receiver, judgement, thresholds_for(terms, effect.amount)))
    return judged


def _is_cold(sender: Receiver | None) -> bool:
    return sender is not None and sender.role is WalletRole.COLD


async def dust_at(session: AsyncConnection, network: str, receivers: Iterable[bytes]) -> Dust:
    """What stands on these addresses below the minimum, judged in blocks of the present branch."""
    rows = await session.execute(
        select(deposits.c.receiver, deposits.c.asset_id, func.sum(deposits.c.amount).label("units"))
        .where(
            deposits.c.chain_id == network,
            deposits.c.receiver == func.any(list(receivers)),
            deposits.c.reason == literal(DepositReason.DUST.value, literal_execute=True),
            deposits.c.state != DepositState.ORPHANED.value,
        )
        .group_by(deposits.c.receiver, deposits.c.asset_id)
    )
    return {(row.receiver, row.asset_id): int(row.units) for row in rows}


async def record_effects(
    session: AsyncConnection, network: str, header: Header, judged: Sequence[JudgedEffect]
) -> None:
    """Keep each effect with its verdict, once per block it was executed in.

    Tokens that nobody lists cost their sender next to nothing: of each a number of rows a day is kept, the
    rest is counted.
    """
    at = header.ref
    kept = await _within_bounds(session, network, header.mined_at.date(), judged)
    rows = [
        {
            "chain_id": network,
            "txid": item.effect.txid,
            "position": item.effect.position,
            "block_hash": at.hash,
            "asset_id": None if item.asset is None else item.asset.asset_id,
            "contract": item.effect.contract,
            "sender": item.effect.sender,
            "receiver": item.effect.receiver,
            "amount": item.effect.amount,
            "verdict": item.judgement.state.value,
            "reason": None if item.judgement.reason is None else item.judgement.reason.value,
        }
        for item in kept
    ]
    if rows:
        await session.execute(insert(effects).values(rows).on_conflict_do_nothing())


async def record_deposits(  # noqa: PLR0913, PLR0917 - what was seen, where and when
    session: AsyncConnection,
    network: str,
    at: BlockRef,
    judged: Sequence[JudgedEffect],
    policy_version: int,
    now: datetime,
) -> list[NewEvent]:
    """Open a deposit for whatever has to be booked, and read those again that had left their branch.

    What is never booked (a reverted call, an unlisted token) leaves its verdict in the effects alone, unless
    the same key was a deposit in another execution. Returns the transitions.
    """
    if not judged:
        return []
    known = await _known(session, network, judged)
    news: list[NewEvent] = []
    fresh: list[dict[str, Any]] = []
    for item in judged:
        identity = _identity(network, item.effect)
        stored = known.get(identity)
        if stored is None and not is_booked(item.judgement.reason):
            continue
        if stored is not None and stored.state != DepositState.ORPHANED.value:
            raise RecordMismatch(f"deposit {identity} stands in two blocks of {network}")
        seen = _seen(identity, at, item)
        if stored is None:
            seen |= _thresholds(item.thresholds)
            fresh.append(
                {
                    "chain_id": network,
                    "txid": item.effect.txid,
                    "position": item.effect.position,
                    "deposit_id": identity,
                    "policy_version": policy_version,
                    "seen_at": now,
                    **seen,
                }
            )
        else:
            # The policy of today may tighten what an earlier version judged, and never loosens it.
            first = Thresholds(stored.confirmations_needed, stored.unlock_after)
            is_as_before = (stored.amount, stored.asset_id) == (seen["amount"], seen["asset_id"])
            seen |= _thresholds(tighter(first, item.thresholds) if is_as_before else item.thresholds)
            await session.execute(update(deposits).where(deposits.c.deposit_id == identity).values(**seen))
        news.append(NewEvent(EventKind.DEPOSIT, str(identity), item.judgement.state.value))
    if fresh:
        await session.execute(insert(deposits).values(fresh))
    return news


def _thresholds(thresholds: Thresholds) -> dict[str, Any]:
    return {
        "confirmations_needed": thresholds.confirmations,
        "unlock_after": thresholds.unlock_after,
        "reached_at": None,
    }


def _seen(identity: UUID, at: BlockRef, item: JudgedEffect) -> dict[str, Any]:
    """The columns that every new execution of a deposit's transaction says anew."""
    player = item.receiver.player
    return {
        "state": item.judgement.state.value,
        "reason": None if item.judgement.reason is None else item.judgement.reason.value,
        "block_hash": at.hash,
        "height": at.height,
        "asset_id": None if item.asset is None else item.asset.asset_id,
        "amount": item.effect.amount,
        "receiver": item.effect.receiver,
        "role": item.receiver.role.value,
        "player": player,
        "slot": identity.int % SLOTS if player is None else slot_of_player(player),
    }


async def _within_bounds(
    session: AsyncConnection, network: str, day: date, judged: Sequence[JudgedEffect]
) -> list[JudgedEffect]:
    """Those whose rows are kept; counts the unlisted ones of the day by contract."""
    unlisted_now = Counter(item.effect.contract for item in judged if item.judgement.reason in UNLISTED)
    room: dict[bytes, int] = {}
    for contract, number in unlisted_now.items():
        seen = await session.scalar(
            insert(unlisted)
            .values(chain_id=network, contract=contract, day=day, seen=number)
            .on_conflict_do_update(
                index_elements=["chain_id", "contract", "day"], set_={"seen": unlisted.c.seen + number}
            )
            .returning(unlisted.c.seen)
        )
        room[contract] = UNLISTED_ROWS_A_DAY - (int(seen or 0) - number)
    kept: list[JudgedEffect] = []
    for item in judged:
        if item.judgement.reason in UNLISTED:
            room[item.effect.contract] -= 1
            if room[item.effect.contract] < 0:
                continue
        kept.append(item)
    return kept


async def _known(
    session: AsyncConnection, network: str, judged: Sequence[JudgedEffect]
) -> dict[UUID, AnyRow]:
    wanted = [_identity(network, item.effect) for item in judged]
    rows = await session.execute(
        select(
            deposits.c.deposit_id,
            deposits.c.state,
            deposits.c.asset_id,
            deposits.c.amount,
            deposits.c.confirmations_needed,
            deposits.c.unlock_after,
        ).where(deposits.c.deposit_id == func.any(wanted))
    )
    return {row.deposit_id: row for row in rows}


def _identity(network: str, effect: Effect) -> UUID:
    return deposit_id(network, "0x" + effect.txid.hex(), effect.position)
