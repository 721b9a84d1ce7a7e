"""What every adapter does with signed bytes, and what it claims about their end."""

import random
from dataclasses import replace

import pytest

from domain.errors import BytesMismatch, FeeAboveCap
from domain.onchain import Inclusion, Landed, MayLand
from domain.sends import (
    AttemptView,
    BroadcastOutcome,
    NodeReason,
    SignedTx,
    SimulationVerdict,
    TxPurpose,
)
from tests.support.chain_rigs import (
    FINALITY_DEPTH,
    ChainRig,
    address_of,
    intent,
    mined,
    pay,
    sign,
    stranger,
    with_room,
)


class SendingContract:
    """Facts about broadcasts, statuses and liveness."""

    async def test_status_follows_a_payment(self, rig: ChainRig) -> None:
        """Unknown, pending, included, final: each is told from the others."""
        assert (await rig.reader.status(b"\x02" * 32)).inclusion is Inclusion.UNKNOWN
        tx = await pay(rig, rig.native, stranger(1), 5, 0)
        assert (await rig.reader.status(tx.txid)).inclusion is Inclusion.PENDING
        block = await mined(rig)
        seen = await rig.reader.status(tx.txid)
        assert (seen.inclusion, seen.block, seen.succeeded) == (Inclusion.INCLUDED, block.header.ref, True)
        rig.mine(FINALITY_DEPTH)
        seen = await rig.reader.status(tx.txid)
        assert (seen.inclusion, seen.block, seen.succeeded) == (Inclusion.FINAL, block.header.ref, True)

    async def test_a_second_broadcast_is_harmless(self, rig: ChainRig) -> None:
        """C5: the same bytes again mean `look on chain`, before and after they are mined."""
        send = intent(rig, rig.native, stranger(1), 5)
        tx = sign(rig, send, await rig.writer.plan(send), 0)
        assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED
        again = await rig.writer.broadcast(tx)
        assert (again.outcome, again.answers[0].reason) == (BroadcastOutcome.ALREADY_HAVE, NodeReason.KNOWN)
        await mined(rig)
        again = await rig.writer.broadcast(tx)
        assert again.outcome is BroadcastOutcome.ALREADY_HAVE
        landed = await rig.writer.liveness(AttemptView(send.wallet, 0, (tx.txid,)))
        assert isinstance(landed, Landed)
        assert landed.txid == tx.txid

    async def test_other_bytes_are_never_sent(self, rig: ChainRig) -> None:
        """C5, C6: bytes that do not hash to their stored id, or that name another chain, stop the send."""
        send = intent(rig, rig.native, stranger(1), 5)
        plan = await rig.writer.plan(send)
        tx = sign(rig, send, plan, 0)
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(replace(tx, txid=bytes(32)))
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(replace(tx, raw=tx.raw + b"\x00"))
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(sign(rig, send, plan, 0, chain_id=99))
        assert not (await mined(rig)).transactions

    async def test_liveness_claims_only_what_is_proven(self, rig: ChainRig) -> None:
        """Not sent, dropped or merely pending may land; included is not final; only a final block ends it."""
        send = intent(rig, rig.native, stranger(1), 5)
        tx = sign(rig, send, await rig.writer.plan(send), 0)
        view = AttemptView(send.wallet, 0, (tx.txid,))
        assert isinstance(await rig.writer.liveness(view), MayLand)
        await rig.writer.broadcast(tx)
        assert isinstance(await rig.writer.liveness(view), MayLand)
        block = (await mined(rig)).header.ref
        assert await rig.writer.liveness(view) == Landed(tx.txid, block, succeeded=True, is_final=False)
        rig.mine(FINALITY_DEPTH)
        assert await rig.writer.liveness(view) == Landed(tx.txid, block, succeeded=True, is_final=True)

    async def test_a_nonce_passed_by_an_unknown_hash_proves_nothing(self, rig: ChainRig) -> None:
        """If a final block is past the nonce without any hash we know, the adapter claims no death."""
        await pay(rig, rig.native, stranger(1), 5, 0)
        rig.mine(1 + FINALITY_DEPTH)
        view = AttemptView(address_of(rig.payer), 0, (b"\x03" * 32,))
        assert isinstance(await rig.writer.liveness(view), MayLand)

    async def test_no_history_makes_it_say_more_than_the_chain(self, rig: ChainRig) -> None:
        """C4: mined, replaced, withheld, forked: never dead, landed only where it stands, final at last."""
        chance = random.Random(4)
        rig.mine(FINALITY_DEPTH)
        variants: dict[int, list[SignedTx]] = {}
        for _ in range(40):
            nonce = chance.choice([*variants, len(variants)])
            send = intent(rig, rig.native, stranger(nonce), 5 + nonce)
            plan = with_room(await rig.writer.plan(send))
            if nonce in variants:
                plan = await rig.writer.replace(send, TxPurpose.BUMP, variants[nonce][-1])
            variants.setdefault(nonce, []).append(tx := sign(rig, send, plan, nonce))
            if chance.random() < 0.7:
                await rig.writer.broadcast(tx)
            if chance.random() < 0.6:
                rig.mine()
            if chance.random() < 0.3:
                rig.reorg(chance.randrange(1, FINALITY_DEPTH))
            await _says_what_stands(rig, variants)
        for _ in variants:
            for signed in variants.values():
                await rig.writer.broadcast(signed[-1])
            rig.mine()
        rig.mine(FINALITY_DEPTH)
        for nonce, signed in variants.items():
            end = await rig.writer.liveness(_view(rig, nonce, signed))
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
        landed = await rig.writer.liveness(AttemptView(send.wallet, 0, (first.txid, second.txid)))
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


def _view(rig: ChainRig, nonce: int, signed: list[SignedTx]) -> AttemptView:
    return AttemptView(address_of(rig.payer), nonce, tuple(tx.txid for tx in signed))


async def _says_what_stands(rig: ChainRig, variants: dict[int, list[SignedTx]]) -> None:
    """Compare every verdict with a scan of the blocks that are not final, and of those that are."""
    heads = await rig.reader.heads()
    for nonce, signed in variants.items():
        verdict = await rig.writer.liveness(_view(rig, nonce, signed))
        assert isinstance(verdict, Landed | MayLand), verdict
        if isinstance(verdict, Landed):
            assert verdict.txid in {tx.txid for tx in signed}
            block = await rig.reader.block(verdict.block.hash)
            assert verdict.txid in {one.txid for one in block.transactions}
            assert (await rig.reader.header_at(verdict.block.height)).ref == verdict.block
            assert verdict.is_final == (verdict.block.height <= heads.final.ref.height)
