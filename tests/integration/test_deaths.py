"""A transaction that expired is dead only when its nodes and our own scan say so, and never by our clock."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from activities.deaths import Deaths
from chains.memory import MemoryWriter
from chains.memory_blocks import MemoryChain
from domain.assets import NetworkId
from domain.errors import NodeUnavailable, RecordMismatch
from domain.onchain import BlockRef, Dead, Header, Landed, Liveness, MayLand
from domain.send_steps import SendStep, has_another_try, next_send_step
from domain.sends import AttemptOutcome, AttemptState, AttemptView, SendPlan, SignedTx
from ledger.deaths import record_death
from ledger.finality import freeze
from ledger.observed import unapply_block
from ledger.open_sends import open_sends, outlived_sends
from ledger.send_facts import recall_send
from tests.support.ledger_database import NETWORK
from tests.support.records import NOW, plan
from tests.support.sending import NONCE, SEND, SendWorld

LIFETIME_BLOCKS = 4
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


class TellingWriter(MemoryWriter):
    """A writer whose nodes tell what a test wants; it keeps what it was asked."""

    def __init__(self, chain: MemoryChain, tells: Liveness) -> None:
        super().__init__(chain)
        self.tells = tells
        self.asked: list[AttemptView] = []

    async def liveness(self, attempt: AttemptView) -> Liveness:
        self.asked.append(attempt)
        return self.tells


@dataclass
class Rig:
    """An attempt that was planned on block 1 and expires with block 5, and nodes that call it dead there."""

    world: SendWorld
    writer: TellingWriter
    headers: list[Header] = field(default_factory=list)
    signed: SignedTx = field(init=False)

    @property
    def deaths(self) -> Deaths:
        """The activity's own way to prove."""
        return Deaths(self.world.chain, NETWORK, self.writer)

    async def begin(self) -> None:
        """Read block 1 and send what refers to it."""
        await self.grow(1)
        self.signed = await self.world.lane(
            terms=self.terms(self.headers[0]), expiry=lambda _: self.expires_ms
        )

    @property
    def expires_ms(self) -> int:
        """The time of block 5."""
        return (int(NOW.timestamp()) + 1 + LIFETIME_BLOCKS) * 1_000

    def terms(self, reference: Header) -> SendPlan:
        """A plan that is bound to a block; it was made on a node that was behind."""
        return plan().model_copy(
            update={"reference": reference.ref.hash, "expires_ms": self.expires_ms - 30_000}
        )

    async def grow(self, blocks: int, *, final: bool = True) -> None:
        """Apply empty blocks; make them final."""
        for _ in range(blocks):
            self.headers.append(await self.world.mine())
        if final:
            await self.world.finish()

    def proof(self, height: int = 1 + LIFETIME_BLOCKS) -> dict[str, str]:
        """What nodes say that agree on this final block."""
        ref = self.headers[height - 1].ref
        return {"final_height": str(ref.height), "final_block": "0x" + ref.hash.hex(), "node": "a, b"}

    async def record(self, proof: Mapping[str, str]) -> bool:
        """Close the attempt on this proof."""
        async with self.world.chain.begin() as session:
            (outlived,) = await outlived_sends(session, NETWORK)
            return await record_death(session, NETWORK, outlived, proof, NOW)

    async def outcome(self) -> AttemptOutcome | None:
        """How the newest attempt ended."""
        async with self.world.chain.begin() as session:
            current = (await recall_send(session, SEND)).current
        assert current is not None
        return current.outcome

    def tamper(self, statement: str) -> None:
        """Change rows behind everybody's back."""
        with self.world.database.raw() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)


@pytest.fixture
async def rig(world: SendWorld, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Build one open attempt; outside a worker nobody takes heartbeats."""
    monkeypatch.setattr("temporalio.activity.heartbeat", lambda *_: None)
    chain = MemoryChain(NetworkId(NETWORK), coins={}, tokens={})
    made = Rig(world, TellingWriter(chain, MayLand("nobody knows")))
    await made.begin()
    return made


async def test_nothing_is_asked_before_final_time_is_past_the_expiry(rig: Rig) -> None:
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


async def test_a_proven_death_is_closed_once_with_its_evidence_and_told(rig: Rig) -> None:
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


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE chain.headers SET hash = sha256('x') WHERE height = 5", "is another one"),
        (
            'UPDATE chain.attempts SET plan = plan || \'{"reference": "0x77"}\'',
            "we have not read every block",
        ),
        ("UPDATE chain.headers SET canonical = false WHERE height = 3", "we have not read every block"),
        (
            UNCOPIED,
            "the signer holds bytes",
        ),
        (
            READ_IN_BLOCK_3,
            "block 3 holds it",
        ),
        ("UPDATE chain.attempts SET expires_ms = expires_ms + 500", "is earlier than its expiry"),
    ],
)
async def test_our_own_rows_have_to_agree(rig: Rig, statement: str, says: str) -> None:
    """Whatever the nodes say, a block we hold or one we never read keeps the attempt open."""
    await rig.grow(LIFETIME_BLOCKS)
    proof = rig.proof()
    await rig.grow(1)
    rig.tamper(statement)
    with pytest.raises(RecordMismatch, match=says):
        await rig.record(proof)
    assert await rig.outcome() is None


async def test_a_proof_ahead_of_our_scan_waits(rig: Rig) -> None:
    """Nodes may know a later final block: nothing happens before we have read it too."""
    await rig.grow(LIFETIME_BLOCKS)
    await rig.grow(2, final=False)
    assert not await rig.record(rig.proof(7))
    await rig.world.finish()
    assert await rig.record(rig.proof(7))


async def test_a_frozen_network_buries_nothing(rig: Rig) -> None:
    """What it called final is not trusted, so nobody is even asked."""
    await rig.grow(LIFETIME_BLOCKS)
    async with rig.world.chain.begin() as session:
        (outlived,) = await outlived_sends(session, NETWORK)
        await freeze(session, NETWORK, "a final block was taken back")
    async with rig.world.chain.begin() as session:
        assert not await record_death(session, NETWORK, outlived, rig.proof(), NOW)
    await rig.deaths.prove()
    assert rig.writer.asked == []


async def test_what_landed_meanwhile_does_not_die(rig: Rig) -> None:
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


@pytest.mark.parametrize(
    ("seen", "level", "says"),
    [
        (MayLand("two nodes disagree"), logging.WARNING, "not proven dead: two nodes disagree"),
        (
            Landed(bytes(32), BlockRef(5, bytes(32)), succeeded=True, is_final=True),
            logging.ERROR,
            "where we read nothing of it",
        ),
    ],
)
async def test_disagreement_alarms_and_changes_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture, seen: Liveness, level: int, says: str
) -> None:
    """The attempt stays open, and its bytes go to nobody any more."""
    await rig.grow(LIFETIME_BLOCKS)
    rig.writer.tells = seen
    await rig.deaths.prove()
    assert [(record.levelno, says in record.getMessage()) for record in caplog.records] == [(level, True)]
    assert await rig.outcome() is None
    async with rig.world.chain.begin() as session:
        assert await open_sends(session, NETWORK) == []


async def test_a_block_above_our_final_one_is_left_to_the_follower(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Nodes that have read further are no disagreement."""
    await rig.grow(LIFETIME_BLOCKS)
    for is_final in (True, False):
        rig.writer.tells = Landed(bytes(32), BlockRef(6, bytes(32)), succeeded=True, is_final=is_final)
        await rig.deaths.prove()
    assert (caplog.records, await rig.outcome()) == ([], None)


async def test_silent_nodes_end_the_round(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage proves nothing and is nobody's fault."""

    async def silent(_: MemoryWriter, __: AttemptView) -> Liveness:
        raise NodeUnavailable("n", "no answer in time")

    monkeypatch.setattr(TellingWriter, "liveness", silent)
    await rig.grow(LIFETIME_BLOCKS)
    with pytest.raises(NodeUnavailable):
        await rig.deaths.prove()


async def test_what_left_its_block_after_its_time_is_proven_again(rig: Rig) -> None:
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


async def test_bytes_say_when_they_expire_and_not_the_plan(rig: Rig) -> None:
    """A plan may be renewed while the signer still signs the older one, whose time is later here."""
    with rig.world.database.raw() as connection:
        rows = connection.execute(
            "SELECT nonce, expires_ms, plan->>'expires_ms' FROM chain.attempts"
        ).fetchall()
    assert rows == [(None, rig.expires_ms, str(rig.expires_ms - 30_000))]
