"""A house over two nodes that lag, cut short, refuse, or serve another chain: nothing missed, nothing twice.

The last two tests leave a node set aside and the network frozen; nothing comes after them.
"""

from collections.abc import Callable

import pytest

from devstack.faults.exchange import Call, Layer
from devstack.faults.failing import (
    answer,
    final_at,
    status,
    too_many_requests,
    withhold_logs,
    withhold_receipts,
    wrong_bloom,
)
from devstack.faults.scripts import EVERY_METHOD, Script
from domain.withdrawals import WithdrawalInput, WithdrawalState
from ledger.observed import read_cursor
from tests.support.ledger_database import COIN, NETWORK, TOKEN
from tests.support.world_buttons import attribute, sentence
from tests.support.world_evm import EvmTerms, EvmWorld, is_with_nodes
from tests.support.world_house import ETHER
from tests.support.world_people import PaidIn, People
from workflows.names import REASON, feed_workflow_id, withdrawal_workflow_id

TERMS = EvmTerms(nodes=2, ready=20)
SENDING = "eth_sendRawTransaction"
RECEIPTS, BLOCK = "eth_getBlockReceipts", "eth_getBlockByHash"
UNITS = 10**9
LAG = 20
MANY = 30
FEE_UNITS = 500
WRONG_CHAIN = "0x63"

PARTIAL = [
    pytest.param(RECEIPTS, withhold_receipts(), id="receipts withheld"),
    pytest.param(RECEIPTS, withhold_logs(), id="logs withheld"),
    pytest.param(BLOCK, wrong_bloom(), id="bloom differs"),
]


def everywhere(
    world: EvmWorld, method: str, fault: Layer, where: Callable[[Call], bool] | None = None
) -> list[Script]:
    """Let both nodes fail in the same way."""
    return [proxy.inject(method, fault, where=where) for proxy in world.proxies]


async def struck(world: EvmWorld, scripts: list[Script], times: int) -> None:
    """Wait until these faults happened so often."""

    async def often() -> bool:
        return sum(script.struck for script in scripts) >= times

    await world.until(often, f"{times} faults")


async def height(world: EvmWorld) -> int:
    """The last block that was applied."""
    async with world.rows.begin() as session:
        return (await read_cursor(session, NETWORK)).height


async def caught_up(world: EvmWorld) -> None:
    """Wait until the last applied block is the newest one."""

    async def is_there() -> bool:
        return await height(world) == world.chain.height

    await world.until(is_there, "the newest block")


async def credited_once(world: EvmWorld, people: People, paid: PaidIn, player: int) -> None:
    """The deposit is booked, and booked once."""
    facts = await people.credited(paid)
    assert (facts.credits, facts.returns) == (1, 0)
    assert await people.units(player, asset=TOKEN) == UNITS
    with world.database.raw() as connection:
        rows = connection.execute("SELECT count(*) FROM chain.deposits WHERE txid = %s", [paid.txid])
        assert rows.fetchone() == (1,)


async def paid_once(people: People, wish: WithdrawalInput) -> None:
    """The withdrawal is paid by its one transaction."""
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert people.payments(wish) == 1
    assert facts.send is not None
    assert len(facts.send.attempts) == 1


@pytest.mark.parametrize(("method", "fault"), PARTIAL)
async def test_a_block_that_falls_short_is_waited_for(
    evm_world: EvmWorld, evm_people: People, method: str, fault: Layer
) -> None:
    """N23: the cursor stands before the block for as long as no node gives all of it; then it is credited."""
    player = await evm_people.register()
    address = await evm_people.address(player)
    evm_world.is_still = True
    await caught_up(evm_world)
    scripts = everywhere(evm_world, method, fault)
    paid = evm_people.pay_in(address, UNITS, TOKEN)
    evm_world.mine()
    await struck(evm_world, scripts, 6)
    assert await height(evm_world) == evm_world.chain.height - 1
    evm_world.heal()
    evm_world.is_still = False
    await credited_once(evm_world, evm_people, paid, player)


async def test_nodes_far_behind_hide_nothing_for_good(evm_world: EvmWorld, evm_people: People) -> None:
    """N23: 20 blocks behind, both nodes are stale and nothing is taken back; then nothing was missed."""
    player = await evm_people.register()
    address = await evm_people.address(player)
    evm_world.mine(2 * LAG)
    evm_world.is_still = True
    await caught_up(evm_world)
    for proxy in evm_world.proxies:
        proxy.lag(LAG)
    paid = evm_people.pay_in(address, UNITS, TOKEN)
    before = await height(evm_world)
    asked = len(evm_world.proxy.asked)
    evm_world.mine(5)

    async def was_asked() -> bool:
        return len(evm_world.proxy.asked) > asked + MANY

    await evm_world.until(was_asked, "questions to the first node")
    assert await height(evm_world) == before
    evm_world.heal()
    evm_world.is_still = False
    await credited_once(evm_world, evm_people, paid, player)


async def test_replicas_that_take_turns_confuse_nobody(evm_world: EvmWorld, evm_people: People) -> None:
    """B3: behind each address newer and older replicas answer in turns; deposit and payment happen once."""
    player = await evm_people.register()
    address = await evm_people.address(player)
    wish = evm_people.wish(await evm_people.rich_player())
    evm_world.is_still = True
    await evm_people.withdraw(wish)
    await evm_people.withdrawal_until(wish, is_with_nodes, "a transaction with the nodes")
    for proxy in evm_world.proxies:
        proxy.lag(0, 0, 3, 0, 0, LAG, 0)
    paid = evm_people.pay_in(address, UNITS, TOKEN)
    evm_world.is_still = False
    await credited_once(evm_world, evm_people, paid, player)
    await paid_once(evm_people, wish)


async def test_rate_limits_cost_time_only(evm_world: EvmWorld, evm_people: People) -> None:
    """Both nodes answer 429 to everything for a while: a deposit and a payment wait, and happen once."""
    player = await evm_people.register()
    address = await evm_people.address(player)
    wish = evm_people.wish(await evm_people.rich_player())
    evm_world.is_still = True
    await evm_people.withdraw(wish)
    await evm_people.withdrawal_until(wish, is_with_nodes, "a transaction with the nodes")
    scripts = everywhere(evm_world, EVERY_METHOD, too_many_requests())
    paid = evm_people.pay_in(address, UNITS, TOKEN)
    evm_world.mine(3)
    await struck(evm_world, scripts, MANY)
    said = await sentence(evm_world.money, withdrawal_workflow_id(wish.withdrawal_id))
    assert "no block holds it so far" in said
    evm_world.heal()
    evm_world.is_still = False
    await credited_once(evm_world, evm_people, paid, player)
    await paid_once(evm_people, wish)


async def test_a_failover_to_another_chain_signs_and_sends_nothing(
    evm_world: EvmWorld, evm_people: People
) -> None:
    """B4: the first node is down, the second serves another chain by now; the payment waits for the first."""
    wish = evm_people.wish(await evm_people.rich_player())
    sent = sum(len(proxy.asked_for(SENDING)) for proxy in evm_world.proxies)
    evm_world.proxies[0].inject(EVERY_METHOD, status(503))
    wrong = evm_world.proxies[1].inject("eth_chainId", answer(WRONG_CHAIN))
    await evm_people.withdraw(wish)
    step = (withdrawal_workflow_id(wish.withdrawal_id), "simulate_send")

    async def was_tried() -> bool:
        return evm_world.mischief.calls[step] > 1

    await evm_world.until(was_tried, "a second rehearsal")
    assert wrong.struck in {1, 2}, "each process sets it aside at its first word"
    with evm_world.database.raw() as connection:
        rows = connection.execute(
            "SELECT count(*) FROM signer.signatures WHERE send_id = %s", [wish.withdrawal_id]
        )
        assert rows.fetchone() == (0,)
    assert sum(len(proxy.asked_for(SENDING)) for proxy in evm_world.proxies) == sent
    evm_world.proxies[0].heal()
    await paid_once(evm_people, wish)
    assert len(evm_world.proxies[1].asked_for(SENDING)) <= sent


async def test_a_final_block_that_goes_back_freezes_the_network(
    evm_world: EvmWorld, evm_people: People
) -> None:
    """N23, P10: credits stay, nothing new is credited, granted or sent, and the feed says why."""
    player = await evm_people.rich_player()
    evm_world.mine(8)
    await caught_up(evm_world)
    before = await evm_people.units(player)
    final = evm_world.chain.height - TERMS.finality_depth
    everywhere(evm_world, "eth_getBlockByNumber", final_at(final - 2))
    evm_world.mine(MANY)  # a node that lags is told from one that takes back by how far its head went on
    feed = feed_workflow_id(NETWORK)

    async def is_frozen() -> bool:
        return await attribute(evm_world.money, feed, REASON) == "CHAIN_FROZEN"

    await evm_world.until(is_frozen, "a frozen network")
    assert "frozen after it took back a final block" in await sentence(evm_world.money, feed)
    wish = evm_people.wish(player, ETHER)
    await evm_people.withdraw(wish)
    await evm_people.withdrawal_until(
        wish,
        lambda facts: facts.send is not None and facts.send.place_in_queue is not None,
        "a place in the queue",
    )
    paid = evm_people.pay_in(await evm_people.address(player), UNITS, COIN)
    evm_world.mine(8)
    evm_world.heal()
    assert evm_people.payments(wish) == 0
    facts = await evm_people.withdrawal(wish)
    assert facts is not None
    assert facts.state.is_open
    assert facts.send is not None
    assert (facts.send.wallet, facts.send.attempts) == (None, ())
    assert await evm_people.units(player) == before - ETHER - FEE_UNITS
    with evm_world.database.raw() as connection:
        rows = connection.execute("SELECT count(*) FROM chain.deposits WHERE txid = %s", [paid.txid])
        assert rows.fetchone() == (0,)
    evm_world.proxies[0].rpc("anvil_reorg", 8, [])
    evm_world.chain.forget(paid.txid)
