"""The outbox of the networks: transitions that a workflow has to hear of, in the order they were seen.

A row is written in the transaction that saw the transition and marked when it was delivered; delivery is at
least once, receivers ignore numbers they know.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.deposits import DepositInput, DepositState
from domain.sends import SendKind
from ledger.chain_records import events

GRANTED = "granted"
"""A send was given a wallet while it waited."""
FUNDS_CHANGED = "funds_changed"
"""A hot wallet holds more of an asset than was known, or a limit of its float was crossed."""
DEMAND_CHANGED = "demand_changed"
"""A send began to wait for an asset."""


class EventKind(StrEnum):
    """Whose transition it is."""

    DEPOSIT = "deposit"
    SEND = "send"
    WALLET = "wallet"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A transition to record.

    `subject` is a deposit's or send's id, a wallet's address in hexadecimal, or an asset's number.
    """

    kind: EventKind
    subject: str
    state: str


@dataclass(frozen=True, slots=True)
class DepositEvent:
    """A deposit moved to `state`; `deposit` is what its workflow is started with."""

    number: int
    network: str
    deposit: DepositInput
    state: DepositState

    @property
    def subject(self) -> str:
        return str(self.deposit.deposit_id)


@dataclass(frozen=True, slots=True)
class SendEvent:
    """A send moved: `state` is an attempt's state, an outcome, or a word for what happened.

    `delegation_id` names the delegation that a send of staked energy belongs to.
    """

    number: int
    network: str
    send_kind: SendKind
    send_id: UUID
    state: str
    delegation_id: UUID | None = None

    @property
    def subject(self) -> str:
        return str(self.send_id)


@dataclass(frozen=True, slots=True)
class WalletEvent:
    """A wallet of ours changed its state; `frozen` means a transaction we never signed."""

    number: int
    network: str
    address: bytes
    state: str

    @property
    def subject(self) -> str:
        return "0x" + self.address.hex()


@dataclass(frozen=True, slots=True)
class FloatEvent:
    """An asset's hot wallets or its queue changed: `state` says which."""

    number: int
    network: str
    asset_id: int
    state: str

    @property
    def subject(self) -> str:
        return str(self.asset_id)


ChainEvent = DepositEvent | SendEvent | WalletEvent | FloatEvent


async def append_events(session: AsyncConnection, network: str, news: Iterable[NewEvent]) -> None:
    """Record transitions in the transaction that saw them."""
    rows = [
        {"chain_id": network, "kind": event.kind.value, "subject": event.subject, "state": event.state}
        for event in news
    ]
    if rows:
        await session.execute(insert(events).values(rows))


async def undelivered(session: AsyncConnection, network: str, limit: int) -> list[ChainEvent]:
    """The oldest transitions of a network that nobody has been told of, in order."""
    rows = await session.execute(_UNDELIVERED, {"network": network, "limit": limit})
    return [_event(*row) for row in rows]


async def mark_delivered(session: AsyncConnection, numbers: Sequence[int], now: datetime) -> None:
    """Remember that these transitions reached their workflows."""
    if numbers:
        await session.execute(
            update(events)
            .where(events.c.number == func.any(list(numbers)), events.c.delivered_at.is_(None))
            .values(delivered_at=now)
        )


_UNDELIVERED = text("""
    SELECT e.number, e.chain_id, e.kind, e.subject, e.state, d.txid, d.position, s.kind AS send_kind,
           CASE WHEN s.kind = 'energy' THEN (SELECT l.delegation_id FROM chain.delegations l
             WHERE l.delegation_id = s.send_id OR l.return_id = s.send_id) END AS delegation_id
      FROM chain.events e
      LEFT JOIN chain.deposits d ON d.deposit_id = CASE WHEN e.kind = 'deposit' THEN e.subject::uuid END
      LEFT JOIN chain.sends s ON s.send_id = CASE WHEN e.kind = 'send' THEN e.subject::uuid END
     WHERE e.delivered_at IS NULL AND e.chain_id = :network
     ORDER BY e.number
     LIMIT :limit
""")


def _event(  # noqa: PLR0913, PLR0917 - one row's columns
    number: int,
    network: str,
    kind: str,
    subject: str,
    state: str,
    txid: bytes | None,
    position: str | None,
    send_kind: str | None,
    delegation_id: UUID | None,
) -> ChainEvent:
    if kind == EventKind.WALLET:
        return WalletEvent(number, network, bytes.fromhex(subject.removeprefix("0x")), state)
    if kind == EventKind.FLOAT:
        return FloatEvent(number, network, int(subject), state)
    if kind == EventKind.SEND:
        assert send_kind is not None, subject
        return SendEvent(number, network, SendKind(send_kind), UUID(subject), state, delegation_id)
    assert txid is not None, subject
    assert position is not None, subject
    deposit = DepositInput(
        network=network, txid="0x" + txid.hex(), position=position, deposit_id=UUID(subject)
    )
    return DepositEvent(number, network, deposit, DepositState(state))
