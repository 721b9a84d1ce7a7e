"""The operator API's document about hot wallets, as `croupier` reads it."""

from typing import Any

from tests.support.cases import WITHDRAWAL

WALLET: dict[str, Any] = {
    "address": "0x" + "a1" * 20,
    "state": "open",
    "why": None,
    "confirmed": "50000000000000000000",
    "committed": "500000000000000000",
    "floor": "12500000000000000000",
    "target": "50000000000000000000",
    "ceiling": "100000000000000000000",
    "incoming": "0",
    "unmined": 2,
    "takes_sends": True,
}
DRY_WALLET: dict[str, Any] = {
    **WALLET,
    "state": "frozen",
    "why": "a foreign hash took nonce 7",
    "confirmed": "0",
    "committed": "0",
    "floor": "125000000",
    "target": "500000000",
    "ceiling": "1000000000",
    "incoming": "300000000",
    "unmined": 0,
    "takes_sends": False,
}
LIQUIDITY: dict[str, Any] = {
    "items": [
        {
            "network": "eip155:1",
            "asset": "ETH",
            "decimals": 18,
            "level": "level",
            "sentence": "Nothing to do.",
            "free": "49500000000000000000",
            "waiting": 0,
            "wallets": [WALLET, {**WALLET, "unmined": 8, "takes_sends": False}],
            "queue": [],
            "top_ups": [],
        },
        {
            "network": "eip155:1",
            "asset": "TUSD",
            "decimals": 6,
            "level": "dry",
            "sentence": "Nobody can be paid.",
            "free": "0",
            "waiting": 1,
            "wallets": [DRY_WALLET],
            "queue": [
                {
                    "id": WITHDRAWAL,
                    "kind": "withdrawal",
                    "place": 1,
                    "amount": "1250000000",
                    "waiting_since": "2026-11-20T14:05:00Z",
                    "was_passed": True,
                    "lacks": [
                        {"asset": "TUSD@eip155:1", "decimals": 6, "amount": "1250000000"},
                        {"asset": "ETH@eip155:1", "decimals": 18, "amount": "1000000000000000"},
                    ],
                    "hindrance": "coins",
                    "expected_at": "2026-11-20T16:20:00Z",
                },
                {
                    "id": "0f6d0f0e-92a5-5b8e-8f4b-5a7c7f1f2d02",
                    "kind": "withdrawal",
                    "place": 2,
                    "amount": "1",
                    "waiting_since": "2026-11-20T16:18:20Z",
                    "was_passed": False,
                    "lacks": [],
                    "hindrance": "lanes",
                    "expected_at": None,
                },
            ],
            "top_ups": [{"address": "0x" + "a1" * 20, "amount": "200000000", "incoming": "300000000"}],
        },
    ]
}
