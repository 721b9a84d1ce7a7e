"""What a wallet key can do, wherever it lives: sign a ready digest. Nothing here can read one."""

from dataclasses import dataclass
from typing import Protocol

from chains.codecs.curve import CURVE_ORDER, LOW_S_MAX
from chains.codecs.signatures import recover_address
from domain.errors import BadSignature, BytesMismatch

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signature:
    """An ECDSA signature over secp256k1 with the parity that recovers the key."""

    r: int
    s: int
    y_parity: int


class Key(Protocol):
    """One wallet key: its address is public, its secret never leaves the object."""

    @property
    def address(self) -> bytes: ...

    def sign_digest(self, digest: bytes) -> Signature:
        """Sign 32 bytes; the S may be high, callers go through `sign_checked`."""
        ...


def sign_checked(key: Key, digest: bytes) -> Signature:
    """Sign with a low S (EIP-2) and prove by recovery that it was this key; raises BadSignature."""
    assert len(digest) == DIGEST_BYTES, len(digest)
    signature = with_low_s(key.sign_digest(digest))
    try:
        signer = recover_address(digest, signature.y_parity, signature.r, signature.s)
    except BytesMismatch as error:
        raise BadSignature(key.address.hex()) from error
    if signer != key.address:
        raise BadSignature(key.address.hex())
    return signature


def with_low_s(signature: Signature) -> Signature:
    """Choose the one of the two equivalent signatures that nodes take: n - S has the other parity."""
    if signature.s <= LOW_S_MAX:
        return signature
    return Signature(signature.r, CURVE_ORDER - signature.s, signature.y_parity ^ 1)
