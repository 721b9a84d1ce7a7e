"""ProvingActivities: that a send can never be paid, stored by the role that watches the networks."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from domain.sends import SendRef
from domain.withdrawals import Unpayable
from ledger.evidence import close_judged, record_unpayable
from ledger.session import Sessions


@dataclass(frozen=True, slots=True)
class ProvingActivities:
    """Writes evidence; what it says follows from rows of the signer and of the follower alone."""

    sessions: Sessions

    @activity.defn
    async def close_judged(self, ref: SendRef) -> bool:
        """End an attempt without effect once two people have judged that it paid nothing; False before."""
        async with self.sessions.begin() as session:
            return await close_judged(session, ref.send_id, datetime.now(UTC))

    @activity.defn
    async def prove_unpayable(self, ref: SendRef) -> Unpayable:
        """Store once why no transaction of a send can pay any more; raises NotYet before that is proven."""
        async with self.sessions.begin() as session:
            return Unpayable(evidence_id=await record_unpayable(session, ref.send_id, datetime.now(UTC)))
