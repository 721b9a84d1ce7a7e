"""Staked energy that one account lends another: how much it still can, how much it has, whether it may."""

import asyncio

from chains.answers import members
from chains.codecs.tron_addresses import base58_text
from chains.codecs.tron_contracts import Resource
from chains.tron.answers import address_member, is_absent, whole_or_zero, wire
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronNode
from chains.tron.holdings import code_of, is_activated
from domain.errors import WalletShort
from domain.sends import SendIntent

LENT = "frozen_balance_for_energy"
STAKE_NAME = "stake for energy that is not lent yet"


async def lendable_on(node: TronNode, giver: bytes) -> int:
    """Stake for energy that an account can still delegate, in sun, by the store that says less."""
    body = {"owner_address": wire(giver), "type": int(Resource.ENERGY)}

    def read(answer: object) -> int:
        is_absent(answer)
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


async def refusal_of_loan(node: TronNode, send: SendIntent) -> str:
    """Why energy cannot be lent to the payee, or taken back from it; empty if it can."""
    if send.returns:
        lent = await lent_on(node, SOLID_STORE, send.wallet, send.payee)
        return "" if lent >= send.amount else f"only {lent} sun of stake are lent to the payee"
    code, is_active = await asyncio.gather(
        code_of(node, send.payee), is_activated(node, HEAD_STORE, send.payee)
    )
    if code:
        return "the payee is a contract, which is lent no energy"
    return "" if is_active else "the payee has no account yet"


async def check_stake(node: TronNode, send: SendIntent) -> None:
    """Raise WalletShort if a loan is more than the giver can still lend."""
    if send.returns:
        return
    lendable = await lendable_on(node, send.wallet)
    if lendable < send.amount:
        raise WalletShort(base58_text(send.wallet), STAKE_NAME, send.amount - lendable)
