"""The sentence about what stands still: what, since when, what happens next, which verbs are open."""

import pytest

from domain.reviews import Reason, Waiting, explain

SINCE = "2026-11-20T14:02:00+00:00"
WAITING = {
    Reason.LEDGER_DOWN,
    Reason.RPC_DOWN,
    Reason.SIGNER_DOWN,
    Reason.SIGNER_CAP,
    Reason.PAUSED,
    Reason.LIQUIDITY,
    Reason.GAS_TANK_EMPTY,
    Reason.FEE_CAP,
    Reason.CHAIN_STALLED,
    Reason.CHAIN_FROZEN,
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_sentence(reason: Reason) -> None:
    """No reason is without words, and each names when it began and what may be done."""
    said = explain(Waiting(reason, SINCE, ("check_now", "resume"), "the detail"))
    assert "(the detail), since 2026-11-20T14:02:00+00:00." in said
    assert said.endswith("Open: check_now, resume.")
    assert ("Goes on by itself" in said) is (reason in WAITING)
    assert ("Nothing happens by itself" in said) is (reason not in WAITING)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_either_ends_by_waiting_or_needs_a_person(reason: Reason) -> None:
    """Nothing is stuck without somebody being called."""
    assert reason.retries_by_itself is (reason in WAITING)
    assert reason.needs_human is not reason.retries_by_itself


def test_a_golden_sentence() -> None:
    """What support reads about a queue for coins."""
    assert explain(Waiting(Reason.LIQUIDITY, SINCE, ("check_now",), "place 3 in the queue")) == (
        "Waiting for liquidity: no hot wallet has room for this amount and its fee (place 3 in the queue), "
        "since 2026-11-20T14:02:00+00:00. Goes on by itself as soon as that ends. Open: check_now."
    )


def test_without_verbs_and_detail_the_sentence_ends_cleanly() -> None:
    """Nothing dangles where nothing is to be said."""
    said = explain(Waiting(Reason.CORRUPT, SINCE, ()))
    assert said == (
        "Two records that must agree do not, since 2026-11-20T14:02:00+00:00. "
        "Nothing happens by itself; the money stays reserved."
    )
