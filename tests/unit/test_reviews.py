"""The sentence about what stands still: what, since when, what happens next, which verbs are open."""

import pytest

from domain.reviews import Reason, Waiting, explain

SINCE = "2026-11-20T14:02:00+00:00"
WAITING = {
    Reason.RPC_DOWN,
    Reason.SIGNER_DOWN,
    Reason.SIGNER_CAP,
    Reason.PAUSED,
    Reason.LIQUIDITY,
    Reason.GAS_TANK_EMPTY,
    Reason.ENERGY_POOL_EMPTY,
    Reason.FEE_CAP,
    Reason.CHAIN_STALLED,
    Reason.CHAIN_FROZEN,
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_sentence(reason: Reason) -> None:
    """No reason is without words, and each names when it began and what may be done."""
    said = explain(Waiting(reason, SINCE, ("check-now", "resume"), "the detail"))
    assert "(the detail), since 2026-11-20T14:02:00+00:00." in said
    assert said.endswith("Open: check-now, resume.")
    assert ("Goes on by itself" in said) is (reason in WAITING)
    assert ("Nothing happens by itself" in said) is (reason not in WAITING)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_either_ends_by_waiting_or_needs_a_person(reason: Reason) -> None:
    """Nothing is stuck without somebody being called; a freeze ends when people end it."""
    assert reason.retries_by_itself is (reason in WAITING)
    assert reason.needs_human is (reason not in WAITING or reason is Reason.CHAIN_FROZEN)


GOLDEN = {
    (Reason.RPC_DOWN, "NODE_UNAVAILABLE"): "No node of the network gives a usable answer",
    (Reason.SIGNER_DOWN, "PLAN_STALE"): "The signer does not answer",
    (Reason.SIGNER_REFUSED, "NOT_OWED"): "The signer refuses to sign",
    (Reason.SIGNER_CAP, ""): "A spending cap of the signer is reached",
    (Reason.PAUSED, ""): "Signing is switched off",
    (
        Reason.LIQUIDITY,
        "lacks 1.5 ETH, place 3 in the queue",
    ): "Waiting for liquidity: no hot wallet has room for this amount and its fee",
    (Reason.GAS_TANK_EMPTY, "lacks 5 ETH"): "No gas wallet can pay for this top-up",
    (Reason.ENERGY_POOL_EMPTY, ""): "No staked energy is left for it, and the day's burning is used up",
    (Reason.FEE_CAP, "it asks 7, the cap is 5"): "The network asks more than this payment may cost",
    (Reason.CHAIN_STALLED, ""): "The network does not advance",
    (Reason.CHAIN_FROZEN, ""): "The network is frozen after it took back a final block",
    (Reason.REVIEW, ""): "Waiting for a person to approve or reject",
    (Reason.PAYEE_REFUSES, "the token is paused"): "The payee or the token refuses this transfer",
    (Reason.SEND_FAILED, "attempt 2 failed"): "Its transactions ended without a payment",
    (Reason.WALLET_FROZEN, "a transaction that was never signed here: 0xaa"): "Its hot wallet is frozen",
    (
        Reason.NO_EFFECT,
        "attempt 1, no coin moved",
    ): "The transaction succeeded without the exact transfer it owes",
    (Reason.PARKED, "REFUSED"): "This address is left alone until people have looked at it",
    (Reason.CORRUPT, "RECORD_MISMATCH"): "Two records that must agree do not",
}
"""Reason and detail to what is the matter, as people read it."""


def test_every_reason_stands_in_the_golden_table() -> None:
    """A new reason brings its words."""
    assert [reason for reason, _ in GOLDEN] == list(Reason)


@pytest.mark.parametrize(("reason", "detail"), GOLDEN)
def test_a_golden_sentence(reason: Reason, detail: str) -> None:
    """What, since when, what happens next by itself, which verbs are open: word for word."""
    following = (
        "Goes on by itself as soon as that ends."
        if reason in WAITING
        else "Nothing happens by itself; the money stays reserved."
    )
    shown = f" ({detail})" if detail else ""
    assert explain(Waiting(reason, SINCE, ("check-now", "resume"), detail)) == (
        f"{GOLDEN[reason, detail]}{shown}, since {SINCE}. {following} Open: check-now, resume."
    )


def test_without_verbs_and_detail_the_sentence_ends_cleanly() -> None:
    """Nothing dangles where nothing is to be said."""
    said = explain(Waiting(Reason.CORRUPT, SINCE, ()))
    assert said == (
        "Two records that must agree do not, since 2026-11-20T14:02:00+00:00. "
        "Nothing happens by itself; the money stays reserved."
    )
