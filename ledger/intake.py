"""Effects of a block on addresses of ours: each is judged and leaves its verdict, some become deposits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.assets import Asset, Catalogue
from domain.deposits import DepositState, Judgement, Receiver, is_booked, judge
from domain.errors import RecordMismatch
from domain.ids import SLOTS, deposit_id, slot_of_player
from domain.onchain import BlockEffects, BlockRef, Effect
from ledger.chain_records import deposits, effects
from ledger.events import EventKind, NewEvent
from ledger.records import AnyRow


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What effects are judged by: listed assets, and the smallest credit per asset id (else 1)."""

    catalogue: Catalogue
    minimums: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class JudgedEffect:
    """An effect on an address of ours, the listed asset it moved, if any, and what it is to us."""

    effect: Effect
    asset: Asset | None
    receiver: Receiver
    judgement: Judgement


def judged_effects(
    network: str, block: BlockEffects, rules: IntakeRules, ours: Mapping[bytes, Receiver]
) -> list[JudgedEffect]:
    """Judge every effect that reached an address of ours, in the block's order."""
    judged: list[JudgedEffect] = []
    for effect in block.effects:
        receiver = ours.get(effect.receiver)
        if receiver is None:
            continue
        asset = rules.catalogue.listed(network, effect.contract)
        verdict = judge(
            effect,
            is_listed=asset is not None,
            receiver=receiver,
            is_own_sender=effect.sender in ours,
            minimum=1 if asset is None else rules.minimums.get(asset.asset_id, 1),
        )
        judged.append(JudgedEffect(effect, asset, receiver, verdict))
    return judged


async def record_effects(
    session: AsyncConnection, network: str, at: BlockRef, judged: Sequence[JudgedEffect]
) -> None:
    """Keep each effect with its verdict, once per block it was executed in."""
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
        for item in judged
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
            await session.execute(update(deposits).where(deposits.c.deposit_id == identity).values(**seen))
        news.append(NewEvent(EventKind.DEPOSIT, str(identity), item.judgement.state.value))
    if fresh:
        await session.execute(insert(deposits).values(fresh))
    return news


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


async def _known(
    session: AsyncConnection, network: str, judged: Sequence[JudgedEffect]
) -> dict[UUID, AnyRow]:
    wanted = [_identity(network, item.effect) for item in judged]
    rows = await session.execute(
        select(deposits.c.deposit_id, deposits.c.state).where(deposits.c.deposit_id == func.any(wanted))
    )
    return {row.deposit_id: row for row in rows}


def _identity(network: str, effect: Effect) -> UUID:
    return deposit_id(network, "0x" + effect.txid.hex(), effect.position)
