"""Tickets: what the staff said, written down before it is delivered to the withdrawal's workflow."""

from typing import assert_never
from uuid import UUID

from domain.wire import Hex, Message, Units
from domain.wishes import SupportAct, SupportVerb
from domain.withdrawals import ReviewAct, ReviewVerb

TRIES_OF_A_DELIVERY = 2
"""Update ids that one delivery may use: a reset run no longer honours the one before."""


class Ticket(Message):
    """One click of one person on a withdrawal; its name is unique there for ever."""

    withdrawal_id: UUID
    player: int
    ticket: str
    verb: SupportVerb | ReviewVerb
    person: str
    words: str
    content_hash: Hex | None = None
    cap: Units | None = None

    @property
    def act(self) -> SupportAct | ReviewAct:
        """The ticket as its workflow is told of it."""
        match self.verb:
            case SupportVerb():
                return SupportAct(
                    withdrawal_id=self.withdrawal_id,
                    player=self.player,
                    ticket=self.ticket,
                    verb=self.verb,
                    person=self.person,
                    words=self.words,
                    content_hash=self.content_hash,
                    cap=self.cap,
                )
            case ReviewVerb():
                assert self.content_hash is not None, self.ticket
                return ReviewAct(
                    withdrawal_id=self.withdrawal_id,
                    player=self.player,
                    ticket=self.ticket,
                    verb=self.verb,
                    person=self.person,
                    words=self.words,
                    content_hash=self.content_hash,
                )
            case _:
                assert_never(self.verb)


def update_id(ticket: str, number: int) -> str:
    """The id of a ticket's update when it is sent for the nth time, from 1."""
    return f"{ticket}.{number}"


def first_number(deliveries_before: int) -> int:
    """The number of the first update of a ticket's next delivery."""
    return deliveries_before * TRIES_OF_A_DELIVERY + 1
