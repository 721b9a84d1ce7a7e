"""Where a withdrawal of a world stands, as rows and operators see it, and waiting until it stands there."""

from domain.send_steps import SendStep, next_send_step
from domain.withdrawals import WithdrawalFacts, WithdrawalInput
from tests.support.world import RunningHouse
from tests.support.world_buttons import attribute
from workflows.names import REASON, withdrawal_workflow_id


def workflow_of(wish: WithdrawalInput) -> str:
    """Return the id of the withdrawal's workflow."""
    return withdrawal_workflow_id(wish.withdrawal_id)


def is_watching(facts: WithdrawalFacts) -> bool:
    """Whether a block is all that is missing."""
    return facts.send is not None and next_send_step(facts.send) is SendStep.WATCH


async def stands(house: RunningHouse, wish: WithdrawalInput, reason: str) -> None:
    """Wait until an operator would find the withdrawal under this reason."""

    async def says_so() -> bool:
        return await attribute(house.money, workflow_of(wish), REASON) == reason

    await house.until(says_so, f"the reason {reason}")
