"""What every adapter must do, one fact per test; a test class inherits it and names its rig."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from domain.errors import BytesMismatch, FeeAboveCap, FinalityBroken, NodeStale, WalletShort
from domain.onchain import BlockEffects, BlockRef, Inclusion, Landed, MayLand
from domain.sends import AttemptView, BroadcastOutcome, NodeReason, SendPlan, SimulationVerdict
from tests.support.chain_rigs import (
    COINS,
    FINALITY_DEPTH,
    REFUSING,
    TOKENS,
    ChainRig,
    address_of,
    intent,
    key_of,
    pay,
    sign,
    stranger,
)

GAS_ROOM = 200_000
TRANSFERS = 1_000
TRANSFERS_PER_BLOCK = 50
DEAR = 10**12
REORG_SHARE = 0.4


class ChainContract:
    """The conformance suite. A subclass gives the fixture `rig`: a fresh chain with a funded payer."""

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
        for nonce in range(TRANSFERS_PER_BLOCK):
            asset = (rig.native, rig.token)[nonce % 2]
            tx = await pay(rig, asset, stranger(nonce % 7), nonce + 1, nonce)
            sent.append((tx.txid, asset.contract, stranger(nonce % 7), nonce + 1))
        block = await mined(rig)
        assert [(one.txid, one.contract, one.receiver, one.amount) for one in block.effects] == sent
        assert {one.position for one in block.effects if one.contract} == {"log-0"}
        assert {one.position for one in block.effects if not one.contract} == {"native"}
        assert all(one.succeeded and one.sender == address_of(rig.payer) for one in block.effects)
        assert [one.nonce for one in block.transactions] == list(range(TRANSFERS_PER_BLOCK))
        assert [one.txid for one in block.transactions] == [txid for txid, *_ in sent]

    async def test_balances_are_the_sum_of_effects(self, rig: ChainRig) -> None:
        """C3: after 1,000 random transfers, what a stranger holds at a block is what effects gave him."""
        chance = random.Random(20)
        plans = {
            asset: await rig.writer.plan(intent(rig, asset, stranger(0), 1))
            for asset in (rig.native, rig.token)
        }
        plans = {asset: with_room(plan) for asset, plan in plans.items()}
        received = dict.fromkeys(((asset, who) for asset in plans for who in range(5)), 0)
        for nonce in range(TRANSFERS):
            asset, who = chance.choice((rig.native, rig.token)), chance.randrange(5)
            send = intent(rig, asset, stranger(who), chance.randrange(1, 10**6))
            await rig.writer.broadcast(sign(rig, send, plans[asset], nonce))
            if (nonce + 1) % TRANSFERS_PER_BLOCK:
                continue
            block = await mined(rig)
            assert len(block.effects) == TRANSFERS_PER_BLOCK
            for effect in block.effects:
                moved = rig.token if effect.contract else rig.native
                key = next(key for key in received if key[0] == moved and stranger(key[1]) == effect.receiver)
                received[key] += effect.amount
            for (moved, who), amount in received.items():
                held = await rig.reader.balance(stranger(who), moved, block.header.ref)
                assert (held.amount, held.at) == (amount, block.header.ref)

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

    async def test_code_tells_contracts_from_accounts(self, rig: ChainRig) -> None:
        """A plain account has no code, a contract has some, a token states its decimals."""
        at = (await rig.reader.heads()).latest.ref
        assert await rig.reader.code_at(stranger(1), at) == b""
        assert await rig.reader.code_at(rig.token.contract, at)
        assert await rig.reader.code_at(REFUSING, at)
        assert await rig.reader.token_decimals(rig.token) == rig.token.decimals

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
        elsewhere = key_of("payer").sign_transaction(
            {
                "type": 2,
                "chainId": 99,
                "nonce": 0,
                "gas": plan.gas_limit,
                "maxFeePerGas": plan.max_fee,
                "maxPriorityFeePerGas": plan.max_priority_fee,
                "to": stranger(1),
                "value": 5,
                "data": b"",
            }
        )
        with pytest.raises(BytesMismatch):
            await rig.writer.broadcast(
                replace(tx, txid=bytes(elsewhere.hash), raw=bytes(elsewhere.raw_transaction))
            )
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

    async def test_a_reorg_above_final_moves_the_head(self, rig: ChainRig) -> None:
        """Payments of a block that left the branch stand in no block; the branch forks above final."""
        rig.mine(FINALITY_DEPTH + 2)
        tx = await pay(rig, rig.native, stranger(1), 5, 0)
        block = await mined(rig)
        before = await rig.reader.heads()
        rig.reorg(1)
        after = await rig.reader.heads()
        assert after.latest.ref.height == before.latest.ref.height
        assert after.latest.ref != before.latest.ref
        assert after.latest.parent == before.latest.parent
        assert after.final == before.final
        assert (await rig.reader.status(tx.txid)).inclusion in (Inclusion.UNKNOWN, Inclusion.PENDING)
        assert isinstance(
            await rig.writer.liveness(AttemptView(address_of(rig.payer), 0, (tx.txid,))), MayLand
        )
        with pytest.raises(NodeStale):
            await rig.reader.balance(stranger(1), rig.native, block.header.ref)

    async def test_the_same_bytes_land_again_after_a_reorg(self, rig: ChainRig) -> None:
        """Orphaned bytes sent again are mined once more under the same id."""
        rig.mine(FINALITY_DEPTH + 2)
        tx = await pay(rig, rig.native, stranger(1), 5, 0)
        first = await mined(rig)
        rig.reorg(1)
        await rig.writer.broadcast(tx)
        again = await mined(rig)
        assert again.header.ref != first.header.ref
        assert [one.txid for one in again.transactions] == [tx.txid]
        assert (await rig.reader.balance(stranger(1), rig.native, again.header.ref)).amount == 5

    async def test_the_winning_branch_explains_every_balance(self, rig: ChainRig) -> None:
        """C9: after random reorgs above final, a scan of the present branch gives balances and nonces."""
        chance = random.Random(9)
        wallet = address_of(rig.payer)
        rig.mine(FINALITY_DEPTH)
        for _ in range(30):
            nonce = await rig.reader.nonce_at(wallet, (await rig.reader.heads()).latest.ref)
            for step in range(chance.randrange(3)):
                asset = chance.choice((rig.native, rig.token))
                await pay(rig, asset, stranger(chance.randrange(4)), chance.randrange(1, 100), nonce + step)
            rig.mine()
            if chance.random() < REORG_SHARE:
                rig.reorg(chance.randrange(1, FINALITY_DEPTH))
        head = (await rig.reader.heads()).latest.ref
        received: Counter[tuple[bytes, bytes]] = Counter()
        sent, at = 0, head.hash
        while any(at):
            block = await rig.reader.block(at)
            for effect in block.effects:
                received[effect.contract, effect.receiver] += effect.amount
            sent += sum(one.sender == wallet for one in block.transactions)
            at = block.header.parent
        assert sent == await rig.reader.nonce_at(wallet, head)
        for asset in (rig.native, rig.token):
            for number in range(4):
                held = await rig.reader.balance(stranger(number), asset, head)
                assert held.amount == received[asset.contract, stranger(number)]

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
        rig.mine(3 * FINALITY_DEPTH)
        await rig.reader.heads()
        rig.reorg(FINALITY_DEPTH + 2)
        with pytest.raises(FinalityBroken):
            await rig.reader.heads()
        rig.mine(2)
        with pytest.raises(FinalityBroken):
            await rig.reader.heads()

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

    async def test_a_payment_of_zero_tokens_is_told_apart(self, rig: ChainRig) -> None:
        """C10: a transfer of nothing is an effect of amount zero, never silently dropped."""
        plan = with_room(await rig.writer.plan(intent(rig, rig.token, stranger(1), 1)))
        await rig.writer.broadcast(sign(rig, intent(rig, rig.token, stranger(1), 0), plan, 0))
        (effect,) = (await mined(rig)).effects
        assert (effect.amount, effect.receiver, effect.succeeded) == (0, stranger(1), True)

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


def with_room(plan: SendPlan) -> SendPlan:
    """The same plan with gas for every state the payee may be in."""
    return plan.model_copy(update={"gas_limit": max(plan.gas_limit, GAS_ROOM), "max_fee": plan.max_fee * 2})


async def mined(rig: ChainRig) -> BlockEffects:
    """The next block, mined now and read by its hash."""
    rig.mine()
    return await rig.reader.block((await rig.reader.heads()).latest.ref.hash)


async def lost(rig: ChainRig, before: BlockRef, block: BlockEffects) -> int:
    """Coins that left the payer between two blocks."""
    payer = address_of(rig.payer)
    first = await rig.reader.balance(payer, rig.native, before)
    last = await rig.reader.balance(payer, rig.native, block.header.ref)
    return first.amount - last.amount
