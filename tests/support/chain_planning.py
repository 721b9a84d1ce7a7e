"""What every adapter promises before a payment is signed, and what the payment then costs."""

import pytest

from domain.errors import FeeAboveCap, WalletShort
from domain.onchain import BlockEffects, BlockRef, Landed
from domain.sends import AttemptView, BroadcastOutcome, SimulationVerdict
from tests.support.chain_rigs import (
    COINS,
    FINALITY_DEPTH,
    GAS_ROOM,
    REFUSING,
    TOKENS,
    ChainRig,
    address_of,
    intent,
    mined,
    sign,
    stranger,
)

DEAR = 10**12


class PlanningContract:
    """Facts about plans, dry runs and fees."""

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_the_fee_is_the_balance_change(self, rig: ChainRig, kind: str) -> None:
        """C12: the fee in the block is what the payer lost beyond the payment, within the plan."""
        asset = rig.native if kind == "native" else rig.token
        send = intent(rig, asset, stranger(1), 7)
        before = (await rig.reader.heads()).latest.ref
        plan = await rig.writer.plan(send)
        await rig.writer.broadcast(sign(rig, send, plan, 0))
        block = await mined(rig)
        assert await lost(rig, before, block) == block.transactions[0].fee + (7 if kind == "native" else 0)
        assert 0 < block.transactions[0].fee <= plan.fee_bound == plan.gas_limit * plan.max_fee

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_a_failed_transaction_costs_its_fee_and_moves_nothing(
        self, rig: ChainRig, kind: str
    ) -> None:
        """C10, C12: a reverted payment is an effect that did not succeed; only the fee is gone."""
        asset, payee = (rig.native, REFUSING) if kind == "native" else (rig.token, bytes(20))
        send = intent(rig, asset, payee, 7)
        plan = await rig.writer.plan(intent(rig, rig.native, stranger(1), 7))
        before = (await rig.reader.heads()).latest.ref
        tx = sign(rig, send, plan.model_copy(update={"gas_limit": GAS_ROOM}), 0)
        assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED
        block = await mined(rig)
        assert [(one.succeeded, one.receiver, one.amount) for one in block.effects] == [(False, payee, 7)]
        assert not block.transactions[0].succeeded
        assert await lost(rig, before, block) == block.transactions[0].fee > 0
        assert (await rig.reader.balance(payee, asset, block.header.ref)).amount == 0
        rig.mine(FINALITY_DEPTH)
        landed = await rig.writer.liveness(AttemptView(send.wallet, 0, (tx.txid,)))
        assert landed == Landed(tx.txid, block.header.ref, succeeded=False, is_final=True)

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_a_refusing_payee_is_found_before_signing(self, rig: ChainRig, kind: str) -> None:
        """The dry run refuses with a reason when the payee or the token throws the payment back."""
        asset, payee = (rig.native, REFUSING) if kind == "native" else (rig.token, bytes(20))
        plan = await rig.writer.plan(intent(rig, asset, payee, 7))
        assert plan.verdict is SimulationVerdict.REFUSED
        assert plan.why

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_an_empty_wallet_is_no_refusal(self, rig: ChainRig, kind: str) -> None:
        """A wallet that holds too little raises WalletShort with the missing units; nobody is refused."""
        asset, held = (rig.native, COINS) if kind == "native" else (rig.token, TOKENS)
        with pytest.raises(WalletShort) as caught:
            await rig.writer.plan(intent(rig, asset, stranger(1), held + 5))
        missing = caught.value.objects["missing"]
        assert isinstance(missing, int)
        assert missing == 5 if kind == "token" else missing > 5

    async def test_fees_stay_under_the_cap(self, rig: ChainRig) -> None:
        """A low cap lowers the plan's fees; one that the network exceeds raises FeeAboveCap."""
        free = await rig.writer.plan(intent(rig, rig.native, stranger(1), 5))
        cap = free.fee_bound * 3 // 4
        tight = await rig.writer.plan(intent(rig, rig.native, stranger(1), 5, fee_cap=cap))
        assert tight.fee_bound <= cap < free.fee_bound
        assert tight.max_priority_fee <= tight.max_fee
        with pytest.raises(FeeAboveCap):
            await rig.writer.plan(intent(rig, rig.native, stranger(1), 5, fee_cap=DEAR))

    async def test_a_planned_token_payment_passes(self, rig: ChainRig) -> None:
        """The plan of an ordinary token payment has room for its execution and is executed as planned."""
        send = intent(rig, rig.token, stranger(9), 11)
        plan = await rig.writer.plan(send)
        assert plan.verdict is SimulationVerdict.PASSES
        assert plan.height == (await rig.reader.heads()).latest.ref.height
        await rig.writer.broadcast(sign(rig, send, plan, 0))
        block = await mined(rig)
        assert block.transactions[0].succeeded
        assert (await rig.reader.balance(stranger(9), rig.token, block.header.ref)).amount == 11


async def lost(rig: ChainRig, before: BlockRef, block: BlockEffects) -> int:
    """Coins that left the payer between two blocks."""
    payer = address_of(rig.payer)
    first = await rig.reader.balance(payer, rig.native, before)
    last = await rig.reader.balance(payer, rig.native, block.header.ref)
    return first.amount - last.amount
