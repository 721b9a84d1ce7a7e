"""Staked energy on Tron: what accounts may use, what they can lend, and to whom they have lent it."""

import asyncio

from chains.answers import has, members
from chains.codecs.tron_contracts import Resource
from chains.tron.answers import address, address_member, is_absent, whole_member, whole_or_zero, wire
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronClient, TronNode
from chains.tron.holdings import is_activated
from domain.energy import AccountResources, Lent

LENT = "frozen_balance_for_energy"


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


async def lendable_on(node: TronNode, giver: bytes) -> int:
    """Stake for energy that an account can still delegate, in sun, by the store that says less."""
    body = {"owner_address": wire(giver), "type": int(Resource.ENERGY)}

    def read(answer: object) -> int:
        return whole_or_zero(answer, "max_size")

    paths = (f"{store}/getcandelegatedmaxsize" for store in (HEAD_STORE, SOLID_STORE))
    return min(await asyncio.gather(*(node.ask(read, path, body) for path in paths)))


async def lent_on(node: TronNode, store: str, giver: bytes, receiver: bytes) -> int:
    """Stake for energy that one account has delegated to another, in sun."""

    def read(answer: object) -> int:
        if is_absent(answer):
            return 0
        lent = 0
        for part in members(answer, "delegatedResource"):
            if (address_member(part, "from"), address_member(part, "to")) != (giver, receiver):
                raise ValueError("a delegation of others came instead")
            lent += whole_or_zero(part, LENT)
        return lent

    body = {"fromAddress": wire(giver), "toAddress": wire(receiver)}
    return await node.ask(read, f"{store}/getdelegatedresourcev2", body)


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
