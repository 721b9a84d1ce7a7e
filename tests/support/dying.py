"""An attempt that expires, nodes that tell what a test wants of it, and the blocks our rows know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text

from activities.deaths import Deaths
from chains.memory import MemoryWriter
from chains.memory_blocks import MemoryChain
from domain.onchain import Header, Liveness
from domain.sends import AttemptOutcome, AttemptView, SendPlan, SignedTx
from ledger.deaths import record_death
from ledger.open_sends import outlived_sends
from ledger.send_facts import recall_send
from ledger.session import Sessions
from tests.support.ledger_database import NETWORK
from tests.support.records import NOW, plan
from tests.support.sending import SEND, SendWorld

LIFETIME_BLOCKS = 4


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
class DyingRig:
    """An attempt that was planned on block 1 and expires with block 5, and nodes that call it dead there."""

    world: SendWorld
    writer: TellingWriter
    headers: list[Header] = field(default_factory=list)
    signed: SignedTx = field(init=False)
    owner: Sessions = field(init=False)

    @property
    def deaths(self) -> Deaths:
        """The activity's own way to prove."""
        return Deaths(self.world.chain, NETWORK, self.writer)

    async def begin(self) -> None:
        """Read block 1 and send what refers to it."""
        self.owner = self.world.database.sessions(None)
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

    async def record(self, proof: Mapping[str, str], *, behind_everybodys_back: str = "") -> bool:
        """Close the attempt on this proof; rows that were changed for it alone are as before if it raises."""
        async with self.owner.begin() as session:
            if behind_everybodys_back:
                await session.execute(text("SET LOCAL session_replication_role = replica"))
                await session.exec_driver_sql(behind_everybodys_back)
            (outlived,) = await outlived_sends(session, NETWORK)
            return await record_death(session, NETWORK, outlived, proof, NOW)

    async def outcome(self) -> AttemptOutcome | None:
        """How the newest attempt ended."""
        async with self.world.chain.begin() as session:
            current = (await recall_send(session, SEND)).current
        assert current is not None
        return current.outcome
