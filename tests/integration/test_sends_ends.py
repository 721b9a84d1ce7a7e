"""Blocks decide how a send ends: paid, failed, cancelled, dead, or still open."""

import pytest

from domain.errors import TooLate
from domain.send_steps import SendStep, next_send_step
from domain.sends import AttemptOutcome, AttemptState
from ledger.evidence import close_attempt
from ledger.floats import release, set_float, settle_float
from ledger.observed import unapply_block
from ledger.open_sends import open_sends
from ledger.send_facts import recall_send
from ledger.sends import copy_signed, record_sending
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.records import NOW, later
from tests.support.sending import FEE, HOT, SEND, SendWorld


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
        (True, None, None, SendStep.NO_EFFECT),
        (True, 499, None, SendStep.NO_EFFECT),
        (True, 501, None, SendStep.NO_EFFECT),
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
    assert facts.current.moved_nothing is (succeeded and paid is None)
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


async def test_a_death_is_proven_once(world: SendWorld) -> None:
    """The evidence row is written with the end, and an ended attempt takes no other one."""
    await world.lane()
    proof = {"node": "n-1", "nonce": "20"}
    told: list[bool] = []
    for _ in range(2):
        async with world.chain.begin() as session:
            told.append(await close_attempt(session, SEND, 1, AttemptOutcome.DEAD, proof, NOW))
    async with world.money.begin() as session:
        facts = await recall_send(session, SEND)
    assert told == [True, False]
    assert next_send_step(facts) is SendStep.DEAD
    with world.database.raw() as connection:
        rows = connection.execute("SELECT kind, body->>'nonce' FROM chain.evidence").fetchall()
    assert rows == [("dead", "20")]
