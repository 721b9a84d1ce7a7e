"""Deposit addresses from an account's public key: the standard's vectors, another library, and refusals."""

import hmac
from hashlib import sha512

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.hdaccount import seed_from_mnemonic
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.codecs.base58 import ALPHABET, decode_check, encode_check
from chains.codecs.hdkeys import (
    ADDRESSES_PER_ACCOUNT,
    HARDENED,
    XPUB_VERSION,
    AccountAddresses,
    XpubInvalid,
    address_of,
    parse_account_xpub,
)

MNEMONIC = "test test test test test test test test test test test junk"
VECTOR_ACCOUNT = (
    "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqF"
    "JPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5"
)
VECTOR_CHILDREN = {
    2: (
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJA"
        "yiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV"
    ),
    10**9: (
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTE"
        "cYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy"
    ),
}


def account_xpub(path: tuple[int, ...] = (44 + HARDENED, 60 + HARDENED, HARDENED)) -> str:
    """The extended public key at a path of the test mnemonic (BIP-32, computed apart from the code)."""
    digest = hmac.digest(b"Bitcoin seed", seed_from_mnemonic(MNEMONIC, ""), sha512)
    key, code = PrivateKey(digest[:32]), digest[32:]
    fingerprint = bytes(4)
    for index in path:
        public = key.public_key.format()
        body = b"\x00" + key.secret if index >= HARDENED else public
        digest = hmac.digest(code, body + index.to_bytes(4, "big"), sha512)
        fingerprint = public[:4]
        key, code = key.add(digest[:32]), digest[32:]
    number = path[-1].to_bytes(4, "big") if path else bytes(4)
    return encode_check(
        XPUB_VERSION + bytes([len(path)]) + fingerprint + number + code + key.public_key.format()
    )


def test_children_are_those_of_the_standard() -> None:
    """BIP-32, test vector 1: the public children of an account are the published ones."""
    node = parse_account_xpub(VECTOR_ACCOUNT)
    for index, text in VECTOR_CHILDREN.items():
        node = node.child(index)
        published = decode_check(text)
        assert published is not None
        assert (node.chain_code, node.key) == (published[13:45], published[45:])


@pytest.mark.parametrize("index", [0, 1, 9, 1000, ADDRESSES_PER_ACCOUNT - 1])
def test_addresses_are_those_of_the_private_tree(index: int) -> None:
    """The address at m/44'/60'/0'/0/i is the same from the public account key as from the seed."""
    Account.enable_unaudited_hdwallet_features()
    theirs = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    assert AccountAddresses(account_xpub()).derive(index).hex() == theirs.address[2:].lower()


def test_the_first_addresses_are_known_to_everybody() -> None:
    """The development accounts of every local chain."""
    addresses = AccountAddresses(account_xpub())
    assert addresses.derive(0).hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert addresses.derive(1).hex() == "70997970c51812dc3a010c7d01b50e0d17dc79c8"


@given(st.binary(min_size=32, max_size=32).filter(any))
@settings(max_examples=20)
def test_an_address_follows_from_either_form_of_a_key(secret: bytes) -> None:
    """Compressed and uncompressed points are one address, that of the other library."""
    if not 0 < int.from_bytes(secret, "big") < 2**255:
        return
    public = PrivateKey(secret).public_key
    assert address_of(public.format()) == address_of(public.format(compressed=False))
    assert address_of(public.format()).hex() == Account.from_key(secret).address[2:].lower()


@pytest.mark.parametrize("index", [-1, ADDRESSES_PER_ACCOUNT, HARDENED])
def test_an_account_has_a_last_address(index: int) -> None:
    """Beyond 65,536 addresses nothing is derived."""
    with pytest.raises(XpubInvalid):
        AccountAddresses(account_xpub()).derive(index)


def spoiled(change: bytes, at: int) -> str:
    """The account's key with other bytes at a place, and a checksum that holds."""
    payload = decode_check(account_xpub())
    assert payload is not None
    return encode_check(payload[:at] + change + payload[at + len(change) :])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("xpub", id="cut off"),
        pytest.param(VECTOR_ACCOUNT[:-1] + "6", id="broken checksum"),
        pytest.param(VECTOR_ACCOUNT + " ", id="a blank behind"),
        pytest.param(VECTOR_ACCOUNT.replace("D", "0"), id="a letter outside the alphabet"),
        pytest.param(spoiled(bytes.fromhex("0488ade4"), 0), id="a private key"),
        pytest.param(spoiled(bytes.fromhex("043587cf"), 0), id="a test network key"),
        pytest.param(spoiled(b"\x05", 45), id="no point"),
        pytest.param(spoiled(b"\x02" + b"\xff" * 32, 45), id="a point off the curve"),
        pytest.param(account_xpub((44 + HARDENED, 60 + HARDENED)), id="depth of a coin"),
        pytest.param(account_xpub((44 + HARDENED, 60 + HARDENED, HARDENED, 0)), id="depth of a change level"),
        pytest.param(account_xpub((44 + HARDENED, 60 + HARDENED, 0)), id="an account that is not hardened"),
        pytest.param("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", id="an address"),
    ],
)
def test_other_keys_are_refused(text: str) -> None:
    """Only the extended public key of a hardened account is taken, and never a private one."""
    with pytest.raises(XpubInvalid):
        AccountAddresses(text)


@given(st.binary(min_size=1, max_size=80))
def test_base58_comes_back(payload: bytes) -> None:
    """A payload, leading zeros included, is read back from its text."""
    assert decode_check(encode_check(payload)) == payload


@given(st.binary(min_size=1, max_size=40), st.data())
def test_base58_notices_one_wrong_letter(payload: bytes, data: st.DataObject) -> None:
    """A text with one letter changed has no payload."""
    text = encode_check(payload)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(ALPHABET).filter(lambda one: one != text[place]))
    assert decode_check(text[:place] + letter + text[place + 1 :]) != payload
