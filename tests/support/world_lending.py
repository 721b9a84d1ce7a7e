"""A world over the Tron devnet, one of whose wallets lends energy to the others and to swept addresses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from coincurve import PrivateKey
from pydantic import SecretStr
from temporalio.worker import Worker

from bootstrap.networks import ConnectedNetwork
from bootstrap.settings import HouseFile, NetworkEntry
from chains.codecs.abi import WORD_BYTES
from chains.codecs.hdkeys import address_of
from chains.codecs.keccak import keccak256
from chains.codecs.tron import TronCodec, TronSigned, TronTransaction, reference_of, signing_digest
from chains.codecs.tron_contracts import DelegateResource, FreezeBalanceV2, Resource, Trigger
from chains.tron.client import TronClient, TronNetwork
from chains.tron.energy import TronEnergy
from devstack.postgres import Postgres
from devstack.tron.node import TronDevnet
from domain.assets import NetworkId
from domain.delegations import (
    DelegationFacts,
    DelegationState,
    DelegationStep,
    delegation_id_of,
    next_delegation_step,
)
from domain.deposits import WalletRole
from domain.energy_rounds import EnergyRound, EnergyRoundResult
from ledger.delegations import recall_delegation
from signer.keys import sign_checked
from signer.policy import NetworkTerms
from signer.policy import WalletRole as SignerRole
from signer.records import SignerDatabase
from signer.running import build_workers
from signer.signing import SigningActivities
from tests.support.world import POOL_SIZE, lived_in
from tests.support.world_grounds import open_grounds
from tests.support.world_house import house_file, signer_terms
from tests.support.world_tron import SUN, TronTerms, TronWorld, asking, furnish, place_of
from tests.support.world_tron_chain import LIFE_MS, DevnetChain
from workflows.energy_rounds import EnergyRoundWorkflow
from workflows.names import OPS_QUEUE, energy_round_id, energy_workflow_id

STAKED_SUN = 2_000_000 * SUN
"""What the energy wallet has staked: energy for more than a hundred transfers of tokens."""
ISSUER = 0
"""The funded account of the genesis that owns the token's contract."""
SELECTOR_BYTES = 4
TURN_SECONDS = 0.25
TURNS_WAITED_MAX = 40
BLOCKS_UNTIL_SOLID = 20
STANDING_SUN = 50_000 * SUN
DELEGATION_MAX = 100_000 * SUN


@dataclass(slots=True, kw_only=True)
class LendingHouse(TronWorld):
    """A house with one hot wallet, one that lends energy, and one for gas."""

    rounds: int = 0

    @property
    def giver(self) -> bytes:
        return self.keys.wallets[1]

    @property
    def hot(self) -> bytes:
        return self.keys.wallets[0]

    def connect(self, entry: NetworkEntry) -> ConnectedNetwork:
        client = TronClient(TronNetwork(NetworkId(entry.network), entry.nodes, is_devnet=True))
        self._closing.append(client.close)
        plain = TronWorld.connect(self, entry)
        return replace(plain, energy=TronEnergy(client))

    async def mine_on(self) -> None:
        """Make enough blocks for all before to be solid, once the follower has read the last ones.

        Between two turns a balance can be read at the block that our rows call final. A turn is a minute of
        the network's time, and a transaction lives for two: one on its way to the nodes is waited for.
        """
        waited = 0
        while True:
            await asyncio.sleep(TURN_SECONDS)
            if not self._waiting or self.is_still or not self._has_settled_all():
                continue
            waited = waited + 1 if self._is_sending() else 0
            if not 0 < waited <= TURNS_WAITED_MAX:
                await asyncio.sleep(TURN_SECONDS)
                self.mine(BLOCKS_UNTIL_SOLID)

    def _is_sending(self) -> bool:
        """Whether some transaction was planned or signed that no node has taken so far."""
        with self.database.raw() as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM chain.attempts WHERE state IN ('laned', 'signed', 'sending'))"
            ).fetchone()
        return row == (True,)

    def _has_settled_all(self) -> bool:
        with self.database.raw() as connection:
            settled = connection.execute("SELECT final_height FROM chain.chains").fetchall()
        return settled == [(self.net.dev("status")["solid"],)] or not settled

    async def _signing(self) -> list[Worker]:
        records = SignerDatabase(SecretStr(self.database.dsn("croupier_signer")), pool_size=POOL_SIZE)
        await records.open()
        self._closing.append(records.close)
        network = self.place.network
        plain = signer_terms(self.keys, self.place)[network]
        roles = {**plain.wallets, self.giver: SignerRole.ENERGY}
        lending = replace(plain, wallets=roles, delegation_max=DELEGATION_MAX)
        terms: dict[str, NetworkTerms] = {network: lending}
        return build_workers(
            self.money, SigningActivities(records, self.keys.vault, terms, self.now_ms), terms
        )

    async def round(
        self, standing_sun: int = STANDING_SUN, workflow_id: str | None = None
    ) -> EnergyRoundResult:
        """One round of looking after lent energy, as its schedule would start it."""
        self.rounds += 1
        return await self.money.execute_workflow(
            EnergyRoundWorkflow.run,
            EnergyRound(network=self.place.network, standing_sun=standing_sun),
            id=workflow_id or f"{energy_round_id(self.place.network)}-{self.rounds}",
            task_queue=OPS_QUEUE,
        )

    async def lent(self) -> dict[bytes, int]:
        """Receivers and stake as final blocks show it."""
        reader = self.assembly("croupier_chain").networks[self.place.network].energy
        assert reader is not None
        return {one.receiver: one.sun for one in await reader.delegations(self.giver)}

    async def facts(self, delegation_id: UUID) -> DelegationFacts:
        async with self.rows.begin() as session:
            return await recall_delegation(session, delegation_id)

    def next_delegation(self, receiver: bytes, after: int | None = None) -> UUID:
        """The id of the delegation that a receiver is lent next, or after so many others."""
        with self.database.raw() as connection:
            known = connection.execute(
                "SELECT count(*) FROM chain.delegations WHERE receiver = %s", [receiver]
            ).fetchone()
        assert known is not None
        number = int(str(known[0])) if after is None else after
        return delegation_id_of(self.place.network, receiver, number + 1)

    def sign(self, wallet: bytes, transaction: TronTransaction) -> bytes:
        """What people sign with the key of a wallet, outside of the house."""
        signature = sign_checked(self.keys.vault.wallets[wallet], signing_digest(transaction))
        return TronCodec().encode(TronSigned(transaction, signature.y_parity, signature.r, signature.s))


@asynccontextmanager
async def lending_house(
    postgres: Postgres, directory: Path, terms: TronTerms | None = None
) -> AsyncIterator[LendingHouse]:
    """Build a world whose network lends energy; end it."""
    terms = terms or TronTerms(wallets=2, ready=10)
    net = TronDevnet(directory / "tron")
    net.start()
    try:
        chain = DevnetChain(net)
        place = replace(place_of(chain), coins=terms.coins, gas_coins=terms.gas_coins)
        async with open_grounds(postgres, directory, terms.wallets, place) as grounds:
            giver = grounds.keys.wallets[1]
            with grounds.database.raw() as connection:
                for table in ("wallets", "watched"):
                    connection.execute(
                        f"UPDATE chain.{table} SET role = 'energy' WHERE address = %s".encode(), [giver]
                    )
            furnish(chain, grounds.keys, place)
            chain.give(giver, coins=2 * STAKED_SUN)
            house = house_file(grounds.keys, terms.ready, terms.early, terms.final_seconds_max, place)
            world = LendingHouse(
                database=grounds.database,
                temporal=grounds.temporal,
                keys=grounds.keys,
                chain=chain,
                house=asking(_with_lender(house, giver), net),
                place=place,
                bets=grounds.bets,
                money=grounds.money,
                mischief=grounds.mischief,
                rows=grounds.database.sessions(None),
                door=grounds.database.sessions("croupier_api"),
            )
            chain.mine()
            by_people(world, FreezeBalanceV2(giver, STAKED_SUN, Resource.ENERGY))
            async with lived_in(world, terms):
                yield world
    finally:
        net.stop()


def by_people(world: LendingHouse, contract: FreezeBalanceV2 | DelegateResource) -> None:
    """What people sign for the energy wallet outside of the house; final at once."""
    status = world.net.dev("status")
    ref_block_bytes, ref_block_hash = reference_of(bytes.fromhex(str(status["solid_id"])))
    head_ms = int(status["head_ms"])
    transaction = TronTransaction(
        ref_block_bytes=ref_block_bytes,
        ref_block_hash=ref_block_hash,
        expiration_ms=head_ms + LIFE_MS,
        timestamp_ms=head_ms,
        contract=contract,
    )
    world.chain.submit(world.sign(world.giver, transaction))
    world.chain.mine()
    world.net.solidify()


def by_issuer(world: LendingHouse, selector: str, *holders: bytes) -> None:
    """What Tether does with its contract: a call of its owner, in the next block."""
    secret, _ = world.net.account(ISSUER)
    key, status = PrivateKey(secret), world.net.dev("status")
    ref_block_bytes, ref_block_hash = reference_of(bytes.fromhex(str(status["solid_id"])))
    words = b"".join(holder.rjust(WORD_BYTES, b"\x00") for holder in holders)
    transaction = TronTransaction(
        ref_block_bytes=ref_block_bytes,
        ref_block_hash=ref_block_hash,
        expiration_ms=int(status["head_ms"]) + LIFE_MS,
        timestamp_ms=int(status["head_ms"]),
        contract=Trigger(
            address_of(key.public_key.format()),
            world.place.token.contract,
            keccak256(selector.encode())[:SELECTOR_BYTES] + words,
        ),
        fee_limit=100 * SUN,
    )
    signature = key.sign_recoverable(signing_digest(transaction), hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    world.chain.submit(TronCodec().encode(TronSigned(transaction, signature[64], r, s)))
    world.chain.mine()


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


def _with_lender(house: HouseFile, giver: bytes) -> HouseFile:
    """The same house, one of whose hot wallets is an energy wallet; a TRX is worth a token at most."""
    wallets = tuple(
        one.model_copy(update={"role": WalletRole.ENERGY}) if one.address == giver else one
        for one in house.wallets
    )
    terms = tuple(
        one.model_copy(update={"coin_price": 10**6 if one.coin_price else 0})
        for one in house.policy.transfer_terms
    )
    policy = house.policy.model_copy(update={"transfer_terms": terms})
    return house.model_copy(update={"wallets": wallets, "policy": policy})
