"""EstimatingActivities: what an own transfer would cost and what its addresses hold, at one final block."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from chains.gateway import ChainReader, ChainWriter, EnergyReader
from domain.assets import Catalogue
from domain.borrowing import judge_on_energy
from domain.energy import EnergyLook, needed_energy, sun_for
from domain.errors import ChainFrozen, NodeStale, NotFound, NotYet
from domain.onchain import BlockRef
from domain.own_transfers import TransferFacts, TransferInput
from domain.rules import Policy
from domain.sends import SendIntent, SendKind, SendPlan, SimulationVerdict
from domain.sweeping import (
    FundingEstimate,
    SweepEstimate,
    SweepLook,
    TransferTerms,
    judge_funding,
    judge_sweep,
)
from ledger.lent_energy import givers_of
from ledger.observed import read_cursor
from ledger.own_transfers import recall_transfer
from ledger.session import Sessions
from ledger.sweepable import AddressBooks, books_of, expected_at
from ledger.transfer_room import neediest_wallet

LOOKS_MAX = 20
LOOK_AGAIN_SECONDS = 0.2

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class EstimatingActivities:
    """Looks at networks and rows; it stores nothing, and whoever acts on its answers checks them again."""

    sessions: Sessions
    catalogue: Catalogue
    policy: Policy
    readers: Mapping[str, ChainReader]
    writers: Mapping[str, ChainWriter]
    energy: Mapping[str, EnergyReader]

    @activity.defn
    async def estimate_sweep(self, ref: TransferInput) -> SweepEstimate:
        """Judge a planned sweep: ready, lacking gas or energy, not worth it, or to be left alone.

        Raises NotYet while no hot wallet takes the asset.
        """
        return await _patiently(lambda: self._estimate_sweep(ref))

    @activity.defn
    async def estimate_funding(self, ref: TransferInput) -> FundingEstimate:
        """Say what a top-up has to bring; 0 if its target holds enough at the final block."""
        return await _patiently(lambda: self._estimate_funding(ref))

    @activity.defn
    async def has_left(self, ref: TransferInput) -> bool:
        """Whether the source of a paid sweep holds no more than it should at the final block.

        A log alone proves no movement of a token; the network's own coin moves by its protocol.
        """
        return await _patiently(lambda: self._has_left(ref))

    async def _estimate_sweep(self, ref: TransferInput) -> SweepEstimate:
        async with self.sessions.begin() as session:
            facts = await recall_transfer(session, ref.transfer_id)
            at = await _final_block(session, ref.network)
            books = await books_of(session, facts, self.catalogue, self.policy, at.height)
            payee = await neediest_wallet(session, ref.network, facts.asset_id)
            givers = await givers_of(session, ref.network)
        if payee is None:
            raise NotYet("An open hot wallet for this asset")
        terms, costs = self._terms(facts.asset_id), self.policy.sweep_costs
        quote = await self._quote(SendKind.SWEEP, facts, payee=payee, amount=max(books.booked, 1))
        look = await self._look(facts, books, quote, at)
        energy = await self._look_at_energy(facts, quote, givers)
        return (
            judge_sweep(look, terms, costs) if energy is None else judge_on_energy(look, energy, terms, costs)
        )

    async def _estimate_funding(self, ref: TransferInput) -> FundingEstimate:
        async with self.sessions.begin() as session:
            facts = await recall_transfer(session, ref.transfer_id)
            at = await _final_block(session, ref.network)
        assert facts.payee is not None, facts
        native = self.catalogue.native(ref.network)
        coins = await self.readers[ref.network].balance(facts.payee, native, at)
        quote = await self._quote(SendKind.GAS, facts, payee=facts.payee, amount=facts.wanted)
        return judge_funding(
            coins=coins.amount,
            wanted=facts.wanted,
            fee=quote.fee_bound,
            fee_cap=self._terms(native.asset_id).fee_cap,
            height=at.height,
        )

    async def _has_left(self, ref: TransferInput) -> bool:
        async with self.sessions.begin() as session:
            facts = await recall_transfer(session, ref.transfer_id)
            at = await _final_block(session, ref.network)
            expected = await expected_at(session, facts, at.height)
        asset = self.catalogue.by_id(facts.asset_id)
        assert facts.source is not None, facts
        if facts.kind is not SendKind.SWEEP or not asset.contract:
            return True
        held = await self.readers[ref.network].balance(facts.source, asset, at)
        return held.amount <= expected

    async def _look(
        self, facts: TransferFacts, books: AddressBooks, quote: SendPlan, at: BlockRef
    ) -> SweepLook:
        assert facts.source is not None, facts
        asset, native = self.catalogue.by_id(facts.asset_id), self.catalogue.native(facts.network)
        reader = self.readers[facts.network]
        held = await reader.balance(facts.source, asset, at)
        coins = held if asset == native else await reader.balance(facts.source, native, at)
        nonce = await reader.nonce_at(facts.source, at)
        top_up = await self._quote(SendKind.GAS, facts, payee=facts.source, amount=1)
        idle = timedelta() if books.newest is None else datetime.now(UTC) - books.newest
        return SweepLook(
            asset=asset,
            native=native,
            height=at.height,
            booked=books.booked,
            held=held.amount,
            coins=coins.amount,
            nonce=nonce,
            sent=books.sent,
            idle=idle,
            tokens_due=books.tokens_due,
            fee=quote.fee_bound,
            top_up_fee=top_up.fee_bound,
            refusal=quote.why if quote.verdict is SimulationVerdict.REFUSED else "",
            funding_failed=books.funding_failed,
            lending_failed=books.lending_failed,
        )

    async def _look_at_energy(
        self, facts: TransferFacts, quote: SendPlan, givers: Mapping[bytes, int]
    ) -> EnergyLook | None:
        """What its address may use and who could lend it more; None where nothing runs on energy.

        `givers` are the energy wallets with the stake that is about to leave them.
        """
        reader = self.energy.get(facts.network)
        if reader is None or not quote.gas_limit:
            return None
        assert facts.source is not None, facts
        has = await reader.resources(facts.source)
        look = EnergyLook(
            allowed=quote.gas_limit,
            price=quote.max_fee,
            left=has.energy_left,
            exists=has.exists,
            has_bandwidth=has.has_bandwidth,
        )
        free = {giver: await reader.lendable(giver) - leaving for giver, leaving in givers.items()}
        giver = max(free, key=lambda one: free[one], default=None)
        if look.is_there or giver is None:
            return look
        whole = await reader.resources(giver)
        sun = sun_for(
            needed_energy(quote.gas_limit),
            total_limit=whole.total_energy_limit,
            total_weight=whole.total_energy_weight,
        )
        fee = (await self._quote_of_lending(facts, giver, sun)).fee_bound
        return replace(look, giver=giver, lendable=max(free[giver], 0), sun=sun, lending_fee=2 * fee)

    async def _quote_of_lending(self, facts: TransferFacts, giver: bytes, sun: int) -> SendPlan:
        native = self.catalogue.native(facts.network)
        assert facts.source is not None, facts
        intent = SendIntent(
            send_id=facts.transfer_id,
            kind=SendKind.ENERGY,
            network=native.network,
            wallet=giver,
            payee=facts.source,
            contract=b"",
            amount=sun,
            fee_cap=self._terms(native.asset_id).fee_cap,
        )
        return await self.writers[facts.network].quote(intent)

    async def _quote(self, kind: SendKind, facts: TransferFacts, *, payee: bytes, amount: int) -> SendPlan:
        """Ask what a transfer costs now, whoever pays it; a top-up is one of the native coin."""
        native = self.catalogue.native(facts.network)
        asset = native if kind is SendKind.GAS else self.catalogue.by_id(facts.asset_id)
        wallet = facts.source if kind is SendKind.SWEEP else payee
        assert wallet is not None, facts
        intent = SendIntent(
            send_id=facts.transfer_id,
            kind=kind,
            network=asset.network,
            wallet=wallet,
            payee=payee,
            contract=asset.contract,
            amount=amount,
            fee_cap=self._terms(facts.asset_id).fee_cap,
        )
        return await self.writers[facts.network].quote(intent)

    def _terms(self, asset_id: int) -> TransferTerms:
        terms = self.policy.transfer_terms_of(asset_id)
        if terms is None:
            raise NotFound("transfer terms of asset", str(asset_id))
        return terms


async def _patiently(look: Callable[[], Awaitable[Answer]]) -> Answer:
    """Look once more, soon, while nodes have moved past the final block of our rows: these follow at once."""
    for _ in range(LOOKS_MAX - 1):
        try:
            return await look()
        except NodeStale:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return await look()


async def _final_block(session: AsyncConnection, network: str) -> BlockRef:
    """Our own newest final block; raises ChainFrozen on a network that people have to agree on first."""
    cursor = await read_cursor(session, network)
    if cursor.mode == "frozen":
        raise ChainFrozen(network, cursor.why or "a final block was taken back")
    return BlockRef(cursor.final_height, cursor.final_hash)
