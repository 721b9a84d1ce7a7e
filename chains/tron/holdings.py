"""What an address holds, may use, and whether code stands behind it, as one store of one node says."""

from chains.tron.answers import address_member, data_or_empty, is_absent, whole_member, whole_or_zero, wire
from chains.tron.calling import about, word_of
from chains.tron.client import HEAD_STORE, TronNode
from chains.tron.costs import Left

CONTRACT_MARK = b"\xfe"
"""Stands for the code of a contract that another one made, whose own code nodes do not show."""


async def coins_on(node: TronNode, store: str, who: bytes) -> int:
    """Sun that an address holds; an address that was never used holds none."""

    def read(answer: object) -> int:
        return whole_or_zero(answer, "balance") if _names(answer, "address", who) else 0

    return await node.ask(read, f"{store}/getaccount", {"address": wire(who)})


async def is_activated(node: TronNode, store: str, who: bytes) -> bool:
    """Whether an account stands behind an address."""
    return await node.ask(
        lambda answer: _names(answer, "address", who), f"{store}/getaccount", {"address": wire(who)}
    )


async def tokens_on(node: TronNode, store: str, contract: bytes, who: bytes) -> int:
    """Units of a token that an address holds."""
    return await word_of(node, store, about(contract, "balanceOf(address)", who))


async def resources_of(node: TronNode, who: bytes) -> Left:
    """What an account has left of its resources at the head; nothing where there is no account."""
    return await node.ask(_left, f"{HEAD_STORE}/getaccountresource", {"address": wire(who)})


async def code_of(node: TronNode, address: bytes) -> bytes:
    """The code that made a contract, or a mark where none is shown; empty for a plain account."""

    def read(answer: object) -> bytes:
        if not _names(answer, "contract_address", address):
            return b""
        return data_or_empty(answer, "bytecode") or CONTRACT_MARK

    return await node.ask(read, f"{HEAD_STORE}/getcontract", {"value": wire(address)})


def _names(answer: object, name: str, who: bytes) -> bool:
    """Whether the node knows what it was asked for; raises ValueError if it tells of something else."""
    if is_absent(answer):
        return False
    if address_member(answer, name) != who:
        raise ValueError(f"{name} is another one than asked for")
    return True


def _left(answer: object) -> Left:
    if is_absent(answer):
        return Left(0, 0, 0)
    # The answer names no account, but the whole network's energy shows that it is about resources at all.
    whole_member(answer, "TotalEnergyLimit")
    return Left(
        energy=_rest(answer, "EnergyLimit", "EnergyUsed"),
        staked_bandwidth=_rest(answer, "NetLimit", "NetUsed"),
        free_bandwidth=_rest(answer, "freeNetLimit", "freeNetUsed"),
    )


def _rest(answer: object, limit: str, used: str) -> int:
    return max(0, whole_or_zero(answer, limit) - whole_or_zero(answer, used))
