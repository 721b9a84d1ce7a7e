"""Rounds of the house's schedules, pressed by hand, and what they bring: energy lent to the hot wallets."""

from temporalio.client import Client

from devstack.callers import wait_for
from devstack.local_chains import SeededNetwork
from devstack.tron_network import LocalTron
from workflows.names import MONEY_NAMESPACE


async def trigger(temporal_address: str, schedule: str) -> None:
    """Let a schedule of the money namespace run now."""
    client = await Client.connect(temporal_address, namespace=MONEY_NAMESPACE)
    await client.get_schedule_handle(schedule).trigger()


def await_energy(seeded: SeededNetwork[LocalTron]) -> int:
    """Wait until every hot wallet is lent energy for good; how much one has at least."""

    def least() -> int:
        return min(seeded.chain.energy_of(wallet) for wallet in seeded.wallets)

    return wait_for(least, "energy for every hot wallet")
