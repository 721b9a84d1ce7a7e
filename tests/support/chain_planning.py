"""What every adapter promises before a payment is signed, and what the payment then costs."""

import pytest

from domain.assets import Asset
from domain.errors import FeeAboveCap, WalletShort
from domain.onchain import BlockEffects, Landed
from domain.sends import BroadcastOutcome, SendPlan, SimulationVerdict
from tests.support.chain_rigs import ChainRig, address_of, held, intent, mined, sign, stranger


class PlanningContract:
    """Facts about plans, dry runs and fees."""

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_the_fee_is_the_balance_change(self, rig: ChainRig, kind: str) -> None:
        """C12: the fee in the block is what the payer lost beyond the payment, within the plan."""
        asset = rig.native if kind == "native" else rig.token
        send = intent(rig, asset, stranger(1), 7)
        before = await held(rig, address_of(rig.payer), rig.native)
        plan = await rig.writer.plan(send)
        await rig.writer.broadcast(sign(rig, send, plan, 0))
        block = await mined(rig)
        lost = before - await held(rig, address_of(rig.payer), rig.native)
        assert lost == block.transactions[0].fee + (7 if kind == "native" else 0)
        assert 0 < block.transactions[0].fee <= plan.fee_bound

    async def test_a_failed_transaction_costs_its_fee_and_moves_nothing(self, rig: ChainRig) -> None:
        """C10, C12: a reverted payment is an effect that did not succeed; only the fee is gone."""
        plan = rig.with_room(await rig.writer.plan(intent(rig, rig.token, stranger(1), 7)))
        await costs_only_its_fee(rig, rig.token, bytes(20), plan)

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_a_refusing_payee_is_found_before_signing(self, rig: ChainRig, kind: str) -> None:
        """The dry run refuses with a reason when the payee or the token throws the payment back."""
        asset, payee = (rig.native, rig.refusing) if kind == "native" else (rig.token, bytes(20))
        plan = await rig.writer.plan(intent(rig, asset, payee, 7))
        assert plan.verdict is SimulationVerdict.REFUSED
        assert plan.why

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_an_empty_wallet_is_no_refusal(self, rig: ChainRig, kind: str) -> None:
        """A wallet that holds too little raises WalletShort with the missing units; nobody is refused."""
        asset, has = (rig.native, rig.coins) if kind == "native" else (rig.token, rig.tokens)
        with pytest.raises(WalletShort) as caught:
            await rig.writer.plan(intent(rig, asset, stranger(1), has + 5))
        missing = caught.value.objects["missing"]
        assert isinstance(missing, int)
        assert missing == 5 if kind == "token" else missing > 5

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_a_network_dearer_than_the_cap_is_told(self, rig: ChainRig, kind: str) -> None:
        """A plan never costs more than the cap; what the network asks above it raises FeeAboveCap."""
        asset = rig.native if kind == "native" else rig.token
        free = await rig.writer.plan(intent(rig, asset, stranger(1), 5))
        exact = await rig.writer.plan(intent(rig, asset, stranger(1), 5, fee_cap=free.fee_bound))
        assert exact.fee_bound <= free.fee_bound
        with pytest.raises(FeeAboveCap):
            await rig.writer.plan(intent(rig, asset, stranger(1), 5, fee_cap=free.fee_bound // 4))

    async def test_a_quote_asks_neither_wallet_nor_cap(self, rig: ChainRig) -> None:
        """What a payment costs can be told to a wallet without coins, under any cap."""
        send = intent(rig, rig.native, stranger(1), rig.coins, fee_cap=1)
        assert (await rig.writer.quote(send)).fee_bound > 0
        with pytest.raises((FeeAboveCap, WalletShort)):
            await rig.writer.plan(send)

    async def test_a_planned_token_payment_passes(self, rig: ChainRig) -> None:
        """The plan of an ordinary token payment has room for its execution and is executed as planned."""
        send = intent(rig, rig.token, stranger(9), 11)
        plan = await rig.writer.plan(send)
        assert plan.verdict is SimulationVerdict.PASSES
        assert plan.height == (await rig.reader.heads()).latest.ref.height
        assert plan.gas_limit * plan.max_fee <= plan.fee_bound
        await rig.writer.broadcast(sign(rig, send, plan, 0))
        block = await mined(rig)
        assert block.transactions[0].succeeded
        assert await held(rig, stranger(9), rig.token) == 11


async def costs_only_its_fee(rig: ChainRig, asset: Asset, payee: bytes, plan: SendPlan) -> BlockEffects:
    """Send what will be thrown back, and see that it moves nothing, costs its fee, and ends so for good."""
    send = intent(rig, asset, payee, 7)
    before = await held(rig, address_of(rig.payer), rig.native)
    tx = sign(rig, send, plan, 0)
    assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED
    block = await mined(rig)
    assert [(one.succeeded, one.receiver, one.amount) for one in block.effects] == [(False, payee, 7)]
    assert not block.transactions[0].succeeded
    assert before - await held(rig, address_of(rig.payer), rig.native) == block.transactions[0].fee > 0
    assert await held(rig, payee, asset) == 0
    rig.mine(rig.finality_depth)
    landed = await rig.writer.liveness(rig.view(0, tx))
    assert landed == Landed(tx.txid, block.header.ref, succeeded=False, is_final=True)
    return block
