"""What an effect on an address of ours is, and what a deposit needs next."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deposits import (
    DepositFacts,
    DepositReason,
    DepositState,
    DepositStep,
    Receiver,
    WalletRole,
    is_booked,
    judge,
    next_step,
)
from domain.onchain import Effect

PLAYERS = Receiver(WalletRole.DEPOSIT, 17)
NOBODYS = Receiver(WalletRole.DEPOSIT, None)
HOT = Receiver(WalletRole.HOT, None)
MINIMUM = 100
IGNORED, REVIEW, SEEN = DepositState.IGNORED, DepositState.REVIEW, DepositState.SEEN


def effect(amount: int, *, succeeded: bool = True) -> Effect:
    """Return a movement of this amount."""
    return Effect(bytes(32), "native", b"", bytes([1]) * 20, bytes([2]) * 20, amount, succeeded)


@pytest.mark.parametrize(
    ("amount", "succeeded", "is_listed", "receiver", "is_own", "state", "reason"),
    [
        (100, True, True, PLAYERS, False, SEEN, None),
        (99, True, True, PLAYERS, False, IGNORED, DepositReason.DUST),
        (0, True, True, PLAYERS, False, IGNORED, DepositReason.ZERO_VALUE),
        (100, False, True, PLAYERS, False, IGNORED, DepositReason.REVERTED),
        (100, True, False, PLAYERS, False, IGNORED, DepositReason.TOKEN_NOT_LISTED),
        (100, True, True, PLAYERS, True, IGNORED, DepositReason.OWN_SEND),
        (100, True, True, HOT, False, REVIEW, DepositReason.TO_SYSTEM_WALLET),
        (100, True, True, NOBODYS, False, REVIEW, DepositReason.ADDRESS_NOT_ASSIGNED),
        (99, True, True, NOBODYS, False, REVIEW, DepositReason.ADDRESS_NOT_ASSIGNED),
        (0, False, False, HOT, True, IGNORED, DepositReason.REVERTED),
    ],
)
def test_every_odd_deposit_has_one_judgement(  # noqa: PLR0913, PLR0917 - a table's columns
    amount: int,
    succeeded: bool,  # noqa: FBT001
    is_listed: bool,  # noqa: FBT001
    receiver: Receiver,
    is_own: bool,  # noqa: FBT001
    state: DepositState,
    reason: DepositReason | None,
) -> None:
    """The first rule that fits decides, and nothing odd is ever credited to a player at once."""
    judged = judge(
        effect(amount, succeeded=succeeded),
        is_listed=is_listed,
        receiver=receiver,
        is_own_sender=is_own,
        minimum=MINIMUM,
    )
    assert (judged.state, judged.reason) == (state, reason)


@pytest.mark.parametrize("reason", [None, *DepositReason])
def test_exactly_what_arrived_from_outside_is_booked(reason: DepositReason | None) -> None:
    """Coins that reached us stand in the books even if nobody is credited; nothing else does."""
    arrived = {None, DepositReason.DUST, DepositReason.TO_SYSTEM_WALLET, DepositReason.ADDRESS_NOT_ASSIGNED}
    assert is_booked(reason) is (reason in arrived)


def facts(**changes: object) -> DepositFacts:
    """Return a fresh deposit's row with these changes."""
    return DepositFacts.model_validate({"deposit_id": UUID(int=1), "state": SEEN, "amount": 5, **changes})


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, DepositStep.WAIT),
        ({"state": DepositState.CONFIRMING}, DepositStep.WAIT),
        ({"state": DepositState.FINAL, "is_final": True}, DepositStep.CREDIT),
        ({"state": DepositState.FINAL, "is_final": True, "chain_is_open": False}, DepositStep.WAIT),
        ({"state": DepositState.CREDITED, "is_final": True, "credits": 1}, DepositStep.DONE),
        ({"state": DepositState.ORPHANED}, DepositStep.WAIT),
        ({"state": DepositState.ORPHANED, "credits": 1}, DepositStep.REVERSE),
        ({"state": DepositState.ORPHANED, "credits": 1, "returns": 1}, DepositStep.WAIT),
        ({"state": DepositState.FINAL, "is_final": True, "credits": 1, "returns": 1}, DepositStep.CREDIT),
        ({"state": IGNORED, "reason": DepositReason.REVERTED}, DepositStep.WAIT),
        ({"state": IGNORED, "reason": DepositReason.REVERTED, "is_final": True}, DepositStep.DONE),
        ({"state": IGNORED, "reason": DepositReason.DUST}, DepositStep.WAIT),
        ({"state": IGNORED, "reason": DepositReason.DUST, "is_final": True}, DepositStep.CREDIT),
        ({"state": REVIEW, "reason": DepositReason.TO_SYSTEM_WALLET, "is_final": True}, DepositStep.CREDIT),
    ],
)
def test_rows_say_what_a_deposit_needs(changes: dict[str, object], step: DepositStep) -> None:
    """Credit once final and not credited, reverse what left the chain, else wait or be done."""
    assert next_step(facts(**changes)) is step


@given(
    st.sampled_from(DepositState),
    st.sampled_from([None, *DepositReason]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_nothing_is_ever_credited_twice_or_before_it_is_final(  # noqa: PLR0913, PLR0917 - the facts of a row
    state: DepositState,
    reason: DepositReason | None,
    is_final: bool,  # noqa: FBT001
    is_open: bool,  # noqa: FBT001
    credits_: int,
    returns: int,
) -> None:
    """A credit follows only a final, unposted effect that is booked, on a network that is open."""
    row = facts(
        state=state,
        reason=reason,
        is_final=is_final,
        chain_is_open=is_open,
        credits=max(credits_, returns),
        returns=returns,
    )
    step = next_step(row)
    if step is DepositStep.CREDIT:
        assert is_final
        assert is_open
        assert is_booked(reason)
        assert row.credits == row.returns
        assert state is not DepositState.ORPHANED
    if step is DepositStep.REVERSE:
        assert row.credits > row.returns
