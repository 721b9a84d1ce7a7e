"""One send, its wallet and its terms, and the code with which a check of the signer refuses."""

from collections.abc import Callable
from typing import ParamSpec
from uuid import UUID

from domain.errors import RefusedBySigner
from tests.support.signing import make_obligation, make_terms

SEND = UUID("6f1c1d3e-0000-4000-8000-000000000077")
WALLET = bytes.fromhex("a1" * 20)
OTHER = bytes.fromhex("b2" * 20)
GAS = bytes.fromhex("c3" * 20)
COLD = bytes.fromhex("d4" * 20)
TERMS = make_terms([WALLET], gas=[GAS], cold=[COLD])
OWED = make_obligation(WALLET, send_id=SEND)

Checked = ParamSpec("Checked")


def code_of(
    check: Callable[Checked, object], *arguments: Checked.args, **named: Checked.kwargs
) -> str | None:
    """Return the refusal code of a check, or None if it passes."""
    try:
        check(*arguments, **named)
    except RefusedBySigner as refusal:
        return refusal.refusal
    return None
