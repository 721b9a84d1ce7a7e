"""What is frozen sends nothing and gives nothing back; and no refund stands on another send's proof."""

import asyncio
from uuid import UUID, uuid5

import pytest
from psycopg.errors import IntegrityConstraintViolation

from domain.errors import ChainFrozen, InvariantBroken, NotFound
from domain.freezes import WalletFrozen
from domain.withdrawals import WithdrawalInput, WithdrawalState
from ledger.chain_invariants import check_chain_invariants
from ledger.evidence import record_unpayable
from ledger.finality import freeze
from ledger.freezing import hold_unfrozen, must_be_trusted
from ledger.open_sends import open_sends
from ledger.withdrawals import mark
from tests.support.ledger_database import NETWORK
from tests.support.records import NOW, PAYEE, new_player, new_withdrawal, store_withdrawal
from tests.support.sending import HOT, SendWorld

WHY = "a final block was taken back"
OTHER = uuid5(UUID(int=0), "other")


def bury(world: SendWorld, send_id: UUID) -> None:
    """Write the signer's tombstone."""
    with world.database.raw() as connection:
        connection.execute(
            "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
            " VALUES (%s, 1, %s, %s, NULL, %s)",
            [send_id, NETWORK, HOT, bytes(32)],
        )


async def committed(world: SendWorld, key: str) -> tuple[WithdrawalInput, SendWorld]:
    """A withdrawal whose money is committed, with its send."""
    wish = new_withdrawal(await new_player(world.money), key=key)
    await store_withdrawal(world.money, wish, WithdrawalState.COMMITTED)
    return wish, await world.beside(wish.withdrawal_id)


async def refund(world: SendWorld, wish: WithdrawalInput, evidence_id: UUID) -> None:
    """Write the end of a withdrawal that was given back."""
    async with world.money.begin() as session:
        await mark(
            session,
            wish.player,
            wish.withdrawal_id,
            WithdrawalState.REFUNDED,
            NOW,
            code="REFUNDED_BY_SUPPORT",
            sentence="It is back.",
            evidence_id=evidence_id,
        )


async def proof_of(world: SendWorld, send_id: UUID) -> UUID:
    """Bury a send and store the evidence of it."""
    bury(world, send_id)
    async with world.chain.begin() as session:
        return await record_unpayable(session, send_id, NOW)


async def test_a_refund_stands_on_the_proof_of_its_own_send(world: SendWorld) -> None:
    """Evidence of another send, or of how one attempt ended, is none; the database says so itself."""
    wish, _ = await committed(world, "a")
    other, _ = await committed(world, "b")
    paid, sent = await committed(world, "c")
    own, foreign = await proof_of(world, wish.withdrawal_id), await proof_of(world, other.withdrawal_id)
    for refunded, wrong in ((wish, foreign), (paid, await _paid(sent))):
        with pytest.raises(InvariantBroken):
            await refund(world, refunded, wrong)
    await refund(world, wish, own)
    async with world.database.sessions(None).begin() as session:
        assert await check_chain_invariants(session, ["refund_has_evidence"]) == {"refund_has_evidence": []}


async def _paid(sent: SendWorld) -> UUID:
    """The evidence that an attempt of this send was paid."""
    await sent.mine(await sent.lane())
    await sent.finish()
    with sent.database.raw() as connection:
        row = connection.execute("SELECT evidence_id FROM chain.evidence WHERE kind = 'paid'").fetchone()
    assert row is not None
    return UUID(str(row[0]))


async def test_the_invariant_reads_the_evidence_of_the_refund(world: SendWorld) -> None:
    """A refund that was forced past the guard is found."""
    wish, _ = await committed(world, "a")
    other, _ = await committed(world, "b")
    foreign = await proof_of(world, other.withdrawal_id)
    with world.database.raw() as connection:
        connection.execute("ALTER TABLE ledger.withdrawals DISABLE TRIGGER refund_on_update")
    await refund(world, wish, foreign)
    async with world.database.sessions(None).begin() as session:
        found = await check_chain_invariants(session, ["refund_has_evidence"])
    assert found["refund_has_evidence"] == [(wish.withdrawal_id, None)]


async def test_a_frozen_network_proves_nothing_and_refunds_nothing(world: SendWorld) -> None:
    """What it called final may have been taken back: neither old nor new evidence counts."""
    wish, _ = await committed(world, "a")
    evidence_id = await proof_of(world, wish.withdrawal_id)
    async with world.chain.begin() as session:
        await freeze(session, NETWORK, WHY)
    with pytest.raises(ChainFrozen):
        await proof_of(world, world.send_id)
    with pytest.raises(ChainFrozen):
        async with world.money.begin() as session:
            await hold_unfrozen(session, NETWORK)
    with pytest.raises(InvariantBroken):
        await refund(world, wish, evidence_id)


async def test_a_freeze_waits_for_a_refund_that_has_begun(world: SendWorld) -> None:
    """Of the two one comes first as a whole."""
    async with world.money.begin() as session:
        await hold_unfrozen(session, NETWORK)
        freezing = asyncio.ensure_future(_freeze(world))
        await world.database.waiter()
        assert not freezing.done()
    await freezing
    with pytest.raises(ChainFrozen):
        async with world.money.begin() as session:
            await hold_unfrozen(session, NETWORK)


async def _freeze(world: SendWorld) -> None:
    async with world.chain.begin() as session:
        await freeze(session, NETWORK, WHY)


async def test_what_was_never_followed_is_held_by_nobody(world: SendWorld) -> None:
    """A network that is not there, and a send that is not, are no reason to go on."""
    with pytest.raises(NotFound):
        async with world.chain.begin() as session:
            await hold_unfrozen(session, "eip155:9")
    with pytest.raises(NotFound):
        async with world.chain.begin() as session:
            await must_be_trusted(session, "eip155:9", world.send_id)
    with pytest.raises(NotFound):
        async with world.chain.begin() as session:
            await record_unpayable(session, OTHER, NOW)


async def test_nothing_leaves_a_frozen_wallet(world: SendWorld) -> None:
    """A key that others hold: what it signed is not sent again, and nothing new is planned from it."""
    await world.lane()
    async with world.chain.begin() as session:
        await must_be_trusted(session, NETWORK, world.send_id)
        assert len(await open_sends(session, NETWORK)) == 1
    world.freeze_wallet()
    async with world.chain.begin() as session:
        assert await open_sends(session, NETWORK) == []
        with pytest.raises(WalletFrozen) as caught:
            await must_be_trusted(session, NETWORK, world.send_id)
    assert "a stolen key" in caught.value.sentence


async def test_coins_of_our_own_come_back_on_the_proof_of_their_own_send(world: SendWorld) -> None:
    """The same guard stands over sweeps, top-ups and moves."""
    wish, _ = await committed(world, "a")
    foreign = await proof_of(world, wish.withdrawal_id)
    with (
        world.database.raw() as connection,
        pytest.raises(IntegrityConstraintViolation, match=f"no evidence that send {OTHER}"),
    ):
        connection.execute(
            "INSERT INTO chain.own_transfers (transfer_id, kind, chain_id, asset_id, operator, slot, wanted,"
            " source, payee, amount, fee_cap, state, send_posting_id, evidence_id, policy_version,"
            " planned_at, updated_at, closed_at) VALUES (%s, 'refill', %s, 1, 1, 0, 0, %s, %s, 1, 0,"
            " 'returned', %s, %s, 1, now(), now(), now())",
            [OTHER, NETWORK, HOT, PAYEE, OTHER, foreign],
        )
