"""What a transaction must be before its action is looked at: fresh, not seen on this branch, rightly signed.

The same rules hold in the pool and in a block, and both count by the parent block, the head: so a transaction
may stand in a block that is stamped after its expiration, when slots were missed between.
"""

from devstack.tron.moment import Moment
from devstack.tron.permissions import check_signatures
from devstack.tron.rules import EXPIRATION_MS_MAX, TAPOS_BLOCKS, TRANSACTION_BYTES_MAX
from devstack.tron.state import Kind, State
from devstack.tron.transactions import SignedTransaction
from devstack.tron.verdicts import Refused, ResponseCode

RECENT_BLOCKS: Kind[bytes] = Kind("recent block")
PLACES: Kind[int] = Kind("place")
REFERENCE_HASH = slice(8, 16)  # the part of a block id that a transaction names


def check_admission(state: State, moment: Moment, transaction: SignedTransaction) -> None:
    """Raise Refused unless a transaction may enter a block upon this state."""
    check_signatures(state, transaction)
    _check_reference(state, transaction)
    if transaction.size > TRANSACTION_BYTES_MAX:
        raise Refused(ResponseCode.TOO_BIG_TRANSACTION_ERROR, f"{transaction.size} bytes")
    expiration = transaction.signed.expiration
    if not moment.head_time_ms < expiration <= moment.head_time_ms + EXPIRATION_MS_MAX:
        raise Refused(
            ResponseCode.TRANSACTION_EXPIRATION_ERROR,
            f"expiration {expiration}, head block time {moment.head_time_ms}",
        )
    if place_of(state, transaction.txid) is not None:
        raise Refused(ResponseCode.DUP_TRANSACTION_ERROR, transaction.txid.hex())


def reference_to(number: int, block_id: bytes) -> tuple[bytes, bytes]:
    """Return how a transaction names a block: two bytes of the number, eight of the id."""
    return (number % TAPOS_BLOCKS).to_bytes(2), block_id[REFERENCE_HASH]


def remember_block(state: State, number: int, block_id: bytes) -> None:
    """Let transactions name this block, until one of the same low number follows."""
    state.put(RECENT_BLOCKS, number % TAPOS_BLOCKS, row=block_id)


def remember_transaction(state: State, txid: bytes, number: int) -> None:
    """Note in which block of this branch a transaction stands."""
    state.put(PLACES, txid, row=number)


def place_of(state: State, txid: bytes) -> int | None:
    """Return the number of the block of this branch that holds a transaction."""
    return state.get(PLACES, txid)


def _check_reference(state: State, transaction: SignedTransaction) -> None:
    number, digest = transaction.signed.ref_block_bytes, transaction.signed.ref_block_hash
    known = state.get(RECENT_BLOCKS, int.from_bytes(number)) if len(number) == 2 else None
    if known is None or known[REFERENCE_HASH] != digest:
        raise Refused(
            ResponseCode.TAPOS_ERROR, f"ref_block_bytes {number.hex()}, ref_block_hash {digest.hex()}"
        )
