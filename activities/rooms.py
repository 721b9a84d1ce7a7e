"""Room in a hot wallet that a send gave back goes to who has waited longest."""

from ledger.events import EventKind, NewEvent, append_events
from ledger.nonce_lanes import grant_waiting
from ledger.session import Sessions

GRANTED = "granted"


async def pass_room_on(sessions: Sessions, network: str) -> None:
    """Grant freed room and tell those who got it; what is lost here costs them one timer."""
    async with sessions.begin() as session:
        granted = await grant_waiting(session, network)
        news = [NewEvent(EventKind.SEND, str(send_id), GRANTED) for send_id in granted]
        await append_events(session, network, news)
