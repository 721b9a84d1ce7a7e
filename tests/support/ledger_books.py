"""A ledger in memory with one player's accounts open, for one decision at a time."""

from uuid import UUID

from domain.accounts import Guard, Purpose
from domain.applying import advance, apply_batch
from domain.ids import decision_id
from domain.kinds import Kind, Result
from domain.postings import Balance, Command, Leg, Outcome, SlotState, State
from tests.support.ledger_journal import Actor, posting_uuid

ANN = Actor(1)
OPEN = (
    Purpose.AVAILABLE, Purpose.IN_PLAY, Purpose.PENDING_WITHDRAWAL, Purpose.RECEIVABLE,
    Purpose.DEPOSIT_ADDRESSES,
    Purpose.HOT_WALLET, Purpose.REVENUE, Purpose.IN_FLIGHT, Purpose.WITHDRAWAL_FEES, Purpose.DEPOSIT_FEES,
    Purpose.IN_TRANSIT,
)  # fmt: skip


class Books:
    """A ledger in memory with one player's accounts open."""

    def __init__(self, *commands: Command) -> None:
        balances = {ANN.account(purpose): Balance(purpose.guard) for purpose in OPEN}
        self.state: State = {ANN.slot: SlotState(balances=balances, players={ANN.player: 0})}
        for outcome in self.post(*commands):
            assert outcome.result is Result.POSTED

    def post(self, *commands: Command) -> list[Outcome]:
        outcomes, writes = apply_batch(self.state, commands)
        self.state = advance(self.state, writes)
        return outcomes

    def units(self, purpose: Purpose) -> int:
        return self.state[ANN.slot].balances[ANN.account(purpose)].units

    def close(self, purpose: Purpose) -> None:
        old = self.state[ANN.slot].balances[ANN.account(purpose)]
        self.state[ANN.slot].balances[ANN.account(purpose)] = old._replace(guard=Guard.CLOSED)


def command_of(
    name: str, kind: Kind, legs: tuple[Leg, ...] = (), target: UUID | None = None, **more: object
) -> Command:
    """A command of this player under the id that belongs to `name`."""
    return Command(
        slot=ANN.slot, posting_id=posting_uuid(name), kind=kind, legs=legs, target=target,
        decision=decision_id(name), **more,  # type: ignore[arg-type]  # tests choose freely
    )  # fmt: skip
