"""What every adapter reads alike: blocks, effects, balances, nonces and code, each at the block it names."""

import asyncio
import random
from contextlib import aclosing

import pytest

from domain.errors import NodeStale
from domain.onchain import BlockRef
from domain.sends import BroadcastOutcome
from tests.support.chain_rigs import (
    ChainRig,
    address_of,
    intent,
    mined,
    readable,
    sign,
    stranger,
)

TRANSFERS = 1_000
TRANSFERS_PER_BLOCK = 50


class ReadingContract:
    """Facts about readers."""

    async def test_identity_is_stable(self, rig: ChainRig) -> None:
        """A node names the network and the hash of its block 0."""
        identity = await rig.reader.identity()
        assert identity.network == rig.network
        assert identity.genesis == (await rig.reader.header_at(0)).ref.hash

    async def test_headers_link_by_parent_hash(self, rig: ChainRig) -> None:
        """From the newest block, parents lead to block 0 without a gap."""
        rig.mine(6)
        at = (await rig.reader.heads()).latest
        while at.ref.height > 0:
            parent = await rig.reader.header(at.parent)
            assert parent.ref == BlockRef(at.ref.height - 1, at.parent)
            assert parent.mined_at <= at.mined_at
            at = parent
        assert at == await rig.reader.header_at(0)

    async def test_a_new_block_is_hinted_at(self, rig: ChainRig) -> None:
        """C7: who listens is told of new blocks; what is told is a block that the chain has."""
        async with aclosing(rig.reader.hints()) as hints:
            hint = asyncio.ensure_future(anext(hints))
            while not hint.done():
                rig.mine()
                await asyncio.sleep(0.02)
            seen = hint.result().ref
            assert (await rig.reader.header(seen.hash)).ref == seen

    async def test_an_unknown_block_is_no_answer(self, rig: ChainRig) -> None:
        """A block the node does not have raises; it is never an empty block."""
        with pytest.raises(NodeStale):
            await rig.reader.block(b"\x01" * 32)
        with pytest.raises(NodeStale):
            await rig.reader.header(b"\x01" * 32)
        with pytest.raises(NodeStale):
            await rig.reader.header_at(10**6)

    async def test_a_block_gives_exactly_its_effects(self, rig: ChainRig) -> None:
        """C2: a block with k payments of coins and tokens has exactly those k effects, in order."""
        sent = []
        assets = (rig.native, rig.token)
        plans = [await rig.writer.plan(intent(rig, asset, stranger(0), 1)) for asset in assets]
        for serial in range(TRANSFERS_PER_BLOCK):
            asset, plan = assets[serial % 2], rig.with_room(plans[serial % 2])
            tx = sign(rig, intent(rig, asset, stranger(serial % 7), serial + 1), plan, serial)
            assert (await rig.writer.broadcast(tx)).outcome is BroadcastOutcome.ACCEPTED
            sent.append((tx.txid, asset.contract, stranger(serial % 7), serial + 1))
        block = await mined(rig)
        assert [(one.txid, one.contract, one.receiver, one.amount) for one in block.effects] == sent
        assert {one.position for one in block.effects if one.contract} == {"log-0"}
        assert {one.position for one in block.effects if not one.contract} == {"native"}
        assert all(one.succeeded and one.sender == address_of(rig.payer) for one in block.effects)
        counted = [rig.nonce(serial) for serial in range(TRANSFERS_PER_BLOCK)]
        assert [one.nonce for one in block.transactions] == counted
        assert [one.txid for one in block.transactions] == [txid for txid, *_ in sent]

    async def test_balances_are_the_sum_of_effects(self, rig: ChainRig) -> None:
        """C3: after 1,000 random transfers, what a stranger holds at a block is what effects gave him."""
        chance = random.Random(20)
        assets = (rig.native, rig.token)
        received = dict.fromkeys(((asset, who) for asset in assets for who in range(5)), 0)
        for first in range(0, TRANSFERS, TRANSFERS_PER_BLOCK):
            plans = {asset: await rig.writer.plan(intent(rig, asset, stranger(0), 1)) for asset in assets}
            for serial in range(first, first + TRANSFERS_PER_BLOCK):
                asset = rig.token if chance.random() < rig.token_share else rig.native
                who = chance.randrange(5)
                send = intent(rig, asset, stranger(who), chance.randrange(1, 10**6))
                await rig.writer.broadcast(sign(rig, send, rig.with_room(plans[asset]), serial))
            block = await mined(rig)
            assert len(block.effects) == TRANSFERS_PER_BLOCK
            for effect in block.effects:
                moved = rig.token if effect.contract else rig.native
                key = next(key for key in received if key[0] == moved and stranger(key[1]) == effect.receiver)
                received[key] += effect.amount
            at = await readable(rig)
            for (moved, who), amount in received.items():
                held = await rig.reader.balance(stranger(who), moved, at)
                assert (held.amount, held.at) == (amount, at)

    async def test_code_tells_contracts_from_accounts(self, rig: ChainRig) -> None:
        """A plain account has no code, a contract has some, a token states its decimals."""
        at = (await rig.reader.heads()).latest.ref
        assert await rig.reader.code_at(stranger(1), at) == b""
        assert await rig.reader.code_at(rig.token.contract, at)
        assert await rig.reader.code_at(rig.refusing, at)
        assert await rig.reader.token_decimals(rig.token) == rig.token.decimals

    async def test_a_payment_of_zero_tokens_is_told_apart(self, rig: ChainRig) -> None:
        """C10: a transfer of nothing is an effect of amount zero, never silently dropped."""
        plan = rig.with_room(await rig.writer.plan(intent(rig, rig.token, stranger(1), 1)))
        await rig.writer.broadcast(sign(rig, intent(rig, rig.token, stranger(1), 0), plan, 0))
        (effect,) = (await mined(rig)).effects
        assert (effect.amount, effect.receiver, effect.succeeded) == (0, stranger(1), True)
