"""Small acts with one answer for ever: register a player, give out a deposit address, turn a seed pair."""

from temporalio import workflow

from activities.accepting import AcceptingActivities
from activities.playing import PlayingActivities
from domain.players import (
    AddressInput,
    AddressRecord,
    PlayerInput,
    PlayerRecord,
    SeedRotationInput,
    SeedRotationRecord,
)
from workflows.names import LEDGER_QUEUE, UpdateName, WorkflowName
from workflows.policies import MUST
from workflows.stepping import Answer, take


@workflow.defn(name=WorkflowName.PLAYER)
class PlayerWorkflow:
    """Register a player once."""

    @workflow.init
    def __init__(self, request: PlayerInput) -> None:  # noqa: ARG002 - an update may come before run
        self._answer = Answer[PlayerRecord]()

    @workflow.run
    async def run(self, request: PlayerInput) -> PlayerRecord | None:
        step = take(
            AcceptingActivities.register_player,
            request,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Register the player",
        )
        await self._answer.come_from(step)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._answer.record

    @workflow.update(name=UpdateName.ACCEPT)
    async def accept(self, request: PlayerInput) -> PlayerRecord:  # noqa: ARG002 - the run has it
        return await self._answer.given()


@workflow.defn(name=WorkflowName.ADDRESS)
class AddressWorkflow:
    """Give a player a deposit address that the signer has confirmed."""

    @workflow.init
    def __init__(self, request: AddressInput) -> None:  # noqa: ARG002 - an update may come before run
        self._answer = Answer[AddressRecord]()

    @workflow.run
    async def run(self, request: AddressInput) -> AddressRecord | None:
        step = take(
            AcceptingActivities.assign_address,
            request,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Take a confirmed address from the pool",
        )
        await self._answer.come_from(step)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._answer.record

    @workflow.update(name=UpdateName.ACCEPT)
    async def accept(self, request: AddressInput) -> AddressRecord:  # noqa: ARG002 - the run has it
        return await self._answer.given()


@workflow.defn(name=WorkflowName.SEED_ROTATION)
class SeedRotationWorkflow:
    """Reveal a player's server seed and go on with the one committed to before."""

    @workflow.init
    def __init__(self, request: SeedRotationInput) -> None:  # noqa: ARG002 - an update may come before run
        self._answer = Answer[SeedRotationRecord]()

    @workflow.run
    async def run(self, request: SeedRotationInput) -> SeedRotationRecord | None:
        step = take(
            PlayingActivities.rotate_seeds,
            request,
            queue=LEDGER_QUEUE,
            policy=MUST,
            summary="Reveal the seed in use, take the next",
        )
        await self._answer.come_from(step)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._answer.record

    @workflow.update(name=UpdateName.ACCEPT)
    async def accept(self, request: SeedRotationInput) -> SeedRotationRecord:  # noqa: ARG002 - the run has it
        return await self._answer.given()
