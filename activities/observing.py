"""ObservingActivities: what the rows written by the follower say about a send."""

from dataclasses import dataclass

from temporalio import activity

from domain.sends import SendFacts, SendRef
from ledger.send_facts import recall_send
from ledger.session import Sessions


@dataclass(frozen=True, slots=True)
class ObservingActivities:
    """Looks; it changes nothing and asks no node, because only an applied block may end anything."""

    sessions: Sessions

    @activity.defn
    async def look_at_send(self, ref: SendRef) -> SendFacts:
        """The send as its rows show it now."""
        async with self.sessions.begin() as session:
            return await recall_send(session, ref.send_id)
