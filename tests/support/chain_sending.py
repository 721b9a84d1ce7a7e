"""What every adapter does with signed bytes, and what it claims about their end."""

from dataclasses import replace

import pytest

from domain.errors import BytesMismatch
from domain.onchain import Inclusion, Landed, MayLand
from domain.sends import BroadcastOutcome, NodeReason
from tests.support.chain_rigs import ChainRig, intent, mined, pay, sign, stranger


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
        rig.mine(rig.finality_depth)
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
        landed = await rig.writer.liveness(rig.view(0, tx))
        assert isinstance(landed, Landed)
        assert landed.txid == tx.txid

    async def test_other_bytes_are_never_sent(self, rig: ChainRig) -> None:
        """C5, C6: bytes that do not hash to their stored id, stop the send."""
        send = intent(rig, rig.native, stranger(1), 5)
        plan = await rig.writer.plan(send)
        tx = sign(rig, send, plan, 0)
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(replace(tx, txid=bytes(32)))
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(replace(tx, raw=tx.raw + b"\x00"))
        assert not (await mined(rig)).transactions

    async def test_liveness_claims_only_what_is_proven(self, rig: ChainRig) -> None:
        """Not sent, dropped or merely pending may land; included is not final; only a final block ends it."""
        send = intent(rig, rig.native, stranger(1), 5)
        tx = sign(rig, send, await rig.writer.plan(send), 0)
        view = rig.view(0, tx)
        assert isinstance(await rig.writer.liveness(view), MayLand)
        await rig.writer.broadcast(tx)
        assert isinstance(await rig.writer.liveness(view), MayLand)
        block = (await mined(rig)).header.ref
        assert await rig.writer.liveness(view) == Landed(tx.txid, block, succeeded=True, is_final=False)
        rig.mine(rig.finality_depth)
        assert await rig.writer.liveness(view) == Landed(tx.txid, block, succeeded=True, is_final=True)
