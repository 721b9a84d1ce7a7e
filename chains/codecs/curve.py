"""The numbers of secp256k1 that a signature is checked against (SEC 2, section 2.4.1; EIP-2, low S)."""

SCALAR_BYTES = 32
CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
LOW_S_MAX = CURVE_ORDER // 2


def is_signature(y_parity: int, r: int, s: int) -> bool:
    """Whether these numbers are a recoverable signature in the one form that every node takes."""
    return y_parity in (0, 1) and 0 < r < CURVE_ORDER and 0 < s <= LOW_S_MAX
