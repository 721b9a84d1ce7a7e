"""The death of an expired transaction, written only if our own scan says the same as the network's nodes.

A network whose transactions expire refuses one for ever once a final block is as late as its expiry: every
later block has a parent at or after that time. Absence alone, or any clock of ours, proves nothing.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import RecordMismatch
from domain.freezes import FROZEN
from domain.onchain import BlockRef
from domain.sends import AttemptOutcome
from ledger.events import EventKind, NewEvent, append_events
from ledger.evidence import close_attempt
from ledger.observed import lock_chain
from ledger.open_sends import OutlivedSend
from ledger.records import AnyRow


async def record_death(
    session: AsyncConnection, network: str, send: OutlivedSend, proof: Mapping[str, str], now: datetime
) -> bool:
    """Close an attempt as dead, on the nodes' proof and our own rows, and tell its workflow.

    The rows are read under the lock of the network's row, so no block is applied meanwhile. False, with
    nothing written, while our final block is below the proof's, once the attempt ended or stands in a block,
    and on a frozen network. Raises RecordMismatch where our blocks disagree with the proof or were not all
    read: then nothing is proven.
    """
    chain = await lock_chain(session, network)
    at = _block_of(proof)
    if chain.mode == FROZEN or chain.final_height < at.height:
        return False
    where = {"network": network, "send_id": send.send_id, "attempt": send.attempt, "height": at.height}
    seen = (await session.execute(_SEEN, where)).one()
    if not seen.is_open:
        return False
    why = _disagreement(seen, at, send.view.reference_height)
    if why is not None:
        raise RecordMismatch(f"the nodes call attempt {send.attempt} of send {send.send_id} dead, but {why}")
    scanned = {
        "final_block": "0x" + at.hash.hex(),
        "scanned_from": str(send.view.reference_height),
        "scanned_to": str(at.height),
        "expires_ms": str(seen.expires_ms),
    }
    await close_attempt(session, send.send_id, send.attempt, AttemptOutcome.DEAD, {**proof, **scanned}, now)
    news = NewEvent(EventKind.SEND, str(send.send_id), AttemptOutcome.DEAD.value)
    await append_events(session, network, [news])
    return True


def _block_of(proof: Mapping[str, str]) -> BlockRef:
    """The final block that a proof of death rests on."""
    return BlockRef(int(proof["final_height"]), bytes.fromhex(proof["final_block"].removeprefix("0x")))


def _disagreement(seen: AnyRow, at: BlockRef, reference_height: int) -> str | None:
    """What our own rows say against a proof; None if they say the same."""
    if seen.block_hash != at.hash:
        return f"our final block {at.height} is another one"
    if not seen.has_ended:
        return f"block {at.height} is earlier than its expiry"
    if seen.landed is not None:
        return f"block {seen.landed} holds it"
    if seen.uncopied:
        return "the signer holds bytes of it that were never looked for"
    if seen.scanned != at.height - reference_height + 1:
        return f"we have not read every block from {reference_height} to {at.height}"
    return None


_SEEN = text("""
    SELECT t.outcome IS NULL AND t.state <> 'included' AS is_open, t.expires_ms, f.hash AS block_hash,
           extract(epoch FROM f.mined_at) * 1000 >= t.expires_ms AS has_ended,
           (SELECT min(o.height) FROM chain.own_txs o
              JOIN chain.signed_txs x ON x.chain_id = o.chain_id AND x.txid = o.txid
              JOIN chain.headers h ON h.chain_id = o.chain_id AND h.hash = o.block_hash AND h.canonical
             WHERE x.send_id = t.send_id AND x.attempt = t.attempt) AS landed,
           EXISTS (SELECT 1 FROM signer.signatures g
                    WHERE g.send_id = t.send_id AND g.attempt = t.attempt
                      AND NOT EXISTS (SELECT 1 FROM chain.signed_txs x
                                       WHERE x.chain_id = g.chain_id AND x.txid = g.txid)) AS uncopied,
           (SELECT count(*) FROM chain.headers h
              JOIN chain.headers r ON r.chain_id = h.chain_id AND r.canonical AND r.height <= h.height
               AND r.hash = decode(substr(t.plan->>'reference', 3), 'hex')
             WHERE h.chain_id = t.chain_id AND h.canonical AND h.height <= :height) AS scanned
      FROM chain.attempts t
      LEFT JOIN chain.headers f ON f.chain_id = t.chain_id AND f.canonical AND f.height = :height
     WHERE t.chain_id = :network AND t.send_id = :send_id AND t.attempt = :attempt
""")
