"""EIP-1559 bytes: equal to those of another library, inverse to their fields, strict."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hypothesis import given
from hypothesis import strategies as st

from chains.codecs.abi import encode_transfer
from chains.codecs.curve import CURVE_ORDER, LOW_S_MAX
from chains.codecs.evm import (
    EvmCodec,
    EvmSigned,
    EvmTransaction,
    call_of,
    encode_unsigned,
    payment_of,
    signing_digest,
)
from chains.codecs.payments import Payment
from chains.codecs.rlp import Item
from chains.codecs.rlp import decode as decode_rlp
from chains.codecs.rlp import encode as encode_rlp
from chains.codecs.signatures import recover_address, sender_of
from domain.errors import BytesMismatch

CODEC = EvmCodec()
uint64 = st.integers(0, 2**64 - 1)
uint256 = st.integers(0, 2**256 - 1)
addresses = st.binary(min_size=20, max_size=20)

transactions = st.builds(
    EvmTransaction,
    chain_id=st.integers(1, 2**64),
    nonce=uint64,
    max_priority_fee=st.integers(0, 2**128),
    max_fee=st.integers(0, 2**128),
    gas_limit=uint64,
    to=addresses,
    value=uint256,
    data=st.binary(max_size=100),
)
signed = st.builds(
    EvmSigned,
    transaction=transactions,
    y_parity=st.integers(0, 1),
    r=st.integers(1, CURVE_ORDER - 1),
    s=st.integers(1, LOW_S_MAX),
)
keys = st.integers(1, CURVE_ORDER - 1).map(lambda secret: secret.to_bytes(32, "big"))
GOLDEN_DIGEST = "577f072b4be21dbe73cdd90f32675d67d2fdfefdecfbc579f52025caf096400a"
GOLDEN_RAW = (
    "02f8730109843b9aca008504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400"
    "0080c080a04e87ced8b47d801c979c6baa52bbd78b42c9db2515c9d1f473e06f65d49aaa90a02357671517c59544ebd9"
    "5012d1988c102292eb570cc840ac9af72bb4c52e5edd"
)
GOLDEN_ID = "85c29adc6584224bbd5a304d2e7a3a2f26ca67e4e4dd69e64cc0c71a028a12a3"
EXAMPLE = EvmSigned(
    EvmTransaction(1, 7, 10**9, 3 * 10**9, 21_000, b"\x11" * 20, 10**18), 1, 2**255, LOW_S_MAX
)


@given(transactions, keys)
def test_bytes_equal_those_of_another_library(transaction: EvmTransaction, key: bytes) -> None:
    """C6: digest, signed bytes and id are what eth_account makes of the same fields and signature."""
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "maxPriorityFeePerGas": transaction.max_priority_fee,
        "maxFeePerGas": transaction.max_fee,
        "gas": transaction.gas_limit,
        "to": transaction.to,
        "value": transaction.value,
        "data": transaction.data,
    }
    account = Account.from_key(key)
    theirs = account.sign_transaction(fields)
    assert signing_digest(transaction) == TypedTransaction.from_dict(fields).hash()
    ours = EvmSigned(transaction, theirs.v, theirs.r, theirs.s)
    assert CODEC.encode(ours) == bytes(theirs.raw_transaction)
    assert CODEC.txid(CODEC.encode(ours)) == bytes(theirs.hash)
    assert sender_of(ours) == bytes.fromhex(account.address[2:])


def test_a_known_transaction_keeps_its_bytes() -> None:
    """C6: golden bytes, so that no change of both libraries passes unseen."""
    key = bytes.fromhex("4646464646464646464646464646464646464646464646464646464646464646")
    transaction = EvmTransaction(1, 9, 10**9, 20 * 10**9, 21_000, b"\x35" * 20, 10**18)
    assert signing_digest(transaction).hex() == GOLDEN_DIGEST
    raw = bytes.fromhex(GOLDEN_RAW)
    assert CODEC.decode(raw).transaction == transaction
    assert CODEC.txid(raw).hex() == GOLDEN_ID
    assert sender_of(CODEC.decode(raw)) == bytes.fromhex(Account.from_key(key).address[2:])


@given(signed)
def test_decoding_undoes_encoding(fields: EvmSigned) -> None:
    """C6: fields to bytes and back are the same fields, bytes to fields and back the same bytes."""
    raw = CODEC.encode(fields)
    assert CODEC.decode(raw) == fields
    assert CODEC.encode(CODEC.decode(raw)) == raw


@given(signed, st.data())
def test_a_changed_byte_is_another_transaction_or_none(fields: EvmSigned, data: st.DataObject) -> None:
    """No byte of the stored form is without meaning."""
    raw = bytearray(CODEC.encode(fields))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with suppress(BytesMismatch):
        assert CODEC.decode(bytes(raw)) != fields


def parts() -> list[Item]:
    """The items of a proper signed transaction, to be spoiled one at a time."""
    found = decode_rlp(CODEC.encode(EXAMPLE)[1:])
    assert isinstance(found, tuple)
    return list(found)


@pytest.mark.parametrize(
    ("place", "item"),
    [
        pytest.param(0, b"\x00\x01", id="chain id with leading zero"),
        pytest.param(1, b"\x01" * 9, id="nonce wider than 64 bits"),
        pytest.param(4, b"\x01" * 9, id="gas wider than 64 bits"),
        pytest.param(5, b"", id="no payee"),
        pytest.param(5, b"\x11" * 19, id="payee cut off"),
        pytest.param(5, (b"\x11" * 20,), id="payee in a list"),
        pytest.param(6, b"\x01" * 33, id="value wider than a word"),
        pytest.param(7, (), id="data as a list"),
        pytest.param(8, b"", id="access list as bytes"),
        pytest.param(8, ((b"\x11" * 20, ()),), id="an access list"),
        pytest.param(9, b"\x02", id="parity of two"),
        pytest.param(10, b"", id="r of zero"),
        pytest.param(10, CURVE_ORDER.to_bytes(32, "big"), id="r of the curve's order"),
        pytest.param(11, b"", id="s of zero"),
        pytest.param(11, (LOW_S_MAX + 1).to_bytes(32, "big"), id="high s"),
    ],
)
def test_spoiled_fields_are_refused(place: int, item: Item) -> None:
    """Each field has its form; no other is decoded."""
    items = parts()
    items[place] = item
    with pytest.raises(BytesMismatch):
        CODEC.decode(b"\x02" + encode_rlp(items))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(CODEC.encode(EXAMPLE) + b"\x00", id="a byte behind"),
        pytest.param(CODEC.encode(EXAMPLE)[:-1], id="a byte short"),
        pytest.param(b"\x01" + CODEC.encode(EXAMPLE)[1:], id="another type"),
        pytest.param(encode_unsigned(EXAMPLE.transaction), id="without a signature"),
        pytest.param(b"\x02" + encode_rlp([*parts(), b""]), id="a field too many"),
        pytest.param(b"\x02" + encode_rlp(b"text"), id="no list"),
    ],
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    """Only a signed type-2 transaction of exactly its length decodes."""
    with pytest.raises(BytesMismatch):
        CODEC.decode(raw)


@pytest.mark.parametrize("s", [0, LOW_S_MAX + 1, CURVE_ORDER])
def test_a_signature_no_node_takes_is_not_encoded(s: int) -> None:
    """EIP-2: a high S is refused before it can be stored."""
    with pytest.raises(BytesMismatch):
        CODEC.encode(replace(EXAMPLE, s=s))


def test_an_impossible_signature_has_no_sender() -> None:
    """A point that is not on the curve recovers to nobody."""
    with pytest.raises(BytesMismatch):
        recover_address(b"\x01" * 32, 0, 5, 0)


@given(addresses, addresses, uint256)
def test_a_payment_is_read_back_from_its_call(contract: bytes, payee: bytes, amount: int) -> None:
    """What a transaction pays follows from its bytes alone, for coins and for tokens."""
    for payment in (Payment(contract, payee, amount), Payment(b"", payee, amount)):
        to, value, data = call_of(payment)
        transaction = replace(EXAMPLE.transaction, to=to, value=value, data=data)
        assert payment_of(transaction) == payment


@pytest.mark.parametrize(
    ("value", "data"),
    [
        pytest.param(0, b"\x01\x02\x03\x04", id="another call"),
        pytest.param(1, encode_transfer(b"\x22" * 20, 5), id="coins along with a token transfer"),
        pytest.param(0, encode_transfer(b"\x22" * 20, 5) + b"\x00", id="a byte behind the call"),
        pytest.param(0, encode_transfer(b"\x22" * 20, 5)[:-1], id="a byte short"),
        pytest.param(
            0, encode_transfer(b"\x22" * 20, 5).replace(bytes(12), b"\x01" * 12), id="dirty padding"
        ),
    ],
)
def test_anything_but_one_plain_payment_is_refused(value: int, data: bytes) -> None:
    """A transaction that does more or less than one payment is not a payment."""
    with pytest.raises(BytesMismatch):
        payment_of(replace(EXAMPLE.transaction, value=value, data=data))
