"""What an effect on an address of ours is, and what a deposit needs next."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deposits import (
    COIN_FACE,
    Circumstances,
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
        Circumstances(receiver=receiver, is_listed=is_listed, is_own=is_own, minimum=MINIMUM),
    )
    assert (judged.state, judged.reason) == (state, reason)


@pytest.mark.parametrize(
    ("amount", "dust_before", "state"),
    [
        (60, 0, IGNORED),
        (60, 39, IGNORED),
        (60, 40, REVIEW),
        (99, 99, REVIEW),
        (1, 100, IGNORED),
        (5, 195, REVIEW),
    ],
)
def test_dust_that_adds_up_is_looked_at(amount: int, dust_before: int, state: DepositState) -> None:
    """Each time the sum at one address reaches another multiple of the minimum, a person looks."""
    judged = judge(effect(amount), Circumstances(receiver=PLAYERS, minimum=MINIMUM, dust_before=dust_before))
    assert (judged.state, judged.reason) == (state, DepositReason.DUST)


@pytest.mark.parametrize(("amount", "reason"), [(1_000, None), (1_001, DepositReason.LARGE)])
def test_a_large_amount_waits_for_a_person(amount: int, reason: DepositReason | None) -> None:
    """The bound itself is still credited; without a bound nothing is large."""
    judged = judge(effect(amount), Circumstances(receiver=PLAYERS, minimum=MINIMUM, review_above=1_000))
    assert (judged.state, judged.reason) == (SEEN if reason is None else REVIEW, reason)
    assert judge(effect(amount), Circumstances(receiver=PLAYERS, minimum=MINIMUM)).reason is None


def test_the_face_of_the_coin_is_no_token() -> None:
    """What it logs has moved as coin, so it counts there and nowhere else, listed or not."""
    seen = replace(effect(500), contract=COIN_FACE)
    for is_listed in (True, False):
        judged = judge(seen, Circumstances(receiver=PLAYERS, is_listed=is_listed, minimum=MINIMUM))
        assert (judged.state, judged.reason) == (IGNORED, DepositReason.ALIAS_LOG)


@pytest.mark.parametrize("reason", [None, *DepositReason])
def test_exactly_what_arrived_from_outside_is_booked(reason: DepositReason | None) -> None:
    """Coins that reached us stand in the books even if nobody is credited, and what people moved does too."""
    arrived = {
        None,
        DepositReason.DUST,
        DepositReason.TO_SYSTEM_WALLET,
        DepositReason.ADDRESS_NOT_ASSIGNED,
        DepositReason.LARGE,
        DepositReason.FROM_COLD,
    }
    assert is_booked(reason) is (reason in arrived)


def test_what_people_bring_from_cold_is_no_players_deposit() -> None:
    """A top-up has its own reason, before that of any other coin of ours; without an amount it is nothing."""
    where = Circumstances(receiver=HOT, is_own=True, is_top_up=True, minimum=MINIMUM)
    assert judge(effect(1), where).reason is DepositReason.FROM_COLD
    assert judge(effect(0), where).reason is DepositReason.ZERO_VALUE


def facts(**changes: object) -> DepositFacts:
    """Return a fresh deposit's row with these changes."""
    return DepositFacts.model_validate({"deposit_id": UUID(int=1), "state": SEEN, "amount": 5, **changes})


def facts_of(*, returns: int, standing: int, **columns: object) -> DepositFacts:
    """Return a row with so many reversed credits and perhaps one that stands."""
    return facts(returns=returns, credits=returns + standing, **columns)


DEEP = {"state": DepositState.CONFIRMING, "confirmations_needed": 3, "is_deep_enough": True}
LOCKED = {**DEEP, "state": DepositState.PROVISIONAL, "credits": 1, "is_locked": True}


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, DepositStep.WAIT),
        ({"state": DepositState.CONFIRMING}, DepositStep.WAIT),
        ({"state": DepositState.FINAL, "is_final": True}, DepositStep.CREDIT),
        ({"state": DepositState.FINAL, "is_final": True, "chain_is_open": False}, DepositStep.CREDIT),
        ({"state": DepositState.FINAL, "is_final": True, "chain_is_frozen": True}, DepositStep.WAIT),
        (DEEP, DepositStep.CREDIT_EARLY),
        ({**DEEP, "is_deep_enough": False}, DepositStep.WAIT),
        ({**DEEP, "confirmations_needed": None}, DepositStep.WAIT),
        ({**DEEP, "chain_is_open": False}, DepositStep.WAIT),
        ({**DEEP, "credits": 1, "returns": 1}, DepositStep.WAIT),
        ({**DEEP, "state": REVIEW, "reason": DepositReason.LARGE}, DepositStep.WAIT),
        (LOCKED, DepositStep.WAIT),
        ({**LOCKED, "is_ripe": True}, DepositStep.UNLOCK),
        ({**LOCKED, "is_ripe": True, "chain_is_open": False}, DepositStep.UNLOCK),
        ({**LOCKED, "is_ripe": True, "chain_is_frozen": True}, DepositStep.WAIT),
        ({**LOCKED, "state": DepositState.ORPHANED}, DepositStep.REVERSE),
        ({**LOCKED, "state": DepositState.SEEN, "is_uprooted": True}, DepositStep.REVERSE),
        (
            {**LOCKED, "state": IGNORED, "reason": DepositReason.REVERTED, "is_uprooted": True},
            DepositStep.REVERSE,
        ),
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
    """Credit what is final or deep enough, unlock, reverse what left the chain, else wait or be done."""
    assert next_step(facts(**changes)) is step


@given(
    st.builds(
        facts_of,
        state=st.sampled_from(DepositState),
        reason=st.sampled_from([None, *DepositReason]),
        is_final=st.booleans(),
        chain_is_open=st.booleans(),
        chain_is_frozen=st.booleans(),
        confirmations_needed=st.sampled_from([None, 1, 12]),
        is_deep_enough=st.booleans(),
        is_uprooted=st.booleans(),
        is_locked=st.booleans(),
        is_ripe=st.booleans(),
        returns=st.integers(0, 2),
        standing=st.integers(0, 1),
    )
)
def test_nothing_is_ever_credited_twice_or_without_a_promise(row: DepositFacts) -> None:
    """Credited is what is final and booked, or a player's and deep enough; reversed what is credited."""
    step = next_step(row)
    if step is DepositStep.CREDIT:
        assert row.is_final
        assert not row.chain_is_frozen
        assert is_booked(row.reason)
    if step is DepositStep.CREDIT_EARLY:
        assert row.is_deep_enough
        assert row.chain_is_open
        assert (row.reason, row.returns) == (None, 0)
    if step in {DepositStep.CREDIT, DepositStep.CREDIT_EARLY}:
        assert row.credits == row.returns
        assert row.state is not DepositState.ORPHANED
    if step in {DepositStep.REVERSE, DepositStep.UNLOCK}:
        assert row.credits > row.returns
    if step is DepositStep.UNLOCK:
        assert row.is_ripe
