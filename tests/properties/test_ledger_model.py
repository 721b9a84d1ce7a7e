"""The pure ledger against a naive one that replays its history for every question."""

from random import Random

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import integers, randoms

from domain.accounts import Guard
from domain.applying import advance, apply_batch
from domain.postings import Balance, State
from tests.support.ledger_chance import draw_batch, draw_guard, open_world, split
from tests.support.ledger_model import NaiveLedger

BATCH_MAX = 25
AGE_STEP = 5


class LedgerAgainstModel(RuleBasedStateMachine):
    """Batches of colliding commands, cut at random, with accounts and slots closed in between."""

    def __init__(self) -> None:
        super().__init__()
        self.model = NaiveLedger()
        self.state: State = open_world(self.model)
        self.fenced: State = {}
        self.age = 0

    @rule(chance=randoms(use_true_random=False), size=integers(1, BATCH_MAX))
    def post(self, chance: Random, size: int) -> None:
        commands = draw_batch(chance, size, self.age)
        self.age += size // AGE_STEP
        expected = [self.model.decide(command) for command in commands]
        given = []
        for part in split(chance, commands) if commands else []:
            outcomes, writes = apply_batch(self.state, part)
            self.state = advance(self.state, writes)
            given += [outcome._replace(field=None) for outcome in outcomes]
        assert given == expected

    @rule(chance=randoms(use_true_random=False))
    def change_guard(self, chance: Random) -> None:
        slot, account, guard = draw_guard(chance)
        if slot in self.state:
            self.model.guards[slot, account] = guard
            old = self.state[slot].balances[account]
            self.state[slot].balances[account] = Balance(guard, old.debits, old.credits, old.version)

    @rule(chance=randoms(use_true_random=False))
    def fence(self, chance: Random) -> None:
        if self.fenced:
            self.state |= self.fenced
            self.model.closed_slots.clear()
            self.fenced = {}
        else:
            slot = chance.choice(sorted(self.state))
            self.fenced = {slot: self.state.pop(slot)}
            self.model.closed_slots.add(slot)

    @invariant()
    def balances_are_the_sum_of_history(self) -> None:
        for slot, known in (self.state | self.fenced).items():
            for account, balance in known.balances.items():
                assert balance.debits == self.model.debits(slot, account)
                assert balance.credits == self.model.credits(slot, account)
                assert balance.guard is not Guard.CREDITS_COVER or balance.units >= 0

    @invariant()
    def versions_count_postings(self) -> None:
        for slot, known in (self.state | self.fenced).items():
            for player, version in known.players.items():
                assert version == self.model.version(slot, player)


TestLedgerAgainstModel = LedgerAgainstModel.TestCase
TestLedgerAgainstModel.settings = settings(max_examples=40, stateful_step_count=12)
