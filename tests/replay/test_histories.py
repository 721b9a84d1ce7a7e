"""Today's code replays what every released version has written."""

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from activities.playing import PlayingActivities
from bootstrap.temporal import croupier_plugin
from domain.bets import BetInput, BetResult
from tests.support.recorder import FOLDER
from tests.support.world_checks import WORKFLOWS
from workflows.names import LEDGER_QUEUE, UpdateName, WorkflowName
from workflows.policies import MUST
from workflows.stepping import take

FILES = sorted(FOLDER.rglob("*.json"))
HOW = 'the order of commands changed: put the new one behind workflow.patched("<area>-<what>-<yyyymm>")'


def history_of(path: Path) -> WorkflowHistory:
    """Read a golden file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(document["workflow_id"], document["history"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_released_history_replays(path: Path) -> None:
    """A run that a released version began goes on under this one."""
    replayer = Replayer(workflows=WORKFLOWS, plugins=[croupier_plugin()])
    result = await replayer.replay_workflow(history_of(path), raise_on_replay_failure=False)
    assert result.replay_failure is None, f"{HOW}: {result.replay_failure}"


def test_every_workflow_has_a_history() -> None:
    """A type without a golden history could change its order unseen."""
    assert {path.parent.name for path in FILES} == set(WorkflowName)


def test_no_history_names_the_machine_it_was_made_on() -> None:
    """What is kept for ever tells a story of money, not of a host."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "identity" not in text, path
        assert "stackTrace" not in text, path


@workflow.defn(name=WorkflowName.BET, sandboxed=False)
class HastyBetWorkflow:
    """A change nobody may make without a patch: it settles before it reserved anything."""

    @workflow.init
    def __init__(self, request: BetInput) -> None:  # noqa: ARG002 - an update may come before run
        self._bet: BetResult | None = None

    @workflow.run
    async def run(self, request: BetInput) -> BetResult:
        """Settle at once."""
        self._bet = await take(
            PlayingActivities.settle_bet, request, queue=LEDGER_QUEUE, policy=MUST, summary="settle first"
        )
        return self._bet

    @workflow.update(name=UpdateName.ACCEPT)
    async def accept(self, request: BetInput) -> BetResult:  # noqa: ARG002 - the run has it
        """Answer as the released version does."""
        await workflow.wait_condition(lambda: self._bet is not None)
        assert self._bet is not None
        return self._bet


async def test_a_changed_order_of_commands_is_caught() -> None:
    """The gate can fail: a planted change of the bet's steps does not replay."""
    replayer = Replayer(
        workflows=[HastyBetWorkflow], plugins=[croupier_plugin()], workflow_runner=UnsandboxedWorkflowRunner()
    )
    played = next(
        path for path in FILES if path.parent.name == WorkflowName.BET and path.stem.startswith("played")
    )
    result = await replayer.replay_workflow(history_of(played), raise_on_replay_failure=False)
    assert result.replay_failure is not None
