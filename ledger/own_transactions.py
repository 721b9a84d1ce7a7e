"""Transactions our wallets sent: they move attempts, carry fees, expose signatures we never made."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.assets import Catalogue
from domain.deposits import Receiver, WalletRole
from domain.onchain import BlockEffects, MinedTransaction
from domain.sends import AttemptOutcome, AttemptState, SendKind, TxPurpose
from ledger.chain_records import attempts, own_txs, sends, signed_txs
from ledger.events import EventKind, NewEvent
from ledger.nonce_lanes import freeze_wallet
from ledger.records import AnyRow

_SIGNED_BY_PEOPLE = {WalletRole.COLD, WalletRole.ENERGY}
"""Roles whose owners sign outside of the house too: what leaves a cold wallet, what is staked."""
NEXT_IN_LANE = "next_in_lane"
"""No lower nonce of its wallet waits for a block any more: from now on its patience counts."""
FOREIGN = "a transaction that was never signed here"
RISEN = "a transaction that was proven dead stands in a block"


async def record_own_transactions(
    session: AsyncConnection,
    network: str,
    block: BlockEffects,
    catalogue: Catalogue,
    ours: Mapping[bytes, Receiver],
) -> list[NewEvent]:
    """Keep each transaction of a wallet of ours with its fee, failed ones too, and mark its attempt INCLUDED.

    Whoever comes next in the lane of an included one is told that its turn has come. A transaction whose hash
    we never signed means a stolen key: its wallet is frozen, unless people sign for it too. So is that of one
    which was proven dead, because its send may be paid already. Returns what to tell.
    """
    mined = [transaction for transaction in block.transactions if transaction.sender in ours]
    if not mined:
        return []
    signed = await _signed(session, network, mined)
    rows = [_row(network, block, one, signed.get(one.txid), catalogue) for one in mined]
    await session.execute(insert(own_txs).values(rows).on_conflict_do_nothing())
    included = await session.execute(
        _INCLUDE,
        {
            "network": network,
            "height": block.header.ref.height,
            "hash": block.header.ref.hash,
            "txids": list(signed),
        },
    )
    landed = included.all()
    news = [NewEvent(EventKind.SEND, str(row.send_id), AttemptState.INCLUDED.value) for row in landed]
    following = await session.scalars(
        _FOLLOWING, {"network": network, "wallets": sorted({row.wallet for row in landed})}
    )
    news += [NewEvent(EventKind.SEND, str(send), NEXT_IN_LANE) for send in following]
    foreign = [
        one for one in mined if one.txid not in signed and ours[one.sender].role not in _SIGNED_BY_PEOPLE
    ]
    news += [await _freeze(session, network, one, FOREIGN) for one in foreign]
    risen = [one for one in mined if one.txid in signed and signed[one.txid].outcome == _DEAD]
    return news + [await _freeze(session, network, one, RISEN) for one in risen]


_DEAD = AttemptOutcome.DEAD.value

_INCLUDE = text("""
    UPDATE chain.attempts t
       SET state = 'included', block_height = :height, block_hash = :hash, landed_txid = x.txid
      FROM chain.signed_txs x
     WHERE x.chain_id = :network AND x.txid = ANY(:txids)
       AND t.send_id = x.send_id AND t.attempt = x.attempt AND t.outcome IS NULL
    RETURNING t.send_id, t.wallet
""")

_FOLLOWING = text("""
    SELECT DISTINCT ON (t.wallet) t.send_id
      FROM chain.attempts t
     WHERE t.chain_id = :network AND t.wallet = ANY(:wallets) AND t.outcome IS NULL AND t.nonce IS NOT NULL
       AND t.state <> 'included'
     ORDER BY t.wallet, t.nonce
""")


async def _signed(
    session: AsyncConnection, network: str, mined: list[MinedTransaction]
) -> dict[bytes, AnyRow]:
    """Our own record of each hash: what the transaction was meant to do."""
    rows = await session.execute(
        select(
            signed_txs.c.txid,
            signed_txs.c.send_id,
            signed_txs.c.attempt,
            signed_txs.c.purpose,
            sends.c.kind,
            sends.c.asset_id,
            sends.c.payee,
            sends.c.amount,
            attempts.c.outcome,
        )
        .select_from(
            signed_txs.join(sends, sends.c.send_id == signed_txs.c.send_id).join(
                attempts,
                (attempts.c.send_id == signed_txs.c.send_id) & (attempts.c.attempt == signed_txs.c.attempt),
            )
        )
        .where(signed_txs.c.chain_id == network, signed_txs.c.txid == func.any([one.txid for one in mined]))
    )
    return {row.txid: row for row in rows}


def _row(
    network: str,
    block: BlockEffects,
    mined: MinedTransaction,
    signed: AnyRow | None,
    catalogue: Catalogue,
) -> dict[str, Any]:
    detail = (
        {"foreign": True}
        if signed is None
        else {
            "send": str(signed.send_id),
            "attempt": signed.attempt,
            "purpose": signed.purpose,
            "moved": str(_moved(block, mined, catalogue.by_id(signed.asset_id).contract)),
            **({"used": mined.used} if mined.used else {}),
        }
    )
    return {
        "chain_id": network,
        "txid": mined.txid,
        "block_hash": block.header.ref.hash,
        "height": block.header.ref.height,
        "wallet": mined.sender,
        "nonce": mined.nonce,
        "succeeded": mined.succeeded,
        "effect_ok": signed is not None and _has_effect(block, mined, signed, catalogue),
        "fee": mined.fee,
        "detail": detail,
    }


def _has_effect(block: BlockEffects, mined: MinedTransaction, signed: AnyRow, catalogue: Catalogue) -> bool:
    """Whether the transaction moved exactly what its send owes: status alone proves nothing.

    Stake that is lent moves no coin; the bytes say whom and how much, and stand in a block only if executed.
    """
    if signed.purpose == TxPurpose.CANCEL.value:
        return False
    if signed.kind == SendKind.ENERGY.value:
        return mined.succeeded
    owed = (catalogue.by_id(signed.asset_id).contract, mined.sender, signed.payee, signed.amount)
    return any(
        effect.txid == mined.txid
        and effect.succeeded
        and (effect.contract, effect.sender, effect.receiver, effect.amount) == owed
        for effect in block.effects
    )


def _moved(block: BlockEffects, mined: MinedTransaction, contract: bytes) -> int:
    """Units of an asset that left the sender by this transaction, to whomever."""
    return sum(
        effect.amount
        for effect in block.effects
        if effect.succeeded
        and (effect.txid, effect.contract, effect.sender) == (mined.txid, contract, mined.sender)
    )


async def _freeze(session: AsyncConnection, network: str, mined: MinedTransaction, why: str) -> NewEvent:
    await freeze_wallet(session, network, mined.sender, f"{why}: 0x{mined.txid.hex()}")
    return NewEvent(EventKind.WALLET, "0x" + mined.sender.hex(), "frozen")
