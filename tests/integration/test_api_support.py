"""The staff's one path through the door: the queue, a case, and verbs written down before anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from api.app import Listener, create_app
from devstack.temporal import TemporalServer
from tests.support.door import COLLEAGUE_KEY, NOWHERE, OTHER_OPERATOR_KEY, DoorClient, door_resources
from tests.support.house import House, open_house
from tests.support.ledger_database import NETWORK, LedgerDatabase

STAKE = 1_000_000
PAYEE = "0x52908400098527886E0F7030069857D2E4169EE7"
CASES = "/v1/support/withdrawals"


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase, run_directory: Path) -> AsyncIterator[House]:
    """A house with a Temporal server of its own, because workflow ids repeat between ledgers."""
    directory = run_directory / "temporal-of-support"
    directory.mkdir(exist_ok=True)
    server = TemporalServer(directory, profile="test")
    server.start()
    async with open_house(ledger_database, server.address) as opened:
        yield opened
    server.stop()


async def _in_review(house: House, name: str) -> str:
    """Ask for a withdrawal that waits for a person; returns the path of its case."""
    player = await house.player(name, units=200 * STAKE)
    body = {"asset": "TUSD", "network": NETWORK, "to": PAYEE, "amount": str(100 * STAKE)}
    asked = (await player.post("/v1/withdrawals", json=body, headers={"Idempotency-Key": "k-1"})).json()
    return f"{CASES}/{asked['withdrawal_id']}"


async def _case(house: House, path: str) -> dict[str, Any]:
    answer = await house.operator.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_case_says_why_and_which_verbs_are_open(house: House) -> None:
    """The queue and the case carry one sentence from the workflow, and the hash that has to be named."""
    path = await _in_review(house, "sentence")
    case = await _case(house, path)
    assert (case["state"], case["reason"], case["waits_for"]) == ("review", "REVIEW", "person")
    assert case["open_verbs"] == ["approve", "reject", "check-now"]
    assert case["sentence"].startswith("Waiting for a person to approve or reject, since ")
    assert case["sentence"].endswith("Open: approve, reject, check-now.")
    assert (case["audit"], case["wanted"], case["attempts"]) == ([], [], [])
    assert case["withdrawal"]["status"] == "in_review"
    for wanted, count in (("review", 1), ("blocked", 0), ("waiting", 0)):
        items = (await house.operator.get(f"{CASES}?state={wanted}")).json()["items"]
        assert len(items) == count, wanted
    (line,) = (await house.operator.get(CASES)).json()["items"]
    assert {name: case[name] for name in line} == line
    wrong = await house.operator.get(f"{CASES}?state=paid")
    assert wrong.status_code == 400


async def test_verbs_of_a_commitment_are_refused_before_it_and_the_refusal_is_kept(house: House) -> None:
    """What is in review has no transaction: each wish is written down, and refused the same again."""
    path = await _in_review(house, "early")
    for verb in ("rebroadcast", "bump-fee", "cancel-by-self-send", "reject-and-refund", "resume"):
        body = {"ticket": f"s-{verb}", "words": "asked for"}
        for _ in range(2):
            refused = await house.operator.post(f"{path}/{verb}", json=body)
            assert (refused.status_code, refused.json()["code"]) == (409, "TOO_LATE"), verb
            assert "review" in refused.json()["detail"]
    case = await _case(house, path)
    assert case["state"] == "review"
    assert [(told["verb"], told["outcome"], told["code"]) for told in case["audit"]] == [
        (verb, "refused", "TOO_LATE")
        for verb in ("rebroadcast", "bump-fee", "cancel-by-self-send", "reject-and-refund", "resume")
    ]
    unknown = await house.operator.post(f"{path}/pay-again", json={"ticket": "s-1", "words": "please"})
    assert unknown.status_code == 404


async def test_a_ticket_is_one_act_of_one_person(house: House) -> None:
    """Said twice it is one row with one answer; under another name, verb or content it is a conflict."""
    path = await _in_review(house, "ticket")
    body = {"ticket": "s-1", "words": "is it alive"}
    answers = [await house.operator.post(f"{path}/check-now", json=body) for _ in range(2)]
    for done in answers:
        assert (done.status_code, done.json()["answer"]["outcome"]) == (200, "done"), done.text
        (told,) = done.json()["audit"]
        assert (told["person"], told["outcome"]) == ("casino back end", "done")
    colleague = DoorClient(create_app(Listener.OPERATOR, house.resources), COLLEAGUE_KEY)
    seen = (await _case(house, path))["content_hash"]
    for caller, verb, changed, field in (
        (colleague, "check-now", {}, "person"),
        (house.operator, "rebroadcast", {}, "verb"),
        (house.operator, "check-now", {"content_hash": seen}, "content_hash"),
    ):
        again = await caller.post(f"{path}/{verb}", json={**body, **changed})
        assert (again.status_code, again.json()["code"], again.json()["field"]) == (409, "CONFLICT", field)
    stale = {**body, "ticket": "s-2", "content_hash": "0x" + "0" * 64}
    refused = await house.operator.post(f"{path}/check-now", json=stale)
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    stranger = DoorClient(create_app(Listener.OPERATOR, house.resources), OTHER_OPERATOR_KEY)
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(f"{path}/check-now", json={**body, "ticket": "s-3"})).status_code == 404
    assert (await stranger.get(CASES)).json()["items"] == []


async def test_a_ticket_that_nobody_took_stays_written_down(house: House) -> None:
    """Without Temporal the click is unavailable, its row waits, and the next click delivers it."""
    path = await _in_review(house, "silent")
    resources = await door_resources(house.ledger.dsn("croupier_api"), NOWHERE)
    alone = DoorClient(create_app(Listener.OPERATOR, resources), house.operator.bearer)
    body = {"ticket": "s-1", "words": "hello"}
    unheard = await alone.post(f"{path}/check-now", json=body)
    assert (unheard.status_code, unheard.json()["code"]) == (503, "UNAVAILABLE")
    silent = (await alone.get(path)).json()
    assert silent["sentence"] == "No answer from Temporal; the rows say: review."
    assert [told["outcome"] for told in silent["audit"]] == ["undelivered"]
    assert len((await alone.get(f"{CASES}?state=review")).json()["items"]) == 1
    heard = await house.operator.post(f"{path}/check-now", json=body)
    assert [told["outcome"] for told in heard.json()["audit"]] == ["done"]
    await resources.sessions.close()


async def test_an_approval_is_a_row_and_counts_once(house: House) -> None:
    """The same ticket said twice is one approval; until the commit another word may still take it back."""
    path = await _in_review(house, "approve")
    act = {
        "ticket": "t-1",
        "words": "known player",
        "content_hash": (await _case(house, path))["content_hash"],
    }
    for _ in range(2):
        approved = await house.operator.post(f"{path}/approve", json=act)
        assert (approved.status_code, approved.json()["state"]) == (200, "approved"), approved.text
        assert approved.json()["approvals"] == 1
    twice = await house.operator.post(f"{path}/approve", json={**act, "ticket": "t-2"})
    assert (twice.status_code, twice.json()["code"]) == (409, "TOO_LATE")
    contrary = await house.operator.post(f"{path}/reject", json={**act, "ticket": "t-3"})
    assert (contrary.status_code, contrary.json()["state"]) == (200, "rejected")
    late = await house.operator.post(f"{path}/check-now", json={"ticket": "t-4", "words": "and now"})
    assert (late.status_code, late.json()["code"]) == (409, "TOO_LATE")
    case = await _case(house, path)
    assert [told["outcome"] for told in case["audit"]] == ["done", "refused", "done", "refused"]
    assert case["sentence"] == "This withdrawal was not approved; the money is back in the balance."
    assert (case["open_verbs"], (await house.operator.get(CASES)).json()["items"]) == ([], [])
