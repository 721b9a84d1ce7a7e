"""One block's JSON and the results of its transactions to its effects, as far as they prove to be all there.

Nothing in a Tron header binds results or logs, so completeness means: the block has the id that was asked
for, its transactions hash to their own ids, and there is exactly one result for each of them, of this very
height, that agrees with what the block itself says of its outcome. What falls short raises BlockIncomplete
and is read again. `completeness["effects"]` digests what was read: the final block must show the same.

A contract call succeeded if its receipt says SUCCESS and nothing above it says FAILED; every other one did by
standing in a block. Return data is never read: USDT returns false when it pays.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from chains.answers import items, member
from chains.codecs.abi import decode_transfer, decode_transfer_log
from chains.tron.answers import (
    address_member,
    data,
    data_or_empty,
    read_header,
    whole_member,
    whole_or_zero,
)
from chains.tron.blocks import (
    TRANSFER,
    TRANSFER_ASSET,
    TRIGGER,
    Info,
    Transaction,
    read_info,
    read_transactions,
)
from domain.errors import BlockIncomplete
from domain.onchain import NATIVE_POSITION, BlockEffects, Effect, Header, MinedTransaction

TRC10_POSITION = "trc10"
TRC10_MARK = b"trc10:"
"""What stands in the place of a contract for a TRC-10 token, before its number; no asset is listed so."""


@dataclass(frozen=True, slots=True)
class _Moved:
    """Units of TRX, or of the TRC-10 token that is named."""

    receiver: bytes
    amount: int
    token: bytes = b""


def read_block(block_id: bytes, block: object, infos: object, source: str) -> BlockEffects:
    """All effects of the block that was asked for; `source` says how far it was confirmed.

    Raises BlockIncomplete if the parts do not prove to be all there, ValueError if they are no block at all.
    """
    header = read_header(block)
    name = block_id.hex()
    if header.ref.hash != block_id:
        raise BlockIncomplete(name, f"block {header.ref.hash.hex()} came instead")
    transactions = read_transactions(block)
    ends = {info.txid: info for info in (read_info(entry) for entry in items(infos))}
    _check_complete(header, transactions, ends, len(items(infos)))
    pairs = tuple((transaction, ends[transaction.txid]) for transaction in transactions)
    effects = tuple(effect for transaction, end in pairs for effect in _effects(transaction, end))
    mined = tuple(_mined(transaction, end) for transaction, end in pairs)
    return BlockEffects(
        header=header,
        effects=effects,
        transactions=mined,
        completeness={
            "transactions": str(len(transactions)),
            "logs": str(sum(len(end.logs) for _, end in pairs)),
            "effects": digest(effects, mined),
            "source": source,
        },
    )


def digest(effects: Iterable[Effect], transactions: Iterable[MinedTransaction]) -> str:
    """A hash over everything that the books take from a block."""
    told = sha256()
    for effect in effects:
        parts = (effect.position, effect.contract.hex(), effect.sender.hex(), effect.receiver.hex())
        told.update(f"{effect.txid.hex()} {' '.join(parts)} {effect.amount} {effect.succeeded}\n".encode())
    for one in transactions:
        told.update(f"{one.txid.hex()} {one.sender.hex()} {one.succeeded} {one.fee}\n".encode())
    return told.hexdigest()


def _check_complete(
    header: Header, transactions: tuple[Transaction, ...], ends: Mapping[bytes, Info], count: int
) -> None:
    name = header.ref.hash.hex()
    if count != len(transactions) or ends.keys() != {one.txid for one in transactions}:
        raise BlockIncomplete(name, f"{count} results do not belong to its {len(transactions)} transactions")
    for transaction in transactions:
        end = ends[transaction.txid]
        if end.height != header.ref.height:
            raise BlockIncomplete(name, f"the result of {end.txid.hex()} is of height {end.height}")
        if transaction.runs_code and not (end.outcome and transaction.outcome == end.outcome):
            raise BlockIncomplete(
                name,
                f"{end.txid.hex()} ended {transaction.outcome or 'unsaid'} in it, {end.outcome} elsewhere",
            )


def _effects(transaction: Transaction, end: Info) -> Iterator[Effect]:
    yield from _own_moves(transaction, end)
    if not end.succeeded:
        yield from _failed_call(transaction)
        return
    for place, log in enumerate(end.logs):
        transfer = decode_transfer_log(log.topics, log.data)
        if transfer is not None:
            yield Effect(
                txid=transaction.txid,
                position=f"log-{place}",
                contract=log.contract,
                sender=transfer.sender,
                receiver=transfer.receiver,
                amount=transfer.amount,
                succeeded=True,
            )


def _own_moves(transaction: Transaction, end: Info) -> Iterator[Effect]:
    """What the contract itself moves: TRX or a TRC-10 token, by a transfer or along with a call."""
    value = transaction.value
    if transaction.kind == TRANSFER:
        receiver = address_member(value, "to_address")
        yield _move(transaction, end, _Moved(receiver, whole_or_zero(value, "amount")))
    elif transaction.kind == TRANSFER_ASSET:
        token = TRC10_MARK + data(member(value, "asset_name"))
        amount = whole_or_zero(value, "amount")
        yield _move(transaction, end, _Moved(address_member(value, "to_address"), amount, token))
    elif transaction.runs_code:
        called = address_member(value, "contract_address") if transaction.kind == TRIGGER else end.created
        body = value if transaction.kind == TRIGGER else member(value, "new_contract")
        if sent := whole_or_zero(body, "call_value"):
            yield _move(transaction, end, _Moved(called, sent))
        if tokens := whole_or_zero(value, "call_token_value"):
            token = TRC10_MARK + str(whole_member(value, "token_id")).encode()
            yield _move(transaction, end, _Moved(called, tokens, token))


def _move(transaction: Transaction, end: Info, moved: _Moved) -> Effect:
    return Effect(
        txid=transaction.txid,
        position=TRC10_POSITION if moved.token else NATIVE_POSITION,
        contract=moved.token,
        sender=transaction.owner,
        receiver=moved.receiver,
        amount=moved.amount,
        succeeded=end.succeeded,
    )


def _failed_call(transaction: Transaction) -> Iterator[Effect]:
    # A failed call has no logs; it is kept so that the books can say why nothing was credited.
    if transaction.kind != TRIGGER:
        return
    call = decode_transfer(data_or_empty(transaction.value, "data"))
    if call is not None:
        yield Effect(
            txid=transaction.txid,
            position="log-0",
            contract=address_member(transaction.value, "contract_address"),
            sender=transaction.owner,
            receiver=call.receiver,
            amount=call.amount,
            succeeded=False,
        )


def _mined(transaction: Transaction, end: Info) -> MinedTransaction:
    return MinedTransaction(
        txid=transaction.txid,
        sender=transaction.owner,
        nonce=None,
        succeeded=end.succeeded,
        fee=end.fee,
        used=dict(end.used) | _activation(transaction, end),
    )


def _activation(transaction: Transaction, end: Info) -> dict[str, str]:
    """What a transfer paid beyond its resources, which is the price of the account that it created."""
    burnt = sum(int(end.used.get(name, "0")) for name in ("energy_burnt_sun", "bandwidth_burnt_sun"))
    rest = end.fee - burnt
    is_transfer = transaction.kind in {TRANSFER, TRANSFER_ASSET}
    return {"activation_sun": str(rest)} if is_transfer and rest > 0 else {}
