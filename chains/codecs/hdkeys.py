"""Deposit addresses from an account's extended public key; no private key is ever seen here.

The account level is `m/44'/60'/account'` on EVM networks and `m/44'/195'/account'` on Tron; an address is its
non-hardened child `0/i`. Sources: BIP-32, BIP-44.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha512

from coincurve import PublicKey

from chains.codecs.base58 import decode_check
from chains.codecs.keccak import keccak256

XPUB_VERSION = bytes.fromhex("0488b21e")
XPUB_BYTES = 78
ACCOUNT_DEPTH = 3
HARDENED = 2**31
EXTERNAL_CHAIN = 0
ADDRESSES_PER_ACCOUNT = 65_536


class XpubInvalid(ValueError):
    """A text that is not the extended public key of one account."""


@dataclass(frozen=True, slots=True)
class PublicNode:
    """One public node of a key tree: a compressed point and its chain code."""

    key: bytes
    chain_code: bytes

    def child(self, index: int) -> "PublicNode":
        """The non-hardened child; raises XpubInvalid for the indexes (below 2^-127 of all) that have none."""
        assert 0 <= index < HARDENED, index
        digest = hmac.digest(self.chain_code, self.key + index.to_bytes(4, "big"), sha512)
        try:
            point = PublicKey(self.key).add(digest[:32])
        except ValueError as error:
            raise XpubInvalid(f"child {index} does not exist") from error
        return PublicNode(point.format(compressed=True), digest[32:])

    @property
    def address(self) -> bytes:
        return address_of(self.key)


class AccountAddresses:
    """The deposit addresses of one account; raises XpubInvalid unless the text is an account's `xpub…`."""

    def __init__(self, xpub: str) -> None:
        self._external = parse_account_xpub(xpub).child(EXTERNAL_CHAIN)

    def derive(self, index: int) -> bytes:
        """The raw address at `0/index`; an account holds 65,536 of them."""
        if not 0 <= index < ADDRESSES_PER_ACCOUNT:
            raise XpubInvalid(f"an account has addresses 0 to {ADDRESSES_PER_ACCOUNT - 1}, not {index}")
        return self._external.child(index).address


def parse_account_xpub(text: str) -> PublicNode:
    """The node of an account's extended public key; raises XpubInvalid for anything else."""
    data = decode_check(text)
    if data is None or len(data) != XPUB_BYTES:
        raise XpubInvalid("the extended key is cut off or its checksum does not hold")
    if data[:4] != XPUB_VERSION:
        raise XpubInvalid("the extended key is not a public one of the main network")
    if data[4] != ACCOUNT_DEPTH or int.from_bytes(data[9:13], "big") < HARDENED:
        raise XpubInvalid("the extended key is not that of a hardened account")
    try:
        point = PublicKey(data[45:])
    except ValueError as error:
        raise XpubInvalid("the extended key is no point of the curve") from error
    return PublicNode(point.format(compressed=True), data[13:45])


def address_of(public_key: bytes) -> bytes:
    """The 20-byte address of a public key in either form."""
    return keccak256(PublicKey(public_key).format(compressed=False)[1:])[-20:]
