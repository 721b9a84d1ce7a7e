"""A player's verb on a withdrawal that nobody works on at this moment: the rows say what is known."""

from datetime import UTC, datetime

import pytest

from api.app import Listener, create_app
from api.asking import NoAnswer
from api.callers import PlayerTokens
from domain.withdrawals import WithdrawalState
from tests.support.door import TOKEN_MATERIAL, ScriptedAsker, ScriptedDoor, door_resources
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import new_player, new_withdrawal, store_withdrawal


@pytest.mark.parametrize(
    ("state", "status", "code", "retry"),
    [
        (WithdrawalState.REVIEW, 503, "UNAVAILABLE", "same_id"),
        (WithdrawalState.APPROVED, 503, "UNAVAILABLE", "same_id"),
        (WithdrawalState.COMMITTED, 409, "TOO_LATE", "none"),
        (WithdrawalState.SETTLED, 409, "TOO_LATE", "none"),
    ],
)
async def test_a_cancel_that_reached_no_run_is_too_late_only_past_the_commit(
    ledger_database: LedgerDatabase, state: WithdrawalState, status: int, code: str, retry: str
) -> None:
    """Until the money is committed the same request may still succeed, once somebody works on it again."""
    sessions = ledger_database.sessions()
    wish = new_withdrawal(await new_player(sessions))
    await store_withdrawal(sessions, wish, state)
    resources = await door_resources(ledger_database.dsn("croupier_api"))
    app = create_app(Listener.PLAYER, resources)
    app.state.asker = asker = ScriptedAsker([NoAnswer.RECORDED])
    token = PlayerTokens(TOKEN_MATERIAL).mint(wish.player, datetime.now(UTC)).token
    door = ScriptedDoor(app, token, asker)
    answer = await door.post(f"/v1/withdrawals/{wish.withdrawal_id}/cancel")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["retry"]) == (status, code, retry)
    await resources.sessions.close()
