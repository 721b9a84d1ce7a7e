"""Withdrawals out of one wallet over a real chain whose node fails: paid once, in order, by our bytes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from devstack.anvil import RpcError
from devstack.faults.exchange import Ask, Call, Layer, Reply, value_of
from devstack.faults.failing import hang_up, take_then_hang, take_then_hang_up
from devstack.faults.raw_transactions import read_raw
from domain.assets import Asset
from domain.sends import AttemptOutcome
from domain.withdrawals import WithdrawalInput, WithdrawalState
from tests.support.ledger_database import COIN, TOKEN
from tests.support.world_buttons import start_again, terminate
from tests.support.world_bytes import answered, reads, stored
from tests.support.world_evm import EvmTerms, EvmWorld, is_with_nodes
from tests.support.world_house import ETHER, FEE_CAP
from tests.support.world_people import People
from workflows.names import withdrawal_workflow_id

TERMS = EvmTerms(wallets=1, ready=60)
SENDING = "eth_sendRawTransaction"
GWEI = 10**9
BEHIND_THE_HOLE = 5
TRIES = 10


def on_the_wire(world: EvmWorld) -> list[str]:
    """All bytes that any node was handed so far."""
    return [str(call.params[0]) for proxy in world.proxies for call in proxy.asked_for(SENDING)]


@contextmanager
def dear(world: EvmWorld, base_fee: int) -> Iterator[None]:
    """Each block costs this much; afterwards what it cost at first."""
    world.chain.base_fee = base_fee
    try:
        yield
    finally:
        world.chain.base_fee = GWEI
        world.chain.mine()
        world.chain.base_fee = None


@pytest.mark.parametrize(("asset", "units"), [(COIN, ETHER), (TOKEN, 10**8)], ids=["coin", "token"])
async def test_a_withdrawal_is_paid_over_a_real_chain(evm_people: People, asset: Asset, units: int) -> None:
    """Deposit, withdrawal and settlement against a real node: the payee holds the amount to the unit."""
    player = await evm_people.rich_player()
    if asset is TOKEN:
        await evm_people.credited(evm_people.pay_in(await evm_people.address(player), 10**9, TOKEN))
    wish = evm_people.wish(player, units, asset=asset)
    await evm_people.withdraw(wish)
    await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert evm_people.received(wish) == units
    assert evm_people.payments(wish) == 1


@pytest.mark.parametrize("fault", [take_then_hang, take_then_hang_up, hang_up])
async def test_a_lost_answer_is_repeated_with_the_same_bytes(
    evm_world: EvmWorld, evm_people: People, fault: Layer
) -> None:
    """N18: accepted or not, the node's word got lost; the same bytes go out again, and one payment."""
    wish = evm_people.wish(await evm_people.rich_player())
    evm_world.is_still = True
    evm_world.proxy.inject(SENDING, fault, times=1)
    before = len(on_the_wire(evm_world))
    await evm_people.withdraw(wish)
    await answered(evm_world, wish, "accepted" if fault is hang_up else "already_have")
    await answered(evm_world, wish, "ambiguous")
    await evm_people.withdrawal_until(wish, is_with_nodes, "a transaction with the nodes")
    assert "no block holds it so far. The same bytes are sent again" in await reads(evm_world, wish)
    evm_world.is_still = False
    facts = await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert evm_people.payments(wish) == 1
    assert set(on_the_wire(evm_world)[before:]) == set(stored(evm_world, wish))
    assert facts.send is not None
    assert [(one.outcome, one.variants) for one in facts.send.attempts] == [(AttemptOutcome.PAID, 1)]


async def test_a_fee_spike_is_outbid_twice_within_the_cap(evm_world: EvmWorld, evm_people: People) -> None:
    """N19: no block takes the first two variants; the third is final, and its fee is below the cap."""
    wish = evm_people.wish(await evm_people.rich_player())
    evm_world.is_still = True
    await evm_people.withdraw(wish)
    await evm_people.withdrawal_until(wish, is_with_nodes, "a transaction with the nodes")
    evm_world.is_still = False
    (original,) = stored(evm_world, wish)

    async def dearer(call: Call, ask: Ask) -> Reply:
        evm_world.chain.base_fee = read_raw(str(call.params[0])).max_fee + GWEI
        return await ask(call)

    script = evm_world.proxy.inject(
        SENDING, dearer, times=1, where=lambda call: str(call.params[0]) != original
    )
    with dear(evm_world, _above(original)):
        facts = await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert script.struck == 1
    assert facts.send is not None
    assert facts.send.current is not None
    bids = [read_raw(raw) for raw in stored(evm_world, wish)]
    assert [bid.nonce for bid in bids] == [facts.send.current.nonce] * 3
    assert facts.send.current.txid is not None
    assert "0x" + facts.send.current.txid.hex() == bids[-1].txid
    assert evm_people.payments(wish) == 1
    assert _fee(evm_world, bids[-1].txid) <= FEE_CAP


async def test_the_original_is_mined_while_its_replacement_is_sent(
    evm_world: EvmWorld, evm_people: People
) -> None:
    """N20: "nonce too low" is no error; the original pays, once, and the replacement never."""
    wish = evm_people.wish(await evm_people.rich_player())
    evm_world.is_still = True
    await evm_people.withdraw(wish)
    await evm_people.withdrawal_until(wish, is_with_nodes, "a transaction with the nodes")
    (original,) = stored(evm_world, wish)

    async def mine_first(call: Call, ask: Ask) -> Reply:
        evm_world.chain.base_fee = None
        for _ in range(TRIES):
            await value_of(ask, "anvil_setNextBlockBaseFeePerGas", hex(read_raw(original).max_fee // 2))
            with suppress(RpcError):  # this node drops what a block was too dear for; others keep it
                evm_world.chain.submit(bytes.fromhex(original[2:]))
            await value_of(ask, "anvil_mine", "0x1")
            if evm_world.chain.is_mined(read_raw(original).txid):
                break
        return await ask(call)

    script = evm_world.proxy.inject(
        SENDING, mine_first, times=1, where=lambda call: str(call.params[0]) != original
    )
    evm_world.is_still = False
    with dear(evm_world, 5 * GWEI):
        facts = await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert script.struck == 1
    assert facts.send is not None
    assert [one.outcome for one in facts.send.attempts] == [AttemptOutcome.PAID]
    mined = [evm_world.chain.is_mined(read_raw(raw).txid) for raw in stored(evm_world, wish)]
    assert len(mined) > 1
    assert mined == [True] + [False] * (len(mined) - 1)
    assert evm_people.payments(wish) == 1


async def several(world: EvmWorld, people: People, count: int) -> list[WithdrawalInput]:
    """Withdrawals of as many players in the order of their nonces, all signed before a block is mined."""
    wishes = [people.wish(await people.rich_player()) for _ in range(count)]
    world.is_still = True
    await asyncio.gather(*(people.withdraw(wish) for wish in wishes))
    waits = [people.withdrawal_until(wish, is_with_nodes, "a transaction on its way") for wish in wishes]
    await asyncio.gather(*waits)
    world.is_still = False
    return sorted(wishes, key=lambda wish: read_raw(stored(world, wish)[0]).nonce)


async def all_paid_in_order(world: EvmWorld, people: People, wishes: list[WithdrawalInput]) -> None:
    """Each is paid once, under nonces without a gap."""
    await asyncio.gather(*(people.ended(wish, WithdrawalState.SETTLED) for wish in wishes))
    nonces = [{read_raw(raw).nonce for raw in stored(world, wish)} for wish in wishes]
    lowest = min(nonces[0])
    assert nonces == [{nonce} for nonce in range(lowest, lowest + len(wishes))]
    assert [people.payments(wish) for wish in wishes] == [1] * len(wishes)


async def test_a_nonce_hole_is_filled_by_the_stored_bytes(evm_world: EvmWorld, evm_people: People) -> None:
    """N21: the lowest nonce never reached a node, five later ones wait behind it; it goes out again."""
    wallet = evm_world.keys.wallets[0]
    hole = evm_world.chain.nonce(wallet)
    script = evm_world.proxy.inject(
        SENDING, hang_up, where=lambda call: read_raw(str(call.params[0])).nonce == hole
    )
    wishes = await several(evm_world, evm_people, BEHIND_THE_HOLE + 1)
    evm_world.mine(2)
    assert evm_world.chain.nonce(wallet) == hole
    assert evm_world.chain.pool == BEHIND_THE_HOLE
    assert "no block holds it so far" in await reads(evm_world, wishes[0])
    assert script.struck >= 1
    evm_world.heal()
    await all_paid_in_order(evm_world, evm_people, wishes)


async def test_a_wallet_without_gas_money_keeps_its_nonces(evm_world: EvmWorld, evm_people: People) -> None:
    """N21: the node refuses all bytes until the wallet is topped up; then it takes the same ones in order."""
    wallet = evm_world.keys.wallets[0]
    evm_world.proxy.inject(SENDING, hang_up)
    wishes = await several(evm_world, evm_people, BEHIND_THE_HOLE + 1)
    held = evm_world.held(COIN, wallet)
    evm_world.chain.anvil.fund("0x" + wallet.hex(), 0)
    evm_world.heal()
    await asyncio.gather(*(answered(evm_world, wish, "rejected_now") for wish in wishes))
    assert evm_world.chain.pool == 0
    evm_world.chain.anvil.fund("0x" + wallet.hex(), held)
    await all_paid_in_order(evm_world, evm_people, wishes)


async def test_a_worker_killed_between_signing_and_sending(evm_world: EvmWorld, evm_people: People) -> None:
    """P3: the signer has stored the bytes and nobody sent them; the next worker sends exactly these."""
    wish = evm_people.wish(await evm_people.rich_player())
    signing = evm_world.mischief.hold(withdrawal_workflow_id(wish.withdrawal_id), "sign")
    await evm_people.withdraw(wish)
    await evm_world.reached(signing)
    await evm_world.stop("chain")
    signing.let_go()

    async def is_signed() -> bool:
        return bool(stored(evm_world, wish))

    await evm_world.until(is_signed, "stored bytes")
    (raw,) = stored(evm_world, wish)
    evm_world.mine(3)
    assert raw not in on_the_wire(evm_world)
    await evm_world.start("chain")
    facts = await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert stored(evm_world, wish) == [raw]
    assert raw in on_the_wire(evm_world)
    assert facts.send is not None
    assert facts.send.current is not None
    assert facts.send.current.txid is not None
    assert "0x" + facts.send.current.txid.hex() == read_raw(raw).txid
    assert evm_people.payments(wish) == 1


async def test_bytes_whose_workflow_is_gone_go_out_all_the_same(
    evm_world: EvmWorld, evm_people: People
) -> None:
    """N21: signed while its workflow was terminated, a nonce is no hole: the healer takes the bytes over."""
    wish = evm_people.wish(await evm_people.rich_player())
    workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
    signing = evm_world.mischief.hold(workflow_id, "sign")
    await evm_people.withdraw(wish)
    await evm_world.reached(signing)
    await terminate(evm_world.money, workflow_id)
    signing.let_go()

    async def is_paid() -> bool:
        return evm_people.payments(wish) == 1

    await evm_world.until(is_paid, "a payment on chain")
    (raw,) = stored(evm_world, wish)
    await start_again(evm_world.money, wish)
    await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert stored(evm_world, wish) == [raw]
    assert evm_people.payments(wish) == 1


def _above(raw: str) -> int:
    """A base fee above what a transaction offers."""
    return read_raw(raw).max_fee + GWEI


def _fee(world: EvmWorld, txid: str) -> int:
    receipt = world.chain.anvil.rpc("eth_getTransactionReceipt", txid)
    assert isinstance(receipt, dict)
    return int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
