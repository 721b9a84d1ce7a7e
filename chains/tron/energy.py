"""Staked energy on Tron: what accounts may use, what they can lend, and to whom they have lent it."""

import asyncio

from chains.answers import has, members
from chains.tron.answers import address, address_member, is_absent, whole_member, whole_or_zero, wire
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronClient, TronNode
from chains.tron.holdings import is_activated
from chains.tron.lending import lendable_on, lent_on
from domain.energy import AccountResources, Lent


class TronEnergy:
    """EnergyReader over the HTTP API."""

    def __init__(self, client: TronClient) -> None:
        self._client = client

    async def resources(self, who: bytes) -> AccountResources:
        return await self._client.on_one_node(lambda node: _resources(node, who))

    async def lendable(self, giver: bytes) -> int:
        return await self._client.on_one_node(lambda node: lendable_on(node, giver))

    async def delegations(self, giver: bytes) -> tuple[Lent, ...]:
        return await self._client.on_one_node(lambda node: _delegations(node, giver))


async def _delegations(node: TronNode, giver: bytes) -> tuple[Lent, ...]:
    def read(answer: object) -> list[bytes]:
        if is_absent(answer):
            return []
        if address_member(answer, "account") != giver:
            raise ValueError("the index of another account came instead")
        return [address(one) for one in members(answer, "toAccounts")] if has(answer, "toAccounts") else []

    path = f"{SOLID_STORE}/getdelegatedresourceaccountindexv2"
    receivers = await node.ask(read, path, {"value": wire(giver)})
    lent = await asyncio.gather(*(lent_on(node, SOLID_STORE, giver, one) for one in receivers))
    return tuple(Lent(giver, receiver, sun) for receiver, sun in zip(receivers, lent, strict=True) if sun)


async def _resources(node: TronNode, who: bytes) -> AccountResources:
    """Energy counts what waits; whether there is an account counts what is final."""
    exists = await is_activated(node, SOLID_STORE, who)
    path = f"{HEAD_STORE}/getaccountresource"
    return await node.ask(lambda answer: _read(answer, exists=exists), path, {"address": wire(who)})


def _read(found: object, *, exists: bool) -> AccountResources:
    """Nothing is told of an account that is not there; the network's totals are told with any that is."""
    if is_absent(found):
        return AccountResources(exists, 0, 0, 0, 0, 0)
    return AccountResources(
        exists=exists,
        energy_limit=whole_or_zero(found, "EnergyLimit"),
        energy_used=whole_or_zero(found, "EnergyUsed"),
        bandwidth_left=max(_rest(found, "NetLimit", "NetUsed"), _rest(found, "freeNetLimit", "freeNetUsed")),
        total_energy_limit=whole_member(found, "TotalEnergyLimit"),
        total_energy_weight=whole_or_zero(found, "TotalEnergyWeight"),
    )


def _rest(answer: object, limit: str, used: str) -> int:
    return max(0, whole_or_zero(answer, limit) - whole_or_zero(answer, used))
