"""One player's account on two networks, as the door answers it."""

from typing import Any

ACCOUNT: dict[str, Any] = {
    "player_id": "p-1-17",
    "version": "42",
    "assets": [
        {
            "asset": "ETH",
            "network": "eip155:1",
            "currency": "ETH",
            "decimals": 18,
            "available": "0",
            "locked": "0",
            "in_play": "0",
            "pending_withdrawal": "0",
            "owed": "0",
        },
        {
            "asset": "USDT",
            "network": "eip155:1",
            "currency": "USDT",
            "decimals": 18,
            "available": "20500000000000000001",
            "locked": "0",
            "in_play": "1000000000000000000",
            "pending_withdrawal": "0",
            "owed": "0",
        },
        {
            "asset": "USDT",
            "network": "tron:0x2b6653dc",
            "currency": "USDT",
            "decimals": 6,
            "available": "100250000",
            "locked": "100000000",
            "in_play": "0",
            "pending_withdrawal": "5000000",
            "owed": "0",
        },
    ],
    "totals": [
        {
            "currency": "ETH",
            "decimals": 18,
            "networks": ["eip155:1"],
            "available": "0",
            "locked": "0",
            "in_play": "0",
            "pending_withdrawal": "0",
            "owed": "0",
        },
        {
            "currency": "USDT",
            "decimals": 18,
            "networks": ["eip155:1", "tron:0x2b6653dc"],
            "available": "120750000000000000001",
            "locked": "100000000000000000000",
            "in_play": "1000000000000000000",
            "pending_withdrawal": "5000000000000000000",
            "owed": "0",
        },
    ],
}
