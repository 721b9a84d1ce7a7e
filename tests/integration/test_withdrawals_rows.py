"""A withdrawal's row says where it stands; approvals bind to its content; nothing unfinished is forgotten."""

from uuid import UUID

import pytest

from domain.approvals import PaymentContent, content_hash
from domain.errors import Conflict, NotFound, TooLate
from domain.rules import Verdict
from domain.withdrawals import ReviewAct, ReviewVerb, WithdrawalInput, WithdrawalState
from ledger.decisions import record_review
from ledger.liquidity import request_liquidity
from ledger.session import Sessions
from ledger.withdrawals import (
    differing_field,
    list_withdrawals,
    mark,
    recall_withdrawal,
    unfinished,
)
from tests.support.ledger_database import TOKEN, LedgerDatabase
from tests.support.records import (
    NOW,
    PAYEE,
    later,
    new_player,
    new_withdrawal,
    request_for,
    started_chain,
    store_withdrawal,
)

APPROVED = WithdrawalState.APPROVED
REVIEW = WithdrawalState.REVIEW


async def _hash(sessions: Sessions, player: int, withdrawal: UUID) -> bytes:
    async with sessions.begin() as session:
        facts = await recall_withdrawal(session, player, withdrawal)
    assert facts is not None
    return facts.content_hash


def _act(withdrawal: WithdrawalInput, content: bytes, **changed: object) -> ReviewAct:
    act = ReviewAct(
        withdrawal_id=withdrawal.withdrawal_id,
        player=withdrawal.player,
        ticket="t-1",
        verb=ReviewVerb.APPROVE,
        person="ann",
        words="fine",
        content_hash=content,
    )
    return act.model_copy(update=changed)


async def test_facts_join_the_row_its_decision_and_its_send(ledger_database: LedgerDatabase) -> None:
    """Recall answers everything a workflow continues from, and the door may read it too."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    await store_withdrawal(sessions, withdrawal)
    async with ledger_database.sessions("croupier_api").begin() as session:
        facts = await recall_withdrawal(session, player, withdrawal.withdrawal_id)
        assert await recall_withdrawal(session, player, UUID(int=1)) is None
    assert facts is not None
    assert (facts.state, facts.verdict, facts.fee, facts.version) == (APPROVED, Verdict.ALLOW, 7, 3)
    assert (facts.asset_code, facts.payee, facts.amount) == (TOKEN.code, PAYEE, 500)
    assert (facts.send, facts.chain_is_open, facts.request_id) == (None, False, "request-k")
    await started_chain(ledger_database.sessions("croupier_chain"))
    async with sessions.begin() as session:
        await request_liquidity(session, request_for(withdrawal.withdrawal_id))
        facts = await recall_withdrawal(session, player, withdrawal.withdrawal_id)
    assert facts is not None
    assert facts.send is not None
    assert (facts.send.place_in_queue, facts.chain_is_open, facts.fee_cap) == (1, True, 1_000)


async def test_the_content_hash_covers_every_fact_of_the_payment(ledger_database: LedgerDatabase) -> None:
    """Each changed fact gives another hash, so an old approval no longer counts."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    acceptance = await store_withdrawal(sessions, withdrawal)
    facts: dict[str, object] = {
        "kind": "withdrawal",
        "subject": withdrawal.withdrawal_id,
        "asset_id": withdrawal.asset_id,
        "network": withdrawal.network,
        "payee": withdrawal.payee,
        "amount": withdrawal.amount,
        "fee": 7,
        "decision_id": acceptance.decision_id,
    }
    stored = await _hash(sessions, player, withdrawal.withdrawal_id)
    assert content_hash(PaymentContent(**facts)) == stored  # type: ignore[arg-type]  # one dict of all fields
    other = {"kind": "sweep", "subject": UUID(int=1), "asset_id": 9, "network": "x", "payee": bytes(20)}
    other |= {"amount": 501, "fee": 8, "decision_id": None}
    hashes = {
        content_hash(PaymentContent(**{**facts, name: value}))  # type: ignore[arg-type]  # one dict of all fields
        for name, value in other.items()
    }
    assert len(hashes | {stored}) == len(facts) + 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({}, None),
        ({"request_id": "other", "received_at": later(9)}, None),
        ({"asset_id": 1}, "asset"),
        ({"network": "eip155:1"}, "network"),
        ({"payee": bytes(20)}, "to"),
        ({"amount": 501}, "amount"),
    ],
)
async def test_a_repeat_names_the_field_that_differs(
    shared_ledger: LedgerDatabase, changed: dict[str, object], field: str | None
) -> None:
    """Only business fields count."""
    sessions = shared_ledger.sessions(pool_size=1)
    player = await new_player(sessions)
    await store_withdrawal(sessions, new_withdrawal(player))
    async with sessions.begin() as session:
        assert await differing_field(session, new_withdrawal(player).model_copy(update=changed)) == field


async def test_a_closed_withdrawal_stays_as_it_ended(ledger_database: LedgerDatabase) -> None:
    """Open rows move, closed ones do not."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    await store_withdrawal(sessions, withdrawal)
    for state in (WithdrawalState.COMMITTED, WithdrawalState.SETTLED, WithdrawalState.REFUNDED):
        async with sessions.begin() as session:
            await mark(session, player, withdrawal.withdrawal_id, state, later(5), version=4)
    async with sessions.begin() as session:
        (line,) = await list_withdrawals(session, player, None, 10)
    assert (line.facts.state, line.facts.version, line.updated_at) == (WithdrawalState.SETTLED, 4, later(5))


async def test_an_approval_counts_once_per_person(ledger_database: LedgerDatabase) -> None:
    """A repeated click is one act, and one person with two tickets is one approval."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    await store_withdrawal(sessions, withdrawal, REVIEW)
    content = await _hash(sessions, player, withdrawal.withdrawal_id)
    told: list[bool] = []
    for changed in ({}, {}, {"ticket": "t-2"}, {"ticket": "t-3", "person": "bob"}):
        async with sessions.begin() as session:
            told.append(await record_review(session, _act(withdrawal, content, **changed), NOW))
    async with sessions.begin() as session:
        facts = await recall_withdrawal(session, player, withdrawal.withdrawal_id)
    assert told == [True, False, True, True]
    assert facts is not None
    assert facts.approvals == 2


@pytest.mark.parametrize(
    ("state", "changed", "error"),
    [
        (REVIEW, {"content_hash": bytes(32)}, Conflict),
        (REVIEW, {"withdrawal_id": UUID(int=1)}, NotFound),
        (APPROVED, {}, TooLate),
        (WithdrawalState.COMMITTED, {"verb": ReviewVerb.REJECT}, TooLate),
    ],
)
async def test_a_word_that_no_longer_fits_is_refused(
    shared_ledger: LedgerDatabase,
    state: WithdrawalState,
    changed: dict[str, object],
    error: type[Exception],
) -> None:
    """Another content, an unknown withdrawal or a decided one takes no review."""
    sessions = shared_ledger.sessions(pool_size=1)
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    await store_withdrawal(sessions, withdrawal, state)
    content = await _hash(sessions, player, withdrawal.withdrawal_id)
    with pytest.raises(error):
        async with sessions.begin() as session:
            await record_review(session, _act(withdrawal, content, **changed), NOW)


async def test_a_ticket_says_one_thing(ledger_database: LedgerDatabase) -> None:
    """The same ticket with another verb is a conflict."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    withdrawal = new_withdrawal(player)
    await store_withdrawal(sessions, withdrawal, REVIEW)
    content = await _hash(sessions, player, withdrawal.withdrawal_id)
    async with sessions.begin() as session:
        await record_review(session, _act(withdrawal, content), NOW)
    with pytest.raises(Conflict) as caught:
        async with sessions.begin() as session:
            await record_review(session, _act(withdrawal, content, verb=ReviewVerb.REJECT), NOW)
    assert caught.value.field == "verb"


async def test_withdrawals_are_listed_page_by_page(ledger_database: LedgerDatabase) -> None:
    """Each of the player's withdrawals is on exactly one page, and nobody else's."""
    sessions = ledger_database.sessions()
    player, stranger = await new_player(sessions), await new_player(sessions)
    for number in range(5):
        await store_withdrawal(sessions, new_withdrawal(player, key=f"k-{number}"))
    await store_withdrawal(sessions, new_withdrawal(stranger))
    seen: list[UUID] = []
    before = None
    async with sessions.begin() as session:
        while page := await list_withdrawals(session, player, before, 2):
            seen += [line.facts.withdrawal_id for line in page]
            before = (page[-1].received_at, page[-1].facts.withdrawal_id)
    assert len(seen) == len(set(seen)) == 5


async def test_unfinished_withdrawals_can_be_started_again(ledger_database: LedgerDatabase) -> None:
    """Every open row gives back the input it began with."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    await store_withdrawal(sessions, new_withdrawal(player, key="open"), WithdrawalState.COMMITTED)
    await store_withdrawal(sessions, new_withdrawal(player, key="declined"), WithdrawalState.DECLINED)
    async with sessions.begin() as session:
        found = await unfinished(session, later(1), None, 10)
        assert [wish for _, wish in found] == [new_withdrawal(player, key="open")]
        assert await unfinished(session, NOW, None, 10) == []


async def test_pages_of_unfinished_withdrawals_hold_each_once(ledger_database: LedgerDatabase) -> None:
    """A page begins behind the last mark of the page before, also among rows of one moment."""
    sessions = ledger_database.sessions()
    player = await new_player(sessions)
    for number in range(5):
        await store_withdrawal(sessions, new_withdrawal(player, key=f"w-{number}"), WithdrawalState.REVIEW)
    seen: list[UUID] = []
    last = None
    async with sessions.begin() as session:
        while page := await unfinished(session, later(1), last, 2):
            seen += [wish.withdrawal_id for _, wish in page]
            last = page[-1][0]
    assert len(seen) == len(set(seen)) == 5
