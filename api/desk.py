"""The one path of the staff's verbs: written down under the caller's name, delivered, and what became of it.

A ticket whose delivery gave no answer is delivered again, by the next click on it or by whoever looks for
forgotten ones; the same ticket is answered the same, for ever.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from api.asking import Asker, NoAnswer
from api.errors import Refused, entry_of
from api.questions import staff_verb
from api.schemas.problems import Retry
from domain.cases import Said
from domain.errors import NotFound, TemporalUnavailable, TooLate
from domain.tickets import Ticket
from domain.withdrawals import WithdrawalFacts
from ledger.session import Sessions
from ledger.tickets import answer, begin_delivery, is_honoured, write_down
from ledger.withdrawals import WithdrawalLine, recall_withdrawal

ASKED_AT_ONCE = 10


async def press(books: Sessions, workflows: Asker, ticket: Ticket) -> None:
    """Write a ticket down and deliver it; returns once it is honoured.

    Raises Refused with the code that the workflow or the rows answered, which is kept as the ticket's answer;
    Conflict if its name stands for something else; TemporalUnavailable while nobody knows whether it arrived.
    """
    async with books.begin() as session:
        known = await write_down(session, ticket, datetime.now(UTC))
        before = await begin_delivery(session, ticket, datetime.now(UTC))
        if before is None:
            known = await write_down(session, ticket, datetime.now(UTC))
    if known.code is not None:
        raise Refused(known.code, known.sentence or "")
    if before is None:
        return
    try:
        await _deliver(books, workflows, ticket, before)
    except Refused as refusal:
        if entry_of(refusal.code).retry is Retry.NONE and entry_of(refusal.code).shown_as is None:
            await _close(books, ticket, refusal.code, refusal.sentence)
        raise
    except TooLate as error:
        await _close(books, ticket, error.code, error.sentence)
        raise
    await _close(books, ticket)


async def said_of(workflows: Asker, lines: Sequence[WithdrawalLine]) -> list[Said | None]:
    """What the workflows of these withdrawals say, a few asked at a time; None without an answer."""
    width = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(line: WithdrawalLine) -> Said | None:
        if not line.facts.state.is_open:
            return None
        async with width:
            return await workflows.case(line.facts.withdrawal_id)

    return list(await asyncio.gather(*(ask(line) for line in lines)))


async def _deliver(books: Sessions, workflows: Asker, ticket: Ticket, before: int) -> None:
    said = await workflows.say(staff_verb(ticket, before))
    if said is NoAnswer.PENDING:
        raise TemporalUnavailable("the withdrawal gave no answer in time")
    if isinstance(said, WithdrawalFacts):
        return
    async with books.snapshot() as session:
        if await is_honoured(session, ticket):
            return
        facts = await recall_withdrawal(session, ticket.player, ticket.withdrawal_id)
    if facts is None:
        raise NotFound("withdrawal", str(ticket.withdrawal_id))
    if facts.state.is_open:
        raise TemporalUnavailable("nobody works on this withdrawal at the moment")
    raise TooLate(ticket.verb.word, facts.state.value)


async def _close(
    books: Sessions, ticket: Ticket, code: str | None = None, sentence: str | None = None
) -> None:
    async with books.begin() as session:
        await answer(session, ticket, datetime.now(UTC), code=code, sentence=sentence)
