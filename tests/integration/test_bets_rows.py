"""A bet's row shows everything its player may ask about it, for ever."""

from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from domain.bets import BetResult, BetState
from domain.errors import NotFound
from domain.fairness import commitment
from domain.ids import bet_key, posting_id, step
from ledger.bets import (
    BetAcceptance,
    BetOutcome,
    differing_field,
    insert_bet,
    list_bets,
    mark_settled,
    recall_bet,
    unfinished_bets,
)
from ledger.seeds import SealedSeed, ensure_pair, take_nonce
from ledger.session import Sessions
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import NOW, OPERATOR, later, new_bet, new_player

COMMIT = commitment("0" * 64)


async def _player(sessions: Sessions) -> int:
    player = await new_player(sessions)
    async with sessions.begin() as session:
        await ensure_pair(
            session,
            player,
            SealedSeed(b"sealed", COMMIT),
            SealedSeed(b"next", commitment("1" * 64)),
            "mine",
            NOW,
        )
    return player


def _posting(bet: UUID, name: str) -> UUID:
    return posting_id(step(bet_key(OPERATOR, bet), name))


async def _reserve(sessions: Sessions, player: int, key: str, payout: int = 198) -> UUID:
    bet = new_bet(player, key=key)
    async with sessions.begin() as session:
        drawn = await take_nonce(session, player)
        await insert_bet(
            session,
            bet,
            BetAcceptance(
                BetState.RESERVED,
                reserve_id=_posting(bet.bet_id, "reserve"),
                outcome=BetOutcome(drawn.pair, drawn.nonce, 2470, 19_800, payout),
                version=1,
            ),
        )
    return bet.bet_id


async def test_a_reserved_bet_shows_its_draw_and_how_to_check_it(ledger_database: LedgerDatabase) -> None:
    """Commitment, client seed and nonce are there; the secret is not."""
    sessions = ledger_database.sessions()
    player = await _player(sessions)
    bet_id = await _reserve(sessions, player, "k")
    async with ledger_database.sessions("croupier_api").begin() as session:
        assert await recall_bet(session, player, bet_id) == BetResult(
            bet_id=bet_id,
            state=BetState.RESERVED,
            asset_id=1,
            stake=100,
            under=5000,
            roll=2470,
            multiplier=19_800,
            payout=198,
            seed_pair=1,
            nonce=0,
            commit=COMMIT,
            client_seed="mine",
            version=1,
            request_id="request-k",
            repeat=True,
        )


async def test_a_bet_ends_once(ledger_database: LedgerDatabase) -> None:
    """The first end stays; a second mark changes nothing."""
    sessions = ledger_database.sessions()
    player = await _player(sessions)
    bet_id = await _reserve(sessions, player, "k")
    for state, version in ((BetState.WON, 2), (BetState.VOIDED, 9)):
        async with sessions.begin() as session:
            await mark_settled(session, player, bet_id, state, _posting(bet_id, "settle"), version, NOW)
    async with sessions.begin() as session:
        result = await recall_bet(session, player, bet_id)
    assert result is not None
    assert (result.state, result.version) == (BetState.WON, 2)


async def test_a_declined_bet_keeps_its_reason(ledger_database: LedgerDatabase) -> None:
    """It drew nothing and paid nothing."""
    sessions = ledger_database.sessions()
    player = await _player(sessions)
    bet = new_bet(player)
    async with sessions.begin() as session:
        await insert_bet(
            session, bet, BetAcceptance(BetState.DECLINED, code="INSUFFICIENT_FUNDS", sentence="Too little.")
        )
        result = await recall_bet(session, player, bet.bet_id)
    assert result is not None
    assert (result.state, result.code, result.sentence) == (
        BetState.DECLINED,
        "INSUFFICIENT_FUNDS",
        "Too little.",
    )
    assert (result.nonce, result.roll, result.payout) == (None, None, 0)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({}, None),
        ({"client_key": "other", "request_id": "other"}, None),
        ({"asset_id": 2}, "asset"),
        ({"stake": 101}, "stake"),
        ({"under": 4999}, "under"),
        ({"under": 4999, "stake": 99}, "stake"),
    ],
)
async def test_a_repeat_names_the_first_field_that_differs(
    shared_ledger: LedgerDatabase, changed: dict[str, object], field: str | None
) -> None:
    """Only business fields count."""
    sessions = shared_ledger.sessions(pool_size=1)
    player = await _player(sessions)
    await _reserve(sessions, player, "k")
    async with sessions.begin() as session:
        asked = new_bet(player).model_copy(update=changed)
        assert await differing_field(session, asked) == field
        with pytest.raises(NotFound):
            await differing_field(session, new_bet(player, key="unknown"))


async def test_a_seed_and_nonce_serve_one_bet(ledger_database: LedgerDatabase) -> None:
    """The database refuses a second bet on the same draw."""
    sessions = ledger_database.sessions()
    player = await _player(sessions)
    await _reserve(sessions, player, "k")
    second = new_bet(player, key="other")
    draw = BetOutcome(1, 0, 2470, 19_800, 198)
    acceptance = BetAcceptance(
        BetState.RESERVED, reserve_id=_posting(second.bet_id, "reserve"), outcome=draw, version=1
    )
    engine = ledger_database.sessions().engine
    with pytest.raises(IntegrityError, match="uq_bets_seed_nonce"):
        async with engine.begin() as session:
            await insert_bet(session, second, acceptance)


async def test_bets_are_listed_newest_first_and_page_by_page(ledger_database: LedgerDatabase) -> None:
    """A page begins behind the last row of the one before; no bet of the same moment is lost."""
    sessions = ledger_database.sessions()
    player = await _player(sessions)
    made = {await _reserve(sessions, player, f"k-{number}") for number in range(5)}
    seen: list[UUID] = []
    before = None
    async with sessions.begin() as session:
        while page := await list_bets(session, player, before, 2):
            seen += [result.bet_id for _, result in page]
            before = (page[-1][0], page[-1][1].bet_id)
    assert (set(seen), len(seen)) == (made, 5)
    assert seen == sorted(seen, reverse=True)


async def test_reserved_bets_can_be_started_again(ledger_database: LedgerDatabase) -> None:
    """An unfinished bet gives back the very input it began with; a settled one does not appear."""
    sessions = ledger_database.sessions()
    player = await _player(sessions)
    await _reserve(sessions, player, "open")
    settled = await _reserve(sessions, player, "settled")
    async with sessions.begin() as session:
        await mark_settled(session, player, settled, BetState.LOST, _posting(settled, "settle"), 2, NOW)
        found = await unfinished_bets(session, later(1), None, 10)
        assert [bet for _, bet in found] == [new_bet(player, key="open")]
        assert await unfinished_bets(session, later(1), found[-1][0], 10) == []
        assert await unfinished_bets(session, NOW, None, 10) == []
