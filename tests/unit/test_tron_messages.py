"""The Tron devnet's own messages: published transactions read and write as they were, and ids come out."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.tron.addresses import ADDRESS_BYTES, PREFIX, parse, show
from devstack.tron.contract_messages import ABI, ACTIONS, Entry, EntryType, Param, SmartContract, pack, unpack
from devstack.tron.messages import (
    Any,
    Contract,
    ContractType,
    Key,
    Permission,
    PermissionType,
    RawTransaction,
    TransferContract,
)
from devstack.tron.schema import Malformed, decode, encode

VECTORS = Path(__file__).parent.parent / "data" / "tron_txid_vectors.json"
URLS = [f"protocol.{kind.name}".encode() for kind in ACTIONS]
MOST = 7
int64 = st.integers(-(2**63), 2**63 - 1)


def vectors() -> list[tuple[bytes, str]]:
    """Return published (signed bytes, id) of the actions the devnet carries out."""
    pairs = [
        (bytes.fromhex(one["raw_data_hex"]), str(one["txid"]))
        for one in json.loads(VECTORS.read_text())["vectors"]
    ]
    return [(raw, txid) for raw, txid in pairs if any(url in raw for url in URLS)]


@pytest.mark.parametrize(("raw", "txid"), vectors())
def test_a_published_transaction_reads_and_writes_alike(raw: bytes, txid: str) -> None:
    """Decoding and encoding give the bytes back, their sha256 is the id, the action is of its kind."""
    read = decode(RawTransaction, raw)
    assert encode(read) == raw
    assert hashlib.sha256(encode(read)).hexdigest() == txid
    (contract,) = read.contract
    action = unpack(contract)
    assert type(action).__name__ == contract.type.name
    assert contract.parameter is not None
    assert encode(action) == contract.parameter.value


def test_the_vectors_hold_most_kinds_of_action() -> None:
    """The published pairs cover seven kinds, calls among them."""
    kinds = {decode(RawTransaction, raw).contract[0].type for raw, _ in vectors()}
    assert len(kinds) >= MOST
    assert ContractType.TriggerSmartContract in kinds


@given(
    st.builds(
        RawTransaction,
        ref_block_bytes=st.binary(max_size=2),
        ref_block_hash=st.binary(max_size=8),
        expiration=int64,
        data=st.binary(max_size=40),
        contract=st.lists(
            st.builds(
                pack,
                st.builds(TransferContract, st.binary(max_size=21), st.binary(max_size=21), int64),
                st.integers(0, 9),
            ),
            max_size=2,
        ).map(tuple),
        timestamp=int64,
        fee_limit=int64,
    )
)
def test_what_is_written_is_read(raw: RawTransaction) -> None:
    """Every field comes back, negative numbers too."""
    assert decode(RawTransaction, encode(raw)) == raw


def test_messages_within_messages_come_back() -> None:
    """Repeated messages, enums, text and absent parts survive the bytes."""
    entry = Entry(name="transfer", inputs=(Param(name="to", type="address"),), type=EntryType.Function)
    contract = SmartContract(abi=ABI((entry, Entry(type=EntryType.Fallback, payable=True))), name="token")
    assert decode(SmartContract, encode(contract)) == contract
    assert decode(SmartContract, b"").abi is None
    assert decode(SmartContract, encode(SmartContract(abi=ABI()))).abi == ABI()
    permission = Permission(PermissionType.Active, 2, "pay", 1, keys=(Key(b"\x41", 1), Key(b"\x42", 2)))
    assert decode(Permission, encode(permission)) == permission


@pytest.mark.parametrize(
    ("why", "contract"),
    [
        ("nothing inside", Contract(type=ContractType.TransferContract)),
        ("of another kind", Contract(ContractType.TransferContract, Any("x/protocol.Other", b""))),
        (
            "broken inside",
            Contract(ContractType.TransferContract, Any("x/protocol.TransferContract", b"\x07")),
        ),
        (
            "not carried out",
            Contract(ContractType.VoteWitnessContract, Any("x/protocol.VoteWitnessContract", b"")),
        ),
    ],
)
def test_an_action_must_be_what_it_says(why: str, contract: Contract) -> None:
    """A parameter that is missing, broken or of another kind is no action."""
    with pytest.raises(Malformed):
        raise AssertionError(f"{why}: {unpack(contract)}")


@given(st.binary(min_size=ADDRESS_BYTES - 1, max_size=ADDRESS_BYTES - 1))
def test_an_address_that_is_shown_is_read(rest: bytes) -> None:
    """Base58 and hex name the same bytes."""
    address = PREFIX + rest
    assert parse(show(address)) == parse(address.hex()) == address
    assert show(address).startswith("T")


@pytest.mark.parametrize(
    "text",
    [
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj60",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "0x" + "11" * 20,
        "T" * 60,
        "",
    ],
)
def test_other_texts_are_no_address(text: str) -> None:
    """A broken checksum, another alphabet or another network is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - several reasons, one kind
        parse(text)


def test_the_published_token_address_is_read() -> None:
    """The address everybody knows has its published hex form."""
    assert parse("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").hex() == "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"
