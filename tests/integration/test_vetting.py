"""A wallet that sends has no code: one that has is frozen with its reason, and nothing is routed to it."""

import pytest

from activities import vetting
from activities.vetting import EVERY_SECONDS, Vetting
from chains.memory import Faults, MemoryReader
from chains.memory_blocks import MemoryChain
from domain.deposits import WalletRole
from domain.errors import NodeUnavailable
from ledger.nonce_lanes import register_wallet
from ledger.observed import ensure_chain
from tests.support.lanes import HOT, SECOND, Lanes
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import address

GAS, COLD = address("gas"), address("cold")


@pytest.fixture
async def lanes(ledger_database: LedgerDatabase) -> Lanes:
    """Two hot wallets, one for gas and a cold one."""
    found = Lanes(ledger_database, pool_size=2)
    chain = MemoryChain(NETWORK, coins={}, tokens={})
    async with found.chain.begin() as session:
        await ensure_chain(session, NETWORK, chain.branch[0], 1, chain.latest.header)
    for wallet in (HOT, SECOND):
        await found.add(wallet, coins=9_000, tokens=900)
    async with found.money.begin() as session:
        await register_wallet(session, NETWORK, GAS, WalletRole.GAS)
        await register_wallet(session, NETWORK, COLD, WalletRole.COLD)
    await found.told()
    return found


def look(lanes: Lanes, *with_code: bytes, faults: Faults | None = None) -> Vetting:
    """A look at a network on which these addresses have code."""
    chain = MemoryChain(NETWORK, coins={}, tokens={}, refusing=frozenset(with_code))
    return Vetting(lanes.chain, NETWORK, MemoryReader(chain, faults))


def frozen(lanes: Lanes) -> dict[bytes, str]:
    """Return the reason by frozen wallet."""
    with lanes.database.raw() as connection:
        rows = connection.execute(
            "SELECT encode(address, 'hex'), why FROM chain.wallets WHERE state = 'frozen'"
        ).fetchall()
    return {bytes.fromhex(str(wallet)): str(why) for wallet, why in rows}


async def test_a_plain_wallet_stays_open(lanes: Lanes) -> None:
    """Code of strangers and of cold wallets is nobody's concern here."""
    await look(lanes, address("stranger"), COLD).when_due()
    assert frozen(lanes) == {}
    assert await lanes.told() == []


@pytest.mark.parametrize("wallet", [HOT, GAS])
async def test_a_wallet_with_code_is_frozen_once_and_told(lanes: Lanes, wallet: bytes) -> None:
    """The reason names the code and the block; the next look has nothing new to say."""
    await look(lanes, wallet).when_due()
    assert frozen(lanes) == {wallet: "it has code, 0xfe, at block 0"}
    assert await lanes.told() == [("frozen", wallet.hex())]
    await look(lanes, wallet).when_due()
    assert await lanes.told() == []


async def test_nothing_is_routed_to_a_wallet_with_code(lanes: Lanes) -> None:
    """The other wallet of the set goes on."""
    await look(lanes, HOT).when_due()
    assert [await lanes.ask(number, amount=100) for number in range(3)] == [SECOND] * 3


async def test_a_look_is_due_every_hour(lanes: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks no node is asked; a look that got no answer is still due."""
    clock = [0.0]
    monkeypatch.setattr(vetting, "monotonic", lambda: clock[0])
    faults = Faults(failed_calls=1)
    plain, coded = look(lanes, faults=faults), look(lanes, HOT)
    with pytest.raises(NodeUnavailable):
        await plain.when_due()
    await plain.when_due()
    assert faults.failed_calls == 0
    plain.reader = coded.reader
    clock[0] = EVERY_SECONDS - 0.1
    await plain.when_due()
    assert frozen(lanes) == {}
    clock[0] = EVERY_SECONDS
    await plain.when_due()
    assert set(frozen(lanes)) == {HOT}
