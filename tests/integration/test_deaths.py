"""A transaction that expired is dead only when its nodes and our own scan say so, and never by our clock."""

import logging

import pytest

from chains.memory import MemoryWriter
from chains.memory_blocks import MemoryChain
from domain.assets import NetworkId
from domain.errors import NodeUnavailable, RecordMismatch
from domain.onchain import BlockRef, Dead, Landed, Liveness, MayLand
from domain.send_steps import SendStep, has_another_try, next_send_step
from domain.sends import AttemptOutcome, AttemptState, AttemptView
from ledger.deaths import record_death
from ledger.finality import freeze
from ledger.observed import unapply_block
from ledger.open_sends import open_sends, outlived_sends
from ledger.send_facts import recall_send
from tests.support.dying import LIFETIME_BLOCKS, DyingRig, TellingWriter
from tests.support.ledger_database import NETWORK
from tests.support.records import NOW
from tests.support.sending import NONCE, SEND, SendWorld

UNCOPIED = """
INSERT INTO signer.signatures
  SELECT chain_id, sha256('other'), send_id, attempt, 2, wallet, serial, kind, purpose, raw
    FROM signer.signatures
"""
READ_IN_BLOCK_3 = """
INSERT INTO chain.own_txs
  SELECT x.chain_id, x.txid, h.hash, h.height, '\\xaa', NULL, false, false, 1, '{}'
    FROM chain.signed_txs x, chain.headers h WHERE h.height = 3
"""


@pytest.fixture
async def rig(world: SendWorld, monkeypatch: pytest.MonkeyPatch) -> DyingRig:
    """Build one open attempt; outside a worker nobody takes heartbeats."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)
    chain = MemoryChain(NetworkId(NETWORK), coins={}, tokens={})
    made = DyingRig(world, TellingWriter(chain, MayLand("nobody knows")))
    await made.begin()
    return made


async def test_nothing_is_asked_before_final_time_is_past_the_expiry(rig: DyingRig) -> None:
    """The clock of this machine is long past it, and so is the newest block; only the final one counts."""
    await rig.grow(LIFETIME_BLOCKS - 1)
    await rig.grow(5, final=False)
    rig.writer.tells = Dead(rig.proof())
    await rig.deaths.prove()
    assert (rig.writer.asked, await rig.outcome()) == ([], None)
    async with rig.world.chain.begin() as session:
        assert len(await open_sends(session, NETWORK)) == 1
    await rig.world.finish()
    await rig.deaths.prove()
    (view,) = rig.writer.asked
    assert (view.expires_ms, view.reference_height, view.nonce) == (rig.expires_ms, 1, None)
    assert await rig.outcome() is AttemptOutcome.DEAD


async def test_a_proven_death_is_closed_once_with_its_evidence_and_told(rig: DyingRig) -> None:
    """The send may then be tried again by itself, and the next attempt is another one."""
    await rig.grow(LIFETIME_BLOCKS)
    rig.writer.tells = Dead(rig.proof())
    for _ in range(2):
        await rig.deaths.prove()
    async with rig.world.chain.begin() as session:
        facts = await recall_send(session, SEND)
    assert (next_send_step(facts), has_another_try(facts)) == (SendStep.DEAD, True)
    assert await rig.world.told() == ["dead"]
    with rig.world.database.raw() as connection:
        ((kind, body),) = connection.execute("SELECT kind, body FROM chain.evidence").fetchall()
    assert kind == "dead"
    assert isinstance(body, dict)
    assert {name: body[name] for name in ("attempt", "scanned_from", "scanned_to", "node")} == {
        "attempt": f"{SEND}/1",
        "scanned_from": "1",
        "scanned_to": "5",
        "node": "a, b",
    }
    await rig.world.lane(
        2, nonce=NONCE + 1, terms=rig.terms(rig.headers[-1]), expiry=lambda _: rig.expires_ms + 60_000
    )
    assert await rig.outcome() is None


DISAGREEMENTS = [
    ("UPDATE chain.headers SET hash = sha256('x') WHERE height = 5", "is another one"),
    ('UPDATE chain.attempts SET plan = plan || \'{"reference": "0x77"}\'', "we have not read every block"),
    ("UPDATE chain.headers SET canonical = false WHERE height = 3", "we have not read every block"),
    (UNCOPIED, "the signer holds bytes"),
    (READ_IN_BLOCK_3, "block 3 holds it"),
    ("UPDATE chain.attempts SET expires_ms = expires_ms + 500", "is earlier than its expiry"),
]


async def test_our_own_rows_have_to_agree(rig: DyingRig) -> None:
    """Whatever the nodes say, a block we hold or one we never read keeps the attempt open."""
    await rig.grow(LIFETIME_BLOCKS)
    proof = rig.proof()
    await rig.grow(1)
    for statement, says in DISAGREEMENTS:
        with pytest.raises(RecordMismatch, match=says):
            await rig.record(proof, behind_everybodys_back=statement)
    assert await rig.outcome() is None
    assert await rig.record(proof)


async def test_a_proof_ahead_of_our_scan_waits(rig: DyingRig) -> None:
    """Nodes may know a later final block: nothing happens before we have read it too."""
    await rig.grow(LIFETIME_BLOCKS)
    await rig.grow(2, final=False)
    assert not await rig.record(rig.proof(7))
    await rig.world.finish()
    assert await rig.record(rig.proof(7))


async def test_a_frozen_network_buries_nothing(rig: DyingRig) -> None:
    """What it called final is not trusted, so nobody is even asked."""
    await rig.grow(LIFETIME_BLOCKS)
    async with rig.world.chain.begin() as session:
        (outlived,) = await outlived_sends(session, NETWORK)
        await freeze(session, NETWORK, "a final block was taken back")
    async with rig.world.chain.begin() as session:
        assert not await record_death(session, NETWORK, outlived, rig.proof(), NOW)
    await rig.deaths.prove()
    assert rig.writer.asked == []


async def test_what_landed_meanwhile_does_not_die(rig: DyingRig) -> None:
    """A block that holds it, late or not, decides; the proof was made before it was read."""
    await rig.grow(LIFETIME_BLOCKS)
    async with rig.world.chain.begin() as session:
        (outlived,) = await outlived_sends(session, NETWORK)
    await rig.world.mine(rig.signed, nonce=None)
    async with rig.world.chain.begin() as session:
        assert not await record_death(session, NETWORK, outlived, rig.proof(), NOW)
        assert await outlived_sends(session, NETWORK) == []
    await rig.world.finish()
    assert await rig.outcome() is AttemptOutcome.PAID


DISAGREEING = MayLand("two nodes disagree")
HELD_BELOW_FINAL = Landed(bytes(32), BlockRef(5, bytes(32)), succeeded=True, is_final=True)
READ_FURTHER = Landed(bytes(32), BlockRef(6, bytes(32)), succeeded=True, is_final=True)
NEW_THERE = Landed(bytes(32), BlockRef(6, bytes(32)), succeeded=True, is_final=False)
TOLD: list[tuple[Liveness, list[tuple[int, str]]]] = [
    (DISAGREEING, [(logging.WARNING, "not proven dead: two nodes disagree")]),
    (HELD_BELOW_FINAL, [(logging.ERROR, "where we read nothing of it")]),
    (READ_FURTHER, []),
    (NEW_THERE, []),
]


async def test_disagreement_alarms_and_changes_nothing(
    rig: DyingRig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt stays open, its bytes go to nobody; nodes that read further or are silent alarm nobody."""
    await rig.grow(LIFETIME_BLOCKS)
    for told, alarms in TOLD:
        rig.writer.tells = told
        await rig.deaths.prove()
        found = [(record.levelno, record.getMessage()) for record in caplog.records]
        assert [level for level, _ in found] == [level for level, _ in alarms], told
        assert all(says in line for (_, says), (_, line) in zip(alarms, found, strict=True)), told
        caplog.clear()
    monkeypatch.setattr(TellingWriter, "liveness", _silent)
    with pytest.raises(NodeUnavailable):
        await rig.deaths.prove()
    assert (caplog.records, await rig.outcome()) == ([], None)
    async with rig.world.chain.begin() as session:
        assert await open_sends(session, NETWORK) == []


async def test_what_left_its_block_after_its_time_is_proven_again(rig: DyingRig) -> None:
    """Included above final, forked out, expired: it is a candidate only while no block holds it."""
    await rig.grow(LIFETIME_BLOCKS - 1)
    parent = rig.world.tip
    included = await rig.world.mine(rig.signed, nonce=None)
    async with rig.world.chain.begin() as session:
        assert await outlived_sends(session, NETWORK) == []
        assert await unapply_block(session, NETWORK, included)
    rig.world.tip = parent
    await rig.grow(1)
    async with rig.world.chain.begin() as session:
        current = (await recall_send(session, SEND)).current
        assert current is not None
        assert current.state is AttemptState.ORPHANED
        assert len(await outlived_sends(session, NETWORK)) == 1


async def test_a_dead_transaction_that_stands_in_a_block_freezes_its_wallet(rig: DyingRig) -> None:
    """The nodes had lied together: nothing more is signed there before people have looked."""
    await rig.grow(LIFETIME_BLOCKS)
    assert await rig.record(rig.proof())
    await rig.world.mine(rig.signed, nonce=None)
    with rig.world.database.raw() as connection:
        rows = connection.execute("SELECT state, why FROM chain.wallets").fetchall()
    why = f"a transaction that was proven dead stands in a block: 0x{rig.signed.txid.hex()}"
    assert rows == [("frozen", why)]
    assert await rig.outcome() is AttemptOutcome.DEAD


async def test_bytes_say_when_they_expire_and_not_the_plan(rig: DyingRig) -> None:
    """A plan may be renewed while the signer still signs the older one, whose time is later here."""
    with rig.world.database.raw() as connection:
        rows = connection.execute(
            "SELECT nonce, expires_ms, plan->>'expires_ms' FROM chain.attempts"
        ).fetchall()
    assert rows == [(None, rig.expires_ms, str(rig.expires_ms - 30_000))]


async def _silent(_: MemoryWriter, __: AttemptView) -> Liveness:
    raise NodeUnavailable("n", "no answer in time")
