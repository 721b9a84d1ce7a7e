"""From settings to chain adapters: the one place that knows which network is real. Workers only."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from activities.addresses import DerivedFamily
from activities.following import FollowedNetwork
from bootstrap.settings import HouseFile, NetworkEntry
from chains.codecs.hdkeys import AccountAddresses
from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from chains.gateway import ChainReader, ChainWriter, EnergyReader
from chains.tron.client import TronClient, TronNetwork
from chains.tron.costs import TronPolicy
from chains.tron.energy import TronEnergy
from chains.tron.reader import TronReader
from chains.tron.writer import TronWriter
from domain.assets import NetworkId
from domain.stalls import StallBounds
from ledger.addresses import family_of


@dataclass(frozen=True, slots=True)
class ConnectedNetwork:
    """One network's adapter, as activities use it."""

    entry: NetworkEntry
    reader: ChainReader
    writer: ChainWriter
    energy: EnergyReader | None = None

    @property
    def followed(self) -> FollowedNetwork:
        return FollowedNetwork(
            reader=self.reader,
            block_seconds=self.entry.block_seconds,
            start_height=self.entry.start_height,
            stall=StallBounds(self.entry.head_seconds_max, self.entry.final_seconds_max),
        )


@asynccontextmanager
async def open_networks(house: HouseFile) -> AsyncIterator[Mapping[str, ConnectedNetwork]]:
    """An adapter for every network of the house; a node is first asked when it is first needed."""
    async with AsyncExitStack() as stack:
        connected: dict[str, ConnectedNetwork] = {}
        for entry in house.networks:
            made = _adapter(entry)
            stack.push_async_callback(made.reader.close)
            connected[entry.network] = ConnectedNetwork(entry, made.reader, made.writer, made.energy)
        yield connected


def derived_families(house: HouseFile) -> dict[str, DerivedFamily]:
    """The public derivation of each key family."""
    return {
        entry.family: DerivedFamily(
            account=entry.account, source=AccountAddresses(entry.xpub), ready=entry.ready
        )
        for entry in house.addresses
    }


class _Adapter(NamedTuple):
    """The faces of one network's client; `energy` only where contract calls run on staked energy."""

    reader: ChainReader
    writer: ChainWriter
    energy: EnergyReader | None = None


def _evm(entry: NetworkEntry) -> _Adapter:
    client = EvmClient(
        EvmNetwork(
            network=NetworkId(entry.network),
            node_urls=entry.nodes,
            genesis=entry.genesis or b"",
            is_devnet=entry.is_devnet,
            block_seconds=entry.block_seconds,
            websocket_url=entry.websocket,
        )
    )
    return _Adapter(EvmReader(client), EvmWriter(client, FeePolicy()))


def _tron(entry: NetworkEntry) -> _Adapter:
    client = TronClient(
        TronNetwork(
            network=NetworkId(entry.network),
            node_urls=entry.nodes,
            solidity_urls=entry.solidity_nodes,
            genesis=entry.genesis or b"",
            is_devnet=entry.is_devnet,
            block_seconds=entry.block_seconds,
            hints_url=entry.hints,
        )
    )
    return _Adapter(TronReader(client), TronWriter(client, TronPolicy()), TronEnergy(client))


ADAPTERS: Mapping[str, Callable[[NetworkEntry], _Adapter]] = {
    "eip155": _evm,
    "tron": _tron,
}
"""What speaks to the networks of each key family."""


def _adapter(entry: NetworkEntry) -> _Adapter:
    open_adapter = ADAPTERS.get(family_of(entry.network))
    if open_adapter is None:
        message = f"no adapter speaks {entry.network}"
        raise ValueError(message)
    return open_adapter(entry)
