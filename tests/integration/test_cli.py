"""The `croupier` command as a process against the real operator listener, its ledger and its workflows."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api.app import Listener, create_app
from devstack.temporal import TemporalServer
from tests.support.command import Done, key_file_in, run_command, served
from tests.support.door import OTHER_OPERATOR_KEY, door_resources
from tests.support.house import House, open_house
from tests.support.ledger_database import NETWORK, LedgerDatabase

ONE = 1_000_000
PAYEE = "0x52908400098527886E0F7030069857D2E4169EE7"
UNKNOWN = "00000000-0000-5000-8000-000000000000"


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase, run_directory: Path) -> AsyncIterator[House]:
    """A house with a Temporal server of its own, because workflow ids repeat between ledgers."""
    directory = run_directory / "temporal-of-the-command"
    directory.mkdir(exist_ok=True)
    server = TemporalServer(directory, profile="test")
    server.start()
    async with open_house(ledger_database, server.address) as opened:
        yield opened
    server.stop()


async def _in_review(house: House) -> str:
    """Ask for more than the policy allows by itself; the id of the withdrawal."""
    player = await house.player("staff", units=200 * ONE)
    body = {"asset": "TUSD", "network": NETWORK, "to": PAYEE, "amount": str(100 * ONE)}
    asked = await player.post("/v1/withdrawals", json=body, headers={"Idempotency-Key": "k-1"})
    assert asked.status_code == 202, asked.text
    return str(asked.json()["withdrawal_id"])


@pytest.mark.timeout(120)
async def test_staff_find_look_and_reject_through_the_real_door(house: House, tmp_path: Path) -> None:
    """The list has it, the page explains it, a wrong verb is refused, and a rejection is said once."""
    withdrawal_id = await _in_review(house)
    key_file = key_file_in(tmp_path)
    async with served(house.operator.app) as url:

        async def croupier(*words: str, typed: str = "") -> Done:
            return await run_command(url, key_file, *words, typed=typed)

        listed = await croupier("withdrawals", "--review")
        assert (listed.code, listed.err) == (0, "")
        assert f"{withdrawal_id}  " in listed.out
        assert "100 TUSD" in listed.out
        assert (await croupier("withdrawals")).out.startswith("No withdrawal needs a person")
        page = await croupier("withdrawal", withdrawal_id)
        assert page.code == 0
        assert page.out.splitlines()[0].startswith("Waiting for a person to approve or reject")
        assert PAYEE in page.out

        early = await croupier("bump-fee", withdrawal_id, "--words", "hurry", "--yes")
        assert (early.code, early.out) == (1, "")
        assert early.err.splitlines()[-1].startswith("TOO_LATE ")

        unsure = await croupier("reject", withdrawal_id, "--words", "not sure", typed="n\n")
        assert unsure.code == 2
        words = ("reject", withdrawal_id, "--words", "payee is unknown", "--ticket", "rv-1")
        done = await croupier(*words, typed="y\n")
        assert done.code == 0, done.err
        assert done.out.startswith("✓ reject: ")
        again = await croupier(*words, typed="y\n")
        assert (again.code, again.out) == (0, done.out)

        case = json.loads((await croupier("withdrawal", withdrawal_id, "--json")).out)
        assert case["state"] == "rejected"
        said = [(act["verb"], act["person"], act["words"], act["outcome"]) for act in case["audit"]]
        assert said == [
            ("bump-fee", "casino back end", "hurry", "refused"),
            ("reject", "casino back end", "payee is unknown", "done"),
        ]


@pytest.mark.timeout(120)
async def test_each_end_has_its_exit_code(house: House, tmp_path: Path) -> None:
    """Unknown ids and foreign keys are refusals; a door without an answer is not known, with the ticket."""
    withdrawal_id = await _in_review(house)
    ours = key_file_in(tmp_path)
    theirs = key_file_in(tmp_path, OTHER_OPERATOR_KEY, "other.key")
    nobody = key_file_in(tmp_path, "nobody." + "0" * 32, "nobody.key")
    async with served(house.operator.app) as url:
        ends = await asyncio.gather(
            run_command(url, ours, "withdrawal", withdrawal_id),
            run_command(url, ours, "withdrawal", UNKNOWN),
            run_command(url, theirs, "withdrawal", withdrawal_id),
            run_command(url, nobody, "withdrawals"),
            run_command(url, ours, "withdrawal", "17"),
        )
    assert [done.code for done in ends] == [0, 1, 1, 1, 2]
    codes = [done.err.split(" ")[0] for done in ends[1:4]]
    assert codes == ["NOT_FOUND", "NOT_FOUND", "SIGNATURE_INVALID"]
    closed = await run_command(
        url, ours, "resume", withdrawal_id, "--words", "x", "--yes", "--ticket", "sp-1"
    )
    assert (closed.code, closed.err.split(" ")[0]) == (3, "NO_ANSWER")


async def test_a_door_without_its_ledger_is_not_a_refusal(tmp_path: Path) -> None:
    """The listener answers, the ledger does not: exit code 3, with the request's id for support."""
    app = create_app(Listener.OPERATOR, await door_resources())
    async with served(app) as url:
        done = await run_command(url, key_file_in(tmp_path), "withdrawals", "--all")
        lost = await run_command(
            url,
            key_file_in(tmp_path),
            "check-now",
            UNKNOWN,
            "--words",
            "it's late",
            "--yes",
            "--ticket",
            "t-1",
        )
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("UNAVAILABLE ")
    assert "request " in done.err
    assert lost.code == 3
    again = f"croupier check-now {UNKNOWN} --words 'it'\"'\"'s late' --ticket t-1"
    assert lost.err.splitlines()[-1] == again
