"""Intent, stored bytes, sending row: each is stored before the next begins, and blocks decide the end."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid5

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from domain.errors import BytesMismatch, NotFound, NotYet, TooLate
from domain.onchain import Dead
from domain.sends import (
    AttemptOutcome,
    AttemptState,
    AttemptView,
    BroadcastOutcome,
    BroadcastResult,
    NodeAnswer,
    SendStep,
    next_send_step,
)
from ledger.evidence import record_death
from ledger.floats import release, set_float, settle_float
from ledger.observed import unapply_block
from ledger.send_facts import recall_send, recall_sends
from ledger.sends import (
    attempt_view,
    copy_signed,
    insert_attempt,
    newest_variant,
    open_sends,
    record_answers,
    record_sending,
)
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import (
    NOW,
    later,
    plan,
)
from tests.support.sending import FEE, HOT, NONCE, SendWorld

SEND = uuid5(UUID(int=0), "send")


@pytest_asyncio.fixture
async def world(ledger_database: LedgerDatabase) -> AsyncIterator[SendWorld]:
    """A granted send on a followed network, with the signer's schema beside it."""
    made = SendWorld(ledger_database, SEND)
    await made.begin()
    yield made


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
        assert await attempt_view(session, SEND, 1) == AttemptView(HOT, NONCE, (signed.txid,))
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


async def test_every_hash_ever_signed_belongs_to_the_attempt(world: SendWorld) -> None:
    """Also one that was signed and not yet copied: it may be on its way."""
    first = await world.lane()
    second = world.sign(variant=2, purpose="bump")
    async with world.chain.begin() as session:
        view = await attempt_view(session, SEND, 1)
        assert view.txids == (first.txid, second.txid)
        assert await newest_variant(session, SEND, 1) == first
        await copy_signed(session, SEND, 1, 2)
        assert await newest_variant(session, SEND, 1) == second


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


async def test_a_final_transfer_pays_the_send_once(world: SendWorld) -> None:
    """Included, then final with its exact effect: paid with evidence, and its float is free again."""
    signed = await world.lane()
    included = await world.mine(signed)
    async with world.chain.begin() as session:
        facts = await recall_send(session, SEND)
        assert await open_sends(session, NETWORK) == []
    assert facts.current is not None
    assert (facts.current.state, facts.current.block_height) == (AttemptState.INCLUDED, included.ref.height)
    assert next_send_step(facts) is SendStep.WATCH
    await world.mine()
    await world.finish()
    async with world.money.begin() as session:
        facts = await recall_send(session, SEND)
    assert next_send_step(facts) is SendStep.PAID
    assert await world.told() == ["included", "paid"]
    with world.database.raw() as connection:
        rows = connection.execute("SELECT kind, body->>'txid' FROM chain.evidence").fetchall()
    assert rows == [("paid", "0x" + signed.txid.hex())]
    for _ in range(2):
        async with world.money.begin() as session:
            await settle_float(session, SEND)
        assert await world.floats() == {1: (10_000 - FEE, 0), 2: (10_000 - 500, 0)}
    with pytest.raises(TooLate):
        async with world.money.begin() as session:
            await release(session, SEND, "too late")


async def test_a_balance_read_after_the_payment_is_not_reduced_again(world: SendWorld) -> None:
    """What the chain already took off is taken off once."""
    await world.mine(await world.lane())
    await world.mine()
    await world.finish()
    async with world.chain.begin() as session:
        await set_float(session, NETWORK, HOT, TOKEN.asset_id, 9_500, 2)
    async with world.money.begin() as session:
        await settle_float(session, SEND)
    assert await world.floats() == {1: (10_000 - FEE, 0), 2: (9_500, 0)}
    async with world.chain.begin() as session:
        assert not await set_float(session, NETWORK, HOT, COIN.asset_id, 10_000, 0)


@pytest.mark.parametrize(
    ("succeeded", "paid", "outcome", "step"),
    [
        (True, 500, AttemptOutcome.PAID, SendStep.PAID),
        (False, None, AttemptOutcome.FAILED, SendStep.FAILED),
        (False, 500, AttemptOutcome.FAILED, SendStep.FAILED),
        (True, None, None, SendStep.WATCH),
        (True, 499, None, SendStep.WATCH),
        (True, 501, None, SendStep.WATCH),
    ],
)
async def test_only_the_exact_effect_proves_a_payment(
    world: SendWorld,
    succeeded: bool,  # noqa: FBT001 - a column of the table
    paid: int | None,
    outcome: AttemptOutcome | None,
    step: SendStep,
) -> None:
    """A success without the transfer is neither paid nor failed: it stays open for a person."""
    await world.mine(await world.lane(), succeeded=succeeded, paid=paid)
    await world.finish()
    await world.mine()
    await world.finish()
    async with world.money.begin() as session:
        facts = await recall_send(session, SEND)
    assert facts.current is not None
    assert (facts.current.outcome, next_send_step(facts)) == (outcome, step)
    assert await world.told() == ["included", "no_effect" if outcome is None else outcome.value]


async def test_a_cancel_that_is_final_ends_the_attempt(world: SendWorld) -> None:
    """The nonce is spent by a transaction of ours that paid nothing."""
    await world.lane()
    cancel = world.sign(variant=2, purpose="cancel")
    async with world.chain.begin() as session:
        await copy_signed(session, SEND, 1, 2)
    await world.mine(cancel, paid=None)
    await world.finish()
    async with world.money.begin() as session:
        facts = (await recall_send(session, SEND)).current
    assert facts is not None
    assert (facts.outcome, facts.txid) == (AttemptOutcome.CANCELLED, cancel.txid)


async def test_a_landed_older_variant_is_the_one_that_counts(world: SendWorld) -> None:
    """The original may win against its replacement; the facts name the hash that stands in the block."""
    first = await world.lane()
    world.sign(variant=2, purpose="bump")
    async with world.chain.begin() as session:
        await copy_signed(session, SEND, 1, 2)
    await world.mine(first)
    await world.finish()
    async with world.money.begin() as session:
        facts = (await recall_send(session, SEND)).current
    assert facts is not None
    assert (facts.outcome, facts.txid, facts.variants) == (AttemptOutcome.PAID, first.txid, 2)


async def test_a_transaction_that_left_the_chain_goes_out_again(world: SendWorld) -> None:
    """Orphaned with its block: the same bytes are due, and they may land again."""
    signed = await world.lane()
    included = await world.mine(signed)
    async with world.chain.begin() as session:
        assert await unapply_block(session, NETWORK, included)
        facts = await recall_send(session, SEND)
        (waiting,) = await open_sends(session, NETWORK)
    assert next_send_step(facts) is SendStep.SEND
    assert (waiting.tx, waiting.state) == (signed, AttemptState.ORPHANED)
    async with world.chain.begin() as session:
        await record_sending(session, NETWORK, signed.txid, ["n-1"], later(1))
        assert (await open_sends(session, NETWORK))[0].state is AttemptState.SENDING
    assert await world.told() == ["included", "orphaned"]


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


async def test_a_death_is_proven_once(world: SendWorld) -> None:
    """The evidence row is written with the end, and an ended attempt takes no other one."""
    await world.lane()
    proof = Dead({"node": "n-1", "nonce": "20"})
    told: list[bool] = []
    for _ in range(2):
        async with world.chain.begin() as session:
            told.append(await record_death(session, SEND, 1, proof, NOW))
    async with world.money.begin() as session:
        facts = await recall_send(session, SEND)
    assert told == [True, False]
    assert next_send_step(facts) is SendStep.DEAD
    with world.database.raw() as connection:
        rows = connection.execute("SELECT kind, body->>'nonce' FROM chain.evidence").fetchall()
    assert rows == [("dead", "20")]


async def test_unknown_sends_are_not_found(world: SendWorld) -> None:
    """Nothing is made up."""
    async with world.chain.begin() as session:
        assert await recall_sends(session, []) == {}
        with pytest.raises(NotFound):
            await recall_send(session, UUID(int=1))
        with pytest.raises(NotFound):
            await attempt_view(session, SEND, 7)
