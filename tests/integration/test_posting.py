"""The posting path on a real PostgreSQL."""

import pytest

from domain.accounts import Purpose
from domain.answers import refusal
from domain.errors import InvariantBroken, SlotClosed
from domain.ids import slot_of
from domain.kinds import Kind, Result
from domain.postings import Command, Leg, Outcome, Provenance
from ledger.balances import Family, family_balances, house_balance, player_balances, player_totals
from ledger.feed import FeedPosting, cursors, heads, move_cursor, postings_after
from ledger.opening import open_accounts, open_missing
from ledger.posting import accounts_of, post, post_each, post_opening
from ledger.session import Sessions
from tests.support.ledger_database import LedgerDatabase
from tests.support.ledger_journal import ASSET, OPERATOR, Actor, decisions_for, posting_uuid


async def _post(sessions: Sessions, *commands: Command) -> list[Outcome]:
    return await post_opening(sessions, commands, decisions_for(*commands))


async def test_a_deposit_a_bet_and_a_withdrawal_move_money(ledger_database: LedgerDatabase) -> None:
    """Money comes in, is staked, won and paid out; every account ends where the journal says."""
    sessions = ledger_database.sessions()
    ann = Actor(7)
    outcomes = await _post(
        sessions,
        ann.deposits(1000, fee_units=10),
        ann.bets(200, "lost"),
        ann.settles(0, "lost"),
        ann.bets(100, "won"),
        ann.settles(250, "won"),
        ann.withdraws(500, fee_units=5),
        ann.commits(),
        ann.is_paid(fee_units=5),
    )
    assert [outcome.result for outcome in outcomes] == [Result.POSTED] * 8
    assert [outcome.player_version for outcome in outcomes] == [1, 2, 3, 4, 5, 6, 7, None]
    async with sessions.begin() as session:
        balances = await player_balances(session, ann.player)
        families = await family_balances(session)
        totals = await player_totals(session)
        revenue = await house_balance(session, OPERATOR, Purpose.REVENUE, ASSET)
    assert balances.version == 7
    assert balances.assets[ASSET] == {
        Purpose.AVAILABLE: 1000 - 10 - 200 - 100 + 250 - 505,
        Purpose.IN_PLAY: 0,
        Purpose.PENDING_WITHDRAWAL: 0,
    }
    assert revenue == 200 + 100 - 250
    assert families[Family(OPERATOR, ASSET, Purpose.DEPOSIT_ADDRESSES)] == 1000
    assert families[Family(OPERATOR, ASSET, Purpose.HOT_WALLET)] == -500
    assert families[Family(OPERATOR, ASSET, Purpose.WITHDRAWAL_FEES)] == 5
    assert families[Family(OPERATOR, ASSET, Purpose.DEPOSIT_FEES)] == 10
    assert totals[Family(OPERATOR, ASSET, Purpose.AVAILABLE)] == balances.units(ASSET)
    assert await ledger_database.broken() == {}


async def test_a_repeat_gives_the_first_answer_and_writes_nothing(ledger_database: LedgerDatabase) -> None:
    """One id has one answer for ever, refusals and closings included."""
    sessions = ledger_database.sessions()
    bob = Actor(3)
    commands = [
        bob.deposits(50),
        bob.bets(60, "big"),
        bob.bets(50, "fits"),
        bob.voids("fits"),
        bob.settles(9, "fits"),
    ]
    first = await _post(sessions, *commands)
    assert [outcome.result for outcome in first] == [
        Result.POSTED,
        Result.INSUFFICIENT,
        Result.POSTED,
        Result.POSTED,
        Result.ALREADY_CLOSED,
    ]
    async with sessions.begin() as session:
        before = await heads(session)
    again = await _post(sessions, *commands)
    async with sessions.begin() as session:
        assert await heads(session) == before
    for then, now in zip(first, again, strict=True):
        assert not now.fresh
        assert (now.result, now.no, now.first_seq, now.last_seq) == (
            then.result,
            then.no,
            then.first_seq,
            then.last_seq,
        )
    assert again[2].closed_by is Kind.BET_VOIDED
    assert again[4].closed_by is Kind.BET_VOIDED


@pytest.mark.parametrize(
    ("then", "now", "field"),
    [
        (Actor(5).bets(10), Actor(5).bets(11), "amount"),
        (Actor(5).bets(10), Actor(5).bets(10, ref="round"), "ref"),
        (Actor(5).bets(10**9), Actor(5).bets(10**9 + 1), "amount"),
        (Actor(5).withdraws(10, 1), Actor(5).withdraws(10), "legs"),
    ],
    ids=["amount", "ref", "refused amount", "legs"],
)
async def test_a_conflict_names_the_field(
    ledger_database: LedgerDatabase, then: Command, now: Command, field: str
) -> None:
    """The same id with another body moves nothing and says what differs, refused or posted."""
    sessions = ledger_database.sessions()
    await _post(sessions, Actor(5).deposits(1000), then)
    [outcome] = await _post(sessions, now)
    assert (outcome.result, outcome.field) == (Result.CONFLICT, field)


async def test_a_rollback_before_its_bet_blocks_the_bet(ledger_database: LedgerDatabase) -> None:
    """The tombstone answers the late bet, whatever its body, and nothing moves."""
    sessions = ledger_database.sessions()
    eve = Actor(11)
    await _post(sessions, eve.deposits(100))
    [void] = await _post(sessions, eve.voids())
    late = await _post(sessions, eve.bets(10), eve.bets(20), eve.settles(5))
    assert void.result is Result.POSTED
    assert [outcome.result for outcome in late] == [Result.TOMBSTONE, Result.TOMBSTONE, Result.TARGET_REFUSED]
    assert late[2].target_result is Result.TOMBSTONE
    async with sessions.begin() as session:
        assert (await player_balances(session, eve.player)).units(ASSET) == 100
    assert await ledger_database.broken() == {}


async def test_one_id_may_stand_in_two_slots(ledger_database: LedgerDatabase) -> None:
    """Ids are unique per slot: the slot of an id is fixed before it is posted."""
    sessions = ledger_database.sessions()
    ann, bob = Actor(1), Actor(2)
    assert ann.slot != bob.slot
    shared = posting_uuid("shared")
    commands = [
        Command(
            slot=actor.slot,
            posting_id=shared,
            kind=Kind.DEPOSIT_CREDITED,
            legs=(Leg(actor.account(Purpose.DEPOSIT_ADDRESSES), actor.account(Purpose.AVAILABLE), 5),),
        )
        for actor in (ann, bob)
    ]
    assert [outcome.result for outcome in await _post(sessions, *commands)] == [Result.POSTED, Result.POSTED]


async def test_a_slot_that_is_moved_answers_unavailable_and_the_others_go_on(
    ledger_database: LedgerDatabase,
) -> None:
    """The fence is decided under the slot's lock."""
    sessions = ledger_database.sessions()
    ann, bob = Actor(1), Actor(2)
    with ledger_database.raw("croupier_ops") as connection:
        connection.execute("UPDATE ledger.slots SET open = false WHERE slot = %s", [ann.slot])
    commands = [ann.deposits(5), bob.deposits(5)]
    outcomes = await _post(sessions, *commands)
    assert [outcome.result for outcome in outcomes] == [Result.SLOT_CLOSED, Result.POSTED]
    assert isinstance(refusal(commands[0], outcomes[0]), SlotClosed)


async def test_a_batch_is_one_transaction_and_its_culprit_is_found(ledger_database: LedgerDatabase) -> None:
    """A bet without its decision row breaks the batch; alone it is Corrupt, everybody else is posted."""
    sessions = ledger_database.sessions()
    actors = [Actor(owner) for owner in range(1, 9)]
    funding = [actor.deposits(100) for actor in actors]
    bets = [actor.bets(10) for actor in actors]
    rows = decisions_for(*(bet for bet in bets if bet is not bets[4]))
    await _post(sessions, *funding)
    with pytest.raises(InvariantBroken, match="fk_postings_decision"):
        await post_opening(sessions, bets, rows)
    answers = await post_each(sessions, bets, rows)
    assert isinstance(answers[4], InvariantBroken)
    posted = [answer.result for answer in answers if isinstance(answer, Outcome)]
    assert posted == [Result.POSTED] * 7
    assert await ledger_database.broken() == {}


async def test_provenance_is_stored_and_decides_nothing(ledger_database: LedgerDatabase) -> None:
    """The request id is found again on the posting; another one is no conflict."""
    sessions = ledger_database.sessions()
    ann = Actor(9)
    command = ann.deposits(5)
    object.__setattr__(command, "provenance", Provenance("deposit/x", "run-1", 'request "1"\\'))
    await _post(sessions, command)
    [repeat] = await _post(sessions, ann.deposits(5))
    assert (repeat.result, repeat.fresh) == (Result.POSTED, False)
    async with sessions.begin() as session:
        [posting] = await postings_after(session, ann.slot, 0)
    assert (posting.workflow_id, posting.run_id, posting.request_id) == (
        "deposit/x",
        "run-1",
        'request "1"\\',
    )
    assert posting.legs[0].amount == 5


async def test_a_reader_follows_a_slot_without_gap(ledger_database: LedgerDatabase) -> None:
    """Pages give every posting once, refusals and tombstones included, and a cursor never falls."""
    sessions = ledger_database.sessions()
    ann = Actor(1)
    await _post(sessions, ann.deposits(10), ann.bets(99, "big"), ann.voids("never"), ann.bets(5, "ok"))
    seen: list[FeedPosting] = []
    async with sessions.begin() as session:
        while page := await postings_after(session, ann.slot, seen[-1].no if seen else 0, limit=2):
            seen += page
        await move_cursor(session, "report", ann.slot, 5)
        await move_cursor(session, "report", ann.slot, 3)
        assert await cursors(session, "report") == {ann.slot: 5}
    assert [posting.no for posting in seen] == [1, 2, 3, 4, 5]
    assert [posting.result for posting in seen] == [
        Result.POSTED,
        Result.INSUFFICIENT,
        Result.TOMBSTONE,
        Result.POSTED,
        Result.POSTED,
    ]


async def test_accounts_are_opened_once(ledger_database: LedgerDatabase) -> None:
    """Opening is insert-if-absent: a second opening changes no balance and no guard."""
    sessions = ledger_database.sessions()
    ann = Actor(1)
    async with sessions.begin() as session:
        await open_accounts(session, ann.player, [1, 2])
        missing = await post(session, [ann.deposits(5)])
        assert missing[0].result is Result.ACCOUNT_MISSING
        await open_missing(session, accounts_of([ann.deposits(5)]))
    await _post(sessions, ann.deposits(5))
    async with sessions.begin() as session:
        await open_accounts(session, ann.player, [1, 2])
        balances = await player_balances(session, ann.player)
    assert balances.units(1) == 5
    assert balances.assets[2] == {
        Purpose.AVAILABLE: 0,
        Purpose.IN_PLAY: 0,
        Purpose.PENDING_WITHDRAWAL: 0,
    }


async def test_an_empty_batch_asks_nothing(ledger_database: LedgerDatabase) -> None:
    """No command, no lock, no answer."""
    async with ledger_database.sessions().begin() as session:
        assert await post(session, []) == []


def test_slots_of_the_first_players_are_spread() -> None:
    """The tests above count on owners 1 and 2 living apart."""
    assert slot_of(OPERATOR, 1) != slot_of(OPERATOR, 2)
