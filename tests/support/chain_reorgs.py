"""What every adapter says when the newest blocks are replaced, above the final block and through it."""

import random
from collections import Counter

import pytest

from domain.errors import FinalityBroken, NodeStale
from domain.onchain import BlockRef, Inclusion, MayLand
from tests.support.chain_rigs import ChainRig, address_of, held, mined, pay, readable, stranger

REORG_SHARE = 0.4


class ReorgContract:
    """Facts about branches and finality."""

    async def test_a_reorg_above_final_moves_the_head(self, rig: ChainRig) -> None:
        """Payments of a block that left the branch stand in no block; the branch forks above final."""
        rig.mine(rig.finality_depth + 2)
        tx = await pay(rig, rig.native, stranger(1), 5, 0)
        block = await mined(rig)
        before = await rig.reader.heads()
        rig.reorg(1)
        after = await rig.reader.heads()
        assert after.latest.ref.height >= before.latest.ref.height
        other = await rig.reader.header_at(before.latest.ref.height)
        assert other.ref != before.latest.ref
        assert other.parent == before.latest.parent
        assert (await rig.reader.header_at(before.final.ref.height)) == before.final
        assert (await rig.reader.status(tx.txid)).inclusion in (Inclusion.UNKNOWN, Inclusion.PENDING)
        assert isinstance(await rig.writer.liveness(rig.view(0, tx)), MayLand)
        with pytest.raises(NodeStale):
            await rig.reader.balance(stranger(1), rig.native, block.header.ref)

    async def test_the_same_bytes_land_again_after_a_reorg(self, rig: ChainRig) -> None:
        """Orphaned bytes sent again are mined once more under the same id."""
        rig.mine(rig.finality_depth + 2)
        tx = await pay(rig, rig.native, stranger(1), 5, 0)
        first = await mined(rig)
        rig.reorg(1)
        await rig.writer.broadcast(tx)
        again = await mined(rig)
        assert again.header.ref != first.header.ref
        assert [one.txid for one in again.transactions] == [tx.txid]
        assert await held(rig, stranger(1), rig.native) == 5

    async def test_the_winning_branch_explains_every_balance(self, rig: ChainRig) -> None:
        """C9: after random reorgs above final, a scan of the present branch gives balances and nonces."""
        chance = random.Random(9)
        wallet = address_of(rig.payer)
        rig.mine(rig.finality_depth)
        for _ in range(30):
            serial = await rig.next_serial()
            for step in range(chance.randrange(3)):
                asset = chance.choice((rig.native, rig.token))
                await pay(rig, asset, stranger(chance.randrange(4)), chance.randrange(1, 100), serial + step)
            rig.mine()
            if chance.random() < REORG_SHARE:
                rig.reorg(chance.randrange(1, rig.finality_depth))
        at = head = await readable(rig)
        received: Counter[tuple[bytes, bytes]] = Counter()
        sent = 0
        while at.height > 0:
            block = await rig.reader.block(at.hash)
            for effect in block.effects:
                received[effect.contract, effect.receiver] += effect.amount
            sent += sum(one.sender == wallet for one in block.transactions)
            at = BlockRef(at.height - 1, block.header.parent)
        assert await rig.reader.nonce_at(wallet, head) == rig.nonce(sent)
        for asset in (rig.native, rig.token):
            for number in range(4):
                found = await rig.reader.balance(stranger(number), asset, head)
                assert found.amount == received[asset.contract, stranger(number)]

    async def test_final_moves_along_one_branch(self, rig: ChainRig) -> None:
        """C8: each final block descends from the one before."""
        final = (await rig.reader.heads()).final
        for step in range(1, 5):
            rig.mine(step)
            following = (await rig.reader.heads()).final
            at = following
            while at.ref.height > final.ref.height:
                at = await rig.reader.header(at.parent)
            assert at.ref == final.ref
            final = following

    async def test_a_reorg_through_final_is_broken_finality(self, rig: ChainRig) -> None:
        """C8: a reorg that reaches a block seen as final raises, again and again."""
        rig.mine(3 * rig.finality_depth)
        await rig.reader.heads()
        rig.reorg(rig.finality_depth + 2)
        with pytest.raises(FinalityBroken):
            await rig.reader.heads()
        rig.mine(2)
        with pytest.raises(FinalityBroken):
            await rig.reader.heads()
