"""TransferringActivities: own transfers in the books, from ready to their end.

Each posting closes the one before it; a transfer that is not committed ends without any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.booking import book, in_books
from activities.fees import book_transfer_fees
from activities.granting import pass_room_on
from activities.provenance import provenance
from chains.codecs.addresses import show_address
from domain.assets import Catalogue
from domain.errors import NotYet, RecordMismatch
from domain.kinds import Result
from domain.money import show_units
from domain.own_transfers import (
    GiveUpAct,
    ReadyAct,
    ReadyTerms,
    SkipAct,
    TransferFacts,
    TransferInput,
    TransferState,
)
from domain.postings import Command
from domain.rules import Policy
from domain.sends import AttemptOutcome, SendKind
from domain.transfer_journal import transfer_committed, transfer_dead, transfer_final
from ledger.floats import release
from ledger.freezing import hold_unfrozen
from ledger.liquidity import LiquidityRequest
from ledger.loading import lock_slots
from ledger.own_transfers import lock_transfer, mark_ready, mark_transfer, recall_transfer
from ledger.session import Sessions
from ledger.sweepable import booked_at, claim_deposits, mark_swept, unclaim_deposits
from ledger.transfer_room import (
    fullest_gas_wallet,
    is_open_wallet,
    neediest_wallet,
    settle_room,
    take_room,
)
from ledger.waiting import waiting

NO_WALLET = {
    SendKind.SWEEP: "no open hot wallet takes this asset",
    SendKind.GAS: "the house has no open gas wallet on this network",
}


@dataclass(frozen=True, slots=True)
class TransferringActivities:
    """Postings of own transfers, and the facts their workflows decide from."""

    sessions: Sessions
    catalogue: Catalogue
    policy: Policy

    @activity.defn
    async def recall_transfer(self, ref: TransferInput) -> TransferFacts:
        """The transfer as its rows show it."""
        async with self.sessions.begin() as session:
            return await recall_transfer(session, ref.transfer_id)

    @activity.defn
    async def ready_transfer(self, act: ReadyAct) -> TransferFacts:
        """Fix wallets, amount and fee cap and promise the coins; or say in `wanting` what lacks."""
        async with self.sessions.begin() as session:
            facts = await lock_transfer(session, act.transfer_id)
            if facts.state not in {TransferState.PLANNED, TransferState.PARKED}:
                return facts
            terms = act.terms or ReadyTerms(
                amount=facts.wanted, fee_cap=self._fee_cap(facts.asset_id), height=0
            )
            if facts.kind is SendKind.TO_COLD and await waiting(session, facts.network, limit=1):
                return facts.model_copy(update={"wanting": "sends wait for coins on this network"})
            await self._check_terms(session, facts, terms)
            chosen = await _with_wallets(session, facts, self.catalogue.native(facts.network).asset_id)
            if chosen.wanting:
                return chosen
            assert chosen.source is not None
            missing = await take_room(session, self._request(chosen, terms), chosen.source)
            if missing:
                return facts.model_copy(
                    update={"wanting": self._lacks(facts.network, chosen.source, missing)}
                )
            await mark_ready(session, chosen, terms, datetime.now(UTC))
            if facts.kind is SendKind.SWEEP:
                await claim_deposits(session, facts, terms.height)
            return await recall_transfer(session, act.transfer_id)

    @activity.defn
    async def skip_transfer(self, act: SkipAct) -> TransferFacts:
        """End or park a transfer that is not committed; if the commit was faster, the rows say so."""
        async with self.sessions.begin() as session:
            facts = await lock_transfer(session, act.transfer_id)
            if not facts.state.can_be_skipped:
                return facts
            if facts.send is not None:
                await release(session, act.transfer_id, act.state.value)
                await unclaim_deposits(session, act.transfer_id)
            await mark_transfer(
                session,
                act.transfer_id,
                act.state,
                datetime.now(UTC),
                code=act.code,
                sentence=act.sentence,
            )
            facts = await recall_transfer(session, act.transfer_id)
        await pass_room_on(self.sessions, facts.network)
        return facts

    @activity.defn
    async def post_transfer(self, ref: TransferInput) -> TransferFacts:
        """The point of no return: commit the coins, unless the transfer was skipped first."""

        async def work(session: AsyncConnection) -> TransferFacts:
            facts = await _locked(session, ref)
            if facts.state is not TransferState.READY:
                return facts
            command = transfer_committed(
                operator=facts.operator,
                slot=facts.slot,
                asset_id=facts.asset_id,
                units=facts.amount,
                key=facts.key,
                leaves=facts.route.leaves,
                ref=facts.key,
                provenance=provenance(),
            )
            await _post(session, command, facts)
            await mark_transfer(session, ref.transfer_id, TransferState.COMMITTED, datetime.now(UTC))
            return await recall_transfer(session, ref.transfer_id)

        return await in_books(self.sessions, work)

    @activity.defn
    async def book_transfer_fees(self, ref: TransferInput) -> None:
        """Book what ended attempts cost, whatever becomes of the transfer."""

        async def work(session: AsyncConnection) -> None:
            await book_transfer_fees(session, self.catalogue, await recall_transfer(session, ref.transfer_id))

        await in_books(self.sessions, work)

    @activity.defn
    async def settle_transfer(self, ref: TransferInput) -> TransferFacts:
        """Post what a final block proves to have arrived, with what the network took for it."""

        async def work(session: AsyncConnection) -> TransferFacts:
            facts = await _locked(session, ref)
            if facts.state is not TransferState.COMMITTED:
                return facts
            current = facts.send.current if facts.send else None
            if current is None or current.outcome is not AttemptOutcome.PAID:
                raise NotYet(f"the final transaction of {facts.key}")
            command = transfer_final(
                operator=facts.operator,
                slot=facts.slot,
                asset_id=facts.asset_id,
                key=facts.key,
                arrives=facts.route.arrives,
                ref=facts.key,
                provenance=provenance(),
            )
            await _post(session, command, facts)
            await book_transfer_fees(session, self.catalogue, facts)
            await settle_room(session, facts, self.catalogue.native(facts.network).asset_id)
            now = datetime.now(UTC)
            await mark_transfer(session, ref.transfer_id, TransferState.SETTLED, now)
            await mark_swept(session, ref.transfer_id, now)
            return await recall_transfer(session, ref.transfer_id)

        facts = await in_books(self.sessions, work)
        await pass_room_on(self.sessions, facts.network)
        return facts

    @activity.defn
    async def return_transfer(self, act: GiveUpAct) -> TransferFacts:
        """Put committed coins back where they never left, on the evidence that nothing can move them.

        Raises ChainFrozen while their network is frozen.
        """

        async def work(session: AsyncConnection) -> TransferFacts:
            facts = await _locked(session, act)
            if facts.state is not TransferState.COMMITTED:
                return facts
            await hold_unfrozen(session, facts.network)
            await release(session, act.transfer_id, TransferState.RETURNED.value)
            command = transfer_dead(
                operator=facts.operator,
                slot=facts.slot,
                asset_id=facts.asset_id,
                key=facts.key,
                leaves=facts.route.leaves,
                ref=facts.key,
                provenance=provenance(),
            )
            await _post(session, command, facts)
            await book_transfer_fees(session, self.catalogue, facts)
            await unclaim_deposits(session, act.transfer_id)
            await mark_transfer(
                session,
                act.transfer_id,
                TransferState.RETURNED,
                datetime.now(UTC),
                evidence_id=act.evidence_id,
            )
            return await recall_transfer(session, act.transfer_id)

        facts = await in_books(self.sessions, work)
        await pass_room_on(self.sessions, facts.network)
        return facts

    async def _check_terms(self, session: AsyncConnection, facts: TransferFacts, terms: ReadyTerms) -> None:
        """An estimate is believed within what rows and policy allow; raises RecordMismatch beyond it."""
        cap = self._fee_cap(facts.asset_id)
        if terms.fee_cap > cap:
            raise RecordMismatch(f"{facts.key} may cost {terms.fee_cap}, the policy allows {cap}")
        if facts.kind is not SendKind.SWEEP:
            return
        native = self.catalogue.native(facts.network).asset_id
        booked = await booked_at(session, facts, native, terms.height)
        if terms.amount > booked:
            raise RecordMismatch(f"{facts.key} would move {terms.amount} units of {booked} that are booked")

    def _fee_cap(self, asset_id: int) -> int:
        terms = self.policy.transfer_terms_of(asset_id)
        return 0 if terms is None else terms.fee_cap

    def _request(self, facts: TransferFacts, terms: ReadyTerms) -> LiquidityRequest:
        assert facts.payee is not None
        return LiquidityRequest(
            send_id=facts.transfer_id,
            kind=facts.kind,
            network=facts.network,
            asset_id=facts.asset_id,
            fee_asset_id=self.catalogue.native(facts.network).asset_id,
            payee=facts.payee,
            amount=terms.amount,
            fee_cap=terms.fee_cap,
        )

    def _lacks(self, network: str, wallet: bytes, missing: Mapping[int, int]) -> str:
        """What a wallet lacks, as people read it."""
        assets = [(self.catalogue.by_id(asset_id), units) for asset_id, units in sorted(missing.items())]
        amounts = [f"{show_units(units, asset.decimals)} {asset.code}" for asset, units in assets]
        return f"wallet {show_address(network, wallet)} lacks {' and '.join(amounts)}"


async def _with_wallets(session: AsyncConnection, facts: TransferFacts, native_id: int) -> TransferFacts:
    """The transfer with its source and payee chosen, or with what keeps it from having them."""
    if facts.kind is SendKind.SWEEP:
        payee = await neediest_wallet(session, facts.network, facts.asset_id)
        return facts.model_copy(update={"payee": payee} if payee else {"wanting": NO_WALLET[facts.kind]})
    if facts.kind is SendKind.GAS:
        source = await fullest_gas_wallet(session, facts.network, native_id)
        return facts.model_copy(update={"source": source} if source else {"wanting": NO_WALLET[facts.kind]})
    for wallet in (facts.source, facts.payee):
        assert wallet is not None, facts
        if not await is_open_wallet(session, facts.network, wallet):
            shown = show_address(facts.network, wallet)
            return facts.model_copy(update={"wanting": f"wallet {shown} is not open"})
    return facts


async def _locked(session: AsyncConnection, ref: TransferInput | GiveUpAct) -> TransferFacts:
    """The slot before any row, as every posting takes them."""
    facts = await recall_transfer(session, ref.transfer_id)
    await lock_slots(session, {facts.slot})
    return await lock_transfer(session, ref.transfer_id)


async def _post(session: AsyncConnection, command: Command, facts: TransferFacts) -> None:
    outcome = await book(session, command)
    if outcome.result is not Result.POSTED:
        raise RecordMismatch(f"{command.kind.name} of {facts.key} was {outcome.result.name}")
