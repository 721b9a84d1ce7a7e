"""What adapters of networks promise whose wallets count their transactions and whose every block is kept."""

from dataclasses import replace

import pytest

from domain.errors import BytesMismatch
from domain.onchain import MayLand
from domain.sends import AttemptView
from tests.support.chain_planning import costs_only_its_fee
from tests.support.chain_rigs import (
    GAS_ROOM,
    ChainRig,
    address_of,
    intent,
    mined,
    pay,
    sign_for_chain,
    stranger,
)

OTHER_CHAIN = 99


class NonceContract:
    """Facts about nonces, old balances, and fees that a cap can lower."""

    async def test_answers_hold_at_the_block_they_name(self, rig: ChainRig) -> None:
        """C3: balances and nonces of an older block stay what they were."""
        before = (await rig.reader.heads()).latest.ref
        await pay(rig, rig.native, stranger(1), 5, 0)
        after = (await mined(rig)).header.ref
        wallet = address_of(rig.payer)
        assert (await rig.reader.balance(stranger(1), rig.native, before)).amount == 0
        assert (await rig.reader.balance(stranger(1), rig.native, after)).amount == 5
        assert await rig.reader.nonce_at(wallet, before) == 0
        assert await rig.reader.nonce_at(wallet, after) == 1

    async def test_a_nonce_passed_by_an_unknown_hash_proves_nothing(self, rig: ChainRig) -> None:
        """If a final block is past the nonce without any hash we know, the adapter claims no death."""
        await pay(rig, rig.native, stranger(1), 5, 0)
        rig.mine(1 + rig.finality_depth)
        view = AttemptView(address_of(rig.payer), 0, (b"\x03" * 32,))
        assert isinstance(await rig.writer.liveness(view), MayLand)

    async def test_bytes_for_another_chain_are_never_sent(self, rig: ChainRig) -> None:
        """C5, C6: bytes that name another chain stop the send."""
        send = intent(rig, rig.native, stranger(1), 5)
        foreign = sign_for_chain(rig.payer, send, await rig.writer.plan(send), 0, OTHER_CHAIN)
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(foreign)
        assert not (await mined(rig)).transactions

    async def test_coins_thrown_back_cost_their_fee(self, rig: ChainRig) -> None:
        """C10, C12: what a payee's code refuses is an effect that did not succeed; only the fee is gone."""
        plan = await rig.writer.plan(intent(rig, rig.native, stranger(1), 7))
        room = plan.model_copy(update={"gas_limit": GAS_ROOM})
        await costs_only_its_fee(rig, rig.native, rig.refusing, room)

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_the_bound_of_the_fee_is_its_gas(self, rig: ChainRig, kind: str) -> None:
        """Nothing but gas is paid for."""
        asset = rig.native if kind == "native" else rig.token
        plan = await rig.writer.plan(intent(rig, asset, stranger(1), 5))
        assert plan.fee_bound == plan.gas_limit * plan.max_fee

    async def test_a_cap_lowers_the_fees(self, rig: ChainRig) -> None:
        """A cap that the market's fees exceed lowers them, as long as a block would still take them."""
        free = await rig.writer.plan(intent(rig, rig.native, stranger(1), 5))
        cap = free.fee_bound * 3 // 4
        tight = await rig.writer.plan(replace(intent(rig, rig.native, stranger(1), 5), fee_cap=cap))
        assert tight.fee_bound <= cap < free.fee_bound
        assert tight.max_priority_fee <= tight.max_fee
