"""Who signed: the address behind a digest and a signature (SEC 1, section 4.1.6); verifies, never signs."""

from coincurve import PublicKey

from chains.codecs.evm import EvmSigned, signing_digest
from chains.codecs.hdkeys import address_of
from domain.errors import BytesMismatch

SCALAR_BYTES = 32


def recover_address(digest: bytes, y_parity: int, r: int, s: int) -> bytes:
    """The address whose key made the signature; raises BytesMismatch if no key can have made it."""
    signature = r.to_bytes(SCALAR_BYTES, "big") + s.to_bytes(SCALAR_BYTES, "big") + bytes([y_parity])
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise BytesMismatch("the signature belongs to no key") from error
    return address_of(key.format())


def sender_of(signed: EvmSigned) -> bytes:
    """The address that a signed transaction spends from."""
    return recover_address(signing_digest(signed.transaction), signed.y_parity, signed.r, signed.s)
