"""When a Tron transaction is dead: by the time of solid blocks and the word of two nodes, by no clock."""

import random

import pytest

from chains.tron.costs import TronPolicy
from chains.tron.writer import TronWriter
from devstack.faults.failing import answer, status
from devstack.tron.contradicting import Contradiction
from devstack.tron.knobs import withhold_infos
from domain.onchain import Dead, Landed, Liveness, MayLand
from domain.sends import AttemptView, BroadcastOutcome, NodeReason, SignedTx
from tests.support.chain_rigs import mined, pay, signed_payment, stranger
from tests.support.chain_tron import TronRig

LIFETIME_BLOCKS = 40
DEAD = LIFETIME_BLOCKS + 18
STEPS = 40
LOOKS = 3


async def expired(rig: TronRig, *, busy: bool = True) -> tuple[SignedTx, AttemptView]:
    """A payment that no block took, once a solid block is as late as its expiry."""
    tx = await signed_payment(rig, rig.native, stranger(1), 5, 0)
    if busy:
        rig.mine(LIFETIME_BLOCKS // 2)
        await pay(rig, rig.native, stranger(2), 1, 1)
    rig.mine(DEAD)
    return tx, rig.view(0, tx)


def writer_of(rig: TronRig) -> TronWriter:
    """A writer over both nodes."""
    return TronWriter(rig.connect(rig.urls), TronPolicy())


async def test_death_comes_with_the_solid_block_and_not_before(tron_rig: TronRig) -> None:
    """N3: expired by the head's time it may still land on another branch; a solid block as late ends it."""
    tx = await signed_payment(tron_rig, tron_rig.native, stranger(1), 5, 0)
    view = tron_rig.view(0, tx)
    while tron_rig.chain.solid.time_ms < view.expires_ms:
        assert isinstance(await tron_rig.writer.liveness(view), MayLand), tron_rig.chain.head.number
        tron_rig.mine(1 if tron_rig.chain.head.number > LIFETIME_BLOCKS + 10 else 5)
    assert isinstance(await tron_rig.writer.liveness(view), Dead)
    refused = await tron_rig.writer.broadcast(tx)
    assert (refused.outcome, refused.answers[0].reason) == (BroadcastOutcome.REJECTED_NOW, NodeReason.EXPIRED)


async def test_the_evidence_names_what_anybody_can_check(tron_rig: TronRig) -> None:
    """G4: the first solid block as late as the expiry, both nodes, and what each index was tried with."""
    tx, view = await expired(tron_rig)
    end = await writer_of(tron_rig).liveness(view)
    assert isinstance(end, Dead)
    final = next(
        block
        for number in range(1, tron_rig.chain.solid.number)
        if (block := tron_rig.chain.block_at(number)) and block.time_ms >= view.expires_ms
    )
    control = tron_rig.chain.block_at(LIFETIME_BLOCKS // 2 + 1)
    assert control is not None
    (other,) = control.transactions
    assert end.evidence == {
        "rule": "no solid block up to the first that is as late as the expiry holds it",
        "txids": "0x" + tx.txid.hex(),
        "expires_ms": str(view.expires_ms),
        "reference_height": str(view.reference_height),
        "final_height": str(final.number),
        "final_block": "0x" + final.id.hex(),
        "final_time_ms": str(final.time_ms),
        **{
            f"control_{tron_rig.network}#{node}": f"{other.txid.hex()} in block {control.number}"
            for node in (0, 1)
        },
    }


async def test_a_quiet_window_is_its_own_proof(tron_rig: TronRig) -> None:
    """Where the window holds no transaction at all, its blocks themselves show that it lacks this one."""
    _, view = await expired(tron_rig, busy=False)
    end = await writer_of(tron_rig).liveness(view)
    assert isinstance(end, Dead)
    assert end.evidence[f"control_{tron_rig.network}#0"].endswith("are empty")


async def test_missed_slots_let_it_land_after_its_expiry(tron_rig: TronRig) -> None:
    """N4, T8: a block stamped after the expiry takes it while its parent is before; it is found, not dead."""
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    view = tron_rig.view(0, tx)
    tron_rig.chain.mine(LIFETIME_BLOCKS - 2, without=[tx.txid])
    tron_rig.chain.mine(skip_slots=10)
    block = tron_rig.chain.place(tx.txid)
    assert block is not None
    assert block.time_ms > view.expires_ms
    seen = await tron_rig.writer.liveness(view)
    assert seen == Landed(
        tx.txid, (await tron_rig.reader.header(block.id)).ref, succeeded=True, is_final=False
    )
    tron_rig.mine(tron_rig.finality_depth)
    seen = await tron_rig.writer.liveness(view)
    assert isinstance(seen, Landed)
    assert seen.is_final


async def test_a_forked_out_payment_lands_elsewhere(tron_rig: TronRig) -> None:
    """N5: pushed back and included at another height, it is one payment, told with its new block."""
    tron_rig.mine(3)
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    view, first = tron_rig.view(0, tx), (await mined(tron_rig)).header.ref
    tron_rig.chain.fork(1)
    assert isinstance(await tron_rig.writer.liveness(view), MayLand)
    second = (await mined(tron_rig)).header.ref
    assert second.height > first.height
    assert await tron_rig.writer.liveness(view) == Landed(tx.txid, second, succeeded=True, is_final=False)
    tron_rig.mine(tron_rig.finality_depth)
    assert await tron_rig.writer.liveness(view) == Landed(tx.txid, second, succeeded=True, is_final=True)


async def test_another_branch_may_end_it_otherwise(tron_rig: TronRig) -> None:
    """T9: the same bytes succeed on one branch and fail on the next; only the solid block's word is final."""
    tron_rig.mine(3)
    tx = await pay(tron_rig, tron_rig.token, stranger(1), 5, 0)
    view = tron_rig.view(0, tx)
    await mined(tron_rig)
    seen = await tron_rig.writer.liveness(view)
    assert isinstance(seen, Landed)
    assert seen.succeeded
    tron_rig.chain.fork(1, timing_out=[tx.txid])
    seen = await tron_rig.writer.liveness(view)
    assert isinstance(seen, Landed)
    assert (seen.succeeded, seen.is_final) == (False, False)


async def _index_lags(rig: TronRig) -> None:
    rig.strike("walletsolidity/gettransactioninfobyid", answer({}), node=1)


async def _lags(rig: TronRig) -> None:
    rig.surfaces[1].node.lag = LIFETIME_BLOCKS


async def _is_down(rig: TronRig) -> None:
    rig.strike("*", status(503), node=1)


async def _parts(rig: TronRig) -> None:
    rig.surfaces[1].node.contradiction = Contradiction(LIFETIME_BLOCKS)


@pytest.mark.parametrize("trouble", [_index_lags, _lags, _is_down, _parts])
async def test_one_word_is_not_enough(tron_rig: TronRig, trouble: object) -> None:
    """A witness that lags, is down, or whose index or branch differs leaves the end open until it is well."""
    _, view = await expired(tron_rig)
    assert callable(trouble)
    await trouble(tron_rig)
    assert isinstance(await writer_of(tron_rig).liveness(view), MayLand)
    tron_rig.heal()
    assert isinstance(await writer_of(tron_rig).liveness(view), Dead)


async def test_a_node_that_hides_it_does_not_kill_it(tron_rig: TronRig) -> None:
    """One index lacks a transaction that is solid: the other node contradicts, and nothing is dead."""
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    await mined(tron_rig)
    tron_rig.mine(LIFETIME_BLOCKS // 2)
    await pay(tron_rig, tron_rig.native, stranger(2), 1, 1)
    tron_rig.mine(DEAD)
    for path in ("wallet/gettransactioninfobyid", "walletsolidity/gettransactioninfobyid"):
        tron_rig.strike(path, withhold_infos([tx.txid.hex()]))
    seen = await writer_of(tron_rig).liveness(tron_rig.view(0, tx))
    assert isinstance(seen, MayLand)
    assert "disagree" in seen.why


async def test_an_index_that_catches_up_meanwhile_does_not_kill_it(tron_rig: TronRig) -> None:
    """It lacked the transaction when it was asked and has its control a moment later: it is asked again."""
    tx = await pay(tron_rig, tron_rig.native, stranger(1), 5, 0)
    await mined(tron_rig)
    tron_rig.mine(LIFETIME_BLOCKS // 2)
    await pay(tron_rig, tron_rig.native, stranger(2), 1, 1)
    tron_rig.mine(DEAD)
    late = withhold_infos([tx.txid.hex()])
    tron_rig.strike("wallet/gettransactioninfobyid", late)
    tron_rig.strike("walletsolidity/gettransactioninfobyid", late, times=2)
    assert isinstance(await tron_rig.writer.liveness(tron_rig.view(0, tx)), MayLand)


async def test_what_cannot_expire_is_never_dead(tron_rig: TronRig) -> None:
    """An attempt without bytes or without an expiry proves nothing, whatever the time."""
    _, view = await expired(tron_rig)
    for attempt in (
        AttemptView(view.wallet, None, (), view.expires_ms, view.reference_height),
        AttemptView(view.wallet, None, view.txids),
    ):
        assert isinstance(await tron_rig.writer.liveness(attempt), MayLand)


async def test_no_history_makes_it_say_more_than_the_chain(tron_rig: TronRig) -> None:
    """C4: mined, withheld, forgotten, expired, forked: dead is said of exactly what can never land."""
    chance = random.Random(4)
    tron_rig.mine(tron_rig.finality_depth)
    open_ones: dict[bytes, tuple[SignedTx, AttemptView]] = {}
    dead: list[SignedTx] = []
    for serial in range(STEPS):
        tx = await signed_payment(tron_rig, tron_rig.native, stranger(serial), 5, serial)
        open_ones[tx.txid] = tx, tron_rig.view(serial, tx)
        if chance.random() < 0.6:
            await tron_rig.writer.broadcast(tx)
        hidden = [one for one in open_ones if chance.random() < 0.5]
        tron_rig.chain.mine(chance.randrange(1, 5), without=hidden, skip_slots=chance.choice((0, 0, 3)))
        if chance.random() < 0.3:
            tron_rig.chain.forget_pending()
        if chance.random() < 0.3:
            tron_rig.chain.fork(chance.randrange(1, 10))
        for txid in chance.sample(list(open_ones), min(LOOKS, len(open_ones))):
            one, view = open_ones[txid]
            seen = await tron_rig.writer.liveness(view)
            _compare(tron_rig, txid, view, seen)
            if isinstance(seen, Dead):
                dead.append(one)
            if isinstance(seen, Dead) or (isinstance(seen, Landed) and seen.is_final):
                del open_ones[txid]
    tron_rig.mine(DEAD)
    for txid, (_, view) in open_ones.items():
        seen = await tron_rig.writer.liveness(view)
        assert isinstance(seen, Dead | Landed)
        _compare(tron_rig, txid, view, seen)
    assert dead
    for one in dead:
        assert (await tron_rig.writer.broadcast(one)).outcome is BroadcastOutcome.REJECTED_NOW
        assert tron_rig.chain.place(one.txid) is None


def _compare(rig: TronRig, txid: bytes, view: AttemptView, seen: Liveness) -> None:
    """Compare a verdict with what the chain itself knows."""
    block, solid = rig.chain.place(txid), rig.chain.solid
    match seen:
        case Landed():
            assert block is not None
            assert (seen.block.hash, seen.is_final) == (block.id, block.number <= solid.number)
        case Dead():
            assert block is None
            assert solid.time_ms >= view.expires_ms
        case MayLand():
            assert block is None
            assert solid.time_ms < view.expires_ms
