"""Ids are formulas over facts; the golden values here are stored in databases and must never change."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from domain.errors import NotFound
from domain.ids import (
    SLOTS,
    account_id,
    account_parts,
    bet_id,
    bet_key,
    decision_id,
    deposit_key,
    fee_key,
    operator_of_player,
    owner_of_player,
    parse_player,
    player_of,
    player_of_account,
    player_text,
    posting_id,
    slot_of,
    slot_of_player,
    step,
    withdrawal_id,
    withdrawal_key,
)

OPERATORS = integers(1, 2**11 - 1)
OWNERS = integers(1, 2**28 - 1)


@given(operator=OPERATORS, owner=integers(0, 2**28 - 1), asset=integers(1, 65_535), purpose=integers(1, 255))
def test_an_account_says_what_it_is(operator: int, owner: int, asset: int, purpose: int) -> None:
    """The number holds its four parts and stays a positive bigint."""
    account = account_id(operator, owner, asset, purpose)
    assert account_parts(account) == (operator, owner, asset, purpose)
    assert 0 < account < 2**63
    assert player_of_account(account) == (player_of(operator, owner) if owner else None)


@given(operator=OPERATORS, owner=OWNERS)
def test_a_player_has_one_slot_for_ever(operator: int, owner: int) -> None:
    """The slot follows from the key alone."""
    player = player_of(operator, owner)
    assert (operator_of_player(player), owner_of_player(player)) == (operator, owner)
    assert slot_of_player(player) == slot_of(operator, owner)
    assert 0 <= slot_of(operator, owner) < SLOTS


@pytest.mark.parametrize(
    ("operator", "owner", "slot"),
    [(1, 1, 11), (1, 2, 51), (1, 4711, 7), (7, 1, 35), (8, 1, 39), (2047, 2**28 - 1, 56)],
)
def test_slots_never_move(operator: int, owner: int, slot: int) -> None:
    """Golden values of the formula in the design and in the database's CHECK."""
    assert slot_of(operator, owner) == slot


def test_owners_spread_evenly() -> None:
    """The first hundred thousand owners fill every slot within one percent."""
    counts = Counter(slot_of(1, owner) for owner in range(1, 100_001))
    assert len(counts) == SLOTS
    assert max(counts.values()) - min(counts.values()) <= 16


@pytest.mark.parametrize(
    ("operator", "owner", "asset", "purpose"),
    [(0, 1, 1, 10), (2**11, 1, 1, 10), (1, 2**28, 1, 10), (1, -1, 1, 10), (1, 1, 0, 10),
     (1, 1, 65_536, 10), (1, 1, 1, 0), (1, 1, 1, 256)],
)  # fmt: skip
def test_a_part_that_does_not_fit_is_refused(operator: int, owner: int, asset: int, purpose: int) -> None:
    """No part ever runs into its neighbour's bits."""
    with pytest.raises(ValueError, match="is not within"):
        account_id(operator, owner, asset, purpose)


def test_the_house_is_no_player() -> None:
    """Owner 0 has no player key."""
    with pytest.raises(ValueError, match="owner 0"):
        player_of(1, 0)


@given(operator=OPERATORS, owner=OWNERS)
def test_a_printed_player_is_read_again(operator: int, owner: int) -> None:
    """The printable id is a bijection."""
    player = player_of(operator, owner)
    assert parse_player(player_text(player)) == player


@pytest.mark.parametrize(
    "text",
    ["", "p-1", "p-0-1", "p-1-0", "p-01-1", "p-1-01", "P-1-1", "p-1-1 ", " p-1-1", "p-1-1\n", "p-2048-1",
     "p-1-268435456", "p-1-\N{ARABIC-INDIC DIGIT ONE}", "p--1-1", "1-1", "p-1-1-1", "p-1-9999999999"],
)  # fmt: skip
def test_every_other_text_is_no_player(text: str) -> None:
    """There is one spelling per player."""
    with pytest.raises(NotFound):
        parse_player(text)


def test_keys_are_facts_and_never_change() -> None:
    """Golden keys: what is stored under them is found for ever."""
    wid = withdrawal_id(player_of(1, 17), "my-key")
    bid = bet_id(player_of(1, 17), "my-key")
    assert str(wid) == "969d32b2-b19d-509b-8abe-48ab99f24dd5"
    assert str(bid) == "2602beca-b84a-56ad-83a1-51cc4b2e054c"
    assert deposit_key("eip155:1", "ab" * 32, "log-0") == f"deposit/eip155:1/{'ab' * 32}/log-0"
    assert withdrawal_key(wid) == f"withdrawal/{wid}"
    assert bet_key(1, bid) == f"bet/1/{bid}"
    assert fee_key("eip155:1", "cd") == "fee/eip155:1/cd"
    assert step(withdrawal_key(wid), "reserve") == f"withdrawal/{wid}:reserve"
    assert str(posting_id("withdrawal/x:reserve")) == "995a60fa-c731-5fb6-923c-f6e503692ee9"


def test_equal_client_keys_of_two_players_never_meet() -> None:
    """A client's key is a name within one player and one kind of business."""
    ann, bob = player_of(1, 1), player_of(1, 2)
    made = {withdrawal_id(ann, "k"), withdrawal_id(bob, "k"), bet_id(ann, "k"), bet_id(bob, "k")}
    assert len(made) == 4


def test_a_second_look_is_another_decision() -> None:
    """Each attempt at a business key has its own decision id, always the same one."""
    assert decision_id("withdrawal/x") == decision_id("withdrawal/x", 1)
    assert decision_id("withdrawal/x", 2) != decision_id("withdrawal/x")
    assert isinstance(decision_id("withdrawal/x"), UUID)
