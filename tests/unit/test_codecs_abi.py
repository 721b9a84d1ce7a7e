"""Calls and logs of ERC-20: the bytes of another library, and strictness in reading."""

import pytest
from eth_abi.abi import encode as reference
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from chains.codecs.abi import (
    DECIMALS_CALL,
    TRANSFER_TOPIC,
    TransferCall,
    TransferLog,
    decode_transfer,
    decode_transfer_log,
    encode_balance_of,
    encode_transfer,
)

addresses = st.binary(min_size=20, max_size=20)
uint256 = st.integers(0, 2**256 - 1)
FROM = bytes(12) + b"\x0a" * 20
TO = bytes(12) + b"\x0b" * 20
FIVE = (5).to_bytes(32, "big")


@given(addresses, uint256)
def test_calls_equal_those_of_another_library(address: bytes, amount: int) -> None:
    """`transfer` and `balanceOf` are encoded as the Ethereum libraries encode them, and read back."""
    body = reference(["address", "uint256"], [address, amount])
    assert encode_transfer(address, amount) == keccak(text="transfer(address,uint256)")[:4] + body
    assert encode_balance_of(address) == keccak(text="balanceOf(address)")[:4] + body[:32]
    assert decode_transfer(encode_transfer(address, amount)) == TransferCall(address, amount)


def test_selectors_and_topic_are_the_known_ones() -> None:
    """The constants everybody knows by heart."""
    assert encode_transfer(bytes(20), 0)[:4].hex() == "a9059cbb"
    assert encode_balance_of(bytes(20))[:4].hex() == "70a08231"
    assert DECIMALS_CALL.hex() == "313ce567"
    assert TRANSFER_TOPIC.hex() == "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@given(addresses, addresses, uint256)
def test_a_transfer_log_says_who_gave_what_to_whom(sender: bytes, receiver: bytes, amount: int) -> None:
    """Indexed sender and receiver, the amount as data."""
    topics = (TRANSFER_TOPIC, bytes(12) + sender, bytes(12) + receiver)
    log = decode_transfer_log(topics, amount.to_bytes(32, "big"))
    assert log == TransferLog(sender, receiver, amount)


@pytest.mark.parametrize(
    ("topics", "data"),
    [
        pytest.param((), FIVE, id="no topics"),
        pytest.param((TRANSFER_TOPIC, FROM, TO, FIVE), b"", id="an NFT"),
        pytest.param((TRANSFER_TOPIC,), FROM + TO + FIVE, id="nothing indexed"),
        pytest.param((TRANSFER_TOPIC, FROM, TO), b"", id="no amount"),
        pytest.param((TRANSFER_TOPIC, FROM, TO), FIVE + FIVE, id="two amounts"),
        pytest.param((TRANSFER_TOPIC, FROM, TO), FIVE[1:], id="amount cut off"),
        pytest.param((TRANSFER_TOPIC, b"\x01" + FROM[1:], TO), FIVE, id="dirty sender"),
        pytest.param((TRANSFER_TOPIC, FROM, b"\x01" + TO[1:]), FIVE, id="dirty receiver"),
        pytest.param((TRANSFER_TOPIC, FROM, TO[12:]), FIVE, id="receiver not padded"),
        pytest.param((FROM, FROM, TO), FIVE, id="another event"),
    ],
)
def test_what_merely_resembles_a_transfer_is_none(topics: tuple[bytes, ...], data: bytes) -> None:
    """Only the exact shape of ERC-20 moves money."""
    assert decode_transfer_log(topics, data) is None
