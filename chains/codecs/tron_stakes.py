"""Staked energy that one account lends another: what our wallets sign beside payments."""

from dataclasses import dataclass

from chains.codecs.tron import TronTransaction
from chains.codecs.tron_contracts import Contract, DelegateResource, Resource, UnDelegateResource
from domain.errors import BytesMismatch


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake in sun whose energy a receiver is lent, or that is taken back from it."""

    receiver: bytes
    sun: int
    returns: bool


def stake_contract(stake: Stake, owner: bytes) -> Contract:
    """The contract by which an owner lends a stake, or takes it back."""
    kind = UnDelegateResource if stake.returns else DelegateResource
    return kind(owner, stake.receiver, stake.sun, Resource.ENERGY)


def stake_of(transaction: TronTransaction) -> Stake:
    """The stake that a transaction lends or takes back; raises BytesMismatch if it is anything else."""
    contract = transaction.contract
    is_plain = not transaction.memo and not transaction.fee_limit
    if not is_plain or not isinstance(contract, DelegateResource | UnDelegateResource):
        raise BytesMismatch("the transaction is not one plain delegation")
    if contract.resource is not Resource.ENERGY:
        raise BytesMismatch("the transaction is about another resource")
    return Stake(contract.receiver, contract.amount, isinstance(contract, UnDelegateResource))
