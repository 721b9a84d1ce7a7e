"""Deposit addresses from the signer's own account key, so that no shown address hangs on a public key alone.

Whoever exchanged the extended public key of the other processes would collect deposits; an address is shown
only after this module has derived the same one from the private side. Sources: BIP-32, BIP-44, SLIP-44.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256, sha512

from coincurve import PrivateKey
from Crypto.Hash import RIPEMD160

from chains.codecs.addresses import EVM_FAMILY, TRON_FAMILY
from chains.codecs.base58 import decode_check, encode_check
from chains.codecs.hdkeys import (
    ACCOUNT_DEPTH,
    ADDRESSES_PER_ACCOUNT,
    EXTERNAL_CHAIN,
    HARDENED,
    XPUB_BYTES,
    XPUB_VERSION,
    address_of,
)
from domain.errors import RequestInvalid

XPRV_VERSION = bytes.fromhex("0488ade4")
MASTER_SALT = b"Bitcoin seed"
SEED_BYTES_MIN, SEED_BYTES_MAX = 16, 64
PURPOSE_BIP44 = 44
COIN_TYPES = {EVM_FAMILY: 60, TRON_FAMILY: 195}
"""Numbers of the coins in BIP-44 paths (SLIP-44), by key family."""
CONFIRMED_AT_ONCE_MAX = 1_000


class KeyInvalid(ValueError):
    """A text, a seed or a path that leads to no private key."""


@dataclass(frozen=True, slots=True)
class PrivateNode:
    """One private node of a key tree. Its text is never printed; `xprv` exists to be encrypted."""

    key: bytes
    chain_code: bytes
    depth: int = 0
    parent: bytes = bytes(4)
    number: int = 0

    def __repr__(self) -> str:
        return f"PrivateNode({self.xpub})"

    @property
    def public_key(self) -> bytes:
        return PrivateKey(self.key).public_key.format(compressed=True)

    @property
    def address(self) -> bytes:
        return address_of(self.public_key)

    @property
    def xpub(self) -> str:
        """Extended public key of this node, base58check."""
        return encode_check(XPUB_VERSION + self._place + self.chain_code + self.public_key)

    @property
    def xprv(self) -> str:
        """Extended private key of this node, base58check."""
        return encode_check(XPRV_VERSION + self._place + self.chain_code + b"\x00" + self.key)

    def child(self, number: int) -> "PrivateNode":
        """Derive the child with this number, hardened from 2^31; raises KeyInvalid if there is none."""
        assert 0 <= number < 2 * HARDENED, number
        material = b"\x00" + self.key if number >= HARDENED else self.public_key
        digest = hmac.digest(self.chain_code, material + number.to_bytes(4, "big"), sha512)
        try:
            key = PrivateKey(self.key).add(digest[:32]).secret
        except ValueError as error:
            raise KeyInvalid(f"child {number} does not exist") from error
        fingerprint = RIPEMD160.new(sha256(self.public_key).digest()).digest()[:4]
        return PrivateNode(key, digest[32:], self.depth + 1, fingerprint, number)

    @property
    def _place(self) -> bytes:
        return bytes([self.depth]) + self.parent + self.number.to_bytes(4, "big")


class AccountKey:
    """The private side of one account's deposit addresses, `m/44'/coin'/account'/0/i`."""

    def __init__(self, node: PrivateNode) -> None:
        if node.depth != ACCOUNT_DEPTH or node.number < HARDENED:
            raise KeyInvalid("the key is not that of a hardened account")
        self.account = node.number - HARDENED
        self.xpub = node.xpub
        self._external = node.child(EXTERNAL_CHAIN)

    def addresses(self, first: int, last: int) -> tuple[bytes, ...]:
        """Return raw addresses, both ends included; raises RequestInvalid for a range no pool asks for."""
        if not 0 <= first <= last < ADDRESSES_PER_ACCOUNT:
            raise RequestInvalid(f"An account holds addresses 0 to {ADDRESSES_PER_ACCOUNT - 1}.")
        if last - first >= CONFIRMED_AT_ONCE_MAX:
            raise RequestInvalid(f"At most {CONFIRMED_AT_ONCE_MAX} addresses are confirmed at once.")
        return tuple(self._external.child(index).address for index in range(first, last + 1))

    def secret_at(self, index: int) -> bytes:
        """The private key of one address; RequestInvalid for an index that no pool holds."""
        if not 0 <= index < ADDRESSES_PER_ACCOUNT:
            raise RequestInvalid(f"An account holds addresses 0 to {ADDRESSES_PER_ACCOUNT - 1}.")
        return self._external.child(index).key


def master_node(seed: bytes) -> PrivateNode:
    """Return the root of a key tree; raises KeyInvalid for a seed that cannot be used."""
    if not SEED_BYTES_MIN <= len(seed) <= SEED_BYTES_MAX:
        raise KeyInvalid(f"a seed has {SEED_BYTES_MIN} to {SEED_BYTES_MAX} bytes")
    digest = hmac.digest(MASTER_SALT, seed, sha512)
    return _node(digest[:32], digest[32:], 0, bytes(4), 0)


def account_node(seed: bytes, account: int, family: str = EVM_FAMILY) -> PrivateNode:
    """Return `m/44'/coin'/account'` of a seed; raises KeyInvalid for a family without a coin type."""
    coin = COIN_TYPES.get(family)
    if coin is None:
        raise KeyInvalid(f"no accounts are kept for family {family}")
    node = master_node(seed)
    for number in (PURPOSE_BIP44, coin, account):
        node = node.child(HARDENED + number)
    return node


def parse_xprv(text: str) -> PrivateNode:
    """Read the node of an extended private key; raises KeyInvalid for anything else."""
    data = decode_check(text)
    if data is None or len(data) != XPUB_BYTES or data[:4] != XPRV_VERSION or data[45] != 0:
        raise KeyInvalid("the text is not an extended private key")
    return _node(data[46:], data[13:45], data[4], data[5:9], int.from_bytes(data[9:13], "big"))


def _node(key: bytes, chain_code: bytes, depth: int, parent: bytes, number: int) -> PrivateNode:
    try:
        PrivateKey(key)
    except ValueError as error:
        raise KeyInvalid("the number is no private key") from error
    return PrivateNode(key, chain_code, depth, parent, number)
