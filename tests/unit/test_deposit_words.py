"""Every state and every reason of a deposit has words that a player understands."""

from itertools import product
from uuid import UUID

import pytest

from domain.deposit_words import player_sentence, progress
from domain.deposits import DepositFacts, DepositReason, DepositState


def facts(state: DepositState, **columns: object) -> DepositFacts:
    """Return a deposit in this state."""
    return DepositFacts.model_validate({"deposit_id": UUID(int=1), "state": state, **columns})


@pytest.mark.parametrize(
    ("state", "columns", "confirmations", "shown", "sentence"),
    [
        (DepositState.SEEN, {}, 1, "waiting for finality", "Waiting until its block is final."),
        (DepositState.SEEN, {"confirmations_needed": 12}, 1, "1 of 12", "1 of 12 confirmations."),
        (DepositState.CONFIRMING, {"confirmations_needed": 12}, 3, "3 of 12", "3 of 12 confirmations."),
        (DepositState.CONFIRMING, {"confirmations_needed": 12}, 13, "12 of 12", "12 of 12 confirmations."),
        (
            DepositState.PROVISIONAL,
            {"confirmations_needed": 12, "credits": 1, "is_locked": True},
            13,
            "waiting for finality",
            "You can play with it; it can be withdrawn once its block is final.",
        ),
        (
            DepositState.FINAL,
            {"is_final": True},
            20,
            None,
            "Its block is final; it will be in your balance in a moment.",
        ),
        (DepositState.CREDITED, {"credits": 1}, 30, None, "It is in your balance."),
        (
            DepositState.CREDITED,
            {"credits": 1, "is_locked": True},
            30,
            None,
            "It is in your balance; it can be withdrawn a few blocks from now.",
        ),
        (DepositState.SWEPT, {"credits": 1}, 30, None, "It is in your balance."),
        (
            DepositState.ORPHANED,
            {},
            0,
            None,
            "The network took its block back; the deposit counts again when another block holds it.",
        ),
    ],
)
def test_a_player_reads_how_far_a_deposit_is(
    state: DepositState, columns: dict[str, object], confirmations: int, shown: str | None, sentence: str
) -> None:
    """`3 of 12` or `waiting for finality` while it is under way, and one sentence always."""
    row = facts(state, **columns)
    assert (progress(row, confirmations), player_sentence(row, confirmations)) == (shown, sentence)


def test_every_reason_has_a_sentence_of_its_own() -> None:
    """P14: no two reasons read the same, none shows its code, and dust in review says what happens."""
    cases = product([DepositState.IGNORED], DepositReason)
    read = [player_sentence(facts(state, reason=reason), 1) for state, reason in cases]
    read.append(player_sentence(facts(DepositState.REVIEW, reason=DepositReason.DUST), 1))
    assert len(set(read)) == len(DepositReason) + 1
    assert not any(reason.value in sentence for reason, sentence in product(DepositReason, read))
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in read)


@pytest.mark.parametrize("state", DepositState)
def test_every_state_has_a_sentence(state: DepositState) -> None:
    """Whatever the row says, the screen has something to show."""
    reason = DepositReason.DUST if state in {DepositState.IGNORED, DepositState.REVIEW} else None
    assert player_sentence(facts(state, reason=reason), 1)
