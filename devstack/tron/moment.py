"""Where in the chain something happens: the block in the making, the head below it, the rules in force."""

from dataclasses import dataclass

from devstack.tron.engine import BlockFacts, Engine
from devstack.tron.rules import DAY_MS, ChainParameters


@dataclass(frozen=True, slots=True)
class Moment:
    """The block in the making (number, time, producer) and the time and slot of its parent, the head.

    Resources fade and expirations count by the head, as in java-tron, not by the block in the making.
    """

    number: int
    time_ms: int
    producer: bytes
    head_time_ms: int
    head_slot: int
    slot_ms: int
    parameters: ChainParameters
    engine: Engine
    chain_id: int

    @property
    def window(self) -> int:
        """The slots of one day: over so many a usage fades."""
        return DAY_MS // self.slot_ms

    @property
    def block_facts(self) -> BlockFacts:
        return BlockFacts(self.number, self.time_ms, self.producer[1:], self.chain_id)
