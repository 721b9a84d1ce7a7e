"""What a person agrees to: one hash over everything that a payment is.

Any change of the content changes the hash, so an older approval no longer counts.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from domain.sends import SendFacts


@dataclass(frozen=True, slots=True)
class PaymentContent:
    """The facts an approval binds to; amounts in the asset's smallest unit."""

    kind: str
    subject: UUID
    asset_id: int
    network: str
    payee: bytes
    amount: int
    fee: int
    decision_id: UUID | None


def content_hash(content: PaymentContent) -> bytes:
    """SHA-256 over canonical JSON (RFC 8785); numbers are text, so that no reader rounds them."""
    document: dict[str, object] = {
        "amount": str(content.amount),
        "asset": str(content.asset_id),
        "decision": "" if content.decision_id is None else str(content.decision_id),
        "fee": str(content.fee),
        "id": str(content.subject),
        "kind": content.kind,
        "network": content.network,
        "payee": "0x" + content.payee.hex(),
    }
    return _hashed(document)


def case_hash(content: bytes, send: SendFacts | None) -> bytes:
    """What a person sees of a payment and of its signed attempts; before the first it is the payment's own.

    A bump changes nothing here: whichever variant wins pays the same. An attempt that ends, or a further one,
    does.
    """
    signed = [attempt for attempt in send.attempts if attempt.variants] if send else []
    if not signed:
        return content
    ends = [
        f"{attempt.attempt} {attempt.why or (attempt.outcome.value if attempt.outcome else 'open')}"
        for attempt in signed
    ]
    return _hashed({"attempts": ends, "content": "0x" + content.hex()})


def _hashed(document: dict[str, object]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
