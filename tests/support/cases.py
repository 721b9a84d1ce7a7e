"""Documents of the operator API about withdrawals, as `croupier` reads them."""

from typing import Any

WITHDRAWAL = "7b0c8a52-1d7e-5f43-9a6e-2f1f4a3b9c01"
OTHER = "0f6d0f0e-92a5-5b8e-8f4b-5a7c7f1f2d02"
CONTENT = "0x" + "c4" * 32
WAITING = (
    "Waiting for liquidity: the hot wallets of TUSD on eip155:1 lack 1250; place 3 of 7, since "
    "2026-11-20T14:05:00Z. Goes on by itself as soon as that ends. Open: check-now, resume, reject."
)

ITEM: dict[str, Any] = {
    "withdrawal_id": WITHDRAWAL,
    "player_id": "p-1-17",
    "state": "approved",
    "asset": "TUSD",
    "network": "eip155:1",
    "decimals": 6,
    "amount": "1250000000",
    "received_at": "2026-11-20T14:02:00Z",
    "reason": "LIQUIDITY",
    "since": "2026-11-20T14:05:00Z",
    "waits_for": "itself",
    "sentence": WAITING,
    "open_verbs": ["check-now", "resume", "reject"],
}
UNANSWERED: dict[str, Any] = {
    **ITEM,
    "withdrawal_id": OTHER,
    "player_id": "p-1-4711",
    "state": "committed",
    "amount": "20000001",
    "received_at": "2026-11-17T11:19:00Z",
    "reason": None,
    "since": None,
    "waits_for": None,
    "sentence": "No answer from Temporal; the rows say: committed.",
    "open_verbs": [],
}
CASE: dict[str, Any] = {
    **ITEM,
    "content_hash": CONTENT,
    "approvals": 0,
    "to": "0x52908400098527886E0F7030069857D2E4169EE7",
    "fee": "500000",
    "fee_cap": "10000000000000000",
    "updated_at": "2026-11-20T14:05:00Z",
    "code": None,
    "detail": None,
    "attempts": [],
    "wanted": [],
    "audit": [],
    "withdrawal": {
        "withdrawal_id": WITHDRAWAL,
        "status": "processing",
        "asset": "TUSD",
        "network": "eip155:1",
        "to": "0x52908400098527886E0F7030069857D2E4169EE7",
        "amount": "1250000000",
        "fee": "500000",
        "txid": None,
        "can_be_cancelled": True,
        "code": None,
        "detail": None,
        "version": None,
        "repeat": False,
    },
    "answer": None,
}
SENT: dict[str, Any] = {
    **CASE,
    "state": "committed",
    "reason": "FEE_CAP",
    "since": "2026-11-20T15:59:30Z",
    "sentence": "The network asks more than this payment may cost, since 2026-11-20T15:59:30Z.",
    "open_verbs": ["check-now", "rebroadcast", "bump-fee", "cancel-by-self-send"],
    "attempts": [
        {
            "attempt": 1,
            "state": "closed",
            "outcome": "failed",
            "wallet": "0x" + "a1" * 20,
            "nonce": 4,
            "block_height": 2146,
            "has_no_effect": False,
            "hashes": [
                {
                    "variant": 1,
                    "purpose": "pay",
                    "txid": "0x" + "11" * 32,
                    "cost": {
                        "fee": "1445000",
                        "coin": "TRX",
                        "decimals": 6,
                        "energy": 130000,
                        "energy_burnt": None,
                        "bandwidth": None,
                        "bandwidth_burnt": "345000",
                        "activation": "1100000",
                    },
                }
            ],
        },
        {
            "attempt": 2,
            "state": "accepted",
            "outcome": None,
            "wallet": "0x" + "a1" * 20,
            "nonce": 5,
            "block_height": None,
            "has_no_effect": False,
            "hashes": [
                {"variant": 1, "purpose": "pay", "txid": "0x" + "ab" * 32, "cost": None},
                {"variant": 2, "purpose": "bump", "txid": "0x" + "c4" * 32, "cost": None},
            ],
        },
    ],
    "wanted": [
        {
            "verb": "cancel-by-self-send",
            "people": ["anna"],
            "needed": 2,
            "cap": None,
            "sentence": "anna wants cancel-by-self-send: one more person must agree.",
        }
    ],
    "audit": [
        {
            "ticket": "sp-117",
            "verb": "reject-and-refund",
            "person": "ben",
            "words": "the player asks",
            "at": "2026-11-20T16:01:00Z",
            "cap": None,
            "outcome": "refused",
            "code": "MAY_STILL_LAND",
            "sentence": "A transaction of it may still land: cancel it first.",
        },
        {
            "ticket": "sp-118",
            "verb": "cancel-by-self-send",
            "person": "anna",
            "words": "wrong address",
            "at": "2026-11-20T16:04:09Z",
            "cap": None,
            "outcome": "waiting",
            "code": None,
            "sentence": None,
        },
    ],
}
