"""Tron bytes: ids as published, equal to those of another encoder, inverse to their fields, strict."""

import json
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tronpy.proto.transaction import calculate_txid_from_raw_data

from chains.codecs.curve import CURVE_ORDER
from chains.codecs.hdkeys import address_of
from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from chains.codecs.tron import (
    TronCodec,
    TronSigned,
    TronTransaction,
    decode_unsigned,
    encode_unsigned,
    payment_of,
    signing_digest,
)
from chains.codecs.tron_contracts import (
    Transfer,
    Trigger,
    encode_contract,
)
from domain.errors import BytesMismatch
from tests.support.tron_protobuf import message, raw_data
from tests.support.tron_transactions import EXAMPLE, NAMES, signed, transactions, wire_fields

CODEC = TronCodec()
GOLDEN: list[dict[str, str]] = json.loads(
    (Path(__file__).parents[1] / "data" / "tron_txid_vectors.json").read_text(encoding="utf-8")
)["vectors"]
SIGNED_HERE = (
    b"protocol.TransferContract",
    b"protocol.FreezeBalanceV2Contract",
    b"protocol.TriggerSmartContract",
)
MEMO_DIGEST = "ed3f5a91659435b0a7b6af85dbd7adc8f7eeced2d6a594e4010fd2d2f67cc60e"


def is_signed_here(vector: dict[str, str]) -> bool:
    """Whether the published bytes hold a contract that the codec covers."""
    return any(name in bytes.fromhex(vector["raw_data_hex"]) for name in SIGNED_HERE)


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda one: f"{one['contract']}-{one['txid'][:8]}")
def test_published_ids_follow_from_published_bytes(vector: dict[str, str]) -> None:
    """T2: the id is SHA-256 over the raw data; contracts signed here decode to their bytes, others do not."""
    raw = bytes.fromhex(vector["raw_data_hex"])
    stored = message("Transaction", {"raw_data": raw, "signature": [bytes(65)]})
    assert CODEC.txid(stored).hex() == vector["txid"]
    if is_signed_here(vector):
        transaction = decode_unsigned(raw)
        assert encode_unsigned(transaction) == raw
        assert signing_digest(transaction).hex() == vector["txid"]
    else:
        with pytest.raises(BytesMismatch, match=r"contract type \d+ is none that is ever signed here"):
            decode_unsigned(raw)


def test_the_published_bytes_hold_payments_of_coins_and_of_tokens() -> None:
    """The golden file decides something: so many of its rows decode, and two of them are known payments."""
    known = [vector for vector in GOLDEN if is_signed_here(vector)]
    assert (len(GOLDEN), len(known)) == (26, 8)
    payee = bytes.fromhex("088a2bfcb1c7271029fd69a66859d55560895884")
    token = bytes.fromhex("eca9bc828a3005b9a3b909f2cc5c2a54794de05f")
    paid = [payment_of(decode_unsigned(bytes.fromhex(known[number]["raw_data_hex"]))) for number in (1, 3)]
    assert paid[0] == Payment(token, payee, 100)
    assert paid[1] == Payment(b"", bytes.fromhex("92ad11c1bf16b3b14b0bd6b5c7e2db73a0b5e83a"), 1_000_000)


@given(transactions)
def test_bytes_equal_those_of_the_protobuf_runtime(transaction: TronTransaction) -> None:
    """T2, N8: every field, memo and permission too, is written as the runtime writes it."""
    kind, _ = encode_contract(transaction.contract)
    theirs = raw_data(
        NAMES[type(transaction.contract)],
        kind,
        wire_fields(transaction.contract),
        permission=transaction.permission_id,
        ref_block_bytes=transaction.ref_block_bytes,
        ref_block_hash=transaction.ref_block_hash,
        expiration=transaction.expiration_ms,
        timestamp=transaction.timestamp_ms,
        fee_limit=transaction.fee_limit,
        data=transaction.memo,
    )
    assert encode_unsigned(transaction) == theirs
    assert signing_digest(transaction) == sha256(theirs).digest()


@given(transactions.filter(lambda one: isinstance(one.contract, Transfer | Trigger)))
def test_ids_equal_those_of_another_library_where_it_is_right(transaction: TronTransaction) -> None:
    """T2: without memo and permission its offline id is ours; with them it is another transaction's."""
    kind = NAMES[type(transaction.contract)]
    fields = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in wire_fields(transaction.contract).items()
    }
    theirs = calculate_txid_from_raw_data(
        {
            "ref_block_bytes": transaction.ref_block_bytes.hex(),
            "ref_block_hash": transaction.ref_block_hash.hex(),
            "expiration": transaction.expiration_ms,
            "timestamp": transaction.timestamp_ms,
            "fee_limit": transaction.fee_limit,
            "data": transaction.memo.hex(),
            "contract": [
                {
                    "type": kind,
                    "Permission_id": transaction.permission_id,
                    "parameter": {"type_url": f"type.googleapis.com/protocol.{kind}", "value": fields},
                }
            ],
        }
    )
    plain = replace(transaction, memo=b"", permission_id=0)
    assert signing_digest(plain).hex() == theirs
    assert (signing_digest(transaction).hex() == theirs) is (transaction == plain)


def test_a_memo_and_a_permission_are_part_of_the_bytes() -> None:
    """N8: the id changes with either, and both come back."""
    plain = EXAMPLE.transaction
    variants = [
        replace(plain, permission_id=0),
        plain,
        replace(plain, memo=b"hello"),
        replace(plain, memo=b"hello", permission_id=0),
    ]
    assert len({signing_digest(one) for one in variants}) == len(variants)
    assert [decode_unsigned(encode_unsigned(one)) for one in variants] == variants
    assert signing_digest(variants[2]).hex() == MEMO_DIGEST


@given(signed)
def test_decoding_undoes_encoding(fields: TronSigned) -> None:
    """C6: fields to bytes and back are the same fields, and the id is what was signed."""
    raw = CODEC.encode(fields)
    assert CODEC.decode(raw) == fields
    assert CODEC.txid(raw) == signing_digest(fields.transaction)


@given(signed, st.data())
def test_a_changed_byte_is_another_transaction_or_none(fields: TronSigned, data: st.DataObject) -> None:
    """No byte of the stored form is without meaning."""
    raw = bytearray(CODEC.encode(fields))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with suppress(BytesMismatch):
        decoded = CODEC.decode(bytes(raw))
        assert decoded != fields
        assert CODEC.encode(decoded) == raw


@given(transactions, st.integers(1, CURVE_ORDER - 1))
def test_the_signer_is_recovered(transaction: TronTransaction, secret: int) -> None:
    """The address behind a signature is that of the key, on Tron as on EVM."""
    key = PrivateKey.from_int(secret)
    made = key.sign_recoverable(signing_digest(transaction), hasher=None)
    fields = TronSigned(
        transaction, made[64], int.from_bytes(made[:32], "big"), int.from_bytes(made[32:64], "big")
    )
    assert sender_of(CODEC.decode(CODEC.encode(fields))) == address_of(key.public_key.format())
