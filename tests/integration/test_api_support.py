"""The verbs of support through the door: open only past the commit, each with its reason if not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from devstack.temporal import TemporalServer
from tests.support.house import House, open_house
from tests.support.ledger_database import NETWORK, LedgerDatabase

STAKE = 1_000_000
PAYEE = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase, run_directory: Path) -> AsyncIterator[House]:
    """A house with a Temporal server of its own, because workflow ids repeat between ledgers."""
    directory = run_directory / "temporal-of-support"
    directory.mkdir()
    server = TemporalServer(directory, profile="test")
    server.start()
    async with open_house(ledger_database, server.address) as opened:
        yield opened
    server.stop()


async def test_verbs_of_a_commitment_are_refused_before_it(house: House) -> None:
    """What is in review has no transaction to outbid and is given back by a rejection."""
    player = await house.player("support", units=200 * STAKE)
    body = {"asset": "TUSD", "network": NETWORK, "to": PAYEE, "amount": str(100 * STAKE)}
    asked = (await player.post("/v1/withdrawals", json=body, headers={"Idempotency-Key": "k-1"})).json()
    player_id = (await player.get("/v1/balances")).json()["player_id"]
    case = f"/v1/players/{player_id}/withdrawals/{asked['withdrawal_id']}"
    for verb in ("bump-fee", "cancel-by-self-send", "reject-and-refund"):
        refused = await house.operator.post(f"{case}/{verb}", json={"ticket": "s-1", "words": "asked for"})
        assert (refused.status_code, refused.json()["code"]) == (409, "TOO_LATE"), verb
        assert "review" in refused.json()["detail"]
    assert (await house.operator.get(case)).json()["state"] == "review"
    unknown = await house.operator.post(f"{case}/pay-again", json={"ticket": "s-1", "words": "please"})
    assert unknown.status_code == 404
