"""All of it to activity objects: what a worker process hands to its queues. Workers only."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from activities.accepting import AcceptingActivities
from activities.addresses import AddressActivities
from activities.borrowing import BorrowingActivities
from activities.broadcasting import BroadcastingActivities
from activities.burning import Burning
from activities.crediting import CreditingActivities
from activities.delivering import DeliveringActivities
from activities.energy import EnergyActivities
from activities.estimating import EstimatingActivities
from activities.following import FollowingActivities
from activities.granting import GrantingActivities
from activities.lending import LendingActivities
from activities.observing import ObservingActivities
from activities.planning import PlanningActivities
from activities.playing import PlayingActivities
from activities.posting import PostingActivities
from activities.proving import ProvingActivities
from activities.redelivering import RedeliveringActivities
from activities.repairing import RepairingActivities
from activities.returning import ReturningActivities
from activities.transferring import TransferringActivities
from bootstrap.keyring import FieldCipher, read_field_cipher
from bootstrap.networks import ConnectedNetwork, derived_families, open_networks
from bootstrap.resources import Resources, open_resources
from bootstrap.settings import HouseFile, ProcessSettings, SeedSettings, WorkerSettings
from bootstrap.starting import TemporalStarter, cold_wallets, endless_of
from chains.gateway import EnergyReader


@dataclass(frozen=True, slots=True)
class Assembly:
    """What one worker process is built from; a queue that asks for an activity object has it built."""

    house: HouseFile
    resources: Resources
    networks: Mapping[str, ConnectedNetwork]
    cipher: FieldCipher | None
    health_file: Path | None
    connections: int = 10

    @property
    def accepting(self) -> AcceptingActivities:
        shared = self.resources
        return AcceptingActivities(shared.sessions, shared.catalogue, shared.policy)

    @property
    def playing(self) -> PlayingActivities:
        shared = self.resources
        assert self.cipher is not None, "this process was given no key for game seeds"
        return PlayingActivities(shared.sessions, shared.catalogue, shared.policy, self.cipher)

    @property
    def posting(self) -> PostingActivities:
        return PostingActivities(self.resources.sessions, self.resources.catalogue)

    @property
    def crediting(self) -> CreditingActivities:
        shared = self.resources
        return CreditingActivities(shared.sessions, shared.catalogue, shared.policy, self.house.operator)

    @property
    def returning(self) -> ReturningActivities:
        return ReturningActivities(self.resources.sessions, self.resources.catalogue)

    @property
    def transferring(self) -> TransferringActivities:
        shared = self.resources
        return TransferringActivities(shared.sessions, shared.catalogue, shared.policy)

    @property
    def estimating(self) -> EstimatingActivities:
        shared = self.resources
        readers = {network: connected.reader for network, connected in self.networks.items()}
        writers = {network: connected.writer for network, connected in self.networks.items()}
        return EstimatingActivities(
            shared.sessions, shared.catalogue, shared.policy, readers, writers, self._energy
        )

    @property
    def lending(self) -> LendingActivities:
        return LendingActivities(self.resources.sessions, self.resources.catalogue)

    @property
    def energy(self) -> EnergyActivities:
        return EnergyActivities(self.resources.sessions, self._energy)

    @property
    def borrowing(self) -> BorrowingActivities:
        shared = self.resources
        return BorrowingActivities(
            shared.sessions, self.starter, shared.catalogue, shared.policy, self.house.operator
        )

    @property
    def planning(self) -> PlanningActivities:
        shared, house = self.resources, self.house
        return PlanningActivities(
            shared.sessions,
            self.starter,
            shared.catalogue,
            shared.policy,
            house.operator,
            house.planner,
            cold_wallets(house),
        )

    @property
    def proving(self) -> ProvingActivities:
        return ProvingActivities(self.resources.sessions)

    @property
    def granting(self) -> GrantingActivities:
        return GrantingActivities(self.resources.sessions, self.resources.catalogue)

    @property
    def addresses(self) -> AddressActivities:
        return AddressActivities(self.resources.sessions, derived_families(self.house))

    @property
    def broadcasting(self) -> BroadcastingActivities:
        writers = {network: connected.writer for network, connected in self.networks.items()}
        burning = {
            network: Burning(network, reader, self.house.network(network).burn_day_max)
            for network, reader in self._energy.items()
        }
        return BroadcastingActivities(self.resources.sessions, self.resources.catalogue, writers, burning)

    @property
    def observing(self) -> ObservingActivities:
        return ObservingActivities(self.resources.sessions)

    @property
    def following(self) -> FollowingActivities:
        shared = self.resources
        followed = {network: connected.followed for network, connected in self.networks.items()}
        return FollowingActivities(shared.sessions, shared.catalogue, shared.policy, followed)

    @property
    def delivering(self) -> DeliveringActivities:
        return DeliveringActivities(self.resources.sessions, self.starter)

    @property
    def repairing(self) -> RepairingActivities:
        return RepairingActivities(self.resources.sessions, self.starter, endless_of(self.house))

    @property
    def redelivering(self) -> RedeliveringActivities:
        return RedeliveringActivities(self.resources.sessions, self.starter)

    @property
    def _energy(self) -> Mapping[str, EnergyReader]:
        """What shows staked energy, for the networks that have any."""
        shown = {network: connected.energy for network, connected in self.networks.items()}
        return {network: reader for network, reader in shown.items() if reader is not None}

    @property
    def starter(self) -> TemporalStarter:
        shared = self.resources
        return TemporalStarter(shared.bets, shared.money, shared.catalogue)


@asynccontextmanager
async def assemble(*, reads_seeds: bool) -> AsyncIterator[Assembly]:
    """Build a worker process from its environment, with the key of game seeds if it `reads_seeds`."""
    settings = ProcessSettings.from_environment()
    cipher = read_field_cipher(SeedSettings().key_file) if reads_seeds else None
    async with open_resources(settings, at_once=True) as resources, open_networks(settings.house) as networks:
        yield Assembly(
            house=settings.house,
            resources=resources,
            networks=networks,
            cipher=cipher,
            health_file=WorkerSettings().health_file,
            connections=settings.database.pool_size,
        )
