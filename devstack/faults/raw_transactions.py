"""What signed bytes say, read with libraries the product does not use for it."""

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]  # it ships no types
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

LEGACY_FIRST_BYTE = 0xC0
FEES = ("maxFeePerGas", "maxPriorityFeePerGas")
NONCE, GAS_PRICE, GAS, TO, VALUE = range(5)


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """Signed bytes and what a pool judges them by; fees per gas and `cost` (the most it can take) in wei."""

    raw: bytes
    txid: str
    sender: str
    nonce: int
    max_fee: int
    max_tip: int
    cost: int


def read_raw(text: str) -> RawTransaction:
    """Read `0x…` bytes of a legacy or a fee-market transaction; raises ValueError for anything else."""
    raw = bytes(HexBytes(text))
    try:
        nonce, max_fee, max_tip, gas, value = _read_legacy(raw) if _is_legacy(raw) else _read_typed(raw)
        sender = str(Account.recover_transaction(raw)).lower()
    except Exception as error:
        raise ValueError(f"not a signed transaction: {error}") from error
    return RawTransaction(
        raw=raw,
        txid="0x" + keccak(raw).hex(),
        sender=sender,
        nonce=nonce,
        max_fee=max_fee,
        max_tip=max_tip,
        cost=gas * max_fee + value,
    )


def _is_legacy(raw: bytes) -> bool:
    return raw[0] >= LEGACY_FIRST_BYTE


def _read_legacy(raw: bytes) -> tuple[int, int, int, int, int]:
    parts = [int.from_bytes(part, "big") for part in rlp.decode(raw)]
    return parts[NONCE], parts[GAS_PRICE], parts[GAS_PRICE], parts[GAS], parts[VALUE]


def _read_typed(raw: bytes) -> tuple[int, int, int, int, int]:
    parts = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    max_fee, max_tip = (parts[name if name in parts else "gasPrice"] for name in FEES)
    return int(parts["nonce"]), int(max_fee), int(max_tip), int(parts["gas"]), int(parts["value"])
