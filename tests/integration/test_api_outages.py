"""The door while something behind it is away: it invents no answer, and the same request works afterwards."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from devstack.temporal import TemporalServer
from tests.support.house import open_house
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import new_player

BET = {"key": "b-1", "game": "dice", "asset": "TUSD", "network": NETWORK, "stake": "1000000", "under": 5000}
WITHDRAWAL = {"asset": "TUSD", "network": NETWORK, "to": "0x" + "52" * 20, "amount": "20000000"}
KEY = {"Idempotency-Key": "k-1"}


@pytest_asyncio.fixture
async def temporal(run_directory: Path) -> AsyncIterator[TemporalServer]:
    """A Temporal server that a test may stop."""
    directory = run_directory / "temporal-that-stops"
    directory.mkdir(exist_ok=True)
    server = TemporalServer(directory, profile="test")
    server.start()
    yield server
    server.stop()


async def test_without_workers_nothing_is_refused_and_everything_happens_once_they_are_back(
    ledger_database: LedgerDatabase, temporal: TemporalServer
) -> None:
    """A withdrawal that was started is 202, a bet 503; asked again after the workers came, each is one."""
    async with open_house(ledger_database, temporal.address) as house:
        player = await house.player("patient", units=50_000_000)
    async with open_house(ledger_database, temporal.address, with_workers=False) as house:
        player = house.again(player)
        asked = await player.post("/v1/withdrawals", json=WITHDRAWAL, headers=KEY)
        assert (asked.status_code, asked.json()["status"], asked.json()["fee"]) == (202, "processing", None)
        other = await player.post("/v1/withdrawals", json={**WITHDRAWAL, "amount": "7"}, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (409, "CONFLICT")
        bet = await player.post("/v1/bets", json=BET)
        assert (bet.status_code, bet.json()["code"], bet.json()["retry"]) == (503, "UNAVAILABLE", "same_id")
        unknown = await player.get(asked.headers["Location"])
        assert unknown.status_code == 404
    async with open_house(ledger_database, temporal.address) as house:
        player = house.again(player)
        again = await player.post("/v1/withdrawals", json=WITHDRAWAL, headers=KEY)
        assert again.json()["withdrawal_id"] == asked.json()["withdrawal_id"]
        assert again.json()["fee"] == "500000"
        bet = await player.post("/v1/bets", json=BET)
        assert bet.status_code == 200
        assert len((await player.get("/v1/bets")).json()["items"]) == 1
        assert len((await player.get("/v1/withdrawals")).json()["items"]) == 1


async def test_without_temporal_a_withdrawal_is_503_and_not_202(
    ledger_database: LedgerDatabase, temporal: TemporalServer
) -> None:
    """What nobody saw start is not called started; reading goes on, readiness says what is wrong."""
    async with open_house(ledger_database, temporal.address) as house:
        player = await house.player("cut-off", units=50_000_000)
    temporal.stop()
    async with open_house(ledger_database, temporal.address, with_workers=False) as house:
        player = house.again(player)
        asked = await player.post("/v1/withdrawals", json=WITHDRAWAL, headers=KEY)
        assert (asked.status_code, asked.json()["code"]) == (503, "UNAVAILABLE")
        bet = await player.post("/v1/bets", json=BET)
        assert (bet.status_code, bet.json()["code"]) == (503, "UNAVAILABLE")
        assert (await player.get("/v1/balances")).status_code == 200
        assert (await player.get("/health/ready")).status_code == 503
        assert (await player.get("/health/live")).status_code == 200


async def test_with_temporals_memory_gone_the_rows_still_give_the_answer(
    ledger_database: LedgerDatabase, temporal: TemporalServer
) -> None:
    """A bet asked again after Temporal lost its whole database is the bet in the ledger, not a second one."""
    async with open_house(ledger_database, temporal.address) as house:
        player = await house.player("wiped", units=50_000_000)
        first = (await player.post("/v1/bets", json=BET)).json()
    temporal.restart()
    async with open_house(ledger_database, temporal.address) as house:
        player = house.again(player)
        again = (await player.post("/v1/bets", json=BET)).json()
        assert again == {**first, "repeat": True}
        other = await player.post("/v1/bets", json={**BET, "under": 4000})
        assert (other.status_code, other.json()["field"]) == (409, "under")


async def test_reading_needs_no_temporal(ledger_database: LedgerDatabase) -> None:
    """Rows answer while the workflow service was never there."""
    player = await new_player(ledger_database.sessions())
    async with open_house(ledger_database, "127.0.0.1:1", with_workers=False) as house:
        answer = await house.operator.get(f"/v1/players/p-1-{player & (2**28 - 1)}")
        assert answer.status_code == 200
