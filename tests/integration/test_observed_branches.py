"""Blocks leave the rows with their branch, until they are final or their network is frozen."""

from dataclasses import dataclass, replace

import pytest

from domain.deposits import DepositReason, DepositState
from domain.errors import BlockIncomplete, FinalityBroken
from domain.onchain import Header
from ledger.finality import freeze
from ledger.observed import canonical_at, read_cursor, unapply_block
from ledger.session import Sessions
from tests.support.following import apply, finish, grow, recalled, told
from tests.support.ledger_database import NETWORK, LedgerDatabase
from tests.support.records import block, effect, header, new_address, new_player, started_chain


@dataclass(frozen=True, slots=True)
class Paid:
    """A followed network whose first block, `first`, pays 1,000 to a player's address."""

    chain: Sessions
    money: Sessions
    start: Header
    target: bytes
    first: Header


@pytest.fixture
async def paid(ledger_database: LedgerDatabase) -> Paid:
    """Apply a block with one deposit on top of the start."""
    chain, money = (ledger_database.sessions(role) for role in ("croupier_chain", "croupier_money"))
    start = await started_chain(chain)
    target = await new_address(money, await new_player(money))
    return Paid(chain, money, start, target, await grow(chain, start, [effect(target, 1_000)]))


async def test_a_reorganisation_takes_a_deposit_back_and_brings_it_again(
    paid: Paid, ledger_database: LedgerDatabase
) -> None:
    """Orphaned with its block; seen again under the same key, with the amount of the new execution."""
    second = await grow(paid.chain, paid.first)
    async with paid.chain.begin() as session:
        assert not await unapply_block(session, NETWORK, paid.first)
        assert await unapply_block(session, NETWORK, second)
        assert await unapply_block(session, NETWORK, paid.first)
        assert (await read_cursor(session, NETWORK)).ref == paid.start.ref
    assert (await recalled(paid.money)).state is DepositState.ORPHANED
    other = await grow(paid.chain, paid.start, name="other branch")
    await grow(paid.chain, other, [effect(paid.target, 900)], name="other branch")
    again = await recalled(paid.money)
    assert (again.state, again.amount, again.height) == (DepositState.SEEN, 900, 2)
    assert await told(ledger_database.sessions("croupier_ops")) == ["seen", "orphaned", "seen"]
    with ledger_database.raw() as connection:
        assert connection.execute("SELECT count(*) FROM chain.effects").fetchall() == [(2,)]


async def test_a_branch_may_come_back(paid: Paid) -> None:
    """The very block that was left is applied again, with the same deposit."""
    async with paid.chain.begin() as session:
        await unapply_block(session, NETWORK, paid.first)
    await grow(paid.chain, paid.start, [effect(paid.target, 1_000)])
    assert (await recalled(paid.money)).state is DepositState.SEEN
    async with paid.chain.begin() as session:
        assert await canonical_at(session, NETWORK, 1) == paid.first


async def test_a_block_that_comes_back_has_to_be_told_as_before(paid: Paid) -> None:
    """Rows of the second reading would else be settled by the digest of the first, which was honest."""
    honest = replace(block(paid.first), completeness={"effects": "nothing"})
    assert await apply(paid.chain, paid.first, honest)
    async with paid.chain.begin() as session:
        assert await unapply_block(session, NETWORK, honest.header)
    gift = effect(paid.target, 1_000_000, name="never sent")
    lie = replace(honest, effects=(gift,), completeness={"effects": "a gift"})
    with pytest.raises(BlockIncomplete, match="something else"):
        await apply(paid.chain, paid.first, lie)
    async with paid.chain.begin() as session:
        assert (await read_cursor(session, NETWORK)).ref == paid.first.ref
    assert await apply(paid.chain, paid.first, honest)


async def test_a_deposit_that_fails_in_its_new_block_is_ignored(paid: Paid) -> None:
    """The same transaction may succeed on one branch and revert on another."""
    async with paid.chain.begin() as session:
        await unapply_block(session, NETWORK, paid.first)
    await grow(paid.chain, paid.start, [effect(paid.target, 1_000, succeeded=False)], name="other")
    facts = await recalled(paid.money)
    assert (facts.state, facts.reason) == (DepositState.IGNORED, DepositReason.REVERTED)


async def test_finality_moves_along_our_branch_only(ledger_database: LedgerDatabase) -> None:
    """An older final block is stale and harmless, another block at its height breaks the promise."""
    chain = ledger_database.sessions("croupier_chain")
    start = await started_chain(chain)
    first = await grow(chain, start)
    second = await grow(chain, first)
    assert await finish(chain, second)
    assert not await finish(chain, first)
    for broken in (header(start, "other"), header(first, "other")):
        with pytest.raises(FinalityBroken):
            await finish(chain, broken)
    with pytest.raises(FinalityBroken):
        async with chain.begin() as session:
            await unapply_block(session, NETWORK, second)


async def test_a_frozen_network_stands_still(paid: Paid) -> None:
    """No block, no step back, no finality; the first reason stays, and its deposits wait."""
    for why in ("FINALITY_BROKEN", "something else"):
        async with paid.chain.begin() as session:
            await freeze(session, NETWORK, why)
    assert not await apply(paid.chain, paid.first, block(paid.first))
    assert not await finish(paid.chain, paid.first)
    async with paid.chain.begin() as session:
        assert not await unapply_block(session, NETWORK, paid.first)
        cursor = await read_cursor(session, NETWORK)
    assert (cursor.ref, cursor.mode, cursor.why) == (paid.first.ref, "frozen", "FINALITY_BROKEN")
    assert not (await recalled(paid.money)).chain_is_open
