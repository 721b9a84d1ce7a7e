"""Intent, stored bytes, sending row: each is stored before the next begins."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from domain.errors import BytesMismatch, NotFound, NotYet
from domain.sends import (
    AttemptOutcome,
    AttemptState,
    BroadcastOutcome,
    BroadcastResult,
    NodeAnswer,
)
from ledger.finality import freeze
from ledger.floats import settle_float
from ledger.open_sends import open_sends
from ledger.send_facts import recall_send, recall_sends
from ledger.sends import (
    copy_signed,
    insert_attempt,
    newest_variant,
    record_answers,
    uncopied_variant,
)
from tests.support.ledger_database import NETWORK
from tests.support.records import later, plan
from tests.support.sending import FEE, HOT, NONCE, SEND, SendWorld


async def test_a_plan_may_be_renewed_until_something_is_signed(world: SendWorld) -> None:
    """Afterwards the stored terms stand, whatever is planned anew."""
    stands: list[int] = []
    for price in (20, 30):
        async with world.chain.begin() as session:
            stands.append((await insert_attempt(session, SEND, 1, NETWORK, HOT, plan(price))).max_fee)
    world.sign()
    async with world.chain.begin() as session:
        await copy_signed(session, SEND, 1, 1)
        stands.append((await insert_attempt(session, SEND, 1, NETWORK, HOT, plan(40))).max_fee)
        with pytest.raises(NotFound):
            await insert_attempt(session, UUID(int=5), 1, NETWORK, HOT, plan())
    assert stands == [20, 30, 30]


async def test_a_plan_refers_to_a_block_that_we_read(world: SendWorld) -> None:
    """What refers to any other could be proven dead by nobody, and its money would wait for ever."""
    ours = await world.mine()
    for reference, is_ours in ((b"\x07" * 32, False), (ours.ref.hash, True)):
        bound = plan().model_copy(update={"reference": reference, "expires_ms": 1})
        async with world.chain.begin() as session:
            if is_ours:
                assert await insert_attempt(session, SEND, 1, NETWORK, HOT, bound) == bound
                continue
            with pytest.raises(NotYet):
                await insert_attempt(session, SEND, 1, NETWORK, HOT, bound)
            assert (await recall_send(session, SEND)).current is None


async def test_bytes_are_copied_from_the_signer_row_to_row(world: SendWorld) -> None:
    """The attempt takes over the nonce; without a signature there is nothing to copy."""
    async with world.chain.begin() as session:
        await insert_attempt(session, SEND, 1, NETWORK, HOT, plan())
        with pytest.raises(NotYet):
            await copy_signed(session, SEND, 1, 1)
        with pytest.raises(NotYet):
            await newest_variant(session, SEND, 1)
    signed = world.sign()
    for _ in range(2):
        async with world.chain.begin() as session:
            assert await copy_signed(session, SEND, 1, 1) == signed
    async with world.chain.begin() as session:
        facts = (await recall_send(session, SEND)).current
        assert await newest_variant(session, SEND, 1) == signed
    assert facts is not None
    assert (facts.state, facts.nonce, facts.txid, facts.variants) == (
        AttemptState.SIGNED,
        NONCE,
        signed.txid,
        1,
    )
    with world.database.raw() as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute("UPDATE chain.signed_txs SET raw = ''")


async def test_copied_bytes_that_differ_stop_everything(world: SendWorld) -> None:
    """The signer's row and ours must be the same bytes."""
    async with world.chain.begin() as session:
        await insert_attempt(session, SEND, 1, NETWORK, HOT, plan())
    signed = world.sign()
    with world.database.raw() as connection:
        connection.execute(
            "INSERT INTO chain.signed_txs VALUES (%s, %s, %s, 1, 1, 'pay', 'other', '{}')",
            [NETWORK, signed.txid, SEND],
        )
    with pytest.raises(BytesMismatch):
        async with world.chain.begin() as session:
            await copy_signed(session, SEND, 1, 1)


async def test_the_newest_variant_is_the_newest_that_was_copied(world: SendWorld) -> None:
    """What was signed and not yet copied is asked for by its number."""
    first = await world.lane()
    second = world.sign(variant=2, purpose="bump")
    async with world.chain.begin() as session:
        assert await uncopied_variant(session, SEND, 1) == 2
        assert await newest_variant(session, SEND, 1) == first
        await copy_signed(session, SEND, 1, 2)
        assert await newest_variant(session, SEND, 1) == second
        assert await uncopied_variant(session, SEND, 1) is None


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (BroadcastOutcome.ACCEPTED, AttemptState.ACCEPTED),
        (BroadcastOutcome.ALREADY_HAVE, AttemptState.ACCEPTED),
        (BroadcastOutcome.REJECTED_NOW, AttemptState.SENDING),
        (BroadcastOutcome.AMBIGUOUS, AttemptState.SENDING),
    ],
)
async def test_only_a_node_that_has_it_makes_it_accepted(
    world: SendWorld, outcome: BroadcastOutcome, state: AttemptState
) -> None:
    """Every call and every answer stays a row; no answer is inclusion."""
    signed = await world.lane()
    answers = (
        NodeAnswer("n-1", outcome, "said so"),
        NodeAnswer("n-2", BroadcastOutcome.AMBIGUOUS, "timeout"),
    )
    async with world.chain.begin() as session:
        await record_answers(session, NETWORK, signed.txid, BroadcastResult(outcome, answers), later(1))
        facts = (await recall_send(session, SEND)).current
        (waiting,) = await open_sends(session, NETWORK)
    assert facts is not None
    assert facts.state is state
    assert (waiting.tx, waiting.state, waiting.tried_at) == (signed, state, later(1))
    with world.database.raw() as connection:
        rows = connection.execute("SELECT result FROM chain.broadcasts ORDER BY tried_at, node").fetchall()
    assert [row[0] for row in rows] == ["sending", "sending", outcome.value, "ambiguous"]


async def test_nothing_is_sent_again_on_a_frozen_network(world: SendWorld) -> None:
    """After a broken finality the healer finds nothing to hand over, until people lift it."""
    await world.lane()
    async with world.chain.begin() as session:
        assert len(await open_sends(session, NETWORK)) == 1
        await freeze(session, NETWORK, "FINALITY_BROKEN")
        assert await open_sends(session, NETWORK) == []


async def test_a_second_attempt_needs_the_end_of_the_first(world: SendWorld) -> None:
    """The database refuses two open attempts; after a failure with evidence the next one may pay."""
    signed = await world.lane()
    engine = world.database.sessions("croupier_chain").engine
    with pytest.raises(IntegrityError, match="uq_attempts_one_open_or_paid"):
        async with engine.begin() as session:
            await insert_attempt(session, SEND, 2, NETWORK, HOT, plan())
    await world.mine(signed, succeeded=False, paid=None)
    await world.finish()
    second = await world.lane(2, nonce=NONCE + 1)
    await world.mine(second, nonce=NONCE + 1)
    await world.finish()
    async with world.money.begin() as session:
        facts = await recall_send(session, SEND)
        await settle_float(session, SEND)
    assert [one.outcome for one in facts.attempts] == [AttemptOutcome.FAILED, AttemptOutcome.PAID]
    assert await world.floats() == {1: (10_000 - 2 * FEE, 0), 2: (10_000 - 500, 0)}
    with pytest.raises(IntegrityError, match="uq_attempts_one_open_or_paid"):
        async with engine.begin() as session:
            await insert_attempt(session, SEND, 3, NETWORK, HOT, plan())


async def test_unknown_sends_are_not_found(world: SendWorld) -> None:
    """Nothing is made up."""
    async with world.chain.begin() as session:
        assert await recall_sends(session, []) == {}
        with pytest.raises(NotFound):
            await recall_send(session, UUID(int=1))
