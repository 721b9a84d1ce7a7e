"""What is missing is said plainly: parts that are away, paths, methods, limits that are not offered."""

from typing import Any
from uuid import UUID

import pytest

from api.asking import NoAnswer
from domain.ids import withdrawal_id
from tests.support.door import PLAYER, operator_door, player_door
from tests.support.ledger_database import COIN, NETWORK


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/players", {"external_id": "crm-1"}),
        ("GET", "/v1/players/p-1-17", None),
        ("POST", "/v1/players/p-1-17/tokens", None),
        ("GET", "/v1/players/p-1-17/account", None),
        ("GET", "/v1/players/p-1-17/balances", None),
        ("GET", f"/v1/players/p-1-17/statement?asset=TUSD&network={NETWORK}", None),
        ("GET", "/v1/players/p-1-17/deposits", None),
        ("GET", "/v1/players/p-1-17/withdrawals", None),
        ("GET", "/v1/support/withdrawals", None),
        ("GET", f"/v1/support/withdrawals/{UUID(int=1)}", None),
        (
            "POST",
            f"/v1/support/withdrawals/{UUID(int=1)}/approve",
            {"ticket": "t-1", "words": "fine", "content_hash": "0x" + "0" * 64},
        ),
        (
            "POST",
            f"/v1/support/withdrawals/{UUID(int=1)}/reject-and-refund",
            {"ticket": "t-1", "words": "fine"},
        ),
    ],
)
async def test_an_operators_call_without_ledger_or_temporal_is_503(
    method: str, path: str, body: dict[str, Any] | None
) -> None:
    """While a part is away nothing is refused and nothing is invented: the same call may come again."""
    door = await operator_door(NoAnswer.PENDING)
    answer = await door.call(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/account",
        "/v1/balances",
        f"/v1/statement?asset=TUSD&network={NETWORK}",
        "/v1/deposit-addresses",
        "/v1/deposits",
        "/v1/bets",
        f"/v1/bets/{UUID(int=1)}",
        "/v1/fair",
        f"/v1/fair/{UUID(int=1)}",
        "/v1/withdrawals",
        f"/v1/withdrawals/{UUID(int=1)}",
        "/health/ready",
    ],
)
async def test_a_reading_without_a_ledger_is_503(path: str) -> None:
    """An outage is never shown as an empty list or a zero balance."""
    door = await player_door()
    answer = await door.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")


async def test_a_withdrawal_is_not_asked_for_while_nobody_knows_whose_the_address_is() -> None:
    """Whether an address is ours stands in the ledger; without it the door asks no workflow."""
    door = await player_door()
    body = {"asset": "ETH", "network": NETWORK, "to": "0x" + "52" * 20, "amount": "1"}
    answer = await door.post("/v1/withdrawals", json=body, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 503
    assert answer.headers.get("Location") is None
    assert door.asker.asked == []
    assert withdrawal_id(PLAYER, "k-1") != withdrawal_id(PLAYER, "k-2")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("GET", "/v1/players"), ("POST", "/v1/bets/x/y")]
)
async def test_a_path_of_the_other_listener_does_not_exist(method: str, path: str) -> None:
    """A route belongs to exactly one listener."""
    door = await player_door()
    answer = await door.call(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_a_method_that_does_not_exist_names_those_that_do() -> None:
    """405 carries Allow, and is a problem document like everything else."""
    door = await player_door()
    answer = await door.call("DELETE", "/v1/bets")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"]


async def test_the_catalogue_shows_limits_and_hides_what_is_not_offered() -> None:
    """An asset without terms can be deposited; limits it does not have are null, not zero."""
    door = await player_door()
    items = {item["asset"]: item for item in (await door.get("/v1/assets")).json()["items"]}
    assert items["TUSD"]["withdrawal_fee"] == "500000"
    assert items["TUSD"]["withdrawal_maximum"] == "5000000000"
    assert items["TUSD"]["contract"] == "0x1111111111111111111111111111111111111111"
    assert (items["ETH"]["decimals"], items["ETH"]["contract"]) == (COIN.decimals, None)
    assert items["ETH"]["withdrawal_fee"] is None
    assert items["ETH"]["stake_minimum"] is None


async def test_a_living_process_says_so_without_asking_anybody() -> None:
    """Liveness depends on nothing, or an outage elsewhere would restart every door."""
    door = await player_door()
    assert (await door.get("/health/live")).json() == {"status": "ok"}
