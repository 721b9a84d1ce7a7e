"""Tron bytes that are refused: whatever the network would read and Croupier never writes."""

from dataclasses import replace
from typing import Any

import pytest

from chains.codecs.curve import CURVE_ORDER, LOW_S_MAX
from chains.codecs.tron import TronCodec, decode_unsigned, encode_unsigned
from chains.codecs.tron_contracts import to_wire
from domain.errors import BytesMismatch
from tests.support.tron_protobuf import message, raw_data
from tests.support.tron_transactions import EXAMPLE

CODEC = TronCodec()
RAW = encode_unsigned(EXAMPLE.transaction)
SIGNATURE = CODEC.encode(EXAMPLE)[-65:]


def enveloped(raw: bytes, *signatures: bytes, **more: list[bytes]) -> bytes:
    """A transaction of any raw data and signatures, as the runtime writes it."""
    return message("Transaction", {"raw_data": raw, "signature": signatures, **more})


def test_the_envelope_is_that_of_the_runtime() -> None:
    """Raw data and one signature of r, s and a last byte of 0 or 1."""
    assert enveloped(RAW, SIGNATURE) == CODEC.encode(EXAMPLE)
    assert SIGNATURE[-1] == EXAMPLE.y_parity


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(RAW, id="raw data alone"),
        pytest.param(enveloped(RAW), id="no signature"),
        pytest.param(enveloped(b"", SIGNATURE), id="no raw data"),
        pytest.param(enveloped(RAW, SIGNATURE, SIGNATURE), id="two signatures"),
        pytest.param(enveloped(RAW, SIGNATURE[:-1]), id="signature cut off"),
        pytest.param(enveloped(RAW, SIGNATURE[:-1] + b"\x1c"), id="last byte 28"),
        pytest.param(enveloped(RAW, SIGNATURE[:-1] + b"\x02"), id="last byte 2"),
        pytest.param(enveloped(RAW, SIGNATURE, ret=[b"\x18\x01"]), id="with a result"),
        pytest.param(enveloped(RAW, SIGNATURE) + b"\x00", id="a byte behind"),
        pytest.param(enveloped(RAW, SIGNATURE)[:-1], id="a byte short"),
    ],
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    """Only one contract under one signature decodes."""
    with pytest.raises(BytesMismatch):
        CODEC.decode(raw)


OWNER, PAYEE = to_wire(b"\x11" * 20), to_wire(b"\x22" * 20)
TERMS: dict[str, Any] = {
    "ref_block_bytes": b"\x12\x34",
    "ref_block_hash": b"\x56" * 8,
    "expiration": 9,
    "timestamp": 8,
}
TRANSFER: dict[str, Any] = {"owner_address": OWNER, "to_address": PAYEE, "amount": 5}
TRIGGER: dict[str, Any] = {"owner_address": OWNER, "contract_address": PAYEE, "data": b"\x01"}
DELEGATE: dict[str, Any] = {"owner_address": OWNER, "receiver_address": PAYEE, "balance": 1, "resource": 1}


def test_the_unspoiled_rows_decode() -> None:
    """What the next table spoils is right before it is spoiled."""
    for name, number, fields in (
        ("TransferContract", 1, TRANSFER),
        ("TriggerSmartContract", 31, TRIGGER),
        ("DelegateResourceContract", 57, DELEGATE),
    ):
        raw = raw_data(name, number, fields, **TERMS)
        assert encode_unsigned(decode_unsigned(raw)) == raw


@pytest.mark.parametrize(
    ("name", "number", "fields", "terms"),
    [
        pytest.param("TransferContract", 31, TRANSFER, {}, id="type and name differ"),
        pytest.param("TransferContract", 0, TRANSFER, {}, id="type of an account's creation"),
        pytest.param("TransferContract", 2, TRANSFER, {}, id="type that is not signed"),
        pytest.param("TransferContract", 1, TRANSFER | {"to_address": PAYEE[1:]}, {}, id="payee of 20 bytes"),
        pytest.param("TransferContract", 1, TRANSFER | {"to_address": b""}, {}, id="no payee"),
        pytest.param(
            "TransferContract", 1, TRANSFER | {"owner_address": b"\xa0" + OWNER[1:]}, {}, id="other prefix"
        ),
        pytest.param("TransferContract", 1, TRANSFER | {"amount": -1}, {}, id="negative amount"),
        pytest.param("TriggerSmartContract", 31, TRIGGER | {"call_token_value": 1}, {}, id="token value"),
        pytest.param("TriggerSmartContract", 31, TRIGGER | {"token_id": 1}, {}, id="token id"),
        pytest.param("DelegateResourceContract", 57, DELEGATE | {"lock": 1}, {}, id="locked delegation"),
        pytest.param("DelegateResourceContract", 57, DELEGATE | {"lock_period": 5}, {}, id="lock period"),
        pytest.param("DelegateResourceContract", 57, DELEGATE | {"resource": 2}, {}, id="third resource"),
        pytest.param("TransferContract", 1, TRANSFER, {"ref_block_bytes": b"\x12"}, id="short reference"),
        pytest.param("TransferContract", 1, TRANSFER, {"ref_block_hash": b"\x56" * 9}, id="long reference"),
        pytest.param("TransferContract", 1, TRANSFER, {"ref_block_num": 7}, id="reference by number"),
        pytest.param("TransferContract", 1, TRANSFER, {"expiration": 0}, id="no expiration"),
        pytest.param("TransferContract", 1, TRANSFER, {"timestamp": 0}, id="no timestamp"),
        pytest.param("TransferContract", 1, TRANSFER, {"scripts": b"\x01"}, id="scripts"),
        pytest.param("TransferContract", 1, TRANSFER, {"auths": [b"\x01"]}, id="authorities"),
        pytest.param("TransferContract", 1, TRANSFER, {"permission": -1}, id="negative permission"),
    ],
)
def test_raw_data_that_says_more_or_less_is_refused(
    name: str, number: int, fields: dict[str, Any], terms: dict[str, Any]
) -> None:
    """Fields that Croupier never signs make the bytes unreadable to it, instead of being passed over."""
    with pytest.raises(BytesMismatch):
        decode_unsigned(raw_data(name, number, fields, **(TERMS | terms)))


def test_two_contracts_are_refused() -> None:
    """A transaction is one payment: the chain itself would execute the first contract alone."""
    envelope = message("Contract", {"type": 1, "parameter": b"\x01"})
    with pytest.raises(BytesMismatch):
        decode_unsigned(message("Raw", {**TERMS, "contract": [envelope, envelope]}))


@pytest.mark.parametrize("s", [0, LOW_S_MAX + 1, CURVE_ORDER])
def test_a_signature_with_a_high_s_is_not_encoded(s: int) -> None:
    """One payment has one signature: the other of its two forms is never stored."""
    with pytest.raises(BytesMismatch):
        CODEC.encode(replace(EXAMPLE, s=s))


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param({"ref_block_bytes": b""}, id="no reference"),
        pytest.param({"expiration_ms": 0}, id="no expiration"),
        pytest.param({"timestamp_ms": 0}, id="no timestamp"),
        pytest.param({"permission_id": 2**31}, id="permission out of range"),
    ],
)
def test_terms_that_bind_nothing_are_not_encoded(terms: dict[str, Any]) -> None:
    """Every transaction names its branch, its end and its serial."""
    with pytest.raises(BytesMismatch):
        encode_unsigned(replace(EXAMPLE.transaction, **terms))
