"""What adapters promise where a transaction can be outbid: variants of one nonce, of which one lands."""

import random
from dataclasses import replace

import pytest

from domain.errors import BytesMismatch, FeeAboveCap
from domain.onchain import Landed, MayLand
from domain.sends import BroadcastOutcome, SignedTx, SimulationVerdict, TxPurpose
from tests.support.chain_rigs import ChainRig, intent, mined, sign, stranger


class ReplacingContract:
    """Facts about bumps, cancels, and which of several variants landed."""

    async def test_no_history_makes_it_say_more_than_the_chain(self, rig: ChainRig) -> None:
        """C4: mined, replaced, withheld, forked: never dead, landed only where it stands, final at last."""
        chance = random.Random(4)
        rig.mine(rig.finality_depth)
        variants: dict[int, list[SignedTx]] = {}
        for _ in range(40):
            nonce = chance.choice([*variants, len(variants)])
            send = intent(rig, rig.native, stranger(nonce), 5 + nonce)
            plan = rig.with_room(await rig.writer.plan(send))
            if nonce in variants:
                plan = await rig.writer.replace(send, TxPurpose.BUMP, variants[nonce][-1])
            variants.setdefault(nonce, []).append(tx := sign(rig, send, plan, nonce))
            if chance.random() < 0.7:
                await rig.writer.broadcast(tx)
            if chance.random() < 0.6:
                rig.mine()
            if chance.random() < 0.3:
                rig.reorg(chance.randrange(1, rig.finality_depth))
            await _says_what_stands(rig, variants)
        for _ in variants:
            for signed in variants.values():
                await rig.writer.broadcast(signed[-1])
            rig.mine()
        rig.mine(rig.finality_depth)
        for nonce, signed in variants.items():
            end = await rig.writer.liveness(rig.view(nonce, *signed))
            assert isinstance(end, Landed), (nonce, end)
            assert end.is_final

    async def test_a_replaced_variant_is_found_by_its_sibling(self, rig: ChainRig) -> None:
        """With every hash of the nonce at hand, the one that landed is named."""
        send = intent(rig, rig.native, stranger(1), 5)
        plan = await rig.writer.plan(send)
        first = sign(rig, send, plan, 0)
        dearer = plan.model_copy(
            update={"max_fee": plan.max_fee * 2, "max_priority_fee": plan.max_priority_fee * 2}
        )
        second = sign(rig, send, dearer, 0)
        assert (await rig.writer.broadcast(first)).outcome is BroadcastOutcome.ACCEPTED
        assert (await rig.writer.broadcast(second)).outcome is BroadcastOutcome.ACCEPTED
        await mined(rig)
        landed = await rig.writer.liveness(rig.view(0, first, second))
        assert isinstance(landed, Landed)
        assert landed.txid == second.txid

    @pytest.mark.parametrize("kind", ["native", "token"])
    async def test_a_bump_replaces_what_is_pooled_and_pays_the_same(self, rig: ChainRig, kind: str) -> None:
        """Under replacement terms nodes take the next variant, and only that one is mined."""
        asset = rig.native if kind == "native" else rig.token
        send = intent(rig, asset, stranger(1), 5)
        plan = await rig.writer.plan(send)
        first = sign(rig, send, plan, 0)
        await rig.writer.broadcast(first)
        raised = await rig.writer.replace(send, TxPurpose.BUMP, first)
        assert raised.max_fee * 8 > plan.max_fee * 9
        assert raised.max_priority_fee * 8 > plan.max_priority_fee * 9
        assert (raised.gas_limit, raised.verdict) == (plan.gas_limit, SimulationVerdict.PASSES)
        second = sign(rig, send, raised, 0)
        assert (await rig.writer.broadcast(second)).outcome is BroadcastOutcome.ACCEPTED
        block = await mined(rig)
        assert [one.txid for one in block.transactions] == [second.txid]
        assert (await rig.reader.balance(send.payee, asset, block.header.ref)).amount == 5

    async def test_a_cancel_spends_the_nonce_and_pays_nobody(self, rig: ChainRig) -> None:
        """The wallet pays itself nothing under the same nonce; the payment can then never be mined."""
        send = intent(rig, rig.token, stranger(1), 5)
        first = sign(rig, send, await rig.writer.plan(send), 0)
        await rig.writer.broadcast(first)
        terms = await rig.writer.replace(send, TxPurpose.CANCEL, first)
        cancel = sign(rig, replace(send, contract=b"", payee=send.wallet, amount=0), terms, 0)
        assert (await rig.writer.broadcast(cancel)).outcome is BroadcastOutcome.ACCEPTED
        block = await mined(rig)
        assert [(one.txid, one.succeeded) for one in block.transactions] == [(cancel.txid, True)]
        assert 0 < block.transactions[0].fee <= terms.fee_bound
        assert (await rig.reader.balance(send.payee, rig.token, block.header.ref)).amount == 0
        assert (await rig.writer.broadcast(first)).outcome is BroadcastOutcome.ALREADY_HAVE

    async def test_a_replacement_above_the_cap_is_refused(self, rig: ChainRig) -> None:
        """The cap binds every variant: what cannot be outbid under it stays as it is."""
        send = intent(rig, rig.native, stranger(1), 5)
        plan = await rig.writer.plan(send)
        first = sign(rig, send, plan, 0)
        with pytest.raises(FeeAboveCap):
            await rig.writer.replace(replace(send, fee_cap=plan.fee_bound), TxPurpose.BUMP, first)
        with pytest.raises(BytesMismatch):
            await rig.writer.replace(send, TxPurpose.BUMP, replace(first, txid=bytes(32)))


async def _says_what_stands(rig: ChainRig, variants: dict[int, list[SignedTx]]) -> None:
    """Compare every verdict with a scan of the blocks that are not final, and of those that are."""
    heads = await rig.reader.heads()
    for nonce, signed in variants.items():
        verdict = await rig.writer.liveness(rig.view(nonce, *signed))
        assert isinstance(verdict, Landed | MayLand), verdict
        if isinstance(verdict, Landed):
            assert verdict.txid in {tx.txid for tx in signed}
            block = await rig.reader.block(verdict.block.hash)
            assert verdict.txid in {one.txid for one in block.transactions}
            assert (await rig.reader.header_at(verdict.block.height)).ref == verdict.block
            assert verdict.is_final == (verdict.block.height <= heads.final.ref.height)
