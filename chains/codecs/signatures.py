"""Who signed: the address behind a digest and a signature (SEC 1, section 4.1.6); verifies, never signs."""

from coincurve import PublicKey

from chains.codecs.curve import SCALAR_BYTES
from chains.codecs.evm import EvmSigned
from chains.codecs.evm import signing_digest as evm_digest
from chains.codecs.hdkeys import address_of
from chains.codecs.tron import TronSigned
from chains.codecs.tron import signing_digest as tron_digest
from domain.errors import BytesMismatch


def recover_address(digest: bytes, y_parity: int, r: int, s: int) -> bytes:
    """The address whose key made the signature; raises BytesMismatch if no key can have made it."""
    signature = r.to_bytes(SCALAR_BYTES, "big") + s.to_bytes(SCALAR_BYTES, "big") + bytes([y_parity])
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise BytesMismatch("the signature belongs to no key") from error
    return address_of(key.format())


def sender_of(signed: EvmSigned | TronSigned) -> bytes:
    """The address whose key signed: on EVM the one that pays, on Tron maybe a key that its owner permits."""
    digest = (
        evm_digest(signed.transaction) if isinstance(signed, EvmSigned) else tron_digest(signed.transaction)
    )
    return recover_address(digest, signed.y_parity, signed.r, signed.s)
