"""Withdrawals over a Tron chain whose nodes fail: paid once, by our bytes, and never twice after a death."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from api.errors import Refused
from chains.codecs.payments import Payment
from chains.codecs.tron import TronCodec
from domain.sends import AttemptFacts, AttemptOutcome
from domain.wishes import SupportVerb
from domain.withdrawals import WithdrawalFacts, WithdrawalInput, WithdrawalState
from tests.support.world_bytes import answered, reads, stored
from tests.support.world_house import OUTSIDER
from tests.support.world_people import People
from tests.support.world_support import say
from tests.support.world_tron import ACTIVE_PERMISSION, SUN, TronTerms, TronWorld
from tests.support.world_waits import is_watching
from workflows.names import withdrawal_workflow_id

TERMS = TronTerms(wallets=1)
SENDING = "wallet/broadcasthex"
BLOCK_MS = 3_000
SOLID_LAG = 18
HIGHER_FACTOR = 40_000
"""What the call cost before costs five times as much."""


def txid_of(raw: str) -> bytes:
    """The id of stored bytes, by our own codec."""
    return TronCodec().txid(bytes.fromhex(raw[2:]))


def attempts_of(facts: WithdrawalFacts) -> tuple[AttemptFacts, ...]:
    """The attempts of a withdrawal's send."""
    assert facts.send is not None
    return facts.send.attempts


async def sent_and_still(world: TronWorld, people: People, wish: WithdrawalInput) -> bytes:
    """Withdraw until the bytes are with the nodes of a chain that makes no block; return the id."""
    world.is_still = True
    await people.withdraw(wish)
    await people.withdrawal_until(wish, is_watching, "a transaction with the nodes")
    (raw,) = stored(world, wish)
    return txid_of(raw)


async def token_wish(people: People) -> WithdrawalInput:
    """A withdrawal of two USDT by a player who paid in five."""
    player, token = await people.rich_player(), people.world.place.token
    await people.credited(people.pay_in(await people.address(player), 5 * SUN, token))
    return people.wish(player, 2 * SUN, asset=token)


async def read_up_to_head(world: TronWorld) -> None:
    """Wait until the follower has applied every block there is, and the healer has had a round."""

    async def has() -> bool:
        with world.database.raw() as connection:
            ((height,),) = connection.execute("SELECT height FROM chain.chains").fetchall()
        return height == world.chain.height

    await world.until(has, "the head")


@contextmanager
def withheld(world: TronWorld, txid: bytes) -> Iterator[None]:
    """No block takes a transaction for a while."""
    world.chain.withheld.add(txid)
    try:
        yield
    finally:
        world.chain.withheld.discard(txid)


@pytest.mark.parametrize("asset", ["coin", "token"])
async def test_a_withdrawal_pays_exactly_the_amount(
    tron_world: TronWorld, tron_people: People, asset: str
) -> None:
    """A payee nobody knew gets TRX with its activation paid beside it, or the tokens; both once (N8, N11).

    The hot wallet signs by its active permission, and the id of the bytes here is that on the chain.
    """
    is_token = asset == "token"
    wish = await token_wish(tron_people) if is_token else tron_people.wish(await tron_people.rich_player())
    await tron_people.withdraw(wish)
    facts = await tron_people.ended(wish, WithdrawalState.SETTLED)
    assert (tron_people.received(wish), tron_people.payments(wish)) == (wish.amount, 1)
    (raw,) = stored(tron_world, wish)
    assert TronCodec().decode(bytes.fromhex(raw[2:])).transaction.permission_id == ACTIVE_PERMISSION
    (paid,) = attempts_of(facts)
    assert (paid.outcome, paid.txid, paid.nonce) == (AttemptOutcome.PAID, txid_of(raw), None)
    assert tron_world.chain.block_of(txid_of(raw)) == paid.block_height


async def test_a_memo_and_a_permission_are_part_of_the_id(tron_world: TronWorld, tron_people: People) -> None:
    """N8: a deposit under both is credited under the id that was computed here."""
    player = await tron_people.register()
    payment = Payment(b"", await tron_people.address(player), 3 * SUN)
    signed = tron_world.chain.sign(
        bytes(OUTSIDER.key), payment, 77, permission_id=ACTIVE_PERMISSION, memo=b"credit me twice"
    )
    facts = await tron_people.credited(tron_people.hand_in(signed, b""))
    assert (facts.amount, await tron_people.units(player)) == (3 * SUN, 3 * SUN)


async def test_a_worker_killed_between_signing_and_sending(
    tron_world: TronWorld, tron_people: People
) -> None:
    """N1: the signer has stored the bytes and nobody sent them; the next worker sends exactly these."""
    wish = tron_people.wish(await tron_people.rich_player())
    signing = tron_world.mischief.hold(withdrawal_workflow_id(wish.withdrawal_id), "sign")
    await tron_people.withdraw(wish)
    await tron_world.reached(signing)
    await tron_world.stop("chain")
    signing.let_go()

    async def is_signed() -> bool:
        return bool(stored(tron_world, wish))

    await tron_world.until(is_signed, "stored bytes")
    (raw,) = stored(tron_world, wish)
    tron_world.mine(3)
    assert tron_world.chain.block_of(txid_of(raw)) is None
    await tron_world.start("chain")
    (paid,) = attempts_of(await tron_people.ended(wish, WithdrawalState.SETTLED))
    assert stored(tron_world, wish) == [raw]
    assert (paid.txid, tron_people.payments(wish)) == (txid_of(raw), 1)


async def test_a_lost_answer_and_duplicates_prove_nothing(tron_world: TronWorld, tron_people: People) -> None:
    """N2: both nodes take the bytes and hang; later ones are called duplicates; found in a solid block."""
    wish = tron_people.wish(await tron_people.rich_player())
    for second in (False, True):
        tron_world.net.inject(SENDING, "take_then_hang", second=second, times=1)
    await sent_and_still(tron_world, tron_people, wish)
    await answered(tron_world, wish, "ambiguous")
    await answered(tron_world, wish, "already_have")
    assert "no block holds it so far. The same bytes are sent again" in await reads(tron_world, wish)
    tron_world.is_still = False
    (paid,) = attempts_of(await tron_people.ended(wish, WithdrawalState.SETTLED))
    assert (paid.outcome, paid.variants, tron_people.payments(wish)) == (AttemptOutcome.PAID, 1, 1)


async def test_only_solid_time_proves_a_death(tron_world: TronWorld, tron_people: People) -> None:
    """N3: long past its expiry by every clock, nothing happens; past it by solid time it is paid anew."""
    wish = tron_people.wish(await tron_people.rich_player())
    first = await sent_and_still(tron_world, tron_people, wish)
    with withheld(tron_world, first):
        (raw,) = stored(tron_world, wish)
        expires_ms = TronCodec().decode(bytes.fromhex(raw[2:])).transaction.expiration_ms
        to_expiry = (expires_ms - tron_world.chain.time_ms) // BLOCK_MS
        tron_world.mine(to_expiry + SOLID_LAG // 2)
        await read_up_to_head(tron_world)
        assert expires_ms < tron_world.chain.time_ms < time.time_ns() // 1_000_000
        for verb, code in (
            (SupportVerb.BUMP_FEE, "NOT_REPLACEABLE"),
            (SupportVerb.REJECT_AND_REFUND, "MAY_STILL_LAND"),
        ):
            with pytest.raises(Refused) as refused:
                await say(tron_world, wish, verb)
            assert refused.value.code == code
        (open_one,) = attempts_of(await tron_people.facts(wish))
        assert (open_one.outcome, stored(tron_world, wish)) == (None, [raw])
        tron_world.mine(SOLID_LAG)
        await tron_people.withdrawal_until(wish, lambda facts: len(attempts_of(facts)) > 1, "another attempt")
        tron_world.is_still = False
        facts = await tron_people.ended(wish, WithdrawalState.SETTLED)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.DEAD, AttemptOutcome.PAID]
    assert [txid_of(raw) for raw in stored(tron_world, wish)] == [one.txid for one in attempts_of(facts)]
    assert tron_world.chain.block_of(first) is None
    assert (tron_people.received(wish), tron_people.payments(wish)) == (wish.amount, 1)


async def test_missed_slots_let_a_block_be_later_than_the_expiry(
    tron_world: TronWorld, tron_people: People
) -> None:
    """N4: its parent is earlier than the expiry, so the block may hold it; paid, and never made anew."""
    wish = tron_people.wish(await tron_people.rich_player())
    txid = await sent_and_still(tron_world, tron_people, wish)
    (raw,) = stored(tron_world, wish)
    expires_ms = TronCodec().decode(bytes.fromhex(raw[2:])).transaction.expiration_ms
    with withheld(tron_world, txid):
        tron_world.mine((expires_ms - 1 - tron_world.chain.time_ms) // BLOCK_MS)
    assert tron_world.chain.time_ms < expires_ms
    tron_world.net.mine(1, skip_slots=2)
    assert tron_world.chain.time_ms > expires_ms
    tron_world.is_still = False
    (paid,) = attempts_of(await tron_people.ended(wish, WithdrawalState.SETTLED))
    assert (paid.outcome, paid.txid) == (AttemptOutcome.PAID, txid)
    assert (stored(tron_world, wish), tron_people.payments(wish)) == ([raw], 1)


async def test_a_forked_payment_is_found_at_its_new_height(
    tron_world: TronWorld, tron_people: People
) -> None:
    """N5: forked out and pushed back, the same bytes stand in another block; one payment."""
    wish = tron_people.wish(await tron_people.rich_player())
    txid = await sent_and_still(tron_world, tron_people, wish)
    tron_world.mine(1)
    before = await tron_people.withdrawal_until(
        wish, lambda facts: attempts_of(facts)[0].block_height is not None, "a block"
    )
    with withheld(tron_world, txid):
        tron_world.mine(2)
        tron_world.net.fork(3)
        await tron_people.withdrawal_until(
            wish, lambda facts: attempts_of(facts)[0].block_height is None, "no block any more"
        )
    tron_world.is_still = False
    (paid,) = attempts_of(await tron_people.ended(wish, WithdrawalState.SETTLED))
    assert (paid.txid, tron_people.payments(wish)) == (txid, 1)
    assert paid.block_height == tron_world.chain.block_of(txid) != attempts_of(before)[0].block_height


async def test_a_call_that_ran_out_of_energy_is_tried_with_more(
    tron_world: TronWorld, tron_people: People
) -> None:
    """N6: the factor rose after signing; the fee of the failure is booked, the player debited once."""
    wish = await token_wish(tron_people)
    player_had = await tron_people.units(wish.player, asset=tron_world.place.token)
    await sent_and_still(tron_world, tron_people, wish)
    contract = tron_world.net.contracts.usdt.hex()
    tron_world.net.dev("factor", address=contract, factor=HIGHER_FACTOR)
    try:
        tron_world.is_still = False
        facts = await tron_people.ended(wish, WithdrawalState.SETTLED)
    finally:
        tron_world.net.dev("factor", address=contract, factor=0)
    assert [one.outcome for one in attempts_of(facts)] == [AttemptOutcome.FAILED, AttemptOutcome.PAID]
    limits = [
        TronCodec().decode(bytes.fromhex(raw[2:])).transaction.fee_limit for raw in stored(tron_world, wish)
    ]
    assert limits[1] > 3 * limits[0]
    assert tron_people.payments(wish) == 1
    assert await tron_people.units(wish.player, asset=tron_world.place.token) == (
        player_had - wish.amount - facts.fee
    )
