"""Withdrawals run on staked energy, or burn coins within the budget of a day, which rows count."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from activities.burning import Burning
from domain.energy import AccountResources, EnergyPoolEmpty, Lent
from domain.onchain import MinedTransaction
from domain.sends import SendKind, SendOrder, SendPlan, SimulationVerdict
from ledger.observed import apply_block
from ledger.sends import insert_attempt
from tests.support.ledger_database import NETWORK, TOKEN
from tests.support.records import NOW, PAYEE, RULES, block, plan
from tests.support.sending import FEE, HOT, NONCE, SEND, SendWorld

ALLOWED, PRICE = 156_000, 100
BURNS = ALLOWED * PRICE


@dataclass(frozen=True, slots=True)
class Stated:
    """What a network states of every account: this much energy is left."""

    left: int
    lent: tuple[Lent, ...] = field(default_factory=tuple[Lent, ...])

    async def resources(self, who: bytes) -> AccountResources:  # noqa: ARG002 - it is the same for all
        return AccountResources(
            exists=True,
            energy_limit=self.left,
            energy_used=0,
            bandwidth_left=600,
            total_energy_limit=1,
            total_energy_weight=1,
        )

    async def lendable(self, giver: bytes) -> int:  # noqa: ARG002 - it is the same for all
        return 0

    async def delegations(self, giver: bytes) -> tuple[Lent, ...]:  # noqa: ARG002 - it is the same for all
        return self.lent


def order(send_id: UUID = SEND, kind: SendKind = SendKind.WITHDRAWAL) -> SendOrder:
    """A payment of tokens by the hot wallet."""
    return SendOrder(
        send_id=send_id,
        kind=kind,
        network=NETWORK,
        asset_id=TOKEN.asset_id,
        wallet=HOT,
        payee=PAYEE,
        amount=5,
        fee_cap=10**9,
    )


def terms(**changes: Any) -> SendPlan:  # noqa: ANN401 - any field
    """A plan of a contract call."""
    return plan(PRICE).model_copy(update={"gas_limit": ALLOWED} | changes)


async def admitted(world: SendWorld, left: int, day_max: int, send_id: UUID = SEND) -> int:
    """What a plan may burn, and the attempt stored with it in the same transaction."""
    burning = Burning(NETWORK, Stated(left), day_max)
    found = await burning.energy_left(order(send_id), terms())
    assert found == left
    async with world.chain.begin() as session:
        stored = await burning.admit(session, order(send_id), terms(), left)
        await insert_attempt(session, send_id, 1, NETWORK, HOT, stored)
    return int(stored.burns)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"gas_limit": 0}, SendKind.WITHDRAWAL),
        ({"verdict": SimulationVerdict.REFUSED}, SendKind.WITHDRAWAL),
        ({}, SendKind.SWEEP),
        ({}, SendKind.GAS),
        ({}, SendKind.ENERGY),
    ],
)
async def test_what_needs_no_energy_of_a_hot_wallet_is_not_counted(
    changes: dict[str, Any], kind: SendKind
) -> None:
    """Transfers of coins, refused plans, and whatever another wallet pays."""
    burning = Burning(NETWORK, Stated(0), 0)
    assert await burning.energy_left(order(kind=kind), terms(**changes)) is None


async def test_what_is_on_its_way_takes_energy_first(world: SendWorld) -> None:
    """Enough for one: the second burns, within the budget only, and its own plan is not in its way."""
    other = await world.beside(uuid4())
    assert await admitted(world, ALLOWED, 0) == 0
    assert await admitted(world, ALLOWED, 0) == 0
    with pytest.raises(EnergyPoolEmpty):
        await admitted(other, ALLOWED, BURNS - 1, other.send_id)
    assert await admitted(other, ALLOWED, BURNS, other.send_id) == BURNS
    assert await admitted(other, ALLOWED, BURNS, other.send_id) == BURNS


async def test_plans_at_the_same_time_share_one_budget(world: SendWorld) -> None:
    """Of six that would burn, as many are admitted as the day has room for."""
    others = [await world.beside(uuid4()) for _ in range(5)]
    found = await asyncio.gather(
        *(admitted(one, 0, 3 * BURNS, one.send_id) for one in (world, *others)), return_exceptions=True
    )
    assert sorted(str(type(one)) for one in found if one != BURNS) == [str(EnergyPoolEmpty)] * 3


@pytest.mark.parametrize(("hours", "counts"), [(1, True), (23, True), (25, False)])
async def test_what_was_burnt_counts_for_a_day(world: SendWorld, hours: int, *, counts: bool) -> None:
    """By the time of its block; a block that left the branch counts no more."""
    signed = await world.lane()
    assert world.tip is not None
    found = block(
        world.tip,
        (),
        [MinedTransaction(signed.txid, HOT, NONCE, succeeded=True, fee=FEE, used={"energy_burnt_sun": "70"})],
    )
    async with world.chain.begin() as session:
        assert await apply_block(session, NETWORK, found, RULES, world.tip.ref, NOW)
    with world.database.raw() as connection:
        connection.execute(
            "UPDATE chain.headers SET mined_at = now() - %s WHERE hash = %s",
            [timedelta(hours=hours), found.header.ref.hash],
        )
    other = await world.beside(uuid4())
    room = BURNS + (70 if counts else 0)
    with pytest.raises(EnergyPoolEmpty):
        await admitted(other, 0, room - 1, other.send_id)
    assert await admitted(other, 0, room, other.send_id) == BURNS
