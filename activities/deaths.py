"""Deaths: proving that an expired transaction can never land, so that its send may be tried again.

Only the network's own final time makes an attempt a candidate. Its nodes are asked for a proof, and the rows
of the follower must say the same; anything else leaves it open and alarms.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from activities.alarms import alarming
from chains.gateway import ChainWriter
from domain.errors import RecordMismatch
from domain.onchain import Dead, Landed
from ledger.deaths import record_death
from ledger.open_sends import OutlivedSend, outlived_sends
from ledger.session import Sessions


@dataclass(frozen=True, slots=True)
class Deaths:
    """The attempts of one network that its final block has outlived."""

    sessions: Sessions
    network: str
    writer: ChainWriter

    async def prove(self) -> None:
        """Close as dead what is proven to be; raises Unavailable while nobody answers."""
        async with self.sessions.begin() as session:
            outlived = await outlived_sends(session, self.network)
        for send in outlived:
            activity.heartbeat(f"looking for {send.send_id}")
            with alarming(send.send_id, send.attempt):
                await self._judge(send)

    async def _judge(self, send: OutlivedSend) -> None:
        seen = await self.writer.liveness(send.view)
        match seen:
            case Dead():
                async with self.sessions.begin() as session:
                    is_dead = await record_death(
                        session, self.network, send, seen.evidence, datetime.now(UTC)
                    )
                if is_dead:
                    activity.logger.warning("send %s, attempt %s is dead", send.send_id, send.attempt)
            case Landed(is_final=True) if seen.block.height <= send.final_height:
                raise RecordMismatch(
                    f"the nodes hold attempt {send.attempt} of send {send.send_id} in final block "
                    f"{seen.block.height}, where we read nothing of it"
                )
            case Landed():
                # A newer block than our final one: the follower will read it.
                return
            case _:
                activity.logger.warning(
                    "send %s, attempt %s has expired and is not proven dead: %s",
                    send.send_id,
                    send.attempt,
                    seen.why,
                )
