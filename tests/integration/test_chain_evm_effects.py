"""Odd movements on a real anvil: what counts as an effect, what does not, and what every effect says."""

from collections.abc import Sequence
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from chains.codecs.abi import TRANSFER_TOPIC, encode_transfer
from chains.codecs.keccak import keccak256
from chains.evm.effects import read_block, read_receipt
from chains.evm.roots import receipts_root
from domain.onchain import BlockEffects, Effect
from tests.support.chain_rigs import AnvilRig, address_of, key_of, mined, pay, stranger

EMITTER = bytes.fromhex("00000000000000000000000000000000000e3171")
FORWARDER = bytes.fromhex("0000000000000000000000000000000000f03a4d")
APPROVAL_TOPIC = keccak256(b"Approval(address,address,uint256)")
GAS = 3_000_000
FULL = True

Log = tuple[tuple[bytes, ...], bytes]


@pytest.fixture
def rig(rig: AnvilRig) -> AnvilRig:
    """A new anvil whose payer is signed for by the node itself."""
    rig.anvil.rpc("anvil_impersonateAccount", rig.payer.address)
    return rig


async def test_fifty_transfers_of_one_transaction_keep_their_places(rig: AnvilRig) -> None:
    """N15: 50 players and 2 more for one of them: 52 effects, numbered within their transaction."""
    emit(rig, [transfer_log(stranger(1), stranger(number % 50), number + 1) for number in range(52)])
    await call(rig, EMITTER)
    txid = await call(rig, EMITTER)
    block = await mined(rig)
    ours = [effect for effect in block.effects if effect.txid == txid]
    assert [one.position for one in ours] == [f"log-{place}" for place in range(52)]
    assert [one.receiver for one in ours] == [stranger(number % 50) for number in range(52)]
    assert [one.amount for one in ours] == list(range(1, 53))
    assert len(block.effects) == 104


async def test_other_logs_take_a_place_but_move_nothing(rig: AnvilRig) -> None:
    """Positions count all logs of the transaction; only exact transfers are effects."""
    holder, receiver = topic(stranger(1)), topic(stranger(2))
    amount = (7).to_bytes(32, "big")
    emit(
        rig,
        [
            ((APPROVAL_TOPIC, holder, receiver), amount),
            transfer_log(stranger(1), stranger(2), 7),
            ((TRANSFER_TOPIC, holder, receiver, amount), b""),
            ((TRANSFER_TOPIC, holder), amount),
            ((TRANSFER_TOPIC, holder, receiver), amount * 2),
            ((TRANSFER_TOPIC, b"\x01" + holder[1:], receiver), amount),
            ((TRANSFER_TOPIC, holder, b"\x01" + receiver[1:]), amount),
            ((), amount),
            transfer_log(stranger(1), stranger(2), 0),
        ],
    )
    txid = await call(rig, EMITTER)
    assert (await mined(rig)).effects == (
        Effect(txid, "log-1", EMITTER, stranger(1), stranger(2), 7, succeeded=True),
        Effect(txid, "log-8", EMITTER, stranger(1), stranger(2), 0, succeeded=True),
    )


async def test_a_transaction_may_move_coins_and_tokens(rig: AnvilRig) -> None:
    """Coins sent along with logs are an effect of their own beside them."""
    emit(rig, [transfer_log(stranger(1), stranger(2), 7)])
    txid = await call(rig, EMITTER, value=3)
    assert (await mined(rig)).effects == (
        Effect(txid, "native", b"", address_of(rig.payer), EMITTER, 3, succeeded=True),
        Effect(txid, "log-0", EMITTER, stranger(1), stranger(2), 7, succeeded=True),
    )


async def test_a_reverted_token_transfer_is_kept_as_failed(rig: AnvilRig) -> None:
    """C10: a reverted call of `transfer` has no log; what it tried is told, marked as failed."""
    rig.anvil.fund("0x" + stranger(5).hex(), 10**18)
    rig.anvil.rpc("anvil_impersonateAccount", "0x" + stranger(5).hex())
    data = encode_transfer(stranger(2), 1_000_000)
    txid = await call(rig, rig.token.contract, data=data, sender=stranger(5))
    block = await mined(rig)
    assert block.effects == (
        Effect(txid, "log-0", rig.token.contract, stranger(5), stranger(2), 1_000_000, succeeded=False),
    )
    assert not block.transactions[0].succeeded
    assert (await rig.reader.balance(stranger(2), rig.token, block.header.ref)).amount == 0


async def test_coins_from_within_a_contract_are_no_effect(rig: AnvilRig) -> None:
    """E15: an internal transfer has no log and another target: only reconciliation finds it."""
    rig.anvil.rpc("anvil_setCode", "0x" + FORWARDER.hex(), "0x" + forwarder_code(stranger(2)).hex())
    txid = await call(rig, FORWARDER, value=9)
    block = await mined(rig)
    assert block.effects == (
        Effect(txid, "native", b"", address_of(rig.payer), FORWARDER, 9, succeeded=True),
    )
    assert (await rig.reader.balance(stranger(2), rig.native, block.header.ref)).amount == 9


async def test_a_created_contract_receives_its_coins(rig: AnvilRig) -> None:
    """A transaction without a payee makes a contract; coins sent along are an effect on that contract."""
    sent = rig.anvil.rpc(
        "eth_sendTransaction", {"from": rig.payer.address, "data": "0x", "value": "0x5", "gas": hex(GAS)}
    )
    block = await mined(rig)
    (effect,) = block.effects
    receipt = rig.anvil.rpc("eth_getTransactionReceipt", sent)
    assert isinstance(receipt, dict)
    assert "0x" + effect.receiver.hex() == receipt["contractAddress"]
    assert (effect.amount, effect.contract) == (5, b"")


@pytest.mark.parametrize("count", [0, 1, 2, 17, 140])
async def test_receipts_give_the_root_of_their_header(rig: AnvilRig, count: int) -> None:
    """Blocks of every shape: what the node wrote into the header is what its receipts come to."""
    emit(rig, [transfer_log(stranger(1), stranger(2), 7)])
    for _ in range(count):
        await call(rig, EMITTER)
    block = await mined(rig)
    header = rig.anvil.rpc("eth_getBlockByHash", "0x" + block.header.ref.hash.hex(), False)  # noqa: FBT003 - JSON-RPC's own order
    assert isinstance(header, dict)
    assert len(block.transactions) == count
    assert "0x" + block.completeness["receipts_root"] == header["receiptsRoot"]


async def test_old_transaction_types_are_read_too(rig: AnvilRig) -> None:
    """Deposits come as legacy, access-list and EIP-1559 transactions alike."""
    player = key_of("player")
    rig.anvil.fund(player.address, 10**18)
    for nonce, kind in enumerate(("legacy", "access list", "fee market")):
        rig.anvil.rpc("eth_sendRawTransaction", "0x" + old_payment(rig, player, nonce, kind).hex())
    block = await mined(rig)
    assert [(one.position, one.amount, one.sender) for one in block.effects] == [
        ("native", nonce + 1, address_of(player)) for nonce in range(3)
    ]
    before = (await rig.reader.header(block.header.parent)).ref
    held = await rig.reader.balance(address_of(player), rig.native, before)
    left = await rig.reader.balance(address_of(player), rig.native, block.header.ref)
    assert held.amount - left.amount == sum(one.fee for one in block.transactions) + 1 + 2 + 3


async def test_an_empty_block_is_complete_and_empty(rig: AnvilRig) -> None:
    """A block without transactions proves itself empty."""
    block = await mined(rig)
    assert (block.effects, block.transactions) == ((), ())
    assert block.completeness["transactions"] == "0"


async def test_a_full_block_is_read_whole(rig: AnvilRig) -> None:
    """200 transactions of one block, with and without logs, are all there."""
    emit(rig, [transfer_log(stranger(1), stranger(2), 7)])
    for number in range(200):
        await call(rig, EMITTER if number % 2 else stranger(3), value=1, gas=60_000)
    block: BlockEffects = await mined(rig)
    assert len(block.transactions) == 200
    assert len(block.effects) == 300
    assert block.completeness == {**block.completeness, "transactions": "200", "logs": "100"}


async def call(  # noqa: PLR0913 - the fields of a transaction, all optional but the target
    rig: AnvilRig,
    to: bytes,
    *,
    value: int = 0,
    data: bytes = b"",
    sender: bytes | None = None,
    gas: int = GAS,
) -> bytes:
    """Send a call that the node signs; it waits for the next block."""
    sent = rig.anvil.rpc(
        "eth_sendTransaction",
        {
            "from": "0x" + (sender or address_of(rig.payer)).hex(),
            "to": "0x" + to.hex(),
            "value": hex(value),
            "data": "0x" + data.hex(),
            "gas": hex(gas),
        },
    )
    return bytes.fromhex(str(sent)[2:])


def old_payment(rig: AnvilRig, player: LocalAccount, nonce: int, kind: str) -> bytes:
    """A payment of nonce + 1 units in the form that the wallet of a player may still use."""
    fields: dict[str, Any] = {
        "chainId": rig.anvil.chain_id,
        "nonce": nonce,
        "gas": 21_000 + (10_000 if kind == "access list" else 0),
        "to": stranger(4),
        "value": nonce + 1,
        "data": b"",
    }
    if kind == "fee market":
        fields |= {"type": 2, "maxFeePerGas": 4 * 10**9, "maxPriorityFeePerGas": 10**9}
    else:
        fields |= {"gasPrice": 4 * 10**9}
    if kind == "access list":
        fields |= {"type": 1, "accessList": [{"address": "0x" + stranger(4).hex(), "storageKeys": []}]}
    return bytes(player.sign_transaction(fields).raw_transaction)


def emit(rig: AnvilRig, logs: Sequence[Log]) -> None:
    """Put code at the emitter's address that writes these logs at every call."""
    rig.anvil.rpc("anvil_setCode", "0x" + EMITTER.hex(), "0x" + emitter_code(logs).hex())


def transfer_log(sender: bytes, receiver: bytes, amount: int) -> Log:
    """The log of an exact ERC-20 transfer."""
    return (TRANSFER_TOPIC, topic(sender), topic(receiver)), amount.to_bytes(32, "big")


def topic(address: bytes) -> bytes:
    """An address as a log carries it."""
    return bytes(12) + address


def emitter_code(logs: Sequence[Log]) -> bytes:
    """EVM code: for each log, store its data word by word, push its topics in reverse, LOGn; then STOP."""
    code = b""
    for topics, data in logs:
        for place in range(0, len(data), 32):
            code += b"\x7f" + data[place : place + 32] + b"\x60" + bytes([place]) + b"\x52"
        code += b"".join(b"\x7f" + one for one in reversed(topics))
        code += b"\x60" + bytes([len(data)]) + b"\x60\x00" + bytes([0xA0 + len(topics)])
    return code + b"\x00"


def forwarder_code(payee: bytes) -> bytes:
    """EVM code: CALL the payee with the coins that came; then STOP."""
    zeros = b"\x60\x00" * 4
    return zeros + b"\x34" + b"\x73" + payee + b"\x5a\xf1\x50\x00"


async def test_a_mint_without_a_signature_is_a_movement_like_any_other(rig: AnvilRig) -> None:
    """A layer-2 deposit (type 0x7e, nobody signed it) with value and status 1 is a native effect."""
    await pay(rig, rig.native, stranger(5), 77, 0)
    rig.mine()
    block = rig.anvil.rpc("eth_getBlockByNumber", "latest", FULL)
    receipts = rig.anvil.rpc("eth_getBlockReceipts", "latest")
    assert isinstance(block, dict)
    assert isinstance(receipts, list)
    (sent,), (receipt,) = block["transactions"], receipts
    for signed in ("r", "s", "v", "yParity", "maxFeePerGas", "maxPriorityFeePerGas", "accessList"):
        sent.pop(signed, None)
    sent |= {"type": "0x7e", "mint": "0x4d", "sourceHash": sent["hash"], "isSystemTx": False}
    receipt |= {
        "type": "0x7e",
        "effectiveGasPrice": "0x0",
        "depositNonce": "0x0",
        "depositReceiptVersion": "0x1",
    }
    root = receipts_root([read_receipt(receipt)])
    assert root is not None
    block["receiptsRoot"] = "0x" + root.hex()
    found = read_block(bytes.fromhex(block["hash"][2:]), block, receipts)
    (effect,) = found.effects
    assert (effect.position, effect.receiver, effect.amount, effect.succeeded) == (
        "native",
        stranger(5),
        77,
        True,
    )
    assert [one.fee for one in found.transactions] == [0]
