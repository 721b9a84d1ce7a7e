"""What a withdrawal's workflow remembers of its staff, whatever answer comes last."""

from uuid import UUID

from domain.wishes import SupportVerb, Wish
from domain.withdrawals import WithdrawalFacts, WithdrawalState
from workflows.staff_verbs import StaffVerbs

FIRST, SECOND = (Wish(verb=SupportVerb.BUMP_FEE, attempt=1, variant=1, ticket=f"s-{n}") for n in (1, 2))


def facts(state: WithdrawalState, *wishes: Wish) -> WithdrawalFacts:
    """Return what a step read of the rows."""
    return WithdrawalFacts(
        withdrawal_id=UUID(int=1),
        state=state,
        player=17,
        asset_id=1,
        asset_code="ETH",
        network="eip155:1",
        payee=bytes(20),
        amount=1,
        wishes=wishes,
    )


def test_a_wish_said_while_rows_were_read_is_kept() -> None:
    """An answer that was under way knows less; the rest of it counts."""
    staff = StaffVerbs()
    staff._learn(facts(WithdrawalState.APPROVED, FIRST))
    staff._learn(facts(WithdrawalState.COMMITTED))
    assert staff._facts == facts(WithdrawalState.COMMITTED, FIRST)
    staff._learn(facts(WithdrawalState.COMMITTED, FIRST, SECOND))
    staff._learn(facts(WithdrawalState.COMMITTED, FIRST))
    assert staff._facts == facts(WithdrawalState.COMMITTED, FIRST, SECOND)
