"""Tickets and wishes as rows: who may write them, what the database refuses, what two people make true."""

from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from domain.errors import Conflict, InvariantBroken, NotFound
from domain.ids import slot_of_player
from domain.tickets import Ticket
from domain.wishes import SupportAct, SupportVerb, Wish
from domain.withdrawals import ReviewVerb
from ledger.tickets import answer, begin_delivery, is_honoured, tickets_of, unanswered, write_down
from ledger.wishes import insert_wish, is_recorded
from tests.support.ledger_database import LedgerDatabase
from tests.support.records import NOW, later, new_player, new_withdrawal, store_withdrawal

BUMP, REFUND = SupportVerb.BUMP_FEE, SupportVerb.REJECT_AND_REFUND
SEEN, OTHER = bytes([1]) * 32, bytes([2]) * 32


async def _withdrawal(ledger: LedgerDatabase) -> tuple[int, UUID]:
    sessions = ledger.sessions()
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    await store_withdrawal(sessions, withdrawal)
    return player, withdrawal.withdrawal_id


def _ticket(
    of: tuple[int, UUID], verb: SupportVerb | ReviewVerb = BUMP, person: str = "anna", name: str = "t-1"
) -> Ticket:
    return Ticket(
        withdrawal_id=of[1],
        player=of[0],
        ticket=name,
        verb=verb,
        person=person,
        words="because",
        content_hash=SEEN,
    )


async def _said(  # noqa: PLR0913 - one click
    ledger: LedgerDatabase,
    of: tuple[int, UUID],
    verb: SupportVerb,
    *,
    person: str,
    seen: bytes,
    cap: int | None,
) -> None:
    """Write a ticket down as the door and honour it as the workflow's activity."""
    ticket = _ticket(of, verb, person, f"{verb.value}-{person}-{cap}-{seen[0]}")
    async with ledger.sessions("croupier_api").begin() as session:
        await write_down(session, ticket, NOW)
    act = ticket.act
    assert isinstance(act, SupportAct)
    wish = Wish(verb=verb, attempt=1, variant=1, content_hash=seen, cap=cap, people=2, at=NOW)
    async with ledger.sessions().begin() as session:
        assert not await is_recorded(session, act)
        await insert_wish(session, act, wish)
        assert await is_recorded(session, act)


async def test_a_ticket_is_written_once_and_answered_once(ledger_database: LedgerDatabase) -> None:
    """The first answer stays; a delivery after it is none, and another content is a conflict."""
    of = await _withdrawal(ledger_database)
    ticket = _ticket(of)
    door = ledger_database.sessions("croupier_api")
    async with door.begin() as session:
        for _ in range(2):
            known = await write_down(session, ticket, NOW)
            assert (known.deliveries, known.answered_at) == (0, None)
        assert [await begin_delivery(session, ticket, later(1)) for _ in range(2)] == [0, 1]
        await answer(session, ticket, later(2), code="TOO_LATE", sentence="It is over.")
        await answer(session, ticket, later(3))
        assert await begin_delivery(session, ticket, later(4)) is None
        (row,) = await tickets_of(session, *of)
        assert (row.deliveries, row.answered_at, row.code) == (2, later(2), "TOO_LATE")
        assert not await is_honoured(session, ticket)
    for changed in ({"person": "bert"}, {"verb": REFUND}, {"cap": 5}, {"content_hash": OTHER}):
        with pytest.raises(Conflict) as caught:
            async with door.begin() as session:
                await write_down(session, ticket.model_copy(update=changed), NOW)
        assert caught.value.field == next(iter(changed))


async def test_silent_tickets_are_found_by_the_role_that_repairs(ledger_database: LedgerDatabase) -> None:
    """Asked and delivered before a moment and still without an answer, oldest first and page by page."""
    tickets = [_ticket(await _withdrawal(ledger_database), name=f"t-{number}") for number in range(4)]
    async with ledger_database.sessions("croupier_api").begin() as session:
        for number, ticket in enumerate(tickets):
            await write_down(session, ticket, later(number))
        await begin_delivery(session, tickets[1], later(50))
        await answer(session, tickets[2], later(5))
    async with ledger_database.sessions("croupier_ops").begin() as session:
        first = await unanswered(session, later(10), None, 1)
        rest = await unanswered(session, later(10), first[0][0], 10)
        assert [ticket.ticket for _, ticket in first + rest] == ["t-0", "t-3"]
        await begin_delivery(session, tickets[0], later(60))
        await answer(session, tickets[0], later(61))


async def test_nobody_speaks_without_a_ticket_of_the_door(ledger_database: LedgerDatabase) -> None:
    """A wish under a name, verb or ticket that the door never wrote down is refused, by code and by key."""
    of = await _withdrawal(ledger_database)
    async with ledger_database.sessions("croupier_api").begin() as session:
        await write_down(session, _ticket(of), NOW)
    for changed, error in (
        ({"ticket": "t-2"}, NotFound),
        ({"person": "mallory"}, Conflict),
        ({"verb": REFUND}, Conflict),
    ):
        act = _ticket(of).model_copy(update=changed).act
        assert isinstance(act, SupportAct)
        with pytest.raises(error):
            async with ledger_database.sessions().begin() as session:
                await is_recorded(session, act)
        wish = Wish(verb=act.verb, attempt=1, variant=1, content_hash=SEEN, people=2, at=NOW)
        with pytest.raises(InvariantBroken):
            async with ledger_database.sessions().begin() as session:
                await insert_wish(session, act, wish)


@pytest.mark.parametrize(
    ("role", "statement", "error"),
    [
        ("croupier_money", "INSERT INTO ledger.tickets DEFAULT VALUES", errors.InsufficientPrivilege),
        ("croupier_money", "UPDATE ledger.tickets SET answered_at = now()", errors.InsufficientPrivilege),
        ("croupier_ops", "INSERT INTO ledger.tickets DEFAULT VALUES", errors.InsufficientPrivilege),
        ("croupier_api", "UPDATE ledger.tickets SET person = 'bert'", errors.InsufficientPrivilege),
        ("croupier_api", "UPDATE ledger.tickets SET words = 'other'", errors.InsufficientPrivilege),
        ("croupier_api", "DELETE FROM ledger.tickets", errors.InsufficientPrivilege),
        ("croupier_api", "INSERT INTO ledger.verbs DEFAULT VALUES", errors.InsufficientPrivilege),
        ("croupier_chain", "SELECT * FROM ledger.tickets", errors.InsufficientPrivilege),
        (None, "TRUNCATE ledger.tickets CASCADE", errors.IntegrityConstraintViolation),
    ],
)
def test_only_the_door_writes_tickets(
    shared_ledger: LedgerDatabase, role: str | None, statement: str, error: type[psycopg.Error]
) -> None:
    """Nobody who works on money can put words into a person's mouth, and nobody can take them out."""
    with shared_ledger.raw(role) as connection, pytest.raises(error):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("verb", "cap", "people"),
    [("cancel_by_self_send", None, 1), ("bump_fee", 7, 1), ("check_now", 7, 2), ("bump_fee", None, 3)],
)
async def test_the_database_knows_what_needs_two(
    ledger_database: LedgerDatabase, verb: str, cap: int | None, people: int
) -> None:
    """A cancel or a raised cap by one person is no row."""
    of = await _withdrawal(ledger_database)
    async with ledger_database.sessions("croupier_api").begin() as session:
        await write_down(session, _ticket(of, SupportVerb(verb)), NOW)
    with ledger_database.raw() as connection, pytest.raises(errors.CheckViolation):
        connection.execute(
            "INSERT INTO ledger.verbs (slot, withdrawal_id, ticket, verb, person, words, attempt, variant,"
            " content_hash, cap, people, at) VALUES (%s, %s, 't-1', %s, 'anna', '', 1, 1, %s, %s, %s, now())",
            [slot_of_player(of[0]), of[1], verb, SEEN, cap, people],
        )


async def test_what_two_people_agreed_on_is_seen_by_who_acts_on_it(ledger_database: LedgerDatabase) -> None:
    """The signer's view of a cap and the evidence role's view of a verdict count persons, not clicks."""
    of = await _withdrawal(ledger_database)

    def seen_by_others() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        with ledger_database.raw() as connection:
            caps = connection.execute("SELECT fee_cap FROM signer_view.raised_caps").fetchall()
            verdicts = connection.execute("SELECT seen, people FROM chain.verdicts").fetchall()
        return caps, verdicts

    for person, cap, seen in (("anna", 9, SEEN), ("anna", 9, OTHER), ("bert", 8, SEEN)):
        await _said(ledger_database, of, BUMP, person=person, cap=cap, seen=seen)
    for person, seen in (("anna", SEEN), ("anna", OTHER)):
        await _said(ledger_database, of, REFUND, person=person, cap=None, seen=seen)
    assert seen_by_others() == ([], [])
    await _said(ledger_database, of, BUMP, person="bert", cap=9, seen=SEEN)
    await _said(ledger_database, of, REFUND, person="bert", cap=None, seen=SEEN)
    assert seen_by_others() == ([(9,)], [(SEEN, ["anna", "bert"])])
