"""A delegation and the rows everybody writes about it, without nodes: blocks and bytes are made up."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from temporalio.testing import ActivityEnvironment

from activities.lending import LendingActivities
from domain.assets import Catalogue
from domain.delegations import DelegationFacts, DelegationInput, DelegationPurpose
from domain.deposits import WalletRole
from domain.onchain import Header, MinedTransaction
from domain.sends import SignedTx
from ledger.chain_invariants import check_chain_invariants
from ledger.delegations import DelegationPlan, plan_delegation, recall_delegation, want_back
from ledger.finality import advance_final
from ledger.nonce_lanes import register_wallet
from ledger.observed import apply_block
from ledger.registrations import ensure_operator
from ledger.send_facts import recall_send
from ledger.sends import copy_signed, insert_attempt, record_sending
from signer.migrating import upgrade as upgrade_signer
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import NOW, OPERATOR, RULES, address, block, plan, started_chain, txid

Argument = TypeVar("Argument")
Answer = TypeVar("Answer")

GIVER, HOT, BORROWER = address("energy"), address("hot"), address("borrower")
SUN, ENERGY, FEE = 900, 130_000, 7


class LendingWorld:
    """A followed network with an energy wallet, and the steps that lead a delegation there and back."""

    def __init__(self, database: LedgerDatabase) -> None:
        self.database = database
        self.money = database.sessions("croupier_money")
        self.ops = database.sessions("croupier_ops")
        self.chain = database.sessions("croupier_chain")
        self.lending = LendingActivities(self.money, Catalogue([COIN, TOKEN]))
        self.tip: Header | None = None
        self._nonce = 0

    async def begin(self) -> None:
        """Follow a network on which an energy and a hot wallet are entered."""
        upgrade_signer(self.database.dsn())
        self.tip = await started_chain(self.chain)
        async with self.money.begin() as session:
            await ensure_operator(session, OPERATOR, "House")
            await register_wallet(session, NETWORK, GIVER, WalletRole.ENERGY)
            await register_wallet(session, NETWORK, HOT, WalletRole.HOT)

    async def planned(self, wanted: DelegationPlan | None = None) -> DelegationInput:
        """Plan a delegation as the role that plans does."""
        async with self.ops.begin() as session:
            ref = await plan_delegation(session, wanted or standing(), NOW)
        assert ref is not None
        return ref

    async def take(self, step: Callable[[Argument], Awaitable[Answer]], argument: Argument) -> Answer:
        """One activity, as a worker runs it."""
        return await ActivityEnvironment().run(step, argument)

    async def facts(self, ref: DelegationInput) -> DelegationFacts:
        async with self.money.begin() as session:
            return await recall_delegation(session, ref.delegation_id)

    async def asked_back(self, ref: DelegationInput) -> None:
        async with self.ops.begin() as session:
            await want_back(session, [ref.delegation_id], NOW)

    async def sign(self, ref: DelegationInput, *, returns: bool = False) -> SignedTx:
        """Plan an attempt of either transaction, and store made-up bytes as the signer does."""
        facts = await self.facts(ref)
        send_id = facts.return_id if returns else facts.delegation_id
        async with self.chain.begin() as session:
            attempt = len((await recall_send(session, send_id)).attempts) + 1
            await insert_attempt(session, send_id, attempt, NETWORK, facts.giver, plan())
        tx = SignedTx(txid(f"{send_id}/{attempt}"), f"{send_id}/{attempt}".encode())
        self._nonce += 1
        with self.database.raw() as connection:
            connection.execute(
                "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [send_id, attempt, NETWORK, facts.giver, self._nonce, bytes(32)],
            )
            connection.execute(
                "INSERT INTO signer.signatures"
                " (chain_id, txid, send_id, attempt, variant, wallet, serial, kind, purpose, raw)"
                " VALUES (%s, %s, %s, %s, 1, %s, %s, 'energy', 'pay', %s)",
                [NETWORK, tx.txid, send_id, attempt, facts.giver, self._nonce, tx.raw],
            )
        async with self.chain.begin() as session:
            await copy_signed(session, send_id, attempt, 1)
            await record_sending(session, NETWORK, tx.txid, ["n-1"], NOW)
        return tx

    async def mine(self, *mined: MinedTransaction) -> None:
        """Apply a block with these transactions, and make it final."""
        assert self.tip is not None
        found = block(self.tip, (), mined)
        async with self.chain.begin() as session:
            assert await apply_block(session, NETWORK, found, RULES, self.tip.ref, NOW)
            assert await advance_final(session, NETWORK, found.header, NOW)
        self.tip = found.header

    async def land(self, ref: DelegationInput, *, returns: bool = False, succeeded: bool = True) -> None:
        """Sign the next transaction of a delegation and let a final block hold it."""
        tx = await self.sign(ref, returns=returns)
        await self.mine(MinedTransaction(tx.txid, GIVER, self._nonce, succeeded, FEE))

    async def opened(self, wanted: DelegationPlan | None = None) -> DelegationInput:
        """A delegation that a final block shows."""
        ref = await self.planned(wanted)
        await self.take(self.lending.grant_delegation, ref)
        await self.land(ref)
        await self.take(self.lending.open_delegation, ref)
        return ref

    async def returned(self, ref: DelegationInput) -> DelegationFacts:
        """The same, taken back by another final block."""
        await self.take(self.lending.take_back_delegation, ref)
        await self.land(ref, returns=True)
        return await self.take(self.lending.close_delegation, ref)

    async def broken(self) -> dict[str, list[tuple[object, ...]]]:
        """The rules that rows break, those of the books among them."""
        async with self.database.sessions(None).begin() as session:
            chain = await check_chain_invariants(session)
        return {name: rows for name, rows in (chain | await self.database.broken()).items() if rows}

    def booked(self) -> list[tuple[object, ...]]:
        """Fees that were booked, and the holding they left."""
        with self.database.raw() as connection:
            return connection.execute(
                "SELECT t.amount::int, t.credit_account & 255 FROM ledger.transfers t"
                " JOIN ledger.postings p ON p.slot = t.slot AND p.no = t.posting_no WHERE p.kind = 30"
            ).fetchall()


def standing(receiver: bytes = HOT, sun: int = SUN) -> DelegationPlan:
    """A delegation that is for no sweep."""
    return DelegationPlan(
        purpose=DelegationPurpose.STANDING,
        network=NETWORK,
        asset_id=COIN.asset_id,
        operator=OPERATOR,
        slot=3,
        giver=GIVER,
        receiver=receiver,
        sun=sun,
        energy=ENERGY,
        fee_cap=1_000,
    )


@pytest.fixture
async def lending(ledger_database: LedgerDatabase) -> LendingWorld:
    """A followed network on which energy can be lent."""
    made = LendingWorld(ledger_database)
    await made.begin()
    return made
