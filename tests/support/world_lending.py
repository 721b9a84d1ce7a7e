"""A world whose network lends energy: what is lent is read from final blocks of the in-memory chain.

Its transactions move nothing; a signer beside the real one makes them from what the real view says is owed.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from bootstrap.networks import ConnectedNetwork
from bootstrap.settings import NetworkEntry
from chains.codecs.evm import Payment
from chains.memory import Faults
from chains.memory_blocks import MemoryChain
from devstack.postgres import Postgres
from domain.delegations import DelegationFacts, DelegationState, DelegationStep, next_delegation_step
from domain.energy import AccountResources, Lent
from domain.energy_rounds import EnergyRound, EnergyRoundResult
from domain.sends import SendKind
from domain.signing import SIGN_ACTIVITY, SignedAnswer, SigningIntent
from ledger.delegations import recall_delegation
from signer.building import build, sign_transaction
from signer.records import (
    SignedVariant,
    SignerDatabase,
    lock_lane,
    signatures_of,
    store_claim,
    store_signature,
    take_nonce,
    tombstone_of,
)
from signer.running import build_workers
from signer.signing import SigningActivities, Vault
from tests.support.ledger_database import NETWORK
from tests.support.world import POOL_SIZE, Terms, World, lived_in
from tests.support.world_grounds import open_grounds
from tests.support.world_house import house_file, make_chain, signer_terms
from workflows.energy_rounds import EnergyRoundWorkflow
from workflows.names import OPS_QUEUE, energy_round_id, energy_workflow_id

POOL_SUN = 1_000_000_000
"""What the energy wallet has staked."""
STANDING_SUN = 90_000_000
TOTAL_LIMIT, TOTAL_WEIGHT = 10_000, 1
_OWED = """
SELECT giver, receiver, sun::bigint, returns FROM signer_view.owed_energy WHERE send_id = %s AND wallet = %s
"""


@dataclass(frozen=True, slots=True)
class Lending:
    """What a signed transaction does to what is lent, once it stands in a block."""

    giver: bytes
    receiver: bytes
    sun: int


@dataclass(slots=True)
class MemoryEnergy:
    """EnergyReader over the in-memory chain; what no row lent stands in `found`."""

    chain: MemoryChain
    signed: dict[bytes, Lending] = field(default_factory=dict)
    found: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    async def resources(self, who: bytes) -> AccountResources:
        lent = sum(sun for (_, receiver), sun in self._lent(final=False).items() if receiver == who)
        return AccountResources(
            exists=True,
            energy_limit=lent // 1_000_000 * TOTAL_LIMIT // TOTAL_WEIGHT,
            energy_used=0,
            bandwidth_left=600,
            total_energy_limit=TOTAL_LIMIT,
            total_energy_weight=TOTAL_WEIGHT,
        )

    async def lendable(self, giver: bytes) -> int:
        return POOL_SUN - sum(sun for (lender, _), sun in self._lent(final=False).items() if lender == giver)

    async def delegations(self, giver: bytes) -> tuple[Lent, ...]:
        lent = self._lent(final=True)
        return tuple(Lent(*pair, sun) for pair, sun in lent.items() if pair[0] == giver and sun)

    def _lent(self, *, final: bool) -> Mapping[tuple[bytes, bytes], int]:
        top = (self.chain.final if final else self.chain.latest).header.ref.height
        lent = dict(self.found)
        for txid, what in self.signed.items():
            standing = self.chain.find(txid)
            if standing is not None and standing[0].header.ref.height <= top and standing[1].succeeded:
                pair = (what.giver, what.receiver)
                lent[pair] = lent.get(pair, 0) + what.sun
        return lent


class LendingSigner(SigningActivities):
    """The real signer, beside it one that makes transactions of staked energy on a network without any."""

    def __init__(self, records: SignerDatabase, vault: Vault, world: "LendingHouse") -> None:
        super().__init__(records, vault, signer_terms(world.keys), world.now_ms)
        self._records, self._wallets, self._world = records, vault.wallets, world

    @activity.defn(name=SIGN_ACTIVITY)
    async def sign(self, intent: SigningIntent) -> SignedAnswer:
        """Sign what the view says is owed: a transaction that moves nothing, noted with its meaning."""
        if intent.kind is not SendKind.ENERGY:
            return await super().sign(intent)
        async with self._records.transaction() as connection:
            await lock_lane(connection, intent.network, intent.wallet)
            for one in await signatures_of(connection, intent.send_id, intent.attempt):
                return SignedAnswer(txid=one.txid, nonce=one.serial, repeat=True)
            owed = await (await connection.execute(_OWED, [intent.send_id, intent.wallet])).fetchone()
            if owed is None or await tombstone_of(connection, intent.send_id) is not None:
                message = "nothing is owed"
                raise ApplicationError(message, "NOT_OWED", type="REFUSED_BY_SIGNER", non_retryable=True)
            giver, receiver, sun, returns = owed
            nonce = await take_nonce(connection, intent.network, intent.wallet)
            payment = Payment(contract=b"", payee=intent.wallet, amount=0)
            transaction = build(intent, payment, self._world.chain_id, nonce)
            tx = sign_transaction(transaction, payment, self._wallets[intent.wallet])
            await store_claim(connection, intent, nonce, bytes(32), None)
            await store_signature(connection, SignedVariant(intent, nonce, tx))
        self._world.energy.signed[tx.txid] = Lending(giver, receiver, -sun if returns else sun)
        return SignedAnswer(txid=tx.txid, nonce=nonce)


@dataclass(slots=True, kw_only=True)
class LendingHouse(World):
    """A world whose gas wallet lends energy instead."""

    energy: MemoryEnergy

    @property
    def giver(self) -> bytes:
        return self.keys.gas

    def connect(self, entry: NetworkEntry) -> ConnectedNetwork:
        plain = World.connect(self, entry)
        return ConnectedNetwork(entry, plain.reader, plain.writer, self.energy)

    async def _signing(self) -> list[Worker]:
        records = SignerDatabase(SecretStr(self.database.dsn("croupier_signer")), pool_size=POOL_SIZE)
        await records.open()
        self._closing.append(records.close)
        signing = LendingSigner(records, self.keys.vault, self)
        return build_workers(self.money, signing, signer_terms(self.keys))

    async def round(
        self, standing_sun: int = STANDING_SUN, workflow_id: str | None = None
    ) -> EnergyRoundResult:
        """One round of looking after lent energy, as its schedule would start it."""
        name = workflow_id or f"{energy_round_id(NETWORK)}-{self.energy.chain.latest.header.ref.hash.hex()}"
        return await self.money.execute_workflow(
            EnergyRoundWorkflow.run,
            EnergyRound(network=NETWORK, standing_sun=standing_sun),
            id=name,
            task_queue=OPS_QUEUE,
        )

    async def lent(self) -> dict[bytes, int]:
        """Receivers and stake as final blocks show it."""
        return {one.receiver: one.sun for one in await self.energy.delegations(self.giver)}

    async def facts(self, delegation_id: UUID) -> DelegationFacts:
        async with self.rows.begin() as session:
            return await recall_delegation(session, delegation_id)


def workflow_of(delegation_id: UUID) -> str:
    """The id of its workflow."""
    return energy_workflow_id(delegation_id)


async def held(world: LendingHouse, delegation_id: UUID) -> None:
    """Wait until its receiver has the energy."""

    async def looks() -> bool:
        return next_delegation_step(await world.facts(delegation_id)) is DelegationStep.HOLD

    await world.until(looks, "a delegation that is held")


async def returned(world: LendingHouse, delegation_id: UUID) -> DelegationFacts:
    """Wait until all of it is back and its workflow has ended."""

    async def looks() -> bool:
        return (await world.facts(delegation_id)).state is DelegationState.RETURNED

    await world.until(looks, "a delegation that is back")
    await world.money.get_workflow_handle(workflow_of(delegation_id)).result()
    return await world.facts(delegation_id)


@asynccontextmanager
async def lending_house(postgres: Postgres, directory: Path, terms: Terms) -> AsyncIterator[LendingHouse]:
    """Build a world whose network lends energy; end it."""
    async with open_grounds(postgres, directory, terms.wallets, terms.coins, terms.gas_coins) as grounds:
        with grounds.database.raw() as connection:
            connection.execute("UPDATE chain.wallets SET role = 'energy' WHERE role = 'gas'")
            connection.execute("UPDATE chain.watched SET role = 'energy' WHERE role = 'gas'")
        chain = make_chain(
            dict.fromkeys(grounds.keys.wallets, terms.coins),
            terms.finality_depth,
            {grounds.keys.gas: terms.gas_coins},
        )
        world = LendingHouse(
            database=grounds.database,
            temporal=grounds.temporal,
            keys=grounds.keys,
            chain=chain,
            house=house_file(grounds.keys, terms.ready, terms.early, terms.final_seconds_max),
            bets=grounds.bets,
            money=grounds.money,
            mischief=grounds.mischief,
            faults=Faults(),
            rows=grounds.database.sessions(None),
            door=grounds.database.sessions("croupier_api"),
            energy=MemoryEnergy(chain),
        )
        async with lived_in(world, terms):
            yield world
