"""What a person agrees to: one hash over everything that a payment is.

Any change of the content changes the hash, so an older approval no longer counts.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID


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
    document = {
        "amount": str(content.amount),
        "asset": str(content.asset_id),
        "decision": "" if content.decision_id is None else str(content.decision_id),
        "fee": str(content.fee),
        "id": str(content.subject),
        "kind": content.kind,
        "network": content.network,
        "payee": "0x" + content.payee.hex(),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
